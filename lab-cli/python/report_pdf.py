"""A report as PDF: Markdown and pictures through pandoc and typst, which come as Python packages.

Text is set in fonts that travel along with typst, the labels of charts in the library's own DejaVu Sans, by
which they were measured: a report looks the same on a machine without fonts. Not here: what is in the report
(student_report.py), the page for a browser (report.py).
"""

import base64
import json
import re

import pypandoc
import typst

FORMAT = "markdown-yaml_metadata_block-citations"
ENDINGS = (("image/png", "png"), ("image/jpeg", "jpg"))

PAGE = """
#set document(title: {title}, author: {author})
#set page(paper: "a4", margin: (x: 2.2cm, y: 2.2cm), numbering: "1", header: context {{
  if here().page() > 1 [#text(size: 8pt, fill: luma(110))[{short}]]
}})
#set text(lang: "ru", font: ("Libertinus Serif", "DejaVu Sans Mono"), size: 11pt)
#set par(justify: true)
#show heading: set block(above: 1.4em, below: 0.8em, sticky: true)
#show raw: set text(font: "DejaVu Sans Mono", size: 8.2pt)
// A short piece stays on one page, a long one may go on. Short code also keeps what follows, its output, with it.
#show raw.where(block: true): it => {{
  let is_short = it.lines.len() <= 24
  block(width: 100%, fill: luma(246), inset: 7pt, radius: 3pt,
    breakable: not is_short, sticky: is_short and it.lang == "rust", it)
}}
#show link: set text(fill: rgb("#2457a6"))
#set table(stroke: 0.4pt + luma(170), inset: 5pt)
#show table: set align(left)
#show table: set par(justify: false)
#let horizontalrule = line(length: 100%, stroke: 0.4pt + luma(170))
#v(2.5cm)
#align(center)[
  #text(size: 12pt)[Отчёт по лабораторной работе № {number}]
  #v(0.4cm)
  #par(justify: false, text(size: 20pt, weight: "bold", hyphenate: false)[{heading}])
  #v(0.6cm)
  {people}
]
#v(0.8cm)
"""
AFTER = "\n#pagebreak()\n#outline(depth: 3)\n#pagebreak()\n"


def quoted(text):
    """A text as a string of typst."""
    return json.dumps(text, ensure_ascii=False)


def escape(text):
    """A text in typst's markup that means itself."""
    return re.sub(r"([\\#\[\]*_$@<>`~])", r"\\\1", text)


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
    for mime, ending in ENDINGS:
        if mime in data:
            path = folder / f"{name}.{ending}"
            path.write_bytes(base64.b64decode(data[mime]))
            return path.name
    return None


def shown(output, folder, name):
    """An output as Markdown; nothing where it has neither picture nor text."""
    file = picture(output, folder, name)
    if file:
        return f'```{{=typst}}\n#align(center, image("{file}", width: 75%))\n```'
    if output.output_type == "stream":
        return fenced(output.text)
    if output.output_type == "error":
        return fenced("\n".join(output.traceback))
    text = output.get("data", {}).get("text/plain")
    return fenced(text) if text else ""


def as_markdown(notebook, folder):
    """The notebook as Markdown without its title; pictures are written into `folder`."""
    parts = []
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            parts.append(re.sub(r"^# .*\n", "", cell.source, count=1) if index == 0 else cell.source)
        elif cell.cell_type == "code" and cell.source.strip():
            parts.append(fenced(cell.source, "rust"))
            parts += [shown(output, folder, f"figure-{index}-{n}") for n, output in enumerate(cell.outputs)]
    return "\n\n".join(part for part in parts if part.strip())


def typeset(markdown):
    """Markdown in typst's markup."""
    return pypandoc.convert_text(markdown, "typst", format=FORMAT, extra_args=["--wrap=none"])


def to_pdf(notebook, head, folder, fonts):
    """The PDF's bytes; `head` is what the title page says, `fonts` the folder with the font of the charts.

    The pictures and the source are left in `folder`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    page = PAGE.format(
        title=quoted(head.title),
        author=quoted(head.author),
        short=escape(f"№ {head.number}. {head.title}"),
        number=escape(head.number),
        heading=escape(head.title),
        people="\n".join(f"#text(size: 12pt)[{escape(line)}] \\" for line in head.people),
    )
    source = folder / "report.typ"
    text = page + typeset(head.summary) + AFTER + typeset(as_markdown(notebook, folder))
    source.write_text(text, encoding="utf-8")
    return typst.compile(str(source), root=str(folder), font_paths=[str(fonts)])
