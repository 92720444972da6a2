"""Files that are replaced only when the new one is complete. Used by every script that leaves something behind."""

import os


def write(path, text):
    """Writes a file whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, path)
