"""The pictures of the README: charts from executed notebooks.

All are of our own drawing: a chart with a photograph in it is refused. Not here: when they are made
(`release.rs`).
"""

import argparse
import re
from pathlib import Path
from typing import NamedTuple

import failures
import notebooks
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
}
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
    return 0


if __name__ == "__main__":
    failures.end(main)
