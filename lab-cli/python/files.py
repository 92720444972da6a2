"""Files that are replaced only when the new one is complete. Used by every script that leaves something behind."""

import os


def write(path, content):
    """Writes a file, of text or of bytes, whole or not at all."""
    content = content.encode("utf-8") if isinstance(content, str) else content
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(content)
        os.replace(part, path)
    except OSError as error:
        try:
            part.unlink()
        except OSError:  # It was never there.
            pass
        # The system does not always name the file.
        raise OSError(error.errno, error.strerror, str(path)) from error
