"""Puts the stub of one task, and its check, back into a student's notebook.

The old text of the task's cell is kept in a file of its own before the notebook is replaced.
"""

import argparse
import json
import sys
from pathlib import Path

import nbformat

import failures
import notebooks
import versions
from files import write


def reset(notebook, ours, task):
    """Puts both cells of the task back; returns the old text of the first, None where there was none."""
    stub = next(cell for cell in ours.cells if versions.is_solution(cell, task))
    check = next(cell for cell in ours.cells if versions.is_check(cell, task))
    answers = versions.find(notebook, "task", task, versions.defines)
    old = answers[0].source if answers else None
    if not answers:
        answers = [nbformat.v4.new_code_cell()]
        notebook.cells.append(answers[0])
    checks = versions.find(notebook, "check", task, versions.is_check)
    if not checks:
        checks = [nbformat.v4.new_code_cell()]
        notebook.cells.insert(place(notebook, ours, check, answers[0]), checks[0])
    for cell, fresh in ((answers[0], stub), (checks[0], check)):
        cell.source, cell.outputs, cell.execution_count = fresh.source, [], None
        cell.metadata = nbformat.from_dict(dict(fresh.metadata))
    return old


def place(notebook, ours, check, answer):
    """Where a lost check belongs: after the cell that stands before it in ours, else after the answer."""
    before = ours.cells[ours.cells.index(check) - 1].source
    found = [index for index, cell in enumerate(notebook.cells) if cell.source == before]
    return (found[0] if found else notebook.cells.index(answer)) + 1


def keep(path, old):
    """Writes the old answer into a file of its own; nothing where there was no answer."""
    if old and old.strip():
        path.parent.mkdir(exist_ok=True)
        write(path, old + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebook", type=Path)
    parser.add_argument("--source", type=Path, required=True)
    parser.add_argument("--lab", required=True)
    parser.add_argument("--task", required=True)
    parser.add_argument("--keep", type=Path, required=True, help="the file for the old answer")
    options = parser.parse_args()
    lab = json.loads(options.lab)
    task = next(task for task in lab["task"] if task["id"] == options.task)
    try:
        notebook = notebooks.read(options.notebook)
    except notebooks.NotebookError as error:
        print(f"{error}; в нём ничего не изменено", file=sys.stderr)
        return 1
    old = reset(notebook, versions.student(options.source, lab), task)
    try:
        keep(options.keep, old)
    except OSError as error:
        print(f"прежний ответ не сохранить ({failures.told(error)}); в блокноте ничего не изменено", file=sys.stderr)
        return 1
    write(options.notebook, nbformat.writes(notebook) + "\n")
    return 0


if __name__ == "__main__":
    failures.end(main)
