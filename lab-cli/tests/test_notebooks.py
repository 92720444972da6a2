"""Checks of the executed notebooks and of their sources.

`cargo lab test` executes them first and names the folder in LAB_REPORTS.
Nothing here runs a kernel.
"""

import json
import os
import re
from pathlib import Path

import jupytext
import nbformat
import pytest

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
SOURCES = sorted(path for path in NOTEBOOKS.glob("*.md") if path.name[0].isdigit())
REPORTS = Path(os.environ.get("LAB_REPORTS", "target/lab"))
# Notebooks that draw nothing.
WITHOUT_PICTURE = {"01-tensors"}
# The house rules: 20 lines a cell, 35 where it defines something, 88 characters a line.
MOST_LINES, MOST_LINES_OF_A_DEFINITION, MOST_CHARACTERS = 20, 35, 88


def named(path):
    """A test's name."""
    return path.stem


@pytest.fixture(params=SOURCES, ids=named)
def source(request):
    """The source of each notebook."""
    return request.param


@pytest.fixture
def executed(source):
    """Each notebook as it was executed."""
    return nbformat.read(REPORTS / f"{source.stem}.ipynb", as_version=4)


def code_cells(notebook):
    """The cells with code in them."""
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]


def test_every_cell_ran_once_in_order(executed):
    counts = [cell.execution_count for cell in code_cells(executed)]
    assert counts == list(range(1, len(counts) + 1))


def test_no_cell_ended_in_an_error(executed):
    for cell in code_cells(executed):
        allowed = "raises-exception" in cell.metadata.get("tags", [])
        errors = [output for output in cell.outputs if output.output_type == "error"]
        assert allowed or not errors, (cell.source, errors)


def test_the_executed_notebook_is_valid(executed):
    nbformat.validate(executed)


def test_code_is_the_source_and_nothing_else(source, executed):
    assert [cell.source for cell in code_cells(executed)] == [cell.source for cell in code_cells(jupytext.read(source))]


def test_cells_are_short(source):
    for cell in code_cells(jupytext.read(source)):
        lines = cell.source.splitlines()
        defines = re.search(r"^\s*(pub )?(struct|enum|impl|fn|trait) ", cell.source, re.MULTILINE)
        assert len(lines) <= (MOST_LINES_OF_A_DEFINITION if defines else MOST_LINES), cell.source
        assert max(map(len, lines)) <= MOST_CHARACTERS, cell.source


def test_the_kernel_is_ours(source):
    assert jupytext.read(source).metadata.kernelspec.name == "rust"


def test_the_report_needs_no_network(source):
    page = (REPORTS / f"{source.stem}.html").read_text(encoding="utf-8")
    loaded = re.findall(r"<(?:script|img|iframe)[^>]* src=\"(https?:[^\"]*)|<link[^>]* href=\"(https?:[^\"]*)", page)
    assert loaded == []


def test_formulas_are_drawn(source):
    if "$$" in source.read_text(encoding="utf-8"):
        page = (REPORTS / f"{source.stem}.html").read_text(encoding="utf-8")
        assert "<math" in page and "$$" not in page


def test_every_key_number_is_found(source):
    outcome = json.loads((REPORTS / f"{source.stem}.json").read_text("utf-8"))
    assert outcome["numbers"] and all(value is not None for _, value in outcome["numbers"]), outcome["numbers"]
    assert outcome["goal"]
    assert (outcome["picture"] is None) == (source.stem in WITHOUT_PICTURE)


def test_the_network_is_named_where_one_is_used(source):
    outcome = json.loads((REPORTS / f"{source.stem}.json").read_text("utf-8"))
    assert bool(outcome["model"]) == ("VisionModel" in source.read_text("utf-8"))


def test_the_first_page_shows_every_notebook():
    page = (REPORTS / "index.html").read_text("utf-8")
    for source in SOURCES:
        outcome = json.loads((REPORTS / f"{source.stem}.json").read_text("utf-8"))
        assert f'href="{source.stem}.html"' in page
        assert all(f"<dd>{value}</dd>" in page for _, value in outcome["numbers"])
