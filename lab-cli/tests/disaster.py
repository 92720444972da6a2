"""A lab of its own in which everything may go wrong, and what goes wrong with it.

The lab has one short notebook, a kernel that is Python's, and this checkout's Python environment; nothing of the
real lab is written. A full disk and a folder that can only be read are mounts in namespaces of their own, which end
with the command. Not here: what must come of it (test_disasters.py, test_clock.py, test_killed.py).
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import nbformat
import pytest

from lab import ROOT, answer
import versions  # noqa: E402 - found where lab.py says

PROGRAM = os.environ.get("LAB_PROGRAM", str(ROOT / "target/debug/lab-cli"))
NAMESPACES = ["unshare", "--user", "--map-root-user", "--mount", "--"]
# Longer than any of these commands needs on a busy machine; one that began to serve would be found by it.
PATIENCE = 120

LABS = """[[lab]]
notebook = "01-mini"
[[lab.task]]
id = "1.1"
function = "step"
title = "Шаг"
points = 2
hints = ["Вопрос?"]
"""
SOURCE = """---
jupyter:
  kernelspec:
    display_name: Rust
    language: rust
    name: rust
---

# 01. Проба

**Цель.** Проверить, что ничего не теряется.

```rust
1 + 1
```

```rust
// TODO(1.1): шаг
// BEGIN SOLUTION
fn step() {}
// END SOLUTION
```

```rust
check::step(step)?;
```

**Вопрос 1.** Почему?

<!-- BEGIN SOLUTION -->
Потому.
<!-- END SOLUTION -->
"""
MANIFEST = '[workspace]\nmembers = ["lab-kernel"]\nresolver = "3"\n'
KERNEL = '[package]\nname = "lab-kernel"\nversion = "0.1.0"\nedition = "2024"\n'
SPEC = {
    "argv": ["python", "-m", "ipykernel_launcher", "-f", "{connection_file}"],
    "display_name": "Rust",
    "language": "rust",
}
# The lab is put onto a small disk of its own, at the same place: cargo knows its builds by their path.
SCRIPT = """set -e
stored=$1 lab=$2 after=$3 what=$4 room=$5
shift 5
mount -t tmpfs -o size=64m tmpfs "$lab"
cp -a "$stored/." "$lab"
cd "$lab"
case $what in
  full) { cat /dev/zero > filler; } 2> /dev/null || true; truncate -s -"$room" filler ;;
  read-only) mount -o remount,ro "$lab" ;;
esac
set +e
"$@"
code=$?
cp -a "$lab/." "$after"
exit $code
"""


def put(path, text):
    """Writes a file and its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def environment(lab):
    """This checkout's Python environment, with a kernel of its own under our kernel's name."""
    real, own = pathlib.Path(sys.prefix), lab / ".venv"
    (own / "share/jupyter").mkdir(parents=True)
    for name in ("bin", "lib", "share/jupyter/nbconvert", "share/jupyter/lab"):
        (own / name).symlink_to(real / name)
    shutil.copy(real / "pyvenv.cfg", own)
    requirements = lab / "lab-cli/requirements.txt"
    put(requirements, (ROOT / "lab-cli/requirements.txt").read_text("utf-8"))
    shutil.copy(real / "lab-stamp", own)
    put(own / "share/jupyter/kernels/rust/kernel.json", json.dumps(SPEC))


def make(folder):
    """The lab, ready for every command: built, with an answered copy of the student's and an executed notebook."""
    lab = folder / "lab"
    put(lab / "Cargo.toml", MANIFEST)
    put(lab / "lab-kernel/Cargo.toml", KERNEL)
    put(lab / "lab-kernel/src/main.rs", "fn main() {}\n")
    put(lab / "lab-crate/labs.toml", LABS)
    shutil.copytree(ROOT / "lab-crate/assets", lab / "lab-crate/assets")
    put(lab / "notebooks/01-mini.md", SOURCE)
    environment(lab)
    subprocess.run(["cargo", "build", "--quiet"], cwd=lab, env=variables(), check=True)
    source, tasks = lab / "notebooks/01-mini.md", {"task": [{"id": "1.1", "function": "step", "title": "Шаг", "points": 2}]}
    own = versions.student(source, tasks)
    answer(next(cell for cell in own.cells if "TODO(1.1)" in cell.source), "mine()")
    run = versions.solved(source, tasks)
    for notebook, path in ((own, "notebooks/01-mini.ipynb"), (run, "target/lab/01-mini.ipynb")):
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.execution_count = 1
        put(lab / path, nbformat.writes(notebook))
    return lab


def variables(**more):
    """The variables for a command in the lab; what names another lab's places is left out."""
    left_out = ("CARGO", "CARGO_TARGET_DIR", "CARGO_MANIFEST_DIR", "LAB_DATA", "LAB_DATA_MIRROR")
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    # What the lab lacks must not be asked for: a test needs no network.
    return {**kept, "PIP_NO_INDEX": "1", "npm_config_offline": "true", "CARGO_NET_OFFLINE": "true", **more}


def run(lab, *arguments, **more):
    """Runs `cargo lab` in the lab."""
    command = [PROGRAM, *arguments]
    return subprocess.run(command, cwd=lab, env=variables(**more), capture_output=True, text=True, timeout=PATIENCE, check=False)


def can_mount():
    """Whether this system gives a program mounts of its own."""
    try:
        return subprocess.run([*NAMESPACES, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def on_disk(what, lab, tmp_path, *arguments, room=0, **more):
    """Runs `cargo lab` in a copy of the lab on a disk that is `full` (but for `room` bytes) or `read-only`; returns
    how it ended and the lab as it was then."""
    if not can_mount():
        pytest.skip("this system gives no mounts of its own (user namespaces), so no disk can be full")
    stored, after = tmp_path / "stored", tmp_path / "after"
    subprocess.run(["cp", "-a", lab, stored], check=True)
    after.mkdir()
    command = [*NAMESPACES, "sh", "-c", SCRIPT, "sh", stored, lab, after, what, str(room), PROGRAM, *arguments]
    ended = subprocess.run(command, env=variables(**more), capture_output=True, text=True, timeout=PATIENCE, check=False)
    return ended, after


def content(lab):
    """Every file of a lab by name, without what is built, said or made anew at every command."""
    passing = ("target/debug", "target/lab/logs", "target/lab/python", "target/lab/jupyter", "target/.", "filler", ".venv")
    files = {str(path.relative_to(lab)): path for path in sorted(lab.rglob("*")) if path.is_file()}
    return {name: path.read_bytes() for name, path in files.items() if not name.startswith(passing)}
