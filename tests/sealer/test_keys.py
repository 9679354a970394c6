"""The key file: private, made once, rotated with both keys signing until the old one retires."""

import stat
from pathlib import Path

import msgspec
import pytest

from services.audit.proofs import checkpoint, note
from services.audit.proofs.note import parse_verifier_key
from services.audit.sealer import notes
from services.audit.sealer.keys import (
    SealerKeyError,
    change_key_file,
    load_key_file,
    make_key_file,
    write_trust,
)

ORIGIN, ROOT = "d/990101/casework", b"\7" * 32


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make_key_file(tmp_path / "keys")


def test_it_is_made_once_and_readable_by_nobody_else(path: Path) -> None:
    before = path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert make_key_file(path.parent).read_bytes() == before
    path.chmod(0o640)
    with pytest.raises(SealerKeyError, match="chmod 600"):
        load_key_file(path)


def test_both_keys_sign_from_rotation_to_retirement(path: Path) -> None:
    old = load_key_file(path)
    both = change_key_file(path, "rotate")
    assert [key.status for key in both.keys] == ["active", "retiring"]
    text = notes.signed(ORIGIN, 9, ROOT, both)
    for file in (old, both):
        known = [parse_verifier_key(key) for key in notes.verifier_keys([ORIGIN], file)]
        opened, signed = note.open_signed(text, known)
        assert checkpoint.parse(opened) == checkpoint.Checkpoint(ORIGIN, 9, ROOT)
        assert len(signed) == len(file.keys)
    new = change_key_file(path, "retire")
    assert [key.status for key in new.keys] == ["active", "retired"]
    assert old.keys[0].seed not in path.read_text()
    assert old.keys[0].public not in "".join(notes.verifier_keys([ORIGIN], new))
    assert not notes.by_all_keys(text, ORIGIN, new)
    assert notes.by_all_keys(notes.signed(ORIGIN, 9, ROOT, new), ORIGIN, new)


def test_a_note_of_a_retired_key_is_still_known_as_ours_and_a_strangers_is_not(
    path: Path, tmp_path: Path
) -> None:
    text = notes.signed(ORIGIN, 9, ROOT, load_key_file(path))
    change_key_file(path, "rotate")
    found = notes.ours(text, ORIGIN, change_key_file(path, "retire"))
    assert found == checkpoint.Checkpoint(ORIGIN, 9, ROOT)
    stranger = load_key_file(make_key_file(tmp_path / "stranger"))
    assert notes.ours(text, ORIGIN, stranger) is None
    assert notes.ours(text, "d/990102/casework", load_key_file(path)) is None


def test_a_second_rotation_waits_for_the_retirement(path: Path) -> None:
    change_key_file(path, "rotate")
    with pytest.raises(SealerKeyError, match="retire"):
        change_key_file(path, "rotate")
    change_key_file(path, "retire")
    with pytest.raises(SealerKeyError, match="rotate"):
        change_key_file(path, "retire")


def test_a_file_with_halves_of_two_keys_is_refused(path: Path, tmp_path: Path) -> None:
    other = load_key_file(make_key_file(tmp_path / "other"))
    found = msgspec.json.decode(path.read_bytes())
    found["keys"][0]["public"] = other.keys[0].public
    path.write_bytes(msgspec.json.encode(found))
    with pytest.raises(SealerKeyError, match="two halves"):
        load_key_file(path)


def test_the_trust_file_is_public_and_names_each_origin(path: Path, tmp_path: Path) -> None:
    file = change_key_file(path, "rotate")
    write_trust(tmp_path, notes.verifier_keys(["b/1/casework", "a/1/notify"], file))
    trust = tmp_path / "baoxue-trust.json"
    assert stat.S_IMODE(trust.stat().st_mode) == 0o644
    found = msgspec.json.decode(trust.read_bytes())
    assert [key.partition("+")[0] for key in found["keys"]] == [
        "a/1/notify",
        "a/1/notify",
        "b/1/casework",
        "b/1/casework",
    ]
    assert found | {"keys": []} == {"keys": [], "witnesses": [], "k": 0, "greatest_age_days": None}
    assert not any(key.seed in trust.read_text() for key in file.keys)
