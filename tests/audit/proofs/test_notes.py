"""Notes and checkpoints: what is signed opens, and nothing else."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.audit.proofs import checkpoint, note
from services.audit.proofs.checkpoint import Checkpoint, CheckpointWrong
from services.audit.proofs.note import NoteSigner, NoteUnverified, NoteWrong, Verifier
from services.audit.proofs.tree import EMPTY, SIZE_LIMIT

ORIGIN = "baoxue.local/990101/casework/simulated"
TEXT = Checkpoint(ORIGIN, 7, EMPTY).text()


def _signer(number: int, name: str = ORIGIN) -> NoteSigner:
    return NoteSigner(name, Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32))


ONE, TWO = _signer(1), _signer(2)


def test_a_note_opens_with_its_key_and_says_whose() -> None:
    signed = note.sign(TEXT, [ONE])
    key = note.parse_verifier_key(note.verifier_key(ORIGIN, ONE.verifier.public))
    assert note.open_note(signed, [key]) == (TEXT, (ORIGIN,))
    assert checkpoint.parse(note.open_note(signed.encode(), [key])[0]).size == 7


def test_while_a_key_is_replaced_either_opens_the_note() -> None:
    signed = note.sign(TEXT, [ONE, TWO])
    for known in ([ONE], [TWO], [TWO, ONE]):
        opened, by = note.open_signed(signed, [one.verifier for one in known])
        assert opened == TEXT
        assert set(by) == {one.verifier for one in known}


def test_every_changed_byte_is_found() -> None:
    signed = note.sign(TEXT, [ONE]).encode()
    for place in range(len(signed)):
        for flip in (1, 32, 128):
            changed = signed[:place] + bytes([signed[place] ^ flip]) + signed[place + 1 :]
            with pytest.raises(NoteWrong):
                note.open_note(changed, [ONE.verifier])


def test_a_false_signature_of_a_known_key_spoils_the_note() -> None:
    false = note.sign(TEXT.replace("7", "8"), [TWO]).rpartition("\n\n")[2]
    with pytest.raises(NoteWrong, match="false"):
        note.open_note(note.sign(TEXT, [ONE]) + false, [ONE.verifier, TWO.verifier])
    assert note.open_note(note.sign(TEXT, [ONE]) + false, [ONE.verifier])[1] == (ORIGIN,)


def test_a_key_with_the_same_id_neither_signs_nor_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    # Four bytes can be found again by trying; here every key simply has the same ones.
    monkeypatch.setattr(Verifier, "key_id", property(lambda self: b"same"))
    by_two = note.sign(TEXT, [TWO])
    with pytest.raises(NoteWrong, match="false"):
        note.open_note(by_two, [ONE.verifier])
    opened = note.open_signed(by_two, [ONE.verifier, TWO.verifier])
    assert opened == (TEXT, (TWO.verifier,))


def test_the_same_key_under_another_name_is_another_key() -> None:
    with pytest.raises(NoteUnverified):
        note.open_note(note.sign(TEXT, [_signer(1, "other.example/log")]), [ONE.verifier])


def test_another_spelling_of_a_signature_is_refused() -> None:
    signed = note.sign(TEXT, [ONE])
    head, _, value = signed[:-1].rpartition(" ")
    # 68 bytes leave two spare bits before the padding; base64 reads any value of them.
    last = value[-2]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = value[:-2] + alphabet[alphabet.index(last) ^ 1] + "="
    assert base64.b64decode(other) == base64.b64decode(value)
    for spelt in (other, value + " ", value.replace("=", ""), f" {value}"):
        with pytest.raises(NoteWrong):
            note.open_note(f"{head} {spelt}\n", [ONE.verifier])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        f"{ORIGIN}+00000000+AAAA",
        note.verifier_key(ORIGIN, bytes(32))[:-1] + "é",
        note.verifier_key(ORIGIN, ONE.verifier.public).replace("+", "+f", 1),
        note.verifier_key(ORIGIN, ONE.verifier.public).upper(),
        "x" * 2000,
    ],
)
def test_a_verifier_key_is_read_strictly(text: str) -> None:
    with pytest.raises(NoteWrong):
        note.parse_verifier_key(text)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u3000b", "a\nb"])
def test_a_name_with_blanks_or_a_plus_is_no_key_name(name: str) -> None:
    with pytest.raises(NoteWrong):
        note.verifier_key(name, bytes(32))


def test_huge_and_odd_texts_are_refused() -> None:
    for text in ("no newline", "tab\there\n"):
        with pytest.raises(NoteWrong):
            note.sign(text, [ONE])
    with pytest.raises(NoteWrong):
        note.sign(TEXT, [])
    for odd in ("\n" * 1_000_001, "lone \ud800\n\n— a b\n", "", "\n\n"):
        with pytest.raises(NoteWrong):
            note.open_note(odd, [ONE.verifier])


@pytest.mark.parametrize(
    "text",
    [
        TEXT[:-1],
        TEXT + "extension\n",
        TEXT.replace("\n7\n", "\n07\n"),
        TEXT.replace("\n7\n", "\n-7\n"),
        TEXT.replace("\n7\n", "\n７\n"),
        TEXT.replace("\n7\n", f"\n{SIZE_LIMIT}\n"),
        TEXT.replace("=", ""),
        TEXT.replace("FU=", "FV="),
        f"\n7\n{TEXT.splitlines()[2]}\n",
        TEXT.replace("\n", "\r\n"),
    ],
)
def test_a_checkpoint_is_read_strictly(text: str) -> None:
    with pytest.raises(CheckpointWrong):
        checkpoint.parse(text)
