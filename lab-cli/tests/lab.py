"""What the tests of the notebooks' versions share: the table of tasks, the sources, answers written into stubs."""

import os
import pathlib
import sys

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10 and earlier
    import tomli as tomllib

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "lab-cli/python"))

LABS = tomllib.loads((ROOT / "lab-crate/labs.toml").read_text("utf-8"))["lab"]
# The notebooks that `cargo lab test` has executed.
REPORTS = pathlib.Path(os.environ.get("LAB_REPORTS", ROOT / "target/lab/test"))


def source(lab):
    """The source of a lab."""
    return ROOT / "notebooks" / f"{lab['notebook']}.md"


def answer(cell, text):
    """Puts an answer into the place of a stub."""
    cell.source = "\n".join(text if "todo!(" in line else line for line in cell.source.splitlines())
