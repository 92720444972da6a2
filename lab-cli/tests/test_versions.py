"""The versions of the notebooks: nothing of a solution in the student's, what differs is found.

The executed notebooks are those of the tests (LAB_REPORTS).
"""

import nbformat
import pytest

from lab import LABS, REPORTS, source
import reset  # noqa: E402 - found where lab.py says
import slides  # noqa: E402
import versions  # noqa: E402

# A code host draws a notebook up to this size.
LARGEST = 1_000_000


def named(lab):
    """A test's name."""
    return lab["notebook"]


@pytest.fixture(params=LABS, ids=named)
def lab(request):
    """Each lab."""
    return request.param


def solutions(lab):
    """The lines that stand between the marks."""
    inside, lines = False, []
    for line in source(lab).read_text("utf-8").splitlines():
        mark = line.strip()
        if mark.endswith("END SOLUTION") or mark == "<!-- END SOLUTION -->":
            inside = False
        elif inside and len(mark) > 20:
            lines.append(mark)
        inside = inside or "BEGIN SOLUTION" in mark
    return lines


def test_the_student_gets_stubs_locked_checks_and_nothing_of_the_solutions(lab):
    notebook = versions.student(source(lab), lab)
    nbformat.validate(notebook)
    text = nbformat.writes(notebook)
    inside = solutions(lab)
    everywhere = [line.strip() for line in source(lab).read_text("utf-8").splitlines()]
    left = [line.strip() for cell in notebook.cells for line in cell.source.splitlines()]
    # Some lines of a solution also stand in code that is given.
    assert inside and all(left.count(line) == everywhere.count(line) - inside.count(line) for line in inside)
    assert "SOLUTION" not in text
    for task in lab["task"]:
        stub = next(cell for cell in notebook.cells if versions.is_solution(cell, task))
        assert f'todo!("ЗАДАНИЕ {task["id"]}: {task["title"]}")' in stub.source
        check = next(cell for cell in notebook.cells if versions.is_check(cell, task))
        assert check.metadata["nbgrader"]["locked"] and not check.metadata["editable"]
    assert all(not cell.get("outputs") for cell in notebook.cells)


def test_the_instructors_version_has_outputs_and_is_small(lab):
    executed = nbformat.read(REPORTS / f"{lab['notebook']}.ipynb", as_version=4)
    notebook = versions.instructor(source(lab), lab, executed)
    nbformat.validate(notebook)
    assert len(nbformat.writes(notebook)) < LARGEST
    assert sum(bool(cell.get("outputs")) for cell in notebook.cells) > 5


def test_slides_need_no_network(lab, tmp_path):
    (tmp_path / "reveal.js").write_text("/* reveal */")
    (tmp_path / "reveal.css").write_text("")
    executed = nbformat.read(REPORTS / f"{lab['notebook']}.ipynb", as_version=4)
    page = slides.to_html(versions.instructor(source(lab), lab, executed), tmp_path)
    assert "prefers-color-scheme" not in page and "color-scheme:" not in page, "the hall is light"
    assert page.count("<section>") > 10 and "Reveal.initialize" in page
    assert 'src="http' not in page and "<link" not in page


def test_what_differs_from_the_source_is_found(lab, tmp_path):
    path = tmp_path / "a.ipynb"
    wanted = versions.student(source(lab), lab)
    nbformat.write(wanted, path)
    assert versions.difference(wanted, path) is None
    changed = versions.student(source(lab), lab)
    check = next(cell for cell in changed.cells if versions.is_check(cell, lab["task"][0]))
    check.source = "// nothing"
    nbformat.write(changed, path)
    assert "отличается от исходного" in versions.difference(wanted, path)
    changed.cells.pop()
    nbformat.write(changed, path)
    assert "ячеек" in versions.difference(wanted, path)


@pytest.mark.parametrize(
    "lines",
    [
        ["// BEGIN SOLUTION"],
        ["// END SOLUTION"],
        ["// BEGIN SOLUTION", "// BEGIN SOLUTION", "// END SOLUTION"],
        ["// BEGIN SOLUTION", "// END SOLUTION", "// END SOLUTION"],
        ["//BEGIN SOLUTION", "// END SOLUTION"],
        ["// begin solution:", "secret", "// END SOLUTION"],
    ],
)
def test_marks_that_are_not_in_pairs_are_an_error(lines):
    with pytest.raises(versions.SourceError, match="(?i)solution"):
        versions.check_marks(nbformat.v4.new_code_cell("\n".join(lines)), "01-a.md, ячейка 1")


def test_a_task_can_be_begun_anew(lab):
    ours = versions.student(source(lab), lab)
    for task in lab["task"]:
        notebook = versions.student(source(lab), lab)
        answer = next(cell for cell in notebook.cells if versions.is_solution(cell, task))
        answer.source = f"fn {task['function']}() {{ mine() }}"
        check = next(cell for cell in notebook.cells if versions.is_check(cell, task))
        notebook.cells.remove(check)
        assert "mine()" in reset.reset(notebook, ours, task)
        assert [cell.source for cell in notebook.cells] == [cell.source for cell in ours.cells]


def test_a_task_whose_cell_is_gone_comes_back(lab):
    ours, notebook = versions.student(source(lab), lab), versions.student(source(lab), lab)
    task = lab["task"][0]
    notebook.cells = [cell for cell in notebook.cells if not versions.is_solution(cell, task)]
    assert reset.reset(notebook, ours, task) is None
    assert sum(versions.is_solution(cell, task) for cell in notebook.cells) == 1
