"""A notebook as slides for the lecture hall, one HTML file that needs nothing from the network.

A level-two heading begins a slide, the cells after it follow below, so that the lecturer goes down
through a section and right to the next. Cells are drawn as in the reports (report.py); reveal.js shows
them. Used by versions.py.
"""

import hashlib
import json

from bs4 import BeautifulSoup

import report

STYLE = """
body{background:#fff;margin:0}
.reveal{font:24px/1.35 system-ui,sans-serif;color:#222}
.reveal .slides{text-align:left}
.reveal .slides section{box-sizing:border-box;padding:12px 24px}
.reveal h1,.reveal h2,.reveal h3{line-height:1.15;margin:.2em 0 .4em}
.reveal .cell{max-height:660px;overflow:auto}
.reveal pre,.reveal code{font:18px/1.3 ui-monospace,'DejaVu Sans Mono',monospace}
.reveal pre{white-space:pre-wrap;margin:.3em 0;max-height:none;width:auto;box-shadow:none}
/* nbconvert sets the size of code by its own, more exact rules. */
.reveal .jp-CodeCell .highlight pre{font-size:20px;line-height:1.35}
.reveal .highlight{background:#f6f7f9;border-radius:6px;padding:8px 14px}
.reveal .jp-Prompt,.reveal .jp-InputPrompt,.reveal .jp-OutputPrompt,.reveal .anchor-link{display:none}
.reveal table{border-collapse:collapse;font-size:18px}
.reveal th,.reveal td{border-bottom:1px solid #ccc;padding:4px 10px;text-align:left}
.reveal svg,.reveal img{max-width:100%;max-height:600px;height:auto}
"""


def parts(page):
    """The cells of a page in order, cut where a Markdown cell has a second-level heading inside."""
    for cell in page.select(".jp-Cell"):
        body = cell.select_one(".jp-RenderedMarkdown")
        if body is None:
            yield str(cell)
            continue
        piece = []
        for node in body.children:
            if getattr(node, "name", None) in ("h1", "h2", "h3") and any(str(part).strip() for part in piece):
                yield "".join(map(str, piece))
                piece = []
            piece.append(node)
        if any(str(part).strip() for part in piece):
            yield "".join(map(str, piece))


def sections(page):
    """Slides in stacks: each stack begins with a heading of level one or two."""
    stacks = []
    for html in parts(page):
        begins = BeautifulSoup(html, "html.parser").find(["h1", "h2"]) is not None
        if begins or not stacks:
            stacks.append([])
        stacks[-1].append(html)
    return stacks


def joined(stack):
    """The pieces of a stack, prose put on the slide of the code that follows where both are short."""
    slides, text = [], ""
    for html in stack:
        size = len(BeautifulSoup(text + html, "html.parser").get_text())
        if text and (size > 900 or "jp-CodeCell" in text):
            slides.append(text)
            text = ""
        text += html
    return [*slides, text] if text else slides


def fingerprint(notebook):
    """The mark in the page that tells from which cells it was made."""
    cells = json.dumps([(cell.cell_type, cell.source) for cell in notebook.cells], ensure_ascii=False)
    return f'<meta name="lab-source" content="{hashlib.sha256(cells.encode()).hexdigest()}">'


def to_html(notebook, reveal):
    """The HTML text of the slides; `reveal` is the folder with reveal.js and reveal.css."""
    mark = fingerprint(notebook)
    title = report.title_of(notebook, "Лабораторная")
    # A check is the student's; in the hall it would be a slide of one line.
    notebook.cells = [cell for cell in notebook.cells if not cell.metadata.get("nbgrader", {}).get("grade")]
    page = BeautifulSoup(report.to_html(notebook, title), "html.parser")
    # nbconvert's styles; those that report.py adds, with a medium, would make a dark hall's slides unreadable.
    styles = "".join(str(style) for style in page.head.find_all("style", media=False))
    stacks = []
    for stack in sections(page):
        inner = "".join(f'<section><div class="cell">{html}</div></section>' for html in joined(stack))
        stacks.append(f"<section>{inner}</section>")
    script = (reveal / "reveal.js").read_text(encoding="utf-8").replace("</script", "<\\/script")
    css = (reveal / "reveal.css").read_text(encoding="utf-8")
    start = "Reveal.initialize({width:1280,height:760,margin:0.02,center:false,hash:true,slideNumber:'c/t',transition:'none'})"
    return (
        f'<!DOCTYPE html>\n<html lang="ru"><head><meta charset="utf-8">{mark}<title>{title}</title>{styles}'
        f"<style>{css}</style><style>{STYLE}</style></head><body>"
        f'<div class="reveal"><div class="slides">{"".join(stacks)}</div></div>'
        f"<script>{script}</script><script>{start}</script></body></html>\n"
    )
