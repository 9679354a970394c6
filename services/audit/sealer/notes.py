"""Checkpoints as signed notes, with every key that signs at the time."""

from collections.abc import Iterable, Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.audit.proofs import checkpoint, note
from services.audit.proofs.checkpoint import Checkpoint
from services.audit.proofs.note import NoteSigner, NoteWrong, Verifier
from services.audit.sealer.keys import KeyFile


def signed(origin: str, size: int, root: bytes, keys: KeyFile) -> str:
    """The note of a log at a size (root: 32 bytes); the active key signs first."""
    return note.sign(Checkpoint(origin, size, root).text(), _signers(origin, keys))


def verifier_keys(origins: Iterable[str], keys: KeyFile) -> list[str]:
    """What an inspector's trust file names: each origin with each key that signs."""
    return [
        note.verifier_key(origin, key.public_bytes)
        for origin in sorted(origins)
        for key in keys.signing
    ]


def ours(text: str, origin: str, keys: KeyFile) -> Checkpoint | None:
    """The checkpoint of a note that a key of ours signed, also one that is retired; else None."""
    known = [Verifier(origin, key.public_bytes) for key in keys.keys]
    try:
        found = checkpoint.parse(note.open_note(text, known)[0])
    except (NoteWrong, checkpoint.CheckpointWrong):
        return None
    return found if found.origin == origin else None


def by_all_keys(text: str, origin: str, keys: KeyFile) -> bool:
    """Whether the note carries just the signatures that one made now would."""
    try:
        lines = note.split_note(text)[1]
    except NoteWrong:
        return False
    now = {signer.verifier.key_id for signer in _signers(origin, keys)}
    return {line.key_id for line in lines if line.name == origin} == now


def _signers(origin: str, keys: KeyFile) -> Sequence[NoteSigner]:
    return [
        NoteSigner(origin, Ed25519PrivateKey.from_private_bytes(key.seed_bytes))
        for key in keys.signing
    ]
