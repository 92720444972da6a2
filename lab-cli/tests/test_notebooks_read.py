"""What somebody hands in as a notebook: it is read as one, or refused in one sentence; nothing else happens.

The readers in Rust have their own test with the same kinds of files (`lab-cli/src/fuzz/`).
"""

import copy
import json
import random
import subprocess
import sys

import nbformat
import pytest

from lab import LABS, ROOT, source
import answers  # noqa: E402 - found where lab.py says
import notebooks  # noqa: E402
import reset  # noqa: E402
import versions  # noqa: E402

LAB = LABS[0]
VALUES = [None, True, -1, 1e300, float("nan"), "", "текст", "\ud800", [], {}, [1], {"a": []}, "x" * 5000]
# How many changed notebooks are tried; LAB_FUZZ is for the tests in Rust.
INPUTS = 400


def places(value, found=None):
    """Every list and object in a value."""
    found = [] if found is None else found
    if isinstance(value, (list, dict)) and value:
        found.append(value)
        for inner in value.values() if isinstance(value, dict) else value:
            places(inner, found)
    return found


def changed(notebook, chance):
    """A copy in which some values are others, gone or doubled."""
    notebook = copy.deepcopy(notebook)
    for _ in range(chance.randint(1, 3)):
        inside = chance.choice(places(notebook))
        key = chance.choice(list(inside) if isinstance(inside, dict) else range(len(inside)))
        what = chance.randrange(4)
        if what == 0:
            del inside[key]
        elif what == 1 and isinstance(inside, list):
            inside.append(copy.deepcopy(inside[key]))
        else:
            inside[key] = copy.deepcopy(chance.choice(VALUES))
    return notebook


def use(path):
    """Reads a notebook and does what the scripts do with it; whether it was one."""
    try:
        notebook = notebooks.read(path)
    except notebooks.NotebookError as error:
        assert "не блокнот Jupyter" in str(error) and "\n" not in str(error)
        return False
    ours = versions.student(source(LAB), LAB)
    for task in LAB["task"]:
        answers.verdict(notebook, task)
        reset.reset(notebook, ours, task)
    nbformat.writes(notebook).encode("utf-8")
    return True


@pytest.mark.filterwarnings("ignore")
def test_a_notebook_with_changes_is_used_or_refused(tmp_path):
    notebook = json.loads(nbformat.writes(versions.student(source(LAB), LAB)))
    notebook["cells"] = [cell for cell in notebook["cells"] if cell["metadata"]] + notebook["cells"][:3]
    check = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    check["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "1.1 ✓\n"}]
    chance, path, outcomes = random.Random(1), tmp_path / "a.ipynb", []
    for _ in range(INPUTS):
        path.write_text(json.dumps(changed(notebook, chance)), "utf-8")
        outcomes.append(use(path))
    # Neither is every change an error, nor is none.
    assert 0.1 < sum(outcomes) / INPUTS < 0.9


HOSTILE = {
    "empty": b"",
    "deep": b"[" * 200_000,
    "deep-closed": b'{"cells":' * 50_000 + b"1" + b"}" * 50_000,
    "deep-metadata": b'{"cells": [], "nbformat": 4, "nbformat_minor": 5, "metadata": ' + b'{"a":' * 5000 + b"1" + b"}" * 5001,
    "surrogate": b'{"cells": [{"cell_type": "markdown", "id": "a", "metadata": {}, "source": "\\ud800"}],'
    b' "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
    "not-utf-8": b'{"cells": [], "metadata": {"a": "\xff"}, "nbformat": 4, "nbformat_minor": 5}',
    "utf-16": '{"cells": []}'.encode("utf-16"),
    "numbers": b'{"cells": 1, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
    "future": b'{"cells": [], "metadata": {}, "nbformat": 999, "nbformat_minor": 0}',
    "long-number": b'{"cells": [], "metadata": {}, "nbformat": ' + b"9" * 10_000 + b"}",
    "zeros": b"\0" * 1000,
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_what_is_hostile_is_refused_and_stays_as_it_is(content, tmp_path):
    path = tmp_path / "a.ipynb"
    path.write_bytes(content)
    assert not use(path)
    assert path.read_bytes() == content


def test_a_terabyte_is_refused_without_being_read(tmp_path):
    path = tmp_path / "a.ipynb"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(notebooks.NotebookError, match="больше 64 МиБ"):
        notebooks.read(path)


@pytest.mark.parametrize("name", ["deep", "surrogate", "not-utf-8"])
def test_a_script_ends_in_a_sentence(name, tmp_path):
    path = tmp_path / "a.ipynb"
    path.write_bytes(HOSTILE[name])
    command = [sys.executable, ROOT / "lab-cli/python/student_report.py", path, tmp_path, "--source", source(LAB)]
    command += ["--lab", json.dumps(LAB), "--fonts", ROOT / "lab-crate/assets"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 1 and "a.ipynb не блокнот Jupyter" in ended.stderr, ended.stderr
    assert "Traceback" not in ended.stderr and sorted(tmp_path.iterdir()) == [path]
