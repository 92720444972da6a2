"""What a student's notebook holds of what was asked: answers, conclusions, tasks.

The questions are those of the source, so that a deleted one is missing, too. Not here: how the
report looks (student_report.py, report_pdf.py), what a check is (`lab::check`).
"""

import re

import versions

NOT_FILLED = "*не заполнено*"
VERDICTS = {"✓": "решено", "✗": "не решено"}


def asked(cell):
    """The name of what a cell asks for, as `Вопрос 3` or `Выводы`; None where it asks for nothing."""
    found = re.match(r"\*\*(Вопрос \d+)\.|## (Выводы)", cell.source) if cell.cell_type == "markdown" else None
    return found and (found.group(1) or found.group(2))


def without_marks(text):
    """A cell's text without the lines that mark a solution."""
    marks = (*versions.MARKS["markdown"], *versions.MARKS["code"])
    return "\n".join(line for line in text.splitlines() if line.strip() not in marks)


def prompts(source):
    """What the source asks: the text that stands before each answer, by name."""
    begin = versions.MARKS["markdown"][0]
    return {asked(cell): cell.source.split(begin)[0].strip() for cell in source.cells if asked(cell)}


def answer_in(text, prompt):
    """What stands in a question's cell beside the question."""
    text = without_marks(text).strip()
    if versions.ANSWER in text:
        # What a student writes above the mark is an answer as well as what stands below it.
        text = text.replace(versions.ANSWER, "")
    if text.startswith(prompt):
        return text[len(prompt) :].strip()
    # The question itself was changed: its first paragraph is taken for it.
    return text.partition("\n\n")[2].strip()


def answers(notebook, asked_for):
    """The answers by name: in the question's own cell, or in the cells below it up to the next question or heading."""
    found, name = {}, None
    for cell in notebook.cells:
        is_text = cell.cell_type == "markdown"
        if asked(cell) in asked_for:
            name = asked(cell)
            found[name] = answer_in(cell.source, asked_for[name])
        elif asked(cell) or (is_text and cell.source.lstrip().startswith("#")):
            name = None
        elif name:
            found[name] += cell.source.strip()
    return found


def missing(notebook, source):
    """The questions and conclusions of the source that have no answer, in order."""
    asked_for = prompts(source)
    found = answers(notebook, asked_for)
    return [name for name in asked_for if not found.get(name)]


def name_empty(notebook, names):
    """Says in each cell of `names` that it was not filled in."""
    for cell in notebook.cells:
        if asked(cell) in names:
            cell.source = cell.source.replace(versions.ANSWER, "").rstrip() + f"\n\n{NOT_FILLED}"


def verdict(notebook, task):
    """How the task's check ended, in words."""
    cells = [cell for cell in notebook.cells if versions.is_check(cell, task)]
    text = "".join(output.get("text", "") for cell in cells for output in cell.outputs)
    found = re.findall(rf"^{re.escape(task['id'])} ([✓✗])", text, re.MULTILINE)
    return VERDICTS[found[-1]] if found else "не проверено"
