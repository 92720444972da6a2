"""The report that the lab demands, from executed notebooks: one HTML and one PDF for each.

Number and title, tasks, every step with its code and charts, answers, conclusions, and under which
conditions all that was computed. HTML is nbconvert's (report.py) behind a title page; the PDF goes through
pandoc and typst, which come with their fonts. Not here: which notebooks (`student_report.rs`).
"""

import argparse
import base64
import json
import re
import sys
from pathlib import Path

import nbformat
import pypandoc
import typst

import report
import versions
from files import write

# Longer outputs are cut: a report is read by people.
MOST_LINES = 40
# The place of an answer after which nothing stands; a student may also write behind the mark.
EMPTY = re.compile(re.escape(versions.ANSWER) + r"\s*\Z")
COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")

PAGE = """
#set document(title: {title}, author: {author})
#set page(paper: "a4", margin: (x: 2.2cm, y: 2.2cm), numbering: "1", header: context {{
  if here().page() > 1 [#text(size: 8pt, fill: luma(110))[{short}]]
}})
#set text(lang: "ru", font: ("Libertinus Serif", "DejaVu Sans Mono"), size: 11pt)
#set par(justify: true)
#show heading: set block(above: 1.4em, below: 0.8em, sticky: true)
#show raw: set text(font: "DejaVu Sans Mono", size: 8.2pt)
#show raw.where(block: true): it => block(width: 100%, fill: luma(246), inset: 7pt, radius: 3pt, breakable: true, it)
#show image: it => align(center, block(breakable: false, it))
#show link: set text(fill: rgb("#2457a6"))
#set table(stroke: 0.4pt + luma(170), inset: 5pt)
#let horizontalrule = line(length: 100%, stroke: 0.4pt + luma(170))
#v(4cm)
#align(center)[
  #text(size: 12pt)[Отчёт по лабораторной работе № {number}]
  #v(0.6cm)
  #text(size: 20pt, weight: "bold", hyphenate: false)[{heading}]
  #v(1cm)
  {people}
]
#v(1fr)
{conditions}
#pagebreak()
"""


def quoted(text):
    """A text as a string of typst."""
    return json.dumps(text, ensure_ascii=False)


def title_of(notebook):
    """Number and title from the first heading, as in `# 03. Регрессия`."""
    found = re.match(r"(\d+)\.\s+(.+)", report.title_of(notebook, ""))
    return (str(int(found.group(1))), found.group(2)) if found else ("", "Лабораторная работа")


def missing(notebook):
    """Questions and conclusions that were not filled in."""
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "markdown" and EMPTY.search(cell.source)]
    names = [re.match(r"(?:\*\*(Вопрос \d+)\.|## (Выводы))", source) for source in cells]
    return [next(filter(None, name.groups())) for name in names if name]


def tidy(notebook):
    """Marks of solutions left out, empty answers named, long outputs cut, colours removed."""
    for cell in notebook.cells:
        marks = (*versions.MARKS["markdown"], *versions.MARKS["code"])
        cell.source = "\n".join(line for line in cell.source.splitlines() if line.strip() not in marks)
        if cell.cell_type == "markdown":
            cell.source = EMPTY.sub("*не заполнено*", cell.source)
        for output in cell.get("outputs", []):
            if output.output_type == "stream":
                output.text = cut(COLOURS.sub("", output.text))
            elif output.output_type == "error":
                output.traceback = [COLOURS.sub("", line) for line in output.traceback]
    return notebook


def cut(text):
    """The first and last lines of a long text."""
    lines = text.splitlines()
    if len(lines) <= MOST_LINES:
        return text
    half = MOST_LINES // 2
    return "\n".join([*lines[:half], f"… пропущено строк: {len(lines) - MOST_LINES} …", *lines[-half:]]) + "\n"


def fenced(text, language=""):
    """A block of code in Markdown, with a fence longer than any in the text."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    return f"{fence}{language}\n{text.rstrip()}\n{fence}\n"


def picture(output, folder, name):
    """Writes the picture of an output; its file name, None where there is none."""
    data = output.get("data", {})
    if "image/svg+xml" in data:
        path = folder / f"{name}.svg"
        path.write_text(data["image/svg+xml"], encoding="utf-8")
        return path.name
    for mime, ending in (("image/png", "png"), ("image/jpeg", "jpg")):
        if mime in data:
            path = folder / f"{name}.{ending}"
            path.write_bytes(base64.b64decode(data[mime]))
            return path.name
    return None


def as_markdown(notebook, folder):
    """The notebook as Markdown without its title; pictures are written into `folder`."""
    parts = []
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            parts.append(re.sub(r"^# .*\n", "", cell.source, count=1, flags=re.MULTILINE) if index == 0 else cell.source)
            continue
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        parts.append(fenced(cell.source, "rust"))
        for number, output in enumerate(cell.outputs):
            name = picture(output, folder, f"figure-{index}-{number}")
            if name:
                parts.append(f"![]({name}){{width=75%}}")
            elif output.output_type == "stream":
                parts.append(fenced(output.text))
            elif output.output_type == "error":
                parts.append(fenced("\n".join(output.traceback)))
            elif "text/plain" in output.get("data", {}):
                parts.append(fenced(cut(output.data["text/plain"])))
    return "\n\n".join(part for part in parts if part.strip())


def escape(text):
    """A text in typst's markup that means itself."""
    return re.sub(r"([\\#\[\]*_$@<>`~])", r"\\\1", text)


def to_pdf(notebook, options, number, title, folder):
    """The PDF's bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    markdown = as_markdown(notebook, folder)
    body = pypandoc.convert_text(markdown, "typst", format="markdown-yaml_metadata_block-citations", extra_args=["--wrap=none"])
    people = "\n".join(f"#text(size: 12pt)[{escape(line)}] \\" for line in people_of(options))
    conditions = "\n".join(f"- {escape(line)}" for line in options.condition)
    page = PAGE.format(
        title=quoted(title),
        author=quoted(options.author or ""),
        short=escape(f"№ {number}. {title}"),
        number=escape(number),
        heading=escape(title),
        people=people,
        conditions=conditions,
    )
    source = folder / "report.typ"
    source.write_text(page + body, encoding="utf-8")
    return typst.compile(str(source), root=str(folder))


def people_of(options):
    """Who wrote the report, line by line."""
    lines = [f"Выполнил: {options.author}"] if options.author else []
    return lines + ([f"Группа: {options.group}"] if options.group else [])


def to_html(notebook, options, number, title):
    """The HTML text: a title page, then the notebook."""
    lines = [*people_of(options), *options.condition]
    head = f"Отчёт по лабораторной работе № {number}. {title}\n\n" + "\n".join(f"- {line}" for line in lines)
    notebook.cells.insert(0, nbformat.v4.new_markdown_cell(head))
    return report.to_html(notebook, title)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebook", type=Path)
    parser.add_argument("out", type=Path, help="the folder of the reports")
    parser.add_argument("--author")
    parser.add_argument("--group")
    parser.add_argument("--condition", action="append", default=[], help="a line on how it was computed")
    options = parser.parse_args()
    notebook = nbformat.read(options.notebook, as_version=4)
    name = options.notebook.stem
    empty = missing(notebook)
    number, title = title_of(notebook)
    notebook = tidy(notebook)
    pdf = to_pdf(notebook, options, number, title, options.out / f"{name}.parts")
    part = options.out / f"{name}.pdf.part"
    part.write_bytes(pdf)
    part.replace(options.out / f"{name}.pdf")
    write(options.out / f"{name}.html", to_html(notebook, options, number, title))
    print(json.dumps({"missing": empty}, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
