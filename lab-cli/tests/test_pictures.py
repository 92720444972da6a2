"""The README's pictures: there, small, ours, and what today's notebooks draw.

The executed notebooks are those of the tests (LAB_REPORTS); the task is checked here, by a real kernel. Making them anew: `cargo lab release --pictures`.
"""

import re

import nbformat
import pytest

from lab import REPORTS, ROOT
import pictures  # noqa: E402 - found where lab.py says

FOLDER = ROOT / "notebooks/pictures"


def test_the_readme_shows_all_of_them_and_they_are_small():
    shown = set(re.findall(r"\(notebooks/pictures/([\w.-]+)\)", (ROOT / "README.md").read_text("utf-8")))
    assert shown == {path.name for path in FOLDER.iterdir()} == {*pictures.CHARTS, pictures.CHECKS}
    sizes = [path.stat().st_size for path in FOLDER.iterdir()]
    assert max(sizes) < pictures.LARGEST and sum(sizes) < pictures.LARGEST_TOGETHER, sizes


@pytest.mark.parametrize("name", pictures.CHARTS)
def test_a_chart_says_what_the_notebook_of_today_draws(name):
    chart = pictures.CHARTS[name]
    executed = nbformat.read(REPORTS / f"{chart.notebook}.ipynb", as_version=4)
    kept = (FOLDER / name).read_text("utf-8")
    assert len(pictures.labels(kept)) > 3
    assert pictures.labels(kept) == pictures.labels(pictures.drawn(executed, chart)), "cargo lab release --pictures"


def test_the_two_tries_are_those_of_a_student_today():
    kept = (FOLDER / pictures.CHECKS).read_text("utf-8")
    assert all(f">{said}<" in kept for said in ("Ошибка lab::Error", "1.2 ✓"))
    assert pictures.labels(kept) == pictures.labels(pictures.checked(ROOT / "notebooks")), "cargo lab release --pictures"


def test_a_photograph_is_refused():
    cell = nbformat.v4.new_code_cell("plot()")
    picture = '<svg><image href="data:image/jpeg;base64,AA"/></svg>'
    cell.outputs = [nbformat.v4.new_output("display_data", data={"image/svg+xml": picture})]
    with pytest.raises(SystemExit, match="фотография"):
        pictures.drawn(nbformat.v4.new_notebook(cells=[cell]), pictures.Chart("a", "plot()", -1))
