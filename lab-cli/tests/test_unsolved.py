"""The students' versions as a student finds them: everything compiles, every check says that its task is unsolved.

`cargo lab test` executes them first, errors tolerated, into the folder `unsolved` of LAB_REPORTS.
"""

import re

import nbformat
import pytest

from lab import LABS, REPORTS, source
import versions  # noqa: E402 - found where lab.py says

UNSOLVED = REPORTS / "unsolved"


@pytest.fixture(params=LABS, ids=lambda lab: lab["notebook"])
def lab(request):
    """Each lab."""
    return request.param


@pytest.fixture
def cells(lab):
    """The code cells of the executed student's version."""
    notebook = nbformat.read(UNSOLVED / f"{lab['notebook']}.ipynb", as_version=4)
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]


def errors(cell):
    """The errors of a cell."""
    return [output for output in cell.outputs if output.output_type == "error"]


def printed(cell):
    """What a cell wrote."""
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def test_it_is_the_students_version_and_it_ran_to_its_end(lab, cells):
    wanted = versions.student(source(lab), lab)
    assert [cell.source for cell in cells] == [c.source for c in wanted.cells if c.cell_type == "code" and c.source.strip()]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))


def is_lost(error, earlier):
    """Whether a compile error only says that a `let` of an earlier cell, which failed, has no effect."""
    name = re.search(r"cannot find value `(\w+)`", error.evalue)
    if error.ename != "CompileError[E0425]" or name is None:
        return False
    binding = re.compile(rf"\blet\b[^=]*\b{name.group(1)}\b[^=]*=")
    return any(errors(cell) and binding.search(cell.source) for cell in earlier)


def refused(cells):
    """What the compiler refused of the cells themselves, not of what an unsolved task has left undone."""
    return [
        (cell.source, error.evalue)
        for index, cell in enumerate(cells)
        for error in errors(cell)
        if error.ename.startswith("CompileError") and not is_lost(error, cells[:index])
    ]


def test_every_cell_compiles(cells):
    assert refused(cells) == []


def test_a_cell_that_cannot_compile_is_found():
    def failed(source, ename, evalue):
        error = nbformat.v4.new_output("error", ename=ename, evalue=evalue, traceback=[])
        return nbformat.v4.new_code_cell(source, outputs=[error])

    lost = "cannot find value `b` in this scope"
    unsolved = failed("let (a, b) = f()?;", "panic", "not yet implemented")
    depends = failed("println!(\"{b}\");", "CompileError[E0425]", lost)
    assert refused([unsolved, depends]) == []
    assert len(refused([nbformat.v4.new_code_cell(unsolved.source), depends])) == 1
    assert len(refused([unsolved, failed("c", "CompileError[E0425]", lost.replace("`b`", "`c`"))])) == 1
    assert len(refused([unsolved, failed("b", "CompileError[E0308]", "mismatched types")])) == 1


def test_every_stub_compiles_without_an_error(lab, cells):
    for task in lab["task"]:
        stub = next(cell for cell in cells if versions.is_solution(cell, task))
        assert "todo!(" in stub.source and errors(stub) == [], task["id"]


def test_every_check_says_that_the_task_is_unsolved(lab, cells):
    for task in lab["task"]:
        check = next(cell for cell in cells if versions.is_check(cell, task))
        verdicts = [line for line in printed(check).splitlines() if line.startswith(task["id"])]
        assert len(verdicts) == 1 and verdicts[0].startswith(f"{task['id']} ✗"), (task["id"], printed(check))
        assert errors(check), task["id"]
