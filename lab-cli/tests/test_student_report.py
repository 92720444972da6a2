"""The student's report: everything the lab asks for is in it, in HTML and in PDF.

The executed notebooks are those of the tests (LAB_REPORTS).
"""

import argparse
import re

import nbformat
import pytest

from lab import REPORTS
import student_report  # noqa: E402 - found where lab.py says

OPTIONS = argparse.Namespace(author="Иванова А. Б.", group="М-1", condition=["начальное число 42"])


@pytest.fixture(scope="module")
def notebook():
    """An executed notebook with charts, formulas and answers."""
    return student_report.tidy(nbformat.read(REPORTS / "03-linear-regression.ipynb", as_version=4))


def test_the_pdf_has_pages_with_russian_text_and_the_charts(notebook, tmp_path):
    number, title = student_report.title_of(notebook)
    assert number == "3" and title.startswith("Линейная регрессия")
    pdf = student_report.to_pdf(notebook, OPTIONS, number, title, tmp_path)
    assert pdf.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) > 5
    source = (tmp_path / "report.typ").read_text("utf-8")
    for part in ("Иванова А. Б.", "М-1", "начальное число 42", "Done! Шагов: 23", "Вопрос 8", "Выводы"):
        assert part in source
    assert len(list(tmp_path.glob("figure-*"))) >= 3
    assert source.count("image(") == len(list(tmp_path.glob("figure-*")))


def test_the_page_has_the_same(notebook):
    page = student_report.to_html(nbformat.from_dict(notebook), OPTIONS, "3", "Линейная регрессия")
    for part in ("Отчёт по лабораторной работе № 3", "Иванова А. Б.", "Done! Шагов: 23", "data:image/", "Выводы"):
        assert part in page


def test_what_was_not_filled_in_is_named():
    cells = ["**Вопрос 1.** Почему?\n\n*Ваш ответ:*", "**Вопрос 2.** Зачем?\n\nЗатем.", "## Выводы\n\n*Ваш ответ:*"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(cell) for cell in cells])
    assert student_report.missing(notebook) == ["Вопрос 1", "Выводы"]
    assert "*не заполнено*" in student_report.tidy(notebook).cells[0].source


def test_an_answer_behind_the_mark_counts():
    cell = nbformat.v4.new_markdown_cell("**Вопрос 1.** Почему?\n\n*Ваш ответ:* потому что\nтак")
    notebook = nbformat.v4.new_notebook(cells=[cell])
    assert student_report.missing(notebook) == []
    assert "потому что\nтак" in student_report.tidy(notebook).cells[0].source


def test_long_outputs_are_cut_and_fences_hold():
    text = "".join(f"{i}\n" for i in range(100))
    short = student_report.cut(text)
    assert "пропущено строк: 60" in short and short.startswith("0\n") and short.endswith("99\n")
    assert student_report.fenced("a ``` b").startswith("````")
