"""The versions of the notebooks: nothing of a solution in the student's, what differs is found.

The executed notebooks are those of the tests (LAB_REPORTS).
"""

import json
import subprocess
import sys

import nbformat
import pytest

from lab import LABS, REPORTS, ROOT, source
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


@pytest.fixture
def first():
    """One lab, for what does not depend on the source."""
    return LABS[0]


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
    changed = versions.student(source(lab), lab)
    changed.cells.pop()
    nbformat.write(changed, path)
    assert "ячеек" in versions.difference(wanted, path)


def with_output(cell):
    cell.outputs = [nbformat.v4.new_output("stream", text="42\n")]


def unlocked(cell):
    del cell.metadata["editable"]


def without_points(cell):
    cell.metadata["nbgrader"]["points"] = 0


@pytest.mark.parametrize("spoil", [with_output, unlocked, without_points])
def test_an_output_a_lost_lock_and_other_points_are_found(first, tmp_path, spoil):
    wanted, spoilt = (versions.student(source(first), first) for _ in range(2))
    cell = next(cell for cell in spoilt.cells if versions.is_check(cell, first["task"][0]))
    spoil(cell)
    path = tmp_path / "a.ipynb"
    nbformat.write(spoilt, path)
    assert f"a.ipynb, ячейка {spoilt.cells.index(cell) + 1}: " in versions.difference(wanted, path)
    # The instructor's version has outputs.
    found = versions.difference(wanted, path, outputs=True)
    assert found is None if spoil is with_output else found


def test_a_solution_left_in_a_students_copy_is_found(first, tmp_path):
    path = tmp_path / "a.ipynb"
    nbformat.write(versions.solved(source(first), first), path)
    assert "отличается от исходного" in versions.difference(versions.student(source(first), first), path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"cells": ['])
def test_what_is_no_notebook_is_named(first, tmp_path, text):
    path = tmp_path / "a.ipynb"
    path.write_text(text)
    assert "a.ipynb не блокнот Jupyter" in versions.difference(versions.student(source(first), first), path)


def test_slides_of_another_source_are_found(first, tmp_path):
    (tmp_path / "reveal.js").write_text("")
    (tmp_path / "reveal.css").write_text("")
    path = tmp_path / "a.html"
    path.write_text(slides.to_html(versions.solved(source(first), first), tmp_path), encoding="utf-8")
    wanted = versions.solved(source(first), first)
    assert versions.compare("slides", wanted, path) is None
    wanted.cells[0].source += " "
    assert "a.html" in versions.compare("slides", wanted, path)


def test_a_check_may_be_called_by_its_whole_path():
    task = {"function": "f"}
    for call, expected in (("check::f(f)?;", True), ("lab::check::f(f)?;", True), ("other::check::f(f)?;", False)):
        assert versions.is_check(nbformat.v4.new_code_cell(call), task) == expected


@pytest.mark.parametrize(
    "lines",
    [
        ["// BEGIN SOLUTION"],
        ["// END SOLUTION"],
        ["// BEGIN SOLUTION", "// BEGIN SOLUTION", "// END SOLUTION"],
        ["// BEGIN SOLUTION", "// END SOLUTION", "// END SOLUTION"],
        ["//BEGIN SOLUTION", "// END SOLUTION"],
        ["// begin solution:", "secret", "// END SOLUTION"],
        ["// BEGIN SOLUTION", "<!-- END SOLUTION -->", "// END SOLUTION"],
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


def reset_with(path, keep, lab):
    """Calls the program as `cargo lab reset` does."""
    command = [sys.executable, ROOT / "lab-cli/python/reset.py", path, "--source", source(lab), "--keep", keep]
    command += ["--lab", json.dumps(lab), "--task", lab["task"][0]["id"]]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def answered(first, tmp_path):
    """A student's notebook with an answer to the first task."""
    notebook = versions.student(source(first), first)
    answer = next(cell for cell in notebook.cells if versions.is_solution(cell, first["task"][0]))
    answer.source = f"fn {first['task'][0]['function']}() {{ mine() }}"
    path = tmp_path / "a.ipynb"
    nbformat.write(notebook, path)
    return path


def test_the_old_answer_is_kept(first, answered, tmp_path):
    keep = tmp_path / ".lab-answers/1.rs"
    result = reset_with(answered, keep, first)
    assert result.returncode == 0, result.stderr
    assert "mine()" in keep.read_text("utf-8") and "mine()" not in answered.read_text("utf-8")


def test_an_answer_that_cannot_be_kept_stays_in_the_notebook(first, answered, tmp_path):
    before = answered.read_bytes()
    (tmp_path / ".lab-answers").write_text("a file where the folder should be")
    result = reset_with(answered, tmp_path / ".lab-answers/1.rs", first)
    assert result.returncode == 1 and "ничего не изменено" in result.stderr
    assert answered.read_bytes() == before


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"cells": ['])
def test_what_is_no_notebook_is_not_touched(first, tmp_path, text):
    path = tmp_path / "a.ipynb"
    path.write_text(text)
    result = reset_with(path, tmp_path / "kept.rs", first)
    assert result.returncode == 1 and "не блокнот Jupyter" in result.stderr
    assert path.read_text() == text and not (tmp_path / "kept.rs").exists()
