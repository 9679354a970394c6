"""The files of a bundle while it is made, with digest and CRC taken as they are written."""

import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from services.audit.export.zip import Member

CHUNK_BYTES = 1 << 20
BUFFER_BYTES = 1 << 18


@dataclass(frozen=True, slots=True)
class Written:
    """A finished file: where it lies, and what the manifest and the ZIP say of it."""

    file: Path
    member: Member
    sha256: str

    def chunks(self) -> Iterator[bytes]:
        """Its bytes."""
        with self.file.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk


class Output:
    """A file that is being written; `write` takes any bytes."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.size, self.crc, self.digest = file, 0, 0, sha256()
        self._waiting = bytearray()

    def write(self, data: bytes) -> None:
        """Append."""
        self._waiting += data
        if len(self._waiting) >= BUFFER_BYTES:
            self.flush()

    def flush(self) -> None:
        """Hand on what waits."""
        data = bytes(self._waiting)
        self._waiting.clear()
        self._file.write(data)
        self.digest.update(data)
        self.crc = zlib.crc32(data, self.crc)
        self.size += len(data)


@dataclass
class Members:
    """A folder of finished files by name; gone when the context ends."""

    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="baoxue-bundle-")))
    written: dict[str, Written] = field(default_factory=dict)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove the folder: it holds personal data."""
        shutil.rmtree(self.folder, ignore_errors=True)

    @contextmanager
    def member(self, name: str) -> Iterator[Output]:
        """Write one file; it is there when the context ends without an error."""
        path = self.folder / str(len(list(self.folder.iterdir())))
        with path.open("wb") as file:
            out = Output(file)
            yield out
            out.flush()
        self.written[name] = Written(path, Member(name, out.size, out.crc), out.digest.hexdigest())

    def put(self, name: str, data: bytes) -> None:
        """Write one small file at once."""
        with self.member(name) as out:
            out.write(data)

    def adopt(self, name: str, path: Path) -> None:
        """Take over a file that another library wrote."""
        with self.member(name) as out, path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                out.write(chunk)
