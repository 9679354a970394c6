"""The texts of an entry that may be searched for: sealed ones by class, and plain words."""

import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from shared.event import Envelope
from shared.keyring import Keyring, Keys
from shared.sealed import Sealed, SealError, SensitivityClass, open_sealed, subject_of

# What people call somebody: found with every entry about them, old names and numbers included.
CALLED_BY = ("name", "idnumber", "studentnumber", "phone", "phone2", "guardian", "guardian2")
NUMBERS = ("idnumber", "studentnumber")
# Fields that hold words in clear and never a personal value: document numbers, names of units.
PLAIN_FIELDS = ("number", "name", "was")
PLAIN = "plain"
TEXT_NAMES = tuple(f'"{name}"'.encode() for name in ("sealed", *PLAIN_FIELDS))


@dataclass(frozen=True, slots=True)
class Text:
    """One text: sealed under `owner`'s key of its class, or plain (`sealed` is None)."""

    field: str
    owner: str
    sealed: Sealed | None
    plain: str = ""

    @property
    def cls(self) -> str:
        return self.sealed.cls if self.sealed else PLAIN


def texts_of(envelope: Envelope) -> list[Text]:
    """Every text of an entry, in the order in which it stands there."""
    raw = bytes(envelope.data)
    if not any(name in raw for name in TEXT_NAMES):
        return []  # most entries hold no text at all; decoding them is most of the work
    data = msgspec.json.decode(raw)
    return list(_walk(data, "", envelope.subject or "")) if isinstance(data, dict) else []


def _walk(value: Any, field: str, subject: str) -> Iterator[Text]:
    if isinstance(value, Mapping):
        if "sealed" in value:
            sealed = msgspec.convert(value, Sealed)
            yield Text(field, subject_of(sealed, subject), sealed)
            return
        for name, inner in value.items():
            yield from _walk(inner, name, subject)
    elif isinstance(value, list):
        for inner in value:
            yield from _walk(inner, field, subject)
    elif isinstance(value, str) and field in PLAIN_FIELDS:
        yield Text(field, "", None, value)


def opened(text: Text, keys: Keys) -> str | None:
    """The clear text, or None where its key is gone, missing or does not fit."""
    if text.sealed is None:
        return text.plain
    key = keys.get((text.owner, text.sealed.cls))
    if not isinstance(key, bytes):
        return None
    try:
        return open_sealed(text.sealed, text.owner, text.field, key)
    except SealError:
        return None


async def keys_of(
    keyring: Keyring, texts: list[Text], classes: frozenset[SensitivityClass]
) -> Keys:
    """The keys that open the texts, of the classes that this service holds. Raises KeyringAway."""
    owners = [t.owner for t in texts if t.sealed and t.sealed.cls in classes and _is_uuid(t.owner)]
    held = sorted(classes)
    return await keyring.keys_for(owners, "search", held) if owners else Keys()


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


async def token_keys(keyring: Keyring, county: str, classes: frozenset[str]) -> dict[str, bytes]:
    """Class → key of its tokens in a county; plain words have one derived from `identity`'s."""
    keys = {cls: await keyring.token_key(county, cls) for cls in keyring.classes if cls in classes}
    if PLAIN in classes:
        base = await keyring.token_key(county, "identity")
        keys[PLAIN] = hmac.digest(base, b"plain words", "sha256")
    return keys
