"""Files beside the events: type seen from content, location taken out, sealed, kept by their hash.

A kept file is one line of JSON, the file's own key and salt sealed under its subject, and after it
the AES-GCM box of the content. So a page opens it like any other sealed value, and it is erased
with its subject. The event holds the SHA-256 of the whole, its size, its type, and the commitment
SHA-256(salt ‖ content): by it anybody can see that a content handed out later is the one meant.
"""

import os
from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.decider import CommandRejected
from shared.sealed import Attachment, Sealed, SensitivityClass, seal

ATTACHMENT_LIMIT_BYTES = 10 * 1024 * 1024
# How a file begins that we take: photographs, and scans.
TYPES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"%PDF-", "application/pdf"),
)
FIELD = "attachment"
CLASS: SensitivityClass = "narrative"
NONCE_BYTES, KEY_BYTES, SALT_BYTES = 12, 32, 32
NEWLINE = b"\n"
# JPEG: what stands before the picture, marker by marker. APP0 and APP14 say how to draw it, the
# other APPn and comments say where, when and with what it was taken.
JPEG_START, JPEG_SCAN, JPEG_DRAWN = 0xD8, 0xDA, frozenset((0xE0, 0xEE))
JPEG_TOLD = frozenset((*range(0xE0, 0xF0), 0xFE)) - JPEG_DRAWN
PNG_TOLD = frozenset((b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME"))
PNG_HEAD_BYTES, PNG_FRAME_BYTES = 8, 12


class AttachmentRefused(CommandRejected):
    code = "attachment_refused"


@dataclass(frozen=True, slots=True)
class SealedFile:
    """The bytes to keep, and the commitment (base64) to what is in them."""

    kept: bytes
    commit: str


def checked(content: bytes) -> tuple[str, bytes]:
    """The type that the content shows, and the content without where it was taken."""
    if len(content) > ATTACHMENT_LIMIT_BYTES:
        raise AttachmentRefused("文件超过 10 MB。拍小一点，或分几次提交。", field=FIELD)
    found = next((name for begins, name in TYPES if content.startswith(begins)), None)
    if found is None:
        raise AttachmentRefused("只收照片（JPG、PNG）和扫描件（PDF）。", field=FIELD)
    try:
        return found, _cleaned(found, content)
    except (IndexError, ValueError) as error:
        raise AttachmentRefused(
            "文件不完整，打不开。重新拍照或扫描再提交。", field=FIELD
        ) from error


def _cleaned(type_: str, content: bytes) -> bytes:
    if type_ == "image/jpeg":
        return _clean_jpeg(content)
    return _clean_png(content) if type_ == "image/png" else content


def _clean_jpeg(content: bytes) -> bytes:
    kept, at = bytearray(content[:2]), 2
    while True:
        if content[at] != 0xFF:
            raise ValueError(f"no marker at {at}")
        marker, size = content[at + 1], int.from_bytes(content[at + 2 : at + 4])
        if marker == JPEG_SCAN:
            return bytes(kept + content[at:])
        if size < 2 or at + 2 + size > len(content):
            raise ValueError(f"a segment of {size} bytes at {at}")
        if marker not in JPEG_TOLD:
            kept += content[at : at + 2 + size]
        at += 2 + size


def _clean_png(content: bytes) -> bytes:
    kept, at = bytearray(content[:PNG_HEAD_BYTES]), PNG_HEAD_BYTES
    while at < len(content):
        ends = at + PNG_FRAME_BYTES + int.from_bytes(content[at : at + 4])
        if ends > len(content):
            raise ValueError(f"a chunk that ends at {ends}")
        if content[at + 4 : at + 8] not in PNG_TOLD:
            kept += content[at:ends]
        at = ends
    return bytes(kept)


def sealed_file(content: bytes, subject: str, key: bytes) -> SealedFile:
    """What is kept: `key` is the subject's of CLASS."""
    nonce, own, salt = map(os.urandom, (NONCE_BYTES, KEY_BYTES, SALT_BYTES))
    box = AESGCM(own).encrypt(nonce, content, subject.encode())
    secret = b64encode(nonce + own + salt).decode()
    head = seal(secret, subject, CLASS, FIELD, key, carry_subject=True)
    commit = b64encode(sha256(salt + content).digest()).decode()
    return SealedFile(msgspec.json.encode(head) + NEWLINE + box, commit)


def head_of(kept: bytes) -> Sealed:
    """The sealed key of a kept file, to be opened by a reading that is recorded."""
    return msgspec.json.decode(kept.partition(NEWLINE)[0], type=Sealed)


def opened_file(kept: bytes, subject: str, secret: str) -> tuple[bytes, bytes]:
    """Salt and content, with the text that `head_of` opened to. Raises ValueError."""
    raw = b64decode(secret, validate=True)
    nonce, rest = raw[:NONCE_BYTES], raw[NONCE_BYTES:]
    own, salt = rest[:KEY_BYTES], rest[KEY_BYTES:]
    try:
        return salt, AESGCM(own).decrypt(nonce, kept.partition(NEWLINE)[2], subject.encode())
    except InvalidTag as error:
        raise ValueError("the file does not open") from error


@dataclass(frozen=True, slots=True)
class Files:
    """A folder of kept files, each named by the SHA-256 of its bytes; putting one twice is once."""

    folder: Path

    @classmethod
    def under(cls, home: Path) -> "Files":
        """Those of the service that has this home."""
        return cls(home / "attachments")

    def put(self, sealed: SealedFile, type_: str) -> Attachment:
        """Keep it; what an event says of it."""
        name = sha256(sealed.kept).hexdigest()
        place = self._place(name)
        place.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=place.parent, delete=False) as file:
            file.write(sealed.kept)
            file.flush()
            os.fsync(file.fileno())
        os.replace(file.name, place)
        return Attachment(sha256=name, bytes=len(sealed.kept), type=type_, commit=sealed.commit)

    def get(self, name: str) -> bytes | None:
        """The kept bytes; None where they are not here or are no longer what they were."""
        try:
            kept = self._place(name).read_bytes()
        except FileNotFoundError:
            return None
        return kept if sha256(kept).hexdigest() == name else None

    def remove(self, name: str) -> None:
        self._place(name).unlink(missing_ok=True)

    def _place(self, name: str) -> Path:
        assert len(name) == 64 and name.isalnum(), "a file is named by a SHA-256 in hexadecimal"
        return self.folder / name[:2] / name
