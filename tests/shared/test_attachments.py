"""Attachments: type by content, no place in them, sealed under a subject, named by their hash."""

from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest

from shared.attachments import (
    ATTACHMENT_LIMIT_BYTES,
    FIELD,
    AttachmentRefused,
    Files,
    SealedFile,
    checked,
    head_of,
    opened_file,
    sealed_file,
)
from shared.sealed import open_sealed

KEY, CHILD = b"k" * 32, "0198c5b0-0000-7000-8000-000000000001"
PLACE = b"GPS 28.1N 102.9E"


def segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2) + body


def chunk(name: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4) + name + body + b"\0\0\0\0"


JFIF = segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0")
SCAN = segment(0xDA, b"\1\1\0\0\x3f\0") + b"picture" + b"\xff\xd9"
JPEG = b"\xff\xd8" + JFIF + segment(0xE1, b"Exif\0\0" + PLACE) + segment(0xFE, PLACE) + SCAN
PNG = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", b"0" * 13) + chunk(b"eXIf", PLACE)
PNG += chunk(b"tEXt", PLACE) + chunk(b"IDAT", b"picture") + chunk(b"IEND", b"")


TAKEN = {"image/jpeg": JPEG, "image/png": PNG, "application/pdf": b"%PDF-1.7 x"}


@pytest.mark.parametrize(("type_", "content"), TAKEN.items(), ids=TAKEN)
def test_the_type_is_seen_and_the_place_taken_out(content: bytes, type_: str) -> None:
    found, clean = checked(content)
    assert found == type_
    assert PLACE not in clean
    assert b"picture" in clean or type_ == "application/pdf"
    assert checked(clean) == (type_, clean), "cleaned again it stays the same"


def test_what_draws_the_picture_stays() -> None:
    assert checked(JPEG)[1] == b"\xff\xd8" + JFIF + SCAN


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"MZ\x90\0",
        b"<html>",
        b"\xff\xd8\xff",
        JPEG[:20],
        b"\xff\xd8\xff\xe1\xff\xff",
        PNG[:40],
    ],
)
def test_anything_else_and_anything_broken_is_refused(content: bytes) -> None:
    with pytest.raises(AttachmentRefused) as refused:
        checked(content)
    assert refused.value.fields["field"] == FIELD


def test_more_than_ten_megabytes_are_refused() -> None:
    with pytest.raises(AttachmentRefused):
        checked(b"%PDF-" + bytes(ATTACHMENT_LIMIT_BYTES))


def test_it_opens_with_the_subjects_key_alone(tmp_path: Path) -> None:
    files = Files(tmp_path)
    kept = files.put(sealed_file(JPEG, CHILD, KEY), "image/jpeg")
    stored = files.get(kept.sha256)
    assert stored is not None and b"picture" not in stored
    assert kept.bytes == len(stored)
    own = open_sealed(head_of(stored), CHILD, FIELD, KEY)
    salt, content = opened_file(stored, CHILD, own)
    assert content == JPEG
    assert kept.commit == b64encode(sha256(salt + JPEG).digest()).decode()
    with pytest.raises(ValueError, match="does not open"):
        opened_file(stored[:-1] + b"\0", CHILD, own)


def test_a_file_that_was_changed_or_removed_is_not_there(tmp_path: Path) -> None:
    files = Files(tmp_path)
    sealed = SealedFile(b"kept", "")
    kept = files.put(sealed, "image/png")
    assert files.put(sealed, "image/png") == kept, "twice is once"
    (tmp_path / kept.sha256[:2] / kept.sha256).write_bytes(b"other")
    assert files.get(kept.sha256) is None
    files.remove(kept.sha256)
    assert files.get(kept.sha256) is None
