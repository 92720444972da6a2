"""The student's report: everything the lab asks for is in it, in HTML and in PDF.

The executed notebooks are those of the tests (LAB_REPORTS).
"""

import argparse
import functools
import json
import re
import subprocess
import sys

import jupytext
import nbformat
import pytest
import typst

from lab import LABS, REPORTS, ROOT, source
import answers  # noqa: E402 - found where lab.py says
import report  # noqa: E402
import report_pdf  # noqa: E402
import student_report  # noqa: E402
import versions  # noqa: E402

FONTS = ROOT / "lab-crate/assets"
OPTIONS = argparse.Namespace(author="Иванова А. Б.", group="М-1", condition=["начальное число 42"])
LAB = {"task": [{"id": "3.1", "function": "step", "title": "Шаг", "points": 2}]}
QUESTIONS = [
    "**Вопрос 1.** Почему?\n\n<!-- BEGIN SOLUTION -->\nПотому.\n<!-- END SOLUTION -->",
    "**Вопрос 2.** Зачем?\n\n<!-- BEGIN SOLUTION -->\nЗатем.\n<!-- END SOLUTION -->",
    "## Выводы\n\nЧто вышло?\n\n<!-- BEGIN SOLUTION -->\nВсё.\n<!-- END SOLUTION -->",
]


def of_cells(*cells):
    """A notebook of Markdown cells."""
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(cell) for cell in cells])


@pytest.fixture(scope="module")
def notebook():
    """An executed notebook with charts, formulas and answers."""
    return student_report.tidy(nbformat.read(REPORTS / "03-linear-regression.ipynb", as_version=4))


def test_the_pdf_has_pages_with_russian_text_and_the_charts(notebook, tmp_path):
    head = student_report.head_of(notebook, student_report.tasks(notebook, LAB), ["Вопрос 8"], OPTIONS)
    assert head.number == "3" and head.title.startswith("Линейная регрессия")
    pdf = report_pdf.to_pdf(notebook, head, tmp_path, FONTS)
    assert pdf.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) > 5
    assert b"LibertinusSerif" in pdf, "the Cyrillic font is embedded"
    source = (tmp_path / "report.typ").read_text("utf-8")
    parts = ("Иванова А. Б.", "М-1", "начальное число 42", "Не заполнено:", "Done! Шагов: 23", "Выводы")
    assert [part for part in parts if part not in source] == []
    figures = list(tmp_path.glob("figure-*"))
    assert len(figures) >= 3 and source.count("image(") == len(figures)


def test_the_charts_keep_their_font_on_a_machine_without_fonts(notebook, tmp_path, monkeypatch):
    alone = functools.partial(typst.compile, ignore_system_fonts=True)
    monkeypatch.setattr(report_pdf.typst, "compile", alone)
    head = student_report.head_of(notebook, student_report.tasks(notebook, LAB), [], OPTIONS)
    pdf = report_pdf.to_pdf(notebook, head, tmp_path, FONTS)
    used = set(re.findall(rb"/FontName\s*/\w+\+([\w-]+)", pdf))
    assert {b"LibertinusSerif-Regular", b"DejaVuSansMono", b"DejaVuSans"} <= used, used


def test_the_page_has_the_same(notebook):
    head = student_report.head_of(notebook, student_report.tasks(notebook, LAB), [], OPTIONS)
    page = student_report.to_html(notebook, head)
    parts = ("Отчёт по лабораторной работе № 3", "Иванова А. Б.", "Done! Шагов: 23", "data:image/", "Баллов: 2 из 2")
    assert [part for part in parts if part not in page] == []


def test_pages_are_light_and_dark():
    page = report.to_html(of_cells("# А"), "А")
    dark = re.search(r'<style media="screen and \(prefers-color-scheme: dark\)">(.*?)</style>', page, re.DOTALL)
    assert dark and "--jp-layout-color0: #111;" in dark.group(1)


@pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab["notebook"])
def test_the_model_answers_answer_everything(lab):
    executed = nbformat.read(REPORTS / f"{lab['notebook']}.ipynb", as_version=4)
    asked = jupytext.read(source(lab))
    assert len(answers.prompts(asked)) >= 8
    assert answers.missing(executed, asked) == []


def test_an_answer_counts_wherever_the_student_wrote_it():
    mark = versions.ANSWER
    student = of_cells(
        f"**Вопрос 1.** Почему?\n\n{mark} Так.",
        f"**Вопрос 2.** Зачем?\n\n{mark}",
        "Ниже.",
        "## Выводы\n\nЧто вышло?\n\nВсё.",
    )
    assert answers.missing(student, of_cells(*QUESTIONS)) == []


def test_what_was_not_filled_in_is_named():
    mark = versions.ANSWER
    question, conclusions = f"**Вопрос 1.** Почему?\n\n{mark}", f"## Выводы\n\nЧто вышло?\n\n{mark}"
    empty = of_cells(question, conclusions, "## Опыты", "Текст.")
    missing = answers.missing(empty, of_cells(*QUESTIONS))
    assert missing == ["Вопрос 1", "Вопрос 2", "Выводы"], "a deleted question is missing, too"
    answers.name_empty(empty, missing)
    assert empty.cells[0].source == f"**Вопрос 1.** Почему?\n\n{answers.NOT_FILLED}"
    assert answers.NOT_FILLED not in empty.cells[3].source


@pytest.mark.parametrize("printed, word", [("3.1 ✓\n", "решено"), ("3.1 ✗ мало\n", "не решено"), ("", "не проверено")])
def test_a_task_is_what_its_check_says(printed, word):
    cell = nbformat.v4.new_code_cell("check::step(step)?;")
    cell.outputs = [nbformat.v4.new_output("stream", text=printed)]
    praise = nbformat.v4.new_code_cell('println!("3.1 ✓");')
    praise.outputs = [nbformat.v4.new_output("stream", text="3.1 ✓\n")]
    notebook = nbformat.v4.new_notebook(cells=[cell, praise])
    assert answers.verdict(notebook, LAB["task"][0]) == word


PAGES = "\n#context [#metadata(query(raw.where(block: true)).map(it => it.location().page())) <pages>]\n"


@pytest.mark.parametrize("paragraphs", [16, 17, 18])
def test_a_check_and_what_it_says_are_on_one_page(tmp_path, paragraphs):
    cell = nbformat.v4.new_code_cell("check::step(step)?;")
    cell.outputs = [nbformat.v4.new_output("stream", text="3.1 ✓\n")]
    notebook = of_cells(*["Текст.\n\nЕщё."] * paragraphs)
    notebook.cells.append(cell)
    report_pdf.to_pdf(notebook, student_report.head_of(notebook, [], [], OPTIONS), tmp_path, FONTS)
    source = tmp_path / "report.typ"
    source.write_text(source.read_text("utf-8") + PAGES, "utf-8")
    found = typst.query(str(source), "<pages>", field="value", one=True, root=str(tmp_path), font_paths=[str(FONTS)])
    pages = json.loads(found)
    assert len(pages) == 2 and pages[0] == pages[1], pages


def test_a_run_of_an_older_source_gives_no_report(tmp_path):
    source = tmp_path / "03-a.md"
    executed, out = tmp_path / "03-a.ipynb", tmp_path / "report"
    out.mkdir()
    source.write_text("# 03. А\n\n" + QUESTIONS[0] + "\n", "utf-8")
    nbformat.write(jupytext.read(source), executed)
    script = [sys.executable, student_report.__file__, executed, out, "--source", source, "--lab", '{"task": []}']
    script += ["--fonts", FONTS, "--unchanged"]

    def told():
        return json.loads(subprocess.run(script, check=True, capture_output=True).stdout)

    source.write_text(source.read_text("utf-8").replace("Почему", "Отчего"), "utf-8")
    assert told()["is_stale"] and list(out.iterdir()) == []
    source.write_text(source.read_text("utf-8").replace("Отчего", "Почему"), "utf-8")
    assert told() == {"is_stale": False, "missing": [], "unsolved": []}
    assert {path.suffix for path in out.iterdir() if path.is_file()} == {".html", ".pdf"}


def test_long_outputs_are_cut_pieces_joined_and_fences_hold():
    text = "".join(f"{i}\n" for i in range(100))
    short = student_report.cut(text)
    assert "пропущено строк: 60" in short and short.startswith("0\n") and short.endswith("99\n")
    pieces = [nbformat.v4.new_output("stream", text=piece) for piece in ("а", "\x1b[31mб\n")]
    cell = nbformat.v4.new_code_cell("a", outputs=pieces)
    notebook = student_report.tidy(nbformat.v4.new_notebook(cells=[cell]))
    assert [output.text for output in notebook.cells[0].outputs] == ["аб\n"]
    assert report_pdf.fenced("a ``` b").startswith("````")
