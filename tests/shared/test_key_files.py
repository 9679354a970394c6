"""Key files: made once, whole, private, and never made anew over keys that are in use."""

import os
import stat
from pathlib import Path

import pytest

from shared import key_files as kf
from shared.sealed import CLASSES

# One key of zeroes, wrapped under a known master and nonce. It can never change.
WRAPPED = (
    "000000000000000000000000e2fe0a0f171d10187fe00f0d1c5ebe0bc08d180ccc61707ffe92c484"
    "b4130c0e4c1bf000010f3e633be2c1e4600e9959"
)
CHILD = "0198c5b0-0000-7000-8000-000000000001"


def wrapping(directory: Path, service: str) -> kf.Wrapping:
    return kf.Wrapping(kf.load_key_file(directory / f"{service}.json"))


def test_each_file_is_private_and_holds_only_its_services_classes(tmp_path: Path) -> None:
    for service, path in kf.make_key_files(tmp_path / "keys").items():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert set(kf.load_key_file(path).masters) == set(kf.SERVICE_CLASSES[service])
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def test_a_second_start_changes_nothing(tmp_path: Path) -> None:
    first = {s: p.read_bytes() for s, p in kf.make_key_files(tmp_path).items()}
    assert {s: p.read_bytes() for s, p in kf.make_key_files(tmp_path).items()} == first


def test_a_lost_file_is_made_again_from_the_others(tmp_path: Path) -> None:
    paths = kf.make_key_files(tmp_path)
    before = kf.load_key_file(paths["audit"])
    paths["audit"].unlink()
    kf.make_key_files(tmp_path)
    assert kf.load_key_file(paths["audit"]) == before


def test_masters_that_nobody_holds_any_more_are_not_replaced(tmp_path: Path) -> None:
    paths = kf.make_key_files(tmp_path)
    for service in ("enrollment", "casework", "notify"):
        paths[service].unlink()
    with pytest.raises(kf.KeyFileError, match="restore"):
        kf.make_key_files(tmp_path)
    assert not paths["enrollment"].exists()


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = kf.make_key_files(tmp_path)["audit"]
    path.chmod(0o640)
    with pytest.raises(kf.KeyFileError, match="chmod 600"):
        kf.load_key_file(path)


def test_a_missing_or_damaged_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(kf.KeyFileError, match="missing"):
        kf.load_key_file(tmp_path / "audit.json")
    path = kf.make_key_files(tmp_path)["audit"]
    path.write_text('{"version":1,')
    with pytest.raises(kf.KeyFileError, match="cannot be read"):
        kf.load_key_file(path)


def test_two_services_unwrap_what_either_wrapped(tmp_path: Path) -> None:
    kf.make_key_files(tmp_path)
    key, nonce = os.urandom(32), os.urandom(12)
    wrapped = wrapping(tmp_path, "enrollment").wrap(key, "990101", CHILD, "identity", nonce)
    assert len(wrapped) == 60
    assert wrapping(tmp_path, "audit").unwrap(wrapped, "990101", CHILD, "identity", 1) == key


def test_another_county_subject_class_or_epoch_does_not_unwrap(tmp_path: Path) -> None:
    kf.make_key_files(tmp_path)
    files = wrapping(tmp_path, "enrollment")
    wrapped = files.wrap(os.urandom(32), "990101", CHILD, "identity", os.urandom(12))
    other = CHILD[:-1] + "2"
    with pytest.raises(kf.WrongMaster):
        files.unwrap(wrapped, "990102", CHILD, "identity", 1)
    with pytest.raises(kf.WrongMaster):
        files.unwrap(wrapped, "990101", other, "identity", 1)
    with pytest.raises(kf.WrongMaster):
        files.unwrap(wrapped, "990101", CHILD, "contact", 1)
    with pytest.raises(kf.WrongMaster):
        files.unwrap(wrapped, "990101", CHILD, "identity", 2)


def test_a_class_that_is_not_held_is_refused_before_anything_is_tried(tmp_path: Path) -> None:
    kf.make_key_files(tmp_path)
    with pytest.raises(kf.ClassNotHeld):
        wrapping(tmp_path, "audit").wrap(bytes(32), "990101", CHILD, "health", bytes(12))


def test_the_wrapped_bytes_of_a_key_do_not_change() -> None:
    masters: kf.Masters = {
        cls: {1: "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="} for cls in CLASSES
    }
    files = kf.Wrapping(kf.KeyFile(service="enrollment", masters=masters))
    wrapped = files.wrap(bytes(32), "990101", CHILD, "identity", bytes(12))
    assert wrapped.hex() == WRAPPED
