"""nbgrader's whole round with our kernel: generate, release, fetch, submit, collect, autograde, feedback.

One student works in a folder of their own through the exchange and solves everything;
another's submission, with one wrong answer and one task untouched, is laid into the course; so is a
third one, which looks for solutions and other work.
"""

import getpass
import os
import pathlib
import shutil
import subprocess
import sys

import nbformat
import pytest

pytest.importorskip("nbgrader")
from nbgrader.api import Gradebook  # noqa: E402

from lab import ROOT, answer  # noqa: E402

ASSIGNMENT = "01-tensors"
ANSWERS = {
    "task-1-1": "Ok((x.sin()?.sqr()? + x.cos()?.sqr()?)?)",
    "task-1-2": "Ok(x.broadcast_sub(&x.mean_keepdim(0)?)?)",
}


# What a submission tries, each told as `name: true` where it succeeds.
ATTEMPTS = """
let told = |name: &str, is_done: bool| println!("{name}: {is_done}");
told("source", std::fs::read_dir("COURSE/source").is_ok_and(|dir| dir.count() > 0));
told("others", std::fs::read_dir("COURSE/submitted").is_ok_and(|dir| dir.count() > 0));
told("marks", std::fs::read("COURSE/gradebook.db").is_ok_and(|bytes| !bytes.is_empty()));
told("notebooks", std::fs::read("ROOT/notebooks/01-tensors.md").is_ok());
told("write", std::fs::write("COURSE/left", "1").is_ok());
told("network", std::fs::read_to_string("/proc/net/dev").unwrap().lines().count() > 3);
told("room", std::fs::write(std::env::temp_dir().join("own"), "1").is_ok());
"""


def solve(path, answers):
    """Writes answers into a released notebook."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        text = answers.get(cell.metadata.get("nbgrader", {}).get("grade_id"))
        if text:
            answer(cell, text)
    nbformat.write(notebook, path)


def has_namespaces():
    """Whether this system gives what the walls are made of."""
    trial = ["unshare", "--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "true"]
    return shutil.which("unshare") and subprocess.run(trial, capture_output=True).returncode == 0


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The course after the whole round."""
    work = tmp_path_factory.mktemp("nbgrader")
    course, student, exchange = work / "course", work / "student", work / "exchange"
    student.mkdir()
    exchange.mkdir()
    exchange.chmod(0o777)
    subprocess.run([os.environ["LAB_PROGRAM"], "release", "--nbgrader", str(course)], cwd=ROOT, check=True)
    programs = f"{pathlib.Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": programs, "JUPYTER_DATA_DIR": str(work / "data")}

    def nbgrader(where, *arguments):
        common = [f"--Exchange.root={exchange}", "--CourseDirectory.course_id=deep-learning-lab"]
        command = [sys.executable, "-m", "nbgrader", *arguments, *common]
        result = subprocess.run(command, cwd=where, env=environment, capture_output=True, text=True, timeout=600)
        assert result.returncode == 0, result.stdout + result.stderr

    nbgrader(course, "generate_assignment", ASSIGNMENT)
    nbgrader(course, "release_assignment", ASSIGNMENT)
    nbgrader(student, "fetch_assignment", ASSIGNMENT)
    solve(student / ASSIGNMENT / f"{ASSIGNMENT}.ipynb", ANSWERS)
    nbgrader(student, "submit", ASSIGNMENT)
    nbgrader(course, "collect", ASSIGNMENT)
    released = course / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    for name, answers in {"sidorov": {"task-1-2": "Ok(x.broadcast_sub(&x.mean_keepdim(1)?)?)"}}.items():
        folder = course / "submitted" / name / ASSIGNMENT
        folder.mkdir(parents=True)
        (folder / released.name).write_bytes(released.read_bytes())
        solve(folder / released.name, answers)
    hostile = course / "submitted/petrov" / ASSIGNMENT
    hostile.mkdir(parents=True)
    notebook = nbformat.read(released, as_version=4)
    attempts = ATTEMPTS.replace("COURSE", str(course)).replace("ROOT", str(ROOT))
    notebook.cells.append(nbformat.v4.new_code_cell(f"{{{attempts}}}"))
    nbformat.write(notebook, hostile / released.name)
    nbgrader(course, "autograde", ASSIGNMENT)
    nbgrader(course, "generate_feedback", ASSIGNMENT)
    return course


def test_the_released_notebook_has_stubs_and_no_solutions(course):
    text = (course / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").read_text("utf-8")
    assert "SOLUTION" not in text and "sqr()? + x.cos" not in text
    assert text.count("todo!(\\\"ЗАДАНИЕ") == len(ANSWERS)


# The exchange knows students by the names that they have on this machine.
@pytest.mark.parametrize(("student", "points"), [(getpass.getuser(), [1, 1]), ("sidorov", [0, 0])], ids=["right", "wrong"])
def test_points_are_those_of_the_checks(course, student, points):
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        submission = gradebook.find_submission_notebook(ASSIGNMENT, ASSIGNMENT, student)
        grades = sorted((grade.name, grade.auto_score) for grade in submission.grades)
    assert [score for _, score in grades] == points, grades


def test_the_student_reads_what_was_wrong(course):
    page = (course / "feedback/sidorov" / ASSIGNMENT / f"{ASSIGNMENT}.html").read_text("utf-8")
    assert "Столбец идёт вдоль оси 0" in page and "задание ещё не решено" in page


@pytest.mark.skipif(not has_namespaces(), reason="this system gives no namespaces; the command says so")
def test_a_submission_sees_nothing_of_the_course_and_no_network(course):
    notebook = nbformat.read(course / "autograded/petrov" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb", as_version=4)
    told = "".join(output.get("text", str(output)) for output in notebook.cells[-1].outputs)
    names = ("source", "others", "marks", "notebooks", "write", "network")
    assert told == "".join(f"{name}: false\n" for name in names) + "room: true\n"
    assert not (course / "left").exists() and list((course / "room").iterdir()) == []
