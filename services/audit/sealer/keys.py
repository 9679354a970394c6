"""The sealer's key file, and the public keys that an inspector trusts."""

import fcntl
import os
import stat
from base64 import b64decode, b64encode
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

FILE = "sealer.json"
TRUST = "baoxue-trust.json"
SEED_BYTES = 32


class SealerKeyError(Exception):
    """A key file that cannot be used, or a change it does not allow; says what to do next."""


class Key(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An Ed25519 pair; `seed` (base64) is gone once the key is retired, `public` stays."""

    status: Literal["active", "retiring", "retired"]
    public: str
    seed: str = ""

    def __repr__(self) -> str:
        return f"Key({self.status}, {self.public})"

    @property
    def public_bytes(self) -> bytes:
        return b64decode(self.public)

    @property
    def seed_bytes(self) -> bytes:
        return b64decode(self.seed)


class KeyFile(msgspec.Struct, frozen=True, kw_only=True):
    """One active key, at most one that is retiring and signs too, and those that signed once."""

    version: Literal[1] = 1
    keys: list[Key]

    @property
    def signing(self) -> list[Key]:
        """Those that sign, the active one first."""
        return [key for key in self.keys if key.status != "retired"]

    def rotated(self) -> "KeyFile":
        """With a new active key; the one before signs too until it is retired."""
        if any(key.status == "retiring" for key in self.keys):
            raise SealerKeyError("上次轮换的旧密钥还在签名：请先运行 retire，再轮换。")
        before = [msgspec.structs.replace(key, status="retiring") for key in self.signing]
        gone = [key for key in self.keys if key.status == "retired"]
        return KeyFile(keys=[new_key(), *before, *gone])

    def retired(self) -> "KeyFile":
        """Without the secret of the one that is retiring."""
        if not any(key.status == "retiring" for key in self.keys):
            raise SealerKeyError("没有正在退役的密钥：先 rotate，等检查方都有了新公钥再 retire。")
        return KeyFile(keys=[_without_secret(key) for key in self.keys])


def new_key() -> Key:
    pair = Ed25519PrivateKey.generate()
    return Key(
        status="active",
        public=b64encode(pair.public_key().public_bytes_raw()).decode(),
        seed=b64encode(pair.private_bytes_raw()).decode(),
    )


def _without_secret(key: Key) -> Key:
    return Key(status="retired", public=key.public) if key.status == "retiring" else key


def make_key_file(directory: Path) -> Path:
    """Make `sealer.json` (0600) unless it is there."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = directory / FILE
    with _only_one(directory):
        if not path.exists():
            _write(path, KeyFile(keys=[new_key()]), 0o600)
    return path


def load_key_file(path: Path) -> KeyFile:
    """Read the key file. Raises SealerKeyError."""
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise SealerKeyError(f"{path} can be read by others: chmod 600 {path}")
        found = msgspec.json.decode(path.read_bytes(), type=KeyFile)
    except (OSError, msgspec.DecodeError) as error:
        raise SealerKeyError(f"{path} cannot be read ({error}): restore it from backup") from error
    if [key.status for key in found.keys].count("active") != 1:
        raise SealerKeyError(f"{path} needs exactly one active key: restore it from backup")
    for key in found.signing:
        _check_pair(path, key)
    return found


def _check_pair(path: Path, key: Key) -> None:
    seed = key.seed_bytes
    if len(seed) != SEED_BYTES:
        raise SealerKeyError(f"{path} holds a seed of {len(seed)} bytes: restore it from backup")
    pair = Ed25519PrivateKey.from_private_bytes(seed)
    if pair.public_key().public_bytes_raw() != key.public_bytes:
        raise SealerKeyError(f"{path} holds two halves of different keys: restore it from backup")


def change_key_file(path: Path, change: Literal["rotate", "retire"]) -> KeyFile:
    """Rotate or retire, written whole or not at all. Raises SealerKeyError."""
    with _only_one(path.parent):
        found = load_key_file(path)
        changed = found.rotated() if change == "rotate" else found.retired()
        _write(path, changed, 0o600)
    return changed


class Trust(msgspec.Struct, frozen=True, kw_only=True):
    """The trust file of `docs/ledger.md`: verifier keys, witnesses and how many are asked for."""

    keys: list[str]
    witnesses: list[str] = []
    k: int = 0
    greatest_age_days: int | None = None


def write_trust(home: Path, verifier_keys: Iterable[str]) -> None:
    """The public file that inspectors take with them; unchanged when it says the same."""
    path, trust = home / TRUST, Trust(keys=list(verifier_keys))
    if not trust.keys:  # a file without keys would trust nobody
        return
    try:
        if msgspec.json.decode(path.read_bytes(), type=Trust).keys == trust.keys:
            return
    except (OSError, msgspec.DecodeError):
        pass
    _write(path, trust, 0o644)


@contextmanager
def _only_one(directory: Path) -> Generator[None]:
    # Two first starts at once would make two keys, and sign with the one that is overwritten.
    with (directory / ".sealer").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _write(path: Path, content: object, mode: int) -> None:
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(content)))
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
    # Without this a power cut could bring the old name back, and with it the old key.
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
