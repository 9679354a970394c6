"""Secrets of one home: made at random once, kept in files that only their owner reads."""

import os
import secrets
from pathlib import Path

PASSWORD_BYTES = 24


def kept_secret(home: Path, name: str) -> str:
    """The secret `name` of this home; made at the first call, the same ever after."""
    path = home / "secrets" / name
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        # O_EXCL: two first starts at once agree on the one that came first.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii")
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(PASSWORD_BYTES))
    return path.read_text(encoding="ascii")
