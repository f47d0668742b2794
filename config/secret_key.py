"""The secret key of an installation that was given none: made once, kept in the data folder."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from pathlib import Path


def kept_secret_key(path: Path) -> str:
    """The key in this file; written first, readable by the owner only, where there is none.

    The file appears with its key in it: of two processes that start at once, both read the same one.
    """
    if not path.exists():
        handle, name = tempfile.mkstemp(dir=path.parent)  # readable by the owner only
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(64))
        with contextlib.suppress(FileExistsError):
            os.link(name, path)
        os.unlink(name)
    return path.read_text(encoding="ascii")
