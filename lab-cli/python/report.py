"""An executed notebook as one HTML file that needs nothing from the network.

Formulas become MathML, which browsers draw by themselves; nbconvert's scripts,
which would be loaded from afar, are left out. The page is light or dark as the
reader's system is; figures stay on white. Used by execute.py and student_report.py.
"""

import re

from bs4 import BeautifulSoup
from latex2mathml.converter import convert
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

# Beside nbconvert's own style: figures as white cards, and a page that fits a phone.
STYLE = """
:root { color-scheme: light dark; }
body.jp-Notebook { max-width: 66rem; margin: 0 auto; }
.jp-RenderedSVG img, .jp-RenderedSVG svg, .jp-RenderedImage img {
  max-width: 100%; height: auto; background: #fff; border-radius: 6px; }
.jp-RenderedHTMLCommon table { display: block; max-width: 100%; overflow-x: auto; }
.jp-OutputArea-output pre { white-space: pre-wrap; overflow-wrap: anywhere; }
math[display="block"] { overflow: auto hidden; padding-block: .4em; }
@media screen and (max-width: 45rem) {
  body.jp-Notebook { padding: 0 .25rem; }
  .jp-InputPrompt, .jp-OutputPrompt { display: none; }
  .highlight pre { white-space: pre-wrap; overflow-wrap: anywhere; }
}
"""
DARK = "screen and (prefers-color-scheme: dark)"


def goal_of(notebook):
    """The sentence after «Цель.» in the first cells."""
    text = "\n".join(cell.source for cell in notebook.cells[:3] if cell.cell_type == "markdown")
    found = re.search(r"\*\*Цель\.\*\*\s+(.*?)(?:\n\n|$)", text, re.DOTALL)
    return " ".join(found.group(1).split()).replace("`", "") if found else ""


class MathRenderer(IPythonRenderer):
    """Markdown to HTML with formulas as MathML."""

    def block_math(self, body):
        return self._math(body, "block", super().block_math)

    def inline_math(self, body):
        return self._math(body, "inline", super().inline_math)

    def latex_environment(self, name, body):
        text = f"\\begin{{{name}}}{body}\\end{{{name}}}"
        return self._math(text, "block", lambda _: super(MathRenderer, self).latex_environment(name, body))

    @staticmethod
    def _math(body, display, as_text):
        try:
            return convert(body, display=display)
        except Exception:  # Whatever it cannot read stays as the author wrote it.
            return as_text(body)


class Report(HTMLExporter):
    """nbconvert's HTML, made self-contained."""

    def __init__(self, **options):
        super().__init__(language_code="ru", embed_images=True, **options)

    @staticmethod
    def to_html(source):
        """The filter for Markdown cells."""
        return MarkdownWithMath(renderer=MathRenderer(escape=False)).render(source)

    def default_filters(self):
        yield from super().default_filters()
        yield ("markdown2html", self.to_html)

    def dark_theme(self):
        """The colours of nbconvert's dark theme."""
        return self.environment.loader.get_source(self.environment, "static/theme-dark.css")[0]


def title_of(notebook, fallback):
    """The first heading, without the marks of code."""
    for cell in notebook.cells:
        for line in cell.source.splitlines() if cell.cell_type == "markdown" else []:
            if line.startswith("# "):
                return line[2:].replace("`", "").strip()
    return fallback


def to_html(notebook, title):
    """The HTML text of a notebook."""
    notebook.metadata["title"] = title
    exporter = Report()
    html, _ = exporter.from_notebook_node(notebook)
    page = BeautifulSoup(html, features="html.parser")
    for script in page.head.find_all("script"):
        script.decompose()
    # After the light theme, so that its colours win where the reader's system is dark.
    for text, media in ((exporter.dark_theme(), DARK), (STYLE, "all")):
        style = page.new_tag("style", media=media)
        style.string = text
        page.head.append(style)
    return str(page)
