"""Secrets of one home: made at random once, kept in files that only their owner reads."""

import contextlib
import os
import secrets
import tempfile
from pathlib import Path

PASSWORD_BYTES = 24


def kept_secret(home: Path, name: str) -> str:
    """The secret `name` of this home; made at the first call, the same ever after."""
    path = home / "secrets" / name
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        make_secret(path)
    return path.read_text(encoding="ascii")


def make_secret(path: Path) -> None:
    """Appears under its name whole, and once: of two first starts the earlier one's stays."""
    handle, fresh = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(PASSWORD_BYTES))
    with contextlib.suppress(FileExistsError):
        os.link(fresh, path)
    os.unlink(fresh)
