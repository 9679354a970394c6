"""Signed notes of C2SP with Ed25519: writing, keys, and strict opening."""

import base64
import binascii
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

NOTE_LIMIT_BYTES: Final = 1_000_000
SIGNATURES_LIMIT: Final = 100
KEY_LIMIT_BYTES: Final = 1_000
ED25519: Final = b"\x01"
KEY_BYTES: Final = 32
ID_BYTES: Final = 4
_MARK: Final = "— "


class NoteWrong(ValueError):
    """A note, a signature or a key is malformed or false; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NoteUnverified(NoteWrong):
    """The note is well formed, but no known key has signed it."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """A named public key (32 bytes) of Ed25519."""

    name: str
    public: bytes

    def __post_init__(self) -> None:
        if not _is_name(self.name):
            raise NoteWrong(f"{self.name!r} is no key name: empty, or with a blank or a plus")
        if len(self.public) != KEY_BYTES:
            raise NoteWrong(f"key {self.name}: {len(self.public)} bytes, not {KEY_BYTES}")

    @property
    def key_id(self) -> bytes:
        """First 4 bytes of SHA-256(name, newline, type, key)."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:ID_BYTES]

    def accepts(self, text: bytes, signature: bytes) -> bool:
        """Whether this key made the signature."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class NoteSigner:
    """A private key under the name that its signatures carry."""

    name: str
    private: Ed25519PrivateKey

    @property
    def verifier(self) -> Verifier:
        """The public half."""
        return Verifier(self.name, self.private.public_key().public_bytes_raw())


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """A signature as it stands in a note, of a known key or not."""

    name: str
    key_id: bytes
    signature: bytes


def verifier_key(name: str, public: bytes) -> str:
    """`<name>+<8 hex digits>+<base64(0x01, public key)>`; raises NoteWrong."""
    known = Verifier(name, public)
    return f"{name}+{known.key_id.hex()}+{_base64(ED25519 + public)}"


def parse_verifier_key(text: str) -> Verifier:
    """Read a verifier key; raises NoteWrong when anything in it does not fit."""
    parts = text.split("+", 2)
    if len(text) > KEY_LIMIT_BYTES or len(parts) != 3:
        raise NoteWrong("a verifier key is name+id+key")
    name, key_id, encoded = parts
    key = _decoded(encoded, "verifier key")
    if key[:1] != ED25519:
        raise NoteWrong(f"verifier key of {name!r} is not of Ed25519")
    known = Verifier(name, key[1:])
    if known.key_id.hex() != key_id:
        raise NoteWrong(f"verifier key of {name!r}: its id is not that of the key")
    return known


def sign(text: str, signers: Sequence[NoteSigner]) -> str:
    """The note with one signature line a signer; raises NoteWrong for a text that no note has."""
    raw = text.encode()
    if not text.endswith("\n") or not 0 < len(signers) <= SIGNATURES_LIMIT:
        raise NoteWrong("a note's text ends in a newline and is signed by 1 to 100 keys")
    _without_controls(text)
    lines = [_signature_line(raw, signer) for signer in signers]
    return f"{text}\n{''.join(lines)}"


def open_note(note: str | bytes, verifiers: Iterable[Verifier]) -> tuple[str, tuple[str, ...]]:
    """The text, and the name of each known key that signed it (at least one).

    Raises NoteWrong for a malformed note or a false signature of a known key, NoteUnverified
    when no known key signed. Signatures of unknown keys are passed over.
    """
    text, signed = open_signed(note, verifiers)
    return text, tuple(verifier.name for verifier in signed)


def open_signed(
    note: str | bytes, verifiers: Iterable[Verifier]
) -> tuple[str, tuple[Verifier, ...]]:
    """As `open_note`, with the keys: two may have one name while the old one is replaced."""
    known, signed = tuple(verifiers), dict[Verifier, None]()
    text, lines = split_note(note)
    for line in lines:
        # Four bytes collide easily: whoever has the name and the id is only a candidate.
        same = [one for one in known if (one.name, one.key_id) == (line.name, line.key_id)]
        accepted = [one for one in same if one.accepts(text.encode(), line.signature)]
        if same and not accepted:
            raise NoteWrong(f"the signature of {line.name} is false")
        signed.update(dict.fromkeys(accepted))
    if not signed:
        raise NoteUnverified("no known key has signed this note")
    return text, tuple(signed)


def split_note(note: str | bytes) -> tuple[str, list[SignatureLine]]:
    """Text and signature lines of a note, unverified; raises NoteWrong when it is malformed."""
    whole = _text_of(note)
    _without_controls(whole)
    cut = whole.rfind("\n\n")
    if cut < 0 or not whole.endswith("\n"):
        raise NoteWrong("a note is a text, a blank line and signature lines, each ended")
    lines = whole[cut + 2 :].split("\n")[:-1]
    if not 0 < len(lines) <= SIGNATURES_LIMIT:
        raise NoteWrong(f"a note has 1 to {SIGNATURES_LIMIT} signatures, not {len(lines)}")
    return whole[: cut + 1], [_parsed_line(line) for line in lines]


def _text_of(note: str | bytes) -> str:
    try:
        raw = note.encode() if isinstance(note, str) else note
        if len(raw) > NOTE_LIMIT_BYTES:
            raise NoteWrong(f"a note has at most {NOTE_LIMIT_BYTES} bytes, not {len(raw)}")
        return raw.decode()
    except UnicodeError as error:
        raise NoteWrong("a note is UTF-8") from error


def _without_controls(text: str) -> None:
    if any(character < " " and character != "\n" for character in text):
        raise NoteWrong("a note has no control characters but newlines")


def _parsed_line(line: str) -> SignatureLine:
    name, blank, encoded = line.removeprefix(_MARK).partition(" ")
    if not line.startswith(_MARK) or not blank or not _is_name(name):
        raise NoteWrong("a signature line is a dash, a key name and a signature")
    value = _decoded(encoded, "signature")
    if len(value) <= ID_BYTES:
        raise NoteWrong(f"the signature of {name} is too short")
    return SignatureLine(name, value[:ID_BYTES], value[ID_BYTES:])


def _signature_line(text: bytes, signer: NoteSigner) -> str:
    value = signer.verifier.key_id + signer.private.sign(text)
    return f"{_MARK}{signer.name} {_base64(value)}\n"


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(one.isspace() for one in name)


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _decoded(text: str, what: str) -> bytes:
    """Bytes of canonical base64: two spellings of one signature would be two notes."""
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteWrong(f"{what} is not base64") from error
    if _base64(value) != text:
        raise NoteWrong(f"{what} is not canonical base64")
    return value
