"""The pictures of the README: charts from executed notebooks, and a task tried twice in a kernel.

All are of our own drawing: a chart with a photograph in it is refused. Not here: when they are made
(`release.rs`), how cells become a picture (transcript.py).
"""

import argparse
import os
import re
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbclient import NotebookClient

import failures
import notebooks
import transcript
from files import write


class Chart(NamedTuple):
    """A chart: the notebook, a text of the cell that draws it, which of the cell's charts."""

    notebook: str
    cell: str
    number: int


CHARTS = {
    "regression.svg": Chart("03-linear-regression", "should_stop(previous, value, 1e-4)", -1),
    "optimizers.svg": Chart("04-optimizers", "race(ravine, ", -1),
    "mnist.svg": Chart("05-mnist", "live_acc.finish()", 0),
    "insects.svg": Chart("06-transfer-learning", "pictures::confusion(&matrix, &class_names)?", -1),
}
# A student takes the mean along the wrong axis, reads what the check says, and mends the function.
CHECKS = "checks.svg"
MEAN = """fn center_columns(x: &Tensor) -> lab::Result<Tensor> {
    Ok(x.broadcast_sub(&x.mean_keepdim(AXIS)?)?)
}"""
TRIED = [MEAN.replace("AXIS", "1"), "check::center_columns(center_columns)?;"]
MENDED = [MEAN.replace("AXIS", "0"), "check::center_columns(center_columns)?;"]
# What a page on a code host should load at most.
LARGEST, LARGEST_TOGETHER = 100_000, 400_000


def drawn(notebook, chart):
    """The chart's SVG in an executed notebook."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code" and chart.cell in cell.source]
    found = [output.data["image/svg+xml"] for cell in cells for output in cell.outputs if "image/svg+xml" in output.get("data", {})]
    if not found:
        raise SystemExit(f"в выполненном блокноте {chart.notebook} нет рисунка ячейки «{chart.cell}»: cargo lab run")
    if "data:image/jpeg" in found[chart.number]:
        raise SystemExit(f"в рисунке блокнота {chart.notebook} есть фотография, а в README её быть не должно")
    return found[chart.number]


def checked(folder):
    """The SVG of both tries, made by the kernel in the folder of the notebooks."""
    first = ':dep lab-crate = { path = "../lab-crate" }\nuse lab::prelude::*;'
    cells = [nbformat.v4.new_code_cell(code) for code in [first, *TRIED, *MENDED]]
    notebook = nbformat.v4.new_notebook(cells=cells)
    client = NotebookClient(notebook, kernel_name="rust", allow_errors=True, timeout=120, startup_timeout=180)
    # Nothing that is done here counts as done by a student.
    client.execute(cwd=str(folder), env={**os.environ, "LAB_PROGRESS": "off"})
    return transcript.svg(notebook.cells[1:])


def labels(svg):
    """What a chart says, each number as `#`: the same on every machine."""
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", svg)
    return {re.sub(r"[-−]?\d+([.,]\d+)?(e[-+]?\d+)?", "#", text.strip()) for text in texts}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("executed", type=Path, help="the folder of the executed notebooks")
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for name, chart in CHARTS.items():
        executed = options.executed / f"{chart.notebook}.ipynb"
        if not executed.exists():
            raise SystemExit(f"блокнот {chart.notebook} ещё не выполнен: cargo lab run")
        write(options.out / name, drawn(notebooks.read(executed), chart))
    write(options.out / CHECKS, checked(options.out.parent))
    return 0


if __name__ == "__main__":
    failures.end(main)
