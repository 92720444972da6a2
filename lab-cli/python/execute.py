"""Executes one notebook and writes it as .ipynb and .html.

Speaks JSON lines on stdout, one event a line, for `cargo lab` to show. It does
not decide what is executed or what a failure means. A failed notebook is
written too, with what it has reached.
"""

import argparse
import asyncio
import base64
import json
import re
import time
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal, CellExecutionError, CellTimeoutError, DeadKernelError

import failures
import report
from files import write

# The first page carries one figure of each notebook.
LARGEST_PICTURE = 200_000


def tell(event, **fields):
    """Writes one event."""
    print(json.dumps({"event": event, **fields}, ensure_ascii=False), flush=True)


def first_line(source):
    """The first line of a cell that says something."""
    lines = [line.strip() for line in source.splitlines() if line.strip()]
    return next((line for line in lines if not line.startswith("//")), lines[0] if lines else "")


def run_cell(client, cell, index):
    """Runs a cell; returns status, ename, evalue."""
    try:
        client.execute_cell(cell, index)
    except CellExecutionError as error:
        return "error", error.ename, error.evalue
    except CellTimeoutError:
        return "timeout", "Timeout", f"ячейка работала дольше {client.timeout} с"
    except DeadKernelError:
        return "dead", "DeadKernel", "ядро завершилось"
    return "ok", "", ""


def run_all(client, cells, keep_going):
    """Runs the code cells to the first failure; returns whether there was none.

    With `keep_going` the error of a cell is tolerated and the next one runs; a cell that
    takes too long, or a kernel that died, ends the run all the same.
    """
    for number, (index, cell) in enumerate(cells, start=1):
        tell("begin", cell=number, line=first_line(cell.source))
        started = time.monotonic()
        status, ename, evalue = run_cell(client, cell, index)
        if status == "error" and keep_going:
            status = "tolerated"
        tell(
            "cell",
            cell=number,
            seconds=time.monotonic() - started,
            status=status,
            line=first_line(cell.source),
            ename=ename,
            evalue=evalue,
        )
        if status not in ("ok", "tolerated"):
            return False
    return True


def execute(notebook, options):
    """Runs the notebook in a kernel that starts in the notebook's folder."""
    client = NotebookClient(
        notebook,
        timeout=options.timeout,
        startup_timeout=180,
        kernel_name=options.kernel,
        resources={"metadata": {"path": str(options.source.parent)}},
    )
    cells = [(i, cell) for i, cell in enumerate(notebook.cells) if cell.cell_type == "code" and cell.source.strip()]
    tell("start", cells=len(cells))
    with client.setup_kernel():
        ok = run_all(client, cells, options.keep_going)
        info = client.wait_for_reply(client.kc.kernel_info()) if ok else None
    if info:
        notebook.metadata["language_info"] = info["content"]["language_info"]
    return ok


def outputs_of(notebook):
    """All outputs in order."""
    return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


def printed(notebook):
    """All text that the cells printed."""
    return "".join(output.text for output in outputs_of(notebook) if output.output_type == "stream")


def number_after(text, mark):
    """The number right after the last place where `mark` stands; None where there is none."""
    found = re.findall(re.escape(mark) + r"([-+]?\d+(?:[.,]\d+)?(?:e[-+]?\d+)?)", text)
    return found[-1] if found else None


def numbers_of(notebook, wanted):
    """The key numbers with what stands in the outputs."""
    text = printed(notebook)
    return [[number["name"], number_after(text, number["after"])] for number in wanted]


def model_of(notebook):
    """The pretrained network that the notebook says it uses; None where it uses none."""
    found = re.search(r"^([a-z][\w-]*): классов \d+, параметров \d+", printed(notebook), re.MULTILINE)
    return found and found.group(1)


def picture_of(notebook):
    """The last figure without photos in it as a data address; they stand for the notebook on the first page."""
    pictures = [output.data["image/svg+xml"] for output in outputs_of(notebook) if "image/svg+xml" in output.get("data", {})]
    drawn = [picture for picture in pictures if "base64" not in picture and len(picture) < LARGEST_PICTURE]
    if not drawn:
        return None
    return "data:image/svg+xml;base64," + base64.b64encode(drawn[-1].encode()).decode()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--timeout", type=int, default=600)
    parser.add_argument("--kernel", default="rust")
    parser.add_argument("--keep-going", action="store_true", help="do not stop at a cell that ends in an error")
    parser.add_argument("--numbers", default="[]", help="the key numbers to look for, as JSON")
    options = parser.parse_args()
    name = options.source.stem
    notebook = jupytext.read(options.source)
    title = report.title_of(notebook, name)
    options.out.mkdir(parents=True, exist_ok=True)
    ok, fatal = False, None
    try:
        ok = execute(notebook, options)
    except (CellControlSignal, KeyboardInterrupt, asyncio.CancelledError):
        fatal = "прервано"
    except Exception as error:  # The kernel did not start, or broke the protocol.
        fatal = f"{type(error).__name__}: {error}"
    write(options.out / f"{name}.ipynb", nbformat.writes(notebook))
    write(options.out / f"{name}.html", report.to_html(notebook, title))
    found = numbers_of(notebook, json.loads(options.numbers))
    tell(
        "end",
        ok=ok,
        title=title,
        fatal=fatal,
        numbers=found,
        goal=report.goal_of(notebook),
        model=model_of(notebook),
        picture=picture_of(notebook),
    )
    return 0 if ok else 1


if __name__ == "__main__":
    failures.end(main)
