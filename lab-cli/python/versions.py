"""The versions of a notebook, made from its one source: the student's, the instructor's, nbgrader's.

The source is jupytext Markdown with solutions between marks. The tasks come as JSON, one lab of
`lab-crate/labs.toml`. Not here: the slides (slides.py), which versions are wanted (`release.rs`).
"""

import argparse
import base64
import io
import json
import re
from pathlib import Path

import jupytext
import nbformat

import failures
import notebooks
from files import write

MARKS = {
    "code": ("// BEGIN SOLUTION", "// END SOLUTION"),
    "markdown": ("<!-- BEGIN SOLUTION -->", "<!-- END SOLUTION -->"),
}
ANSWER = "*Ваш ответ:*"
# Larger outputs are left out of the instructor's version, which a code host must be able to draw.
LARGEST_OUTPUT = 120_000


class SourceError(Exception):
    """The source is not what it should be; the text says where."""


def read(source, lab):
    """The source as a notebook, its cells named in order; each task must have its two cells."""
    notebook = jupytext.read(source)
    for index, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{index:03}"
        check_marks(cell, f"{source.name}, ячейка {index + 1}")
    for task in lab["task"]:
        for name, is_it in (("с решением", is_solution), ("с проверкой", is_check)):
            found = [cell for cell in notebook.cells if is_it(cell, task)]
            if len(found) != 1:
                raise SourceError(f"{source.name}: у задания {task['id']} ячеек {name}: {len(found)}, а нужна одна")
    notebook.metadata.pop("jupytext", None)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def check_marks(cell, place):
    """Raises where the marks of a cell are not balanced, or are nested."""
    begin, end = MARKS.get(cell.cell_type, MARKS["code"])
    inside = False
    for line in cell.source.splitlines():
        mark = line.strip()
        if re.search(r"(begin|end)\s*solution", mark, re.IGNORECASE) and mark not in (begin, end):
            raise SourceError(f"{place}: строка «{mark}» похожа на метку, но метка пишется «{begin}» или «{end}»")
        if mark in (begin, end) and inside == (mark == begin):
            raise SourceError(f"{place}: метка «{mark}» не на месте, пара «{begin}» и «{end}» нарушена")
        inside = mark == begin or (inside and mark != end)
    if inside:
        raise SourceError(f"{place}: после «{begin}» нет «{end}»")


def is_solution(cell, task):
    """Whether a cell is the one in which the task is solved."""
    return cell.cell_type == "code" and f"// TODO({task['id']}):" in cell.source


def is_check(cell, task):
    """Whether a cell is the one that checks the task."""
    called = re.search(rf"^(lab::)?check::{task['function']}\(", cell.source, re.MULTILINE)
    return cell.cell_type == "code" and called is not None


def find(notebook, kind, task, is_it):
    """The cells of a task, by nbgrader's name or by content."""
    name = grade_id(kind, task)
    codes = [cell for cell in notebook.cells if cell.cell_type == "code"]
    named = [cell for cell in codes if grade_id_of(cell) == name]
    return named or [cell for cell in codes if is_it(cell, task)]


def grade_id_of(cell):
    """The name that nbgrader's metadata give a cell; None where there is none, or something else in its place."""
    marks = cell.metadata.get("nbgrader")
    return marks.get("grade_id") if isinstance(marks, dict) else None


def defines(cell, task):
    """Whether a cell defines the task's function."""
    found = re.search(rf"^\s*(pub )?fn {task['function']}\b", cell.source, re.MULTILINE)
    return cell.cell_type == "code" and (found is not None or is_solution(cell, task))


def stub(cell, text):
    """A cell with `text` in the place of each solution."""
    begin, end = MARKS[cell.cell_type]
    lines, inside = [], False
    for line in cell.source.splitlines():
        mark = line.strip()
        if mark == begin:
            lines.append(line[: len(line) - len(line.lstrip())] + text)
        inside = mark == begin or (inside and mark != end)
        if not inside and mark != end:
            lines.append(line)
    return "\n".join(lines)


def grade_id(kind, task):
    """nbgrader's name of a task's cell."""
    return f"{kind}-{task['id'].replace('.', '-')}"


def grading(kind, task, points=None):
    """nbgrader's metadata of a cell."""
    graded = {"points": points} if points is not None else {}
    return {
        "grade": points is not None,
        "grade_id": grade_id(kind, task),
        "locked": points is not None,
        "schema_version": 3,
        "solution": points is None,
        "task": False,
        **graded,
    }


def marked(notebook, lab):
    """The notebook with its tasks and checks marked for nbgrader and JupyterLab; solutions stay."""
    for task in lab["task"]:
        for cell in notebook.cells:
            if is_solution(cell, task):
                cell.metadata["nbgrader"] = grading("task", task)
            elif is_check(cell, task):
                cell.metadata["nbgrader"] = grading("check", task, task["points"])
                cell.metadata.update(editable=False, deletable=False)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def student(source, lab):
    """The student's version: stubs that compile, empty answers, locked checks, no outputs."""
    notebook = marked(read(source, lab), lab)
    for cell in notebook.cells:
        begin = MARKS.get(cell.cell_type, ("", ""))[0]
        if begin and begin in cell.source:
            task = next((task for task in lab["task"] if is_solution(cell, task)), None)
            if cell.cell_type == "code" and task is None:
                raise SourceError(f"{source.name}: решение без задания: {cell.source.splitlines()[0]}")
            title = task and f'todo!("ЗАДАНИЕ {task["id"]}: {task["title"]}")'
            cell.source = stub(cell, title or ANSWER)
    return notebook


def solved(source, lab):
    """The version with solutions and answers, without the marks around the answers; no outputs."""
    notebook = marked(read(source, lab), lab)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            lines = [line for line in cell.source.splitlines() if line.strip() not in MARKS["markdown"]]
            cell.source = "\n".join(lines).strip("\n")
    return notebook


def instructor(source, lab, executed):
    """The solved version with the outputs of an execution of the same source, small enough to be drawn."""
    notebook = solved(source, lab)
    codes = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    done = [cell for cell in executed.cells if cell.cell_type == "code" and cell.source.strip()]
    if [cell.source for cell in codes] != [cell.source for cell in done]:
        raise SourceError(f"{source.name}: выполненный блокнот сделан из другого исходного: повторите cargo lab run")
    for cell, ran in zip(codes, done):
        cell.execution_count = ran.execution_count
        cell.outputs = [small(output) for output in ran.outputs]
    return notebook


def small(output):
    """An output that a code host draws: large photos shrunk, what is still too large replaced by a note."""
    data = output.get("data", {})
    kept = {mime: shrunk(mime, content) for mime, content in data.items()}
    if any(len(str(content)) > LARGEST_OUTPUT for content in kept.values()):
        kept = {"text/plain": "Рисунок слишком велик для этой версии: выполните ячейку, чтобы его увидеть."}
    if data:
        output = nbformat.from_dict({**output, "data": kept})
    return output


def shrunk(mime, content):
    """A picture with the photos in it at a quarter of their size; anything else as it is."""
    if mime != "image/svg+xml" or len(content) <= LARGEST_OUTPUT:
        return content
    photo = re.compile(r"data:image/(jpeg|png);base64,([A-Za-z0-9+/=\s]+)")
    return photo.sub(lambda found: smaller_photo(found.group(2)) or found.group(0), content)


def smaller_photo(text):
    """A photo at half its width and height, as a data address; None where it cannot be read."""
    try:
        from PIL import Image

        image = Image.open(io.BytesIO(base64.b64decode(text))).convert("RGB")
        image = image.resize((max(1, image.width // 2), max(1, image.height // 2)))
        out = io.BytesIO()
        image.save(out, "JPEG", quality=70)
    except (ImportError, OSError, ValueError):
        return None
    return "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode()


def difference(wanted, path, outputs=False):
    """Where a notebook file differs from what the source gives, in words; None where it does not.

    With `outputs` the file may have some: only an execution could tell whether they are right.
    """
    place = f"{path.parent.name}/{path.name}"
    try:
        found = notebooks.read(path)
    except notebooks.NotebookError as error:
        return f"{path.parent.name}/{error}; сделайте выпуск заново"
    for number, (ours, theirs) in enumerate(zip(wanted.cells, found.cells), start=1):
        what = differs(ours, theirs, outputs)
        if what:
            return f"{place}, ячейка {number}: {what}"
    if len(found.cells) != len(wanted.cells):
        return f"{place}: ячеек {len(found.cells)}, а из исходного выходит {len(wanted.cells)}"
    return None


def differs(ours, theirs, outputs):
    """What of a cell is not as it should be, in words; None where nothing is."""
    if (ours.cell_type, ours.source) != (theirs.cell_type, theirs.source):
        return "отличается от исходного"
    if ours.metadata.get("nbgrader") != theirs.metadata.get("nbgrader"):
        return "отличаются данные для проверки"
    if any(ours.metadata.get(lock) != theirs.metadata.get(lock) for lock in ("editable", "deletable")):
        return "защита от изменений снята или добавлена"
    if theirs.get("outputs") and not outputs:
        return "есть вывод, а в этой версии его не бывает"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=["student", "solved", "marked", "instructor", "slides"])
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--lab", required=True, help="the lab's tasks as JSON")
    parser.add_argument("--executed", type=Path, help="the executed notebook")
    parser.add_argument("--reveal", type=Path, help="the folder with reveal.js and reveal.css")
    parser.add_argument("--check", action="store_true", help="compare OUT with the source instead of writing it")
    options = parser.parse_args()
    lab = json.loads(options.lab)
    try:
        notebook = make(options, lab)
    except SourceError as error:
        print(error)
        return 1
    if options.check:
        found = compare(options.kind, notebook, options.out)
        print(found or "")
        return 1 if found else 0
    options.out.parent.mkdir(parents=True, exist_ok=True)
    if options.kind == "slides":
        import slides

        write(options.out, slides.to_html(notebook, options.reveal))
    else:
        write(options.out, nbformat.writes(notebook) + "\n")
    return 0


def compare(kind, notebook, path):
    """Where a released file differs from what the source gives, in words; None where it does not."""
    if kind != "slides":
        return difference(notebook, path, outputs=kind == "instructor")
    import slides

    is_same = slides.fingerprint(notebook) in path.read_text(encoding="utf-8", errors="replace")
    return None if is_same else f"slides/{path.name}: слайды сделаны из другого исходного блокнота"


def make(options, lab):
    """The version that was asked for."""
    if options.kind in ("instructor", "slides"):
        if options.check:  # The cells are those of the solved version; no execution is needed to compare them.
            return solved(options.source, lab)
        return instructor(options.source, lab, notebooks.read(options.executed))
    if options.kind == "marked":
        return marked(read(options.source, lab), lab)
    return {"student": student, "solved": solved}[options.kind](options.source, lab)


if __name__ == "__main__":
    failures.end(main)
