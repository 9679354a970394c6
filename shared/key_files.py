"""Key files: the masters that a service holds, and the keys that wrap subjects' keys."""

import fcntl
import os
import stat
from base64 import b64decode, b64encode
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.sealed import CLASSES, KEY_BYTES, NONCE_BYTES, SensitivityClass

# What each service may open. notify names the child in a notice and reads the phone it writes to;
# audit finds people by name and visits by their words, and opens nothing else.
SERVICE_CLASSES: Mapping[str, tuple[SensitivityClass, ...]] = {
    "enrollment": CLASSES,
    "casework": CLASSES,
    "notify": ("identity", "contact"),
    "audit": ("identity", "narrative"),
}
FIRST_EPOCH = 1


class KeyFileError(Exception):
    """A key file that cannot be used; the message names the file and what to do."""


class ClassNotHeld(PermissionError):
    """The service asked for a sensitivity class that its key file does not hold."""


class WrongMaster(Exception):
    """Keys wrapped under other masters: key files and keyring do not belong together."""


class KeyFile(msgspec.Struct, frozen=True, kw_only=True):
    """`masters`: class → epoch → base64 of 32 random bytes. New keys take the highest epoch."""

    version: Literal[1] = 1
    service: str
    masters: dict[SensitivityClass, dict[int, str]]

    def __repr__(self) -> str:
        return f"KeyFile({self.service}: {', '.join(self.masters)})"


class Wrapping:
    """Wraps and unwraps subjects' keys with the key-encryption keys of the classes a file holds."""

    def __init__(self, file: KeyFile) -> None:
        self.service = file.service
        self.classes = frozenset(file.masters)
        self._masters = {
            (cls, epoch): b64decode(secret)
            for cls, epochs in file.masters.items()
            for epoch, secret in epochs.items()
        }
        self._epochs = {cls: max(epochs) for cls, epochs in file.masters.items()}
        # Counties come and go slowly; a derived key costs 10 µs, so it is kept.
        self._key_of = cache(self._derive)

    def epoch(self, cls: SensitivityClass) -> int:
        """The epoch under which new keys of the class are wrapped."""
        self.require([cls])
        return self._epochs[cls]

    def require(self, classes: Sequence[SensitivityClass]) -> None:
        for cls in classes:
            if cls not in self.classes:
                raise ClassNotHeld(f"{self.service} holds no key of class {cls}")

    def wrap(
        self, key: bytes, county: str, subject: str, cls: SensitivityClass, nonce: bytes
    ) -> bytes:
        """`nonce(12) ‖ AES-256-GCM(key)`, bound to `subject|class|epoch`: 60 bytes."""
        epoch = self.epoch(cls)
        return nonce + self._key_of(county, cls, epoch).encrypt(
            nonce, key, f"{subject}|{cls}|{epoch}".encode()
        )

    def unwrap(
        self, wrapped: bytes, county: str, subject: str, cls: SensitivityClass, epoch: int
    ) -> bytes:
        self.require([cls])
        if (cls, epoch) not in self._masters:
            raise WrongMaster(f"{self.service}: no master of class {cls}, epoch {epoch}")
        try:
            return self._key_of(county, cls, epoch).decrypt(
                wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], f"{subject}|{cls}|{epoch}".encode()
            )
        except InvalidTag as error:
            raise WrongMaster(f"{self.service}: key of {subject}, {cls}, {epoch}") from error

    def _derive(self, county: str, cls: SensitivityClass, epoch: int) -> AESGCM:
        info = f"baoxue|key-encryption|v1|{county}|{cls}|{epoch}".encode()
        derivation = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info)
        return AESGCM(derivation.derive(self._masters[cls, epoch]))


def make_key_files(
    directory: Path, services: Mapping[str, Sequence[SensitivityClass]] = SERVICE_CLASSES
) -> dict[str, Path]:
    """Make the missing `<service>.json` (0600) in `directory`; never change one that exists.

    A class has the same masters in every file, so a lost file is made again from the others.
    """
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    paths = {service: directory / f"{service}.json" for service in services}
    with _only_one_maker(directory):
        found = [load_key_file(path) for path in paths.values() if path.exists()]
        masters = _masters_of(found) if found else _new_masters()
        for service, classes in services.items():
            if not paths[service].exists():
                _write(paths[service], service, _only(classes, masters, paths[service]))
    return paths


def load_key_file(path: Path) -> KeyFile:
    """Read one service's key file. Raises KeyFileError."""
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise KeyFileError(f"{path} can be read by others: chmod 600 {path}")
        return msgspec.json.decode(path.read_bytes(), type=KeyFile)
    except FileNotFoundError as error:
        raise KeyFileError(f"{path} is missing: restore it from your backup of keys") from error
    except (OSError, msgspec.DecodeError) as error:
        raise KeyFileError(f"{path} cannot be read: {error}") from error


Masters: TypeAlias = dict[SensitivityClass, dict[int, str]]


def _new_masters() -> Masters:
    return {cls: {FIRST_EPOCH: b64encode(os.urandom(KEY_BYTES)).decode()} for cls in CLASSES}


def _masters_of(found: Sequence[KeyFile]) -> Masters:
    return {cls: epochs for file in found for cls, epochs in file.masters.items()}


def _only(classes: Sequence[SensitivityClass], masters: Masters, path: Path) -> Masters:
    # A new master beside surviving files would open nothing that was sealed before, and hide it.
    lost = [cls for cls in classes if cls not in masters]
    if lost:
        raise KeyFileError(f"{path} is missing, and no other file holds {lost}: restore it")
    return {cls: masters[cls] for cls in classes}


def _write(path: Path, service: str, masters: Masters) -> None:
    # A file that is half written would look like a lost one; so it appears whole or not at all.
    body = msgspec.json.format(msgspec.json.encode(KeyFile(service=service, masters=masters)))
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)


@contextmanager
def _only_one_maker(directory: Path) -> Generator[None]:
    # Two starts at once would make two sets of masters, and half of the files would fit neither.
    with (directory / ".making").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
