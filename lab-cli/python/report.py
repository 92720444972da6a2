"""An executed notebook as one HTML file that needs nothing from the network.

Formulas become MathML, which browsers draw by themselves; nbconvert's scripts,
which would be loaded from afar, are left out. Used by execute.py.
"""

from bs4 import BeautifulSoup
from latex2mathml.converter import convert
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath


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
    html, _ = Report().from_notebook_node(notebook)
    page = BeautifulSoup(html, features="html.parser")
    for script in page.head.find_all("script"):
        script.decompose()
    return str(page)
