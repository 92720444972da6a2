"""The report that the lab demands, from an executed notebook: HTML and PDF.

Number and title, goal and tasks with how they ended, every step with its code and charts, answers,
conclusions, and under which conditions all that was computed. Not here: which notebooks
(`student_report.rs`), what an answer is (answers.py), how the PDF is set (report_pdf.py).
"""

import argparse
import json
import re
from pathlib import Path
from typing import NamedTuple

import jupytext
import nbformat

import answers
import failures
import notebooks
import report
import report_pdf
import versions
from files import write

# Longer outputs are cut: a report is read by people.
MOST_LINES = 40
COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class Head(NamedTuple):
    """What the title page says."""

    number: str
    title: str
    author: str
    people: list
    summary: str


def title_of(notebook):
    """Number and title from the first heading, as in `# 03. Регрессия`."""
    found = re.match(r"(\d+)\.\s+(.+)", report.title_of(notebook, ""))
    return (str(int(found.group(1))), found.group(2)) if found else ("", "Лабораторная работа")


def device_of(notebook):
    """The device that the notebook printed; None where it printed none."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            found = re.search(r"^устройство: (\w+)", output.get("text", ""), re.MULTILINE)
            if found:
                return found.group(1)
    return None


def cut(text):
    """The first and last lines of a long text."""
    lines = text.splitlines()
    if len(lines) <= MOST_LINES:
        return text
    half = MOST_LINES // 2
    return "\n".join([*lines[:half], f"… пропущено строк: {len(lines) - MOST_LINES} …", *lines[-half:]]) + "\n"


def joined(outputs):
    """The outputs with neighbouring pieces of one stream made one: the kernel sends them as they come."""
    whole = []
    for output in outputs:
        before = whole[-1] if whole else None
        is_stream = output.output_type == "stream"
        if is_stream and before and before.output_type == "stream" and before.name == output.name:
            before.text += output.text
        else:
            whole.append(nbformat.from_dict(output))
    return whole


def tidy(notebook):
    """Marks of solutions left out, long outputs cut, colours removed; the notebook itself is changed."""
    # A notebook that no front end has saved does not say by which rules its code is coloured.
    notebook.metadata.setdefault("language_info", {"name": "rust", "pygments_lexer": "rust"})
    for cell in notebook.cells:
        cell.source = answers.without_marks(cell.source)
        if cell.cell_type != "code":
            continue
        cell.outputs = joined(cell.outputs)
        for output in cell.outputs:
            if output.output_type == "stream":
                output.text = cut(COLOURS.sub("", output.text))
            elif output.output_type == "error":
                output.traceback = [COLOURS.sub("", line) for line in output.traceback]
            elif "text/plain" in output.data:
                output.data["text/plain"] = cut(COLOURS.sub("", output.data["text/plain"]))
    return notebook


def is_of(notebook, source):
    """Whether the notebook holds the cells of the source and no others."""
    cells = [[(cell.cell_type, cell.source) for cell in one.cells] for one in (notebook, source)]
    return cells[0] == cells[1]


def tasks(notebook, lab):
    """The tasks as rows: number, title, points, how the check ended."""
    return [(t["id"], t["title"], t["points"], answers.verdict(notebook, t)) for t in lab["task"]]


def summary(goal, rows, missing, conditions):
    """The title page's text: goal, tasks, what was not filled in, conditions."""
    parts = [f"**Цель.** {goal}"] if goal else []
    if rows:
        table = ["| № | Задание | Баллы | Результат |", "|:---|:------------------------|:---|:-------|"]
        table += [f"| {number} | {title} | {points} | {word} |" for number, title, points, word in rows]
        solved = sum(points for *_, points, word in rows if word == answers.VERDICTS["✓"])
        parts += ["\n".join(table), f"Баллов: {solved} из {sum(row[2] for row in rows)}."]
    if missing:
        parts.append(f"**Не заполнено:** {', '.join(missing)}.")
    parts.append("\n".join(f"- {line}" for line in conditions))
    return "\n\n".join(parts)


def head_of(notebook, rows, missing, options):
    """The title page of a notebook's report; `rows` are its tasks."""
    number, title = title_of(notebook)
    people = [f"Выполнил(а): {options.author}"] if options.author else []
    people += [f"Группа: {options.group}"] if options.group else []
    device = device_of(notebook)
    conditions = [*options.condition, *([f"устройство {device}"] if device else [])]
    text = summary(report.goal_of(notebook), rows, missing, conditions)
    return Head(number, title, options.author or "", people, text)


def to_html(notebook, head):
    """The HTML text: a title page, then the notebook."""
    top = f"Отчёт по лабораторной работе № {head.number}. {head.title}\n\n" + "  \n".join(head.people)
    cells = [nbformat.v4.new_markdown_cell(text) for text in (top, head.summary)]
    notebook = nbformat.from_dict({**notebook, "cells": [*cells, *notebook.cells]})
    return report.to_html(notebook, f"Отчёт № {head.number}. {head.title}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebook", type=Path)
    parser.add_argument("out", type=Path, help="the folder of the reports")
    parser.add_argument("--source", type=Path, required=True, help="the notebook's source, which asks the questions")
    parser.add_argument("--lab", required=True, help="the lab's tasks as JSON")
    parser.add_argument("--fonts", type=Path, required=True, help="the folder with the font of the charts")
    parser.add_argument("--unchanged", action="store_true", help="write nothing unless its cells are the source's")
    parser.add_argument("--author")
    parser.add_argument("--group")
    parser.add_argument("--condition", action="append", default=[], help="a line on how it was computed")
    options = parser.parse_args()
    notebook = notebooks.read(options.notebook)
    name = options.source.stem
    source = jupytext.read(options.source)
    if options.unchanged and not is_of(notebook, source):
        print(json.dumps({"is_stale": True, "missing": [], "unsolved": []}))
        return 0
    missing = answers.missing(notebook, source)
    rows = tasks(notebook, json.loads(options.lab))
    head = head_of(notebook, rows, missing, options)
    unsolved = [row[0] for row in rows if row[3] != answers.VERDICTS["✓"]]
    notebook = tidy(notebook)
    answers.name_empty(notebook, missing)
    pdf = report_pdf.to_pdf(notebook, head, options.out / f"{name}.parts", options.fonts)
    write(options.out / f"{name}.pdf", pdf)
    write(options.out / f"{name}.html", to_html(notebook, head))
    print(json.dumps({"is_stale": False, "missing": missing, "unsolved": unsolved}, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    failures.end(main)
