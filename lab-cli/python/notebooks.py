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
    with path.open("rb") as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise NotebookError(f"{path.name} больше {LARGEST >> 20} МиБ; очистите вывод ячеек и сохраните его заново")
    try:
        notebook = nbformat.reads(content.decode("utf-8"), as_version=4)
        nbformat.validate(notebook)
        # What cannot be written again is found now, not when the work is done.
        nbformat.writes(notebook).encode("utf-8")
    except Exception as error:  # The libraries raise what they like, also an AssertionError or a RecursionError.
        why = str(error).strip().splitlines()
        raise NotebookError(f"{path.name} не блокнот Jupyter ({why[0] if why else type(error).__name__})") from error
    return notebook
