"""Executed cells and what they answered, as one SVG that looks like a notebook in JupyterLab.

The text is that of the cells and of their outputs; nothing is added. Not here: which cells (pictures.py), and outputs
other than text.
"""

import re
from html import escape

from pygments.lexers import RustLexer
from pygments.token import Comment, Keyword, Number, Operator, String

# JupyterLab's colours in its light theme.
INKS = [(Keyword, "#008000"), (String, "#ba2121"), (Number, "#080"), (Comment, "#408080"), (Operator, "#a2f")]
INK, GREY, RED = "#212121", "#757575", "#b22b31"
CODE, FAILED = "#f5f5f5", "#ffdddd"
# Of a letter, a line and the space around the text of a block, in pixels.
LETTER, LINE, SPACE, FONT = 7.2, 17, 6, 12
LEFT, GAP, LARGEST_LINE = 50, 6, 88


def code(source):
    """The lines of a cell's code, each a list of (text, colour)."""
    lines = [[]]
    for token, text in RustLexer(ensurenl=False).get_tokens(source):
        ink = next((ink for kind, ink in INKS if token in kind), INK)
        for number, part in enumerate(text.split("\n")):
            if number:
                lines.append([])
            lines[-1].append((part, ink))
    return lines


def told(text):
    """The lines of an output likewise; of the terminal's colours there are red, and bold as grey."""
    inks, ink, lines = {"31": RED, "1": GREY}, INK, []
    for line in text.rstrip("\n").split("\n"):
        runs = []
        for number, part in enumerate(re.split(r"\x1b\[(\d*)m", line)):
            if number % 2:
                ink = inks.get(part, INK)
            else:
                runs.append((part, ink))
        lines.append(runs)
    return lines


def blocks(cell):
    """The blocks of a cell, each with its lines and what is behind them."""
    found = [(code(cell.source), CODE)]
    for output in cell.outputs:
        if output.output_type == "stream":
            found.append((told(output.text), "none"))
        elif output.output_type == "error":
            found.append((told("\n".join(output.traceback)), FAILED))
    return found


def texts(runs, top):
    """The elements of one line."""
    column, found = 0, []
    for text, ink in runs:
        word = text.strip()
        if word:
            start = column + len(text) - len(text.lstrip())
            place = f'x="{LEFT + SPACE + start * LETTER:.1f}" y="{top}" textLength="{len(word) * LETTER:.1f}"'
            found.append(f'<text {place} fill="{ink}">{escape(word)}</text>')
        column += len(text)
    return found


def svg(cells):
    """The picture of executed cells."""
    parts, top, width = [], SPACE, LEFT + 2 * SPACE + int(LARGEST_LINE * LETTER)
    for cell in cells:
        prompt = f"[{cell.execution_count}]:"
        parts.append(f'<text x="{SPACE}" y="{top + SPACE + FONT}" fill="{GREY}">{prompt}</text>')
        for lines, behind in blocks(cell):
            height = len(lines) * LINE + SPACE
            parts.append(f'<rect x="{LEFT}" y="{top}" width="{width - LEFT - SPACE}" height="{height}" fill="{behind}"/>')
            for number, runs in enumerate(lines):
                parts += texts(runs, top + SPACE + FONT + number * LINE)
            top += height
        top += GAP
    size = f'width="{width}" height="{top}" viewBox="0 0 {width} {top}"'
    font = f'font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="{FONT}"'
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" {size} {font}>', '<rect width="100%" height="100%" fill="#fff"/>', *parts, "</svg>", ""])
