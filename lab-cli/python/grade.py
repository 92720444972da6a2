"""Grades one submitted notebook: puts our checks into it, runs it, reads their verdicts.

Runs inside the limits that `cargo lab grade` sets around it (grade/sandbox.rs) and adds those that belong to
the process. Tells each verdict as soon as it is there, and at the end the whole result, as lines of JSON on the
standard output, which the submission's processes neither have nor can open; so a verdict counts whatever comes
after it. Writes executed.ipynb into its folder. Not here: which notebooks are graded.
"""

import argparse
import ctypes
import json
import os
import re
import resource
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

import failures
import notebooks
import versions
from files import write

MIB = 1 << 20
# What a check needs of the notebook around it: the library, and what is defined at the top of a cell.
NEEDED = re.compile(r"^\s*(use|pub|fn|struct|enum|impl|trait|const|static|type|mod|macro_rules!)\b", re.MULTILINE)


# prctl's number: whether others of the same user may look into this process.
PR_SET_DUMPABLE = 4


def private_output():
    """The standard output for this process alone: what it starts gets the log instead, and cannot open it through
    /proc either, where the kernel runs in a user namespace of its own."""
    output = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    return output


def limit(options):
    """Limits of this process and all below it."""
    limits = [
        (resource.RLIMIT_AS, options.memory * MIB),
        # Half of what the folder may hold: one file that is too large must not stop the rest.
        (resource.RLIMIT_FSIZE, options.files * MIB // 2),
        (resource.RLIMIT_NOFILE, 1024),
        (resource.RLIMIT_CORE, 0),
    ]
    if options.own_network:
        # Counted for all programs of a user: only inside namespaces are they this submission's alone.
        limits.append((resource.RLIMIT_NPROC, options.threads))
    for what, most in limits:
        _, hard = resource.getrlimit(what)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))


def drop_commands(notebook):
    """Takes evcxr's own commands out of the code: the kernel has the library by itself, and a `:dep` could put
    another one in its place."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            kept = [line for line in cell.source.splitlines() if not re.match(r"\s*:[a-z]", line)]
            cell.source = "\n".join(kept)


def restore(notebook, ours, lab):
    """Puts our checks in the place of those in the notebook; returns them by task, and remarks."""
    checks, remarks = {}, []
    for task in lab["task"]:
        number = task["id"]
        right = next(cell for cell in ours.cells if versions.is_check(cell, task))
        answers = versions.find(notebook, "task", task, versions.defines)
        found = versions.find(notebook, "check", task, versions.is_check)
        if not answers:
            remarks.append(f"{number}: ячейки с решением нет")
        if len(found) > 1:
            remarks.append(f"{number}: ячеек с проверкой {len(found)}, учтена первая")
        if not found:
            remarks.append(f"{number}: ячейка с проверкой удалена; она возвращена")
            place = notebook.cells.index(answers[-1]) + 1 if answers else len(notebook.cells)
            found = [nbformat.v4.new_code_cell()]
            notebook.cells.insert(place, found[0])
        elif found[0].source.strip() != right.source.strip():
            remarks.append(f"{number}: ячейка с проверкой изменена; взята исходная")
        # The path from the root of all crates: a `mod lab` of the notebook's own would be found first.
        # The braces keep evcxr from taking the line for one of its commands.
        call = f"{task['function']}({task['function']})"
        found[0].source = f"{{ ::lab::check::{call}?; }}"
        checks[number] = found[0]
    return checks, remarks


def run(notebook, checks, options, tell):
    """Runs the cells that are needed; a failed one does not keep the next from running. `tell` is called with the
    number of each task whose check has run. Returns remarks."""
    remarks = []
    client = NotebookClient(
        notebook,
        timeout=options.cell_timeout,
        startup_timeout=180,
        kernel_name="rust",
        interrupt_on_timeout=True,
        resources={"metadata": {"path": str(options.folder)}},
    )
    ours = {id(cell): number for number, cell in checks.items()}
    client.create_kernel_manager()
    if options.own_network:
        # A user namespace below this process's own: no rights over this process.
        client.km.kernel_spec.argv[:0] = ["unshare", "--user", "--map-root-user", "--"]
    with client.setup_kernel():
        for index, cell in enumerate(notebook.cells):
            if cell.cell_type != "code" or not cell.source.strip():
                continue
            if not (options.full or id(cell) in ours or NEEDED.search(cell.source)):
                continue
            started = time.monotonic()
            try:
                client.execute_cell(cell, index)
            except CellExecutionError:
                pass
            except (CellTimeoutError, DeadKernelError):
                remarks.append(f"ячейка {index + 1} остановила ядро; дальше не выполнялось")
                break
            if id(cell) in ours:
                tell(ours[id(cell)])
            if time.monotonic() - started > options.cell_timeout:
                remarks.append(f"ячейка {index + 1} работала дольше {options.cell_timeout} с и прервана")
    return remarks


def verdict(cell, task):
    """Whether a check passed, and what to tell its student: only what our own cell has said counts."""
    outputs = cell.get("outputs", [])
    told = "".join(out.text for out in outputs if out.output_type == "stream" and out.name == "stdout")
    errors = [out for out in outputs if out.output_type == "error"]
    number = task["id"]
    lines = [line for line in told.splitlines() if line.startswith((f"{number} ✓", f"{number} ✗"))]
    if not errors and lines == [f"{number} ✓"]:
        return True, "решено"
    if cell.get("execution_count") is None:
        return False, "до проверки дело не дошло"
    if any(line.startswith(f"{number} ✗") for line in lines):
        start = told.index(f"{number} ✗") + len(number) + 3
        return False, told[start:].strip()
    if errors:
        return False, f"ячейка с проверкой закончилась ошибкой: {errors[0].evalue.splitlines()[0] if errors[0].evalue else errors[0].ename}"
    return False, "проверка не сказала, что решено"


def answers(notebook):
    """The Markdown cells in which the student answers questions."""
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    return [source for source in cells if source.startswith(("**Вопрос ", "## Выводы"))]


def grade(options, output):
    """The result for one submission; verdicts go to `output` as they come."""
    lab = json.loads(options.lab)
    notebook = notebooks.read(options.folder / options.notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    ours = notebooks.read(options.folder / options.ours)
    drop_commands(notebook)
    checks, remarks = restore(notebook, ours, lab)
    tasks = {task["id"]: task for task in lab["task"]}

    def judged(number):
        task = tasks[number]
        passed, text = verdict(checks[number], task)
        points = task["points"] if passed else 0
        return {"id": number, "title": task["title"], "points": points, "max": task["points"], "text": text}

    def tell(number):
        print(json.dumps({"verdict": judged(number)}, ensure_ascii=False), file=output)

    remarks += run(notebook, checks, options, tell)
    write(options.folder / "executed.ipynb", nbformat.writes(notebook))
    return {"tasks": [judged(number) for number in tasks], "remarks": remarks, "answers": answers(notebook)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("notebook")
    parser.add_argument("ours", help="the notebook as it was given to the student")
    parser.add_argument("--lab", required=True)
    parser.add_argument("--memory", type=int, required=True, help="MiB of address space a process")
    parser.add_argument("--files", type=int, required=True, help="MiB in the folder")
    parser.add_argument("--threads", type=int, required=True, help="processes and threads together")
    parser.add_argument("--cell-timeout", type=int, required=True)
    parser.add_argument("--full", action="store_true", help="run every cell, not only what the checks need")
    parser.add_argument("--own-network", action="store_true", help="in a network namespace of its own")
    options = parser.parse_args()
    output = private_output()
    limit(options)
    try:
        result = grade(options, output)
    except notebooks.NotebookError as error:
        result = {"broken": str(error)}
    print(json.dumps({"result": result}, ensure_ascii=False), file=output)
    return 0


if __name__ == "__main__":
    failures.end(main)
