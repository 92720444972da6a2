"""A full disk, a folder that can only be read, a program that is missing: `cargo lab` says what is wrong and what to
do, in Russian, ends with another status than 0, and everything that was there stays.
"""

import os
import re
import shutil
import subprocess

import pytest

import disaster

# Every command that writes.
WRITING = [
    ("run",),
    # There is a copy of the student's already; this is one that must be made.
    ("up", "--no-browser", "--solutions"),
    ("data", "california"),
    ("release",),
    ("release", "--nbgrader", "course"),
    ("report", "01"),
    ("reset", "1.1"),
    ("grade", "notebooks"),
    ("hub", "--users", "1"),
]
SAID = {"full": "на диске нет места", "read-only": "только (для чтения|читать)"}


@pytest.fixture(name="lab", scope="module")
def fixture_lab(tmp_path_factory):
    """A lab that no test of this file changes: disasters happen to copies."""
    return disaster.make(tmp_path_factory.mktemp("disasters"))


@pytest.fixture(name="mirror", scope="module")
def fixture_mirror(tmp_path_factory):
    """A folder with a data file, whatever is in it: it must not get as far as being compared."""
    folder = tmp_path_factory.mktemp("mirror")
    (folder / "cal_housing.data").write_bytes(b"1" * 100_000)
    return str(folder)


def told(ended):
    """What a command said, which must be no trace of a program."""
    text = ended.stdout + ended.stderr
    assert "panicked" not in text and "Traceback" not in text, text
    return text


@pytest.mark.parametrize("what", SAID)
@pytest.mark.parametrize("command", WRITING, ids=" ".join)
def test_a_disk_that_cannot_be_written_is_told_and_nothing_is_lost(what, command, lab, mirror, tmp_path):
    ended, after = disaster.on_disk(what, lab, tmp_path, *command, LAB_DATA_MIRROR=mirror)
    text = told(ended)
    assert ended.returncode not in (0, None), text
    assert re.search(SAID[what], text) and "что сделать" in text.lower(), text
    before, found = disaster.content(lab), disaster.content(after)
    assert {name: found.get(name) for name in before} == before
    # What could not be written whole is not there at all.
    assert [name for name in set(found) - set(before) if found[name]] == [], text


def test_a_download_that_does_not_fit_is_told_and_leaves_nothing(lab, mirror, tmp_path):
    ended, after = disaster.on_disk("full", lab, tmp_path, "data", "california", room=40_000, LAB_DATA_MIRROR=mirror)
    text = told(ended)
    assert ended.returncode == 1 and "на диске нет места" in text, text
    assert list((after / "data/cache/california").iterdir()) == []


@pytest.mark.parametrize("what", SAID)
def test_what_only_looks_works_on_such_a_disk(what, lab, tmp_path):
    ended, _ = disaster.on_disk(what, lab, tmp_path, "hint", "1.1")
    assert ended.returncode == 0 and "Вопрос?" in ended.stdout, told(ended)


def test_doctor_tells_of_a_full_disk(lab, tmp_path):
    ended, _ = disaster.on_disk("full", lab, tmp_path, "doctor")
    assert re.search(r"[✗•] Место на диске", told(ended)), ended.stdout


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_an_output_that_cannot_be_written_is_told(lab):
    with open("/dev/full", "w", encoding="utf-8") as full:
        command = [disaster.PROGRAM, "hint", "1.1"]
        ended = subprocess.run(command, cwd=lab, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert ended.returncode != 0 and "вывод программы некуда записать" in ended.stderr, ended.stderr
    assert "panicked" not in ended.stderr


def without(tools, tmp_path, *missing):
    """A folder with links to these programs but for some: a PATH of its own."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in tools:
        if name not in missing and shutil.which(name):
            (folder / name).symlink_to(shutil.which(name))
    return str(folder)


# What the commands start, beside the programs of the Python environment.
TOOLS = ["rustc", "cargo", "rustup", "cc", "python3", "npm", "node", "df", "sh"]
NEEDS = [
    ("rustc", ("run",), "не найден rustc: поставьте Rust программой rustup"),
    ("rustc", ("up", "--no-browser"), "не найден rustc: поставьте Rust программой rustup"),
    ("rustc", ("grade", "notebooks"), "не найден rustc: поставьте Rust программой rustup"),
    ("rustc", ("report", "01"), "не найден rustc: поставьте Rust программой rustup"),
    ("cargo", ("run",), "не удалось запустить cargo: есть ли эта программа? Чего не хватает, скажет cargo lab doctor"),
    ("npm", ("hub", "--users", "1"), "Нужны Node.js 18 или новее с npm"),
]


@pytest.mark.parametrize(("missing", "command", "text"), NEEDS, ids=lambda value: str(value)[:20])
def test_a_missing_program_is_named(missing, command, text, lab, tmp_path):
    before = disaster.content(lab)
    ended = disaster.run(lab, *command, PATH=without(TOOLS, tmp_path, missing))
    assert ended.returncode == 1 and text in told(ended), told(ended)
    assert {name: disaster.content(lab).get(name) for name in before} == before


def test_a_missing_linker_is_named(tmp_path):
    lab = disaster.make(tmp_path)
    (lab / "lab-kernel/src/main.rs").write_text("fn main() { println!() }\n")
    programs = without(TOOLS, tmp_path, "cc", "gcc", "clang")
    ended = disaster.run(lab, "run", PATH=programs)
    text = told(ended)
    assert ended.returncode == 1 and "ядро не собралось; чего не хватает, скажет cargo lab doctor" in text
    assert "linker `cc` not found" in text, text
    ended = disaster.run(lab, "doctor", PATH=programs)
    assert ended.returncode == 1 and "✗ Компоновщик: не найден cc\n    что сделать:" in told(ended), told(ended)


def test_doctor_names_everything_that_is_missing(lab, tmp_path):
    ended = disaster.run(lab, "doctor", PATH=without(TOOLS, tmp_path, *TOOLS))
    for line in ("✗ Rust: не найден", "✗ Компоновщик: не найден cc"):
        assert f"{line}\n    что сделать: " in told(ended), told(ended)
    assert ended.returncode == 1


def test_a_program_that_goes_with_its_python_is_made_anew_or_told(tmp_path):
    lab = disaster.make(tmp_path)
    (lab / ".venv/bin").unlink()
    ended = disaster.run(lab, "reset", "1.1")
    text = told(ended)
    assert ended.returncode == 1 and "lab-cli/requirements.txt" in text and "проверьте сеть" in text, text
    assert "mine()" in (lab / "notebooks/01-mini.ipynb").read_text("utf-8")
