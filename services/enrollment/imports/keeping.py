"""What rests of a stranger's file: only boxes under the import's own key, and not for long."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkstemp
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.edge import Edge
from shared.keyring import DEPLOYMENT
from shared.sealed import NONCE_BYTES

PURPOSE = "import"
FOLDER = "uploads"


async def key_of(edge: Edge, job: UUID) -> bytes:
    """The key under which everything of one import rests, made when first asked for."""
    keys = await edge.keyring.keys_for(
        [str(job)], PURPOSE, ["identity"], create=True, ledger=DEPLOYMENT
    )
    return keys.of(str(job), "identity")


def box(key: bytes, job: UUID, what: str, clear: bytes) -> bytes:
    """`clear` as nonce ‖ AES-256-GCM, bound to the import and to `what` it is."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, clear, _bound(job, what))


def unbox(key: bytes, job: UUID, what: str, boxed: bytes) -> bytes:
    """Raises cryptography's InvalidTag where the box is not this one."""
    return AESGCM(key).decrypt(boxed[:NONCE_BYTES], boxed[NONCE_BYTES:], _bound(job, what))


def _bound(job: UUID, what: str) -> bytes:
    return f"import|{job}|{what}".encode()


def folder(edge: Edge) -> Path:
    place = Path(edge.service.settings.home) / FOLDER
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place


def put_file(edge: Edge, job: UUID, key: bytes, content: bytes) -> None:
    """Written whole or not at all."""
    fresh = folder(edge) / f"{job}.new"
    fresh.write_bytes(box(key, job, "file", content))
    fresh.replace(folder(edge) / f"{job}.box")


@contextmanager
def opened_file(edge: Edge, job: UUID, key: bytes, name: str) -> Iterator[Path]:
    """The clear file, for as long as the reading process needs it. Raises FileNotFoundError."""
    content = unbox(key, job, "file", (folder(edge) / f"{job}.box").read_bytes())
    handle, path = mkstemp(suffix=Path(name).suffix[:8], dir=folder(edge))
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
        yield Path(path)
    finally:
        Path(path).unlink(missing_ok=True)


def forget_file(edge: Edge, job: UUID) -> None:
    (folder(edge) / f"{job}.box").unlink(missing_ok=True)
