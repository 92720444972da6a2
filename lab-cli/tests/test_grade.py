"""`cargo lab grade` on a class of good, wrong and hostile submissions, with the real kernel.

Each submission is notebook 01 in the student's version, solved or spoilt in one way.
All are graded in one run; a bad one must cost only itself.
"""

import csv
import json
import os
import pathlib
import subprocess

import nbformat
import pytest

from lab import LABS, REPORTS, ROOT, answer, source
import versions  # noqa: E402 - found where lab.py says

LAB = next(lab for lab in LABS if lab["notebook"] == "01-tensors")
SOURCE = source(LAB)
SIN2 = "Ok((x.sin()?.sqr()? + x.cos()?.sqr()?)?)"
CENTER = "Ok(x.broadcast_sub(&x.mean_keepdim(0)?)?)"


def solved(first=SIN2, second=CENTER):
    """The student's notebook with these answers."""
    notebook = versions.student(SOURCE, LAB)
    for task, text in zip(LAB["task"], (first, second)):
        for cell in notebook.cells:
            if versions.is_solution(cell, task):
                answer(cell, text)
    return notebook


def check(notebook, number):
    """The check cell of a task."""
    task = next(task for task in LAB["task"] if task["id"] == number)
    return next(cell for cell in notebook.cells if versions.is_check(cell, task))


def changed_check():
    notebook = solved(first="Ok(x.sin()?)")
    check(notebook, "1.1").source = 'println!("1.1 ✓");'
    return notebook


def deleted_check():
    notebook = solved(second="Ok(x.clone())")
    notebook.cells.remove(check(notebook, "1.2"))
    return notebook


def own_check_module():
    notebook = solved(first="Ok(x.sin()?)")
    forged = "mod check { pub fn sin2_plus_cos2<T>(_: T) -> lab::Result<()> { println!(\"1.1 ✓\"); Ok(()) } }"
    notebook.cells.insert(3, nbformat.v4.new_code_cell(forged))
    return notebook


def deleted_task():
    notebook = solved()
    notebook.cells = [cell for cell in notebook.cells if "TODO(1.2)" not in cell.source]
    return notebook


def fake_library():
    """A library of one's own under the name of ours."""
    notebook = solved(first="Ok(x.sin()?)", second="Ok(x.clone())")
    code = """let manifest = "[package]\\nname = \\"lab-crate\\"\\nversion = \\"0.1.0\\"\\n[lib]\\nname = \\"lab\\"";
std::fs::create_dir_all("fake/src").ok();
std::fs::write("fake/Cargo.toml", manifest).ok();
std::fs::write("fake/src/lib.rs", "pub mod check { pub fn sin2_plus_cos2<T>(_: T) { println!(\\"1.1 ✓\\") } }").ok();
fn needed() {}"""
    notebook.cells.insert(1, nbformat.v4.new_code_cell(code))
    notebook.cells.insert(2, nbformat.v4.new_code_cell(':dep lab-crate = { path = "fake" }\nfn second() {}'))
    return notebook


REMOUNT = 'std::process::Command::new("mount").args(["-o", "remount,bind,rw", "/"]).status().ok(); '
READ = 'if std::fs::read_to_string("%s").is_ok_and(|t| t.contains("SOLUTION")) { println!("stolen"); return Ok(x.ones_like()?); } '
NETWORK = 'std::net::TcpStream::connect("1.1.1.1:53").map_err(|e| lab::Error::Argument(format!("{e}")))?; '
OUTSIDE = 'std::fs::write("%s", "x").map_err(|e| lab::Error::Argument(format!("{e}")))?; '
SWARM = 'for _ in 0..60 { std::process::Command::new("sleep").arg("613").spawn().ok(); } loop { std::thread::yield_now(); }'
HUGE = "let v = vec![1u8; 10 << 30]; println!(\"{}\", v.len()); "
FILE = "let zeros = vec![0u8; 1 << 30]; std::fs::write(\"big\", zeros).ok(); "
FORGED = 'println!("1.1 ✓"); '
# Verdicts written to every file that any other process has open, and into the folder.
FORGER = r'''let line = "\n{\"verdict\": {\"id\": \"1.1\", \"title\": \"\", \"points\": 1, \"max\": 1, \"text\": \"\"}}\n";
let result = "\n{\"result\": {\"tasks\": [{\"id\": \"1.1\", \"title\": \"\", \"points\": 1, \"max\": 1, \"text\": \"\"}]}}\n";
println!("{line}{result}");
std::fs::write("result.json", &result[12..]).ok();
let own = std::process::id().to_string();
for process in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
    if process.file_name().to_string_lossy() == own { continue; }
    let name = std::fs::read_to_string(process.path().join("cmdline")).unwrap_or_default();
    if !name.contains("grade.py") { continue; }
    for file in std::fs::read_dir(process.path().join("fd")).into_iter().flatten().flatten() {
        std::fs::write(file.path(), format!("{line}{result}")).ok();
    }
    for number in 1..40 {
        std::fs::write(process.path().join(format!("fd/{number}")), format!("{line}{result}")).ok();
    }
}
std::process::abort(); '''

# name: (notebook, points for 1.1 and 1.2, what the remarks or the feedback must say)
CLASS = {
    "good": (solved, (1, 1), None),
    "unsolved": (lambda: versions.student(SOURCE, LAB), (0, 0), "задание ещё не решено"),
    "wrong": (lambda: solved(second="Ok(x.broadcast_sub(&x.mean_keepdim(1)?)?)"), (1, 0), "Столбец идёт вдоль оси 0"),
    "not-compiling": (lambda: solved(first="x.sin()"), (0, 1), None),
    "hang": (lambda: solved(second="loop {}"), (1, 0), "работала дольше"),
    "swarm": (lambda: solved(first=SWARM), (0, 0), "процессов"),
    "ready": (lambda: solved(second="lab::ready::center_columns(x)"), (1, 0), "ответ верен, но он готовый"),
    "late-swarm": (lambda: solved(second=SWARM), (1, 0), "процессов"),
    "late-crash": (lambda: solved(second="std::process::abort()"), (1, 0), None),
    "forger": (lambda: solved(first=FORGER), (0, 1), None),
    "huge": (lambda: solved(first=HUGE + SIN2), (0, 1), None),
    "big-file": (lambda: solved(first=FILE + SIN2), (0, 1), None),
    "network": (lambda: solved(first=NETWORK + SIN2), (0, 1), "вместо ответа пришла ошибка"),
    "forged": (lambda: solved(first=FORGED + "Ok(x.sin()?)"), (0, 1), None),
    "changed-check": (changed_check, (0, 1), "1.1: ячейка с проверкой изменена"),
    "deleted-check": (deleted_check, (1, 0), "1.2: ячейка с проверкой удалена"),
    "own-module": (own_check_module, (0, 1), None),
    "fake-library": (fake_library, (0, 0), None),
    "reader": (lambda: solved(first=READ % SOURCE + "Ok(x.sin()?)"), (0, 1), None),
    "reader-of-runs": (lambda: solved(first=READ % (REPORTS / "01-tensors.ipynb") + "Ok(x.sin()?)"), (0, 1), None),
    "deleted-task": (deleted_task, (1, 0), "1.2: ячейки с решением нет"),
}


def grade(work, *limits):
    """Grades the folder `in`; rows of the table, pages, and whether the system has namespaces."""
    run = [os.environ["LAB_PROGRAM"], "grade", str(work / "in"), "--out", str(work / "out"), "--seed", "7", *limits]
    result = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, timeout=900)
    print(result.stdout, result.stderr)
    assert result.returncode == 0
    with open(work / "out/grades.csv", encoding="utf-8", newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    pages = {name: (work / "out" / f"{i + 1:03}.html").read_text("utf-8") for i, name in enumerate(rows)}
    return rows, pages, "система не даёт пространств имён" not in result.stdout


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The rows of the table and the folder of the pages."""
    work = tmp_path_factory.mktemp("class")
    for name, (make, _, _) in CLASS.items():
        folder = work / "in" / name
        folder.mkdir(parents=True)
        nbformat.write(make(), folder / "01-tensors.ipynb")
    outside = work / "outside"
    notebook = solved(first=REMOUNT + OUTSIDE % outside + SIN2)
    (work / "in/outside").mkdir()
    nbformat.write(notebook, work / "in/outside/01-tensors.ipynb")
    (work / "in/broken").mkdir()
    (work / "in/broken/01-tensors.ipynb").write_text('{"cells": [')
    (work / "in/no-notebook.ipynb").write_text("[]")
    rows, pages, walls = grade(work, "--cell-timeout", "20", "--timeout", "120")
    return rows, pages, outside, walls


@pytest.fixture(scope="module")
def labs(tmp_path_factory):
    """All notebooks, graded unsolved and with the solutions of the source, on hidden variants of the checks."""
    work = tmp_path_factory.mktemp("labs")
    for lab in LABS:
        for name, version in (("unsolved", versions.student), ("solved", versions.solved)):
            folder = work / "in" / f"{name}-{lab['notebook']}"
            folder.mkdir(parents=True)
            nbformat.write(version(source(lab), lab), folder / f"{lab['notebook']}.ipynb")
    rows, pages, _ = grade(work)
    return rows, pages


@pytest.mark.parametrize("name", CLASS)
def test_a_submission_gets_its_points(graded, name):
    rows, pages, _, walls = graded
    if name in ("network", "reader", "reader-of-runs", "forger") and not walls:
        pytest.skip("no namespaces here: neither the network nor the solutions can be cut off")
    first, second = CLASS[name][1]
    assert rows[name]["tasks"] == f"1.1={first} 1.2={second}", rows[name]
    assert CLASS[name][2] is None or CLASS[name][2] in pages[name]


def test_what_is_no_notebook_is_named_and_costs_nobody_else(graded):
    rows, pages, _, _ = graded
    assert "не блокнот Jupyter" in rows["broken"]["remarks"]
    assert rows["no-notebook"]["points"] == "0" and rows["no-notebook"]["remarks"]
    assert "Проверить не удалось" in pages["no-notebook"]


def test_nothing_is_written_outside(graded):
    rows, _, outside, walls = graded
    if not walls:
        pytest.skip("no namespaces here: writing cannot be forbidden")
    assert not outside.exists()
    assert rows["outside"]["tasks"] == "1.1=0 1.2=1"


def test_nothing_is_left_running(graded):
    left = [p for p in pathlib.Path("/proc").glob("[0-9]*/cmdline") if b"613" in safe(p).split(b"\0")]
    assert left == []


def safe(path):
    """The bytes of a file that may be gone."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_the_table_keeps_the_seed_and_the_order(graded):
    rows, _, _, _ = graded
    assert list(rows) == sorted(rows)
    assert {row["seed"] for row in rows.values()} == {"7"}
    assert json.dumps(rows, ensure_ascii=False)


@pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab["notebook"])
def test_every_solution_passes_and_every_stub_fails(labs, lab):
    rows, pages = labs
    solved_row, unsolved = rows[f"solved-{lab['notebook']}"], f"unsolved-{lab['notebook']}"
    assert solved_row["points"] == solved_row["max"] == str(sum(task["points"] for task in lab["task"])), solved_row
    assert rows[unsolved]["points"] == "0"
    assert pages[unsolved].count("задание ещё не решено") == len(lab["task"]), pages[unsolved]
