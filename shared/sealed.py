"""A sealed value: personal data as it rests, readable only under its subject's key."""

import os
from base64 import b64decode
from binascii import Error as Base64Error
from binascii import b2a_base64
from hashlib import sha256
from hmac import compare_digest
from typing import Literal, get_args

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SensitivityClass = Literal["identity", "contact", "narrative", "health", "family"]
CLASSES: tuple[SensitivityClass, ...] = get_args(SensitivityClass)

KEY_BYTES = 32
NONCE_BYTES = 12
SALT_BYTES = 32
# An envelope holds at most 32 KiB; base64 and JSON around a value of this size still fit.
MAX_TEXT_BYTES = 16 * 1024


class Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """AES-256-GCM of `salt(32) ‖ utf8` under the subject's key of its class.

    nonce, box and commit are standard base64; `commit` is SHA-256(`salt ‖ utf8`). `subject` is
    given only where it is not the envelope's subject.
    """

    sealed: Literal[1]
    cls: SensitivityClass = msgspec.field(name="class")
    nonce: str
    box: str
    commit: str
    subject: str | msgspec.UnsetType = msgspec.UNSET

    def __repr__(self) -> str:
        return f"Sealed({self.cls})"


class Attachment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A file kept outside the store: SHA-256 of what is kept, its size, its checked type.

    `commit` is SHA-256(`salt ‖ content`) in base64; None in events of before there was one.
    """

    sha256: str
    bytes: int
    type: str
    commit: str | None = None


class SealError(Exception):
    """A value that cannot be sealed or opened. Names subject, class and field, never the value."""

    def __init__(self, why: str, subject: str, cls: str, field: str) -> None:
        super().__init__(f"{why}: {cls} field {field!r} of {subject}")
        self.subject, self.cls, self.field = subject, cls, field


class TextTooLong(SealError):
    """More than MAX_TEXT_BYTES of UTF-8."""


class Malformed(SealError):
    """Not base64, or not long enough to hold what a sealed value holds."""


class WrongKey(SealError):
    """The box does not open: another key, subject, class or field, or altered bytes."""


class WrongCommitment(SealError):
    """The box opens, but to another text than the one committed to."""


class WrongSubject(SealError):
    """The value names another subject than the one it is opened for."""


def seal(
    text: str,
    subject: str,
    cls: SensitivityClass,
    field: str,
    key: bytes,
    *,
    carry_subject: bool = False,
    entropy: bytes | None = None,
) -> Sealed:
    """Seal one field of `subject` (bare uuid) under its key of `cls` (32 bytes).

    `carry_subject` writes the subject into the value, for events whose envelope names another one.
    `entropy` (nonce ‖ salt, 44 bytes) is for test vectors only: a nonce must never be used twice.
    """
    clear = text.encode()
    if len(clear) > MAX_TEXT_BYTES:
        raise TextTooLong(f"text of {len(clear)} bytes", subject, cls, field)
    entropy = entropy or os.urandom(NONCE_BYTES + SALT_BYTES)
    nonce, salted = entropy[:NONCE_BYTES], entropy[NONCE_BYTES:] + clear
    box = AESGCM(key).encrypt(nonce, salted, _bound_to(subject, cls, field))
    return Sealed(
        sealed=1,
        cls=cls,
        nonce=_base64(nonce),
        box=_base64(box),
        commit=_base64(sha256(salted).digest()),
        subject=subject if carry_subject else msgspec.UNSET,
    )


def open_sealed(sealed: Sealed, subject: str, field: str, key: bytes) -> str:
    """The clear text of `field` of `subject`. Raises a SealError of the kind that fits."""
    return open_salted(sealed, subject, field, key)[1]


def open_salted(sealed: Sealed, subject: str, field: str, key: bytes) -> tuple[bytes, str]:
    """Salt (32 bytes) and clear text: what shows the commitment to others. Raises as above."""
    if subject_of(sealed, subject) != subject:
        raise WrongSubject(f"sealed for {sealed.subject}", subject, sealed.cls, field)
    try:
        nonce, box = b64decode(sealed.nonce, validate=True), b64decode(sealed.box, validate=True)
        salted = AESGCM(key).decrypt(nonce, box, _bound_to(subject, sealed.cls, field))
    except InvalidTag as error:
        raise WrongKey("does not open", subject, sealed.cls, field) from error
    except (Base64Error, ValueError) as error:
        raise Malformed(str(error), subject, sealed.cls, field) from error
    # AES-GCM does not bind the key: a box can be made that opens to two texts under two keys.
    # The commitment is what the ledger proves, so it decides.
    if not compare_digest(_base64(sha256(salted).digest()), sealed.commit):
        raise WrongCommitment("is not what was committed to", subject, sealed.cls, field)
    return salted[:SALT_BYTES], salted[SALT_BYTES:].decode()


def subject_of(sealed: Sealed, envelope_subject: str) -> str:
    """Whose key opens the value: its own subject where it names one, else the envelope's."""
    return envelope_subject if isinstance(sealed.subject, msgspec.UnsetType) else sealed.subject


def _bound_to(subject: str, cls: str, field: str) -> bytes:
    # Not the event's id: read models carry the value on, and it must open there as well.
    return f"v1|{subject}|{cls}|{field}".encode()


def _base64(raw: bytes) -> str:
    return b2a_base64(raw, newline=False).decode()
