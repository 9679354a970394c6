"""Which keys audit believes a checkpoint by: those the sealer published, and those it did once."""

from pathlib import Path

import msgspec

from services.audit.proofs.note import NoteWrong, Verifier, parse_verifier_key

PUBLISHED = "baoxue-trust.json"
# Outside the database, and it only grows: a retired key must go on proving what it signed.
REMEMBERED = Path("remembered") / "sealer-keys.json"


class _Keys(msgspec.Struct, frozen=True):
    keys: list[str]


def verifiers(home: Path) -> list[Verifier]:
    """Every key that was ever published here; none before the sealer first ran."""
    known = _keys(home / REMEMBERED)
    every = list(dict.fromkeys((*known, *_keys(home / PUBLISHED))))
    if every != known:
        _remember(home / REMEMBERED, every)
    return [verifier for key in every if (verifier := _parsed(key))]


def _keys(path: Path) -> list[str]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Keys).keys
    except (OSError, msgspec.DecodeError):
        return []


def _remember(path: Path, keys: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_bytes(msgspec.json.encode(_Keys(keys)))
    fresh.replace(path)


def _parsed(key: str) -> Verifier | None:
    try:
        return parse_verifier_key(key)
    except NoteWrong:
        return None
