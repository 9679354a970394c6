"""Where the sealer of a home keeps what it needs."""

import os
from pathlib import Path

from services.audit.sealer.keys import FILE
from shared.settings import Settings

NAME = "sealer"


def settings_of() -> Settings:
    """This process's settings; by hand they come from the file that the migration wrote."""
    if not os.environ.get("BAOXUE_DATABASE_URL"):
        note = Path(os.environ.get("BAOXUE_HOME", ".baoxue")) / "secrets" / f"{NAME}.env"
        if note.exists():
            lines = note.read_text(encoding="utf-8").splitlines()
            os.environ.update(dict(line.split("=", 1) for line in lines if line))
    return Settings()


def home_of(settings: Settings) -> Path:
    """Where the sealer keeps its state."""
    return settings.home / NAME


def key_path_of(settings: Settings) -> Path:
    return settings.keys if settings.keys != Path() else settings.home / "keys" / FILE


def secrets_of(settings: Settings) -> Path:
    return settings.secrets if settings.secrets != Path() else settings.home / "secrets"
