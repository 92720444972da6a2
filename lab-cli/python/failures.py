"""How a script ends: what somebody can do something about is told in a sentence, not as a trace.

Used by every script that is given somebody's file. Not here: what to do about it in general, which `cargo lab` says (`advice.rs`).
"""

import errno
import sys

from notebooks import NotebookError

REASONS = {
    errno.ENOSPC: "на диске нет места",
    errno.EDQUOT: "место, отведённое на диске, кончилось",
    errno.EFBIG: "файл больше, чем разрешает система",
    errno.EROFS: "папка доступна только для чтения",
    errno.EACCES: "нет прав на этот файл или папку",
    errno.EPERM: "нет прав на этот файл или папку",
    errno.ENOENT: "такого файла или папки нет",
}


def told(error):
    """An error of the system in words: which file, and why."""
    reason = REASONS.get(error.errno, error.strerror or str(error))
    return f"{error.filename}: {reason}" if error.filename else reason


def end(main):
    """Runs `main` and ends the program with its status."""
    try:
        sys.exit(main())
    except NotebookError as error:
        reason = str(error)
    except OSError as error:
        reason = told(error)
    print(reason, file=sys.stderr)
    sys.exit(1)
