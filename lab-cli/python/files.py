"""Files that are replaced only when the new one is complete. Used by every script that leaves something behind."""

import os


def write(path, content):
    """Writes a file, of text or of bytes, whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    os.replace(part, path)
