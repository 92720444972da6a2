"""Reading a notebook that somebody has written: whole and as it must be, or one error that says what is wrong.

Used by every script that is given such a file. Not here: writing (files.py), what is done with it.
"""

import nbformat

# The largest file in bytes, as in `notebook_file.rs`.
LARGEST = 64 << 20


class NotebookError(Exception):
    """The file is no notebook; the text names the file and says why."""


def read(path):
    """The notebook in a file, of the present format and valid."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise NotebookError(f"{path.name} больше {LARGEST >> 20} МиБ; очистите вывод ячеек и сохраните его заново")
        # A notebook is written as UTF-8; what cannot be written is found now, not when the work is done.
        notebook = nbformat.reads(content.decode("utf-8"), as_version=4)
        nbformat.validate(notebook)
        nbformat.writes(notebook).encode("utf-8")
    # What the libraries raise for a text of another kind, or one that is nested too deeply.
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, nbformat.ValidationError) as error:
        why = str(error).strip().splitlines()
        raise NotebookError(f"{path.name} не блокнот Jupyter ({why[0] if why else type(error).__name__})") from error
    return notebook
