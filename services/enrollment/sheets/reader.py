"""Reads a stranger's file in a process of its own, within limits of memory and time."""

import os
import selectors
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import IO, Any

import msgspec

from services.enrollment.sheets.child import LENGTH, Request
from services.enrollment.sheets.errors_out import extracts
from services.enrollment.sheets.kinds import KINDS
from services.enrollment.sheets.parsed import Fault, Parsed, SheetReport

PROJECT = Path(__file__).resolve().parents[3]
MAX_FRAME_BYTES = 64 * 2**20
READ_BYTES = 2**18
END_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading one file may cost. `memory_bytes` is address space, more than is resident."""

    memory_bytes: int = 480 * 2**20
    cpu_seconds: int = 40
    wall_seconds: float = 60.0


class ReaderFailed(Exception):
    """The reading process broke off: a bug or an exhausted limit. Says where, never a value."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the caller wants read: `answers` settle questions by id or option name."""

    kind: str
    account_school: str | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    today: date | None = None
    name: str = ""


def parse(
    path: Path,
    wish: Wish,
    limits: Limits = Limits(),
    progress: Callable[[int], None] = lambda _rows: None,
) -> Parsed[Any]:
    """Read the file. Never raises for what the file holds: that is a fault of the result.

    Blocks; call it in a thread from an event loop. `progress` gets the rows read so far.
    """
    request = Request(
        path=str(path),
        kind=wish.kind,
        name=wish.name or path.name,
        account_school=wish.account_school,
        answers=dict(wish.answers),
        today=wish.today,
        memory_bytes=limits.memory_bytes,
        cpu_seconds=limits.cpu_seconds,
    )
    types = {t.__name__: t for t in KINDS[wish.kind].rows}
    rows: list[object] = []
    try:
        for tag, raw in frames(request, limits):
            if tag == "progress":
                progress(msgspec.msgpack.decode(raw, type=int))
            elif tag in types:
                rows += msgspec.msgpack.decode(raw, type=list[types[tag]])
            elif tag == "parsed":
                parsed = msgspec.msgpack.decode(raw, type=Parsed[None])
                return replace(parsed, rows=tuple(rows))  # type: ignore[type-var]
            elif tag == "failed":
                raise ReaderFailed(msgspec.msgpack.decode(raw, type=str))
        raise ReaderFailed("no answer")
    except ReaderFailed as error:
        return Parsed(kind=wish.kind, faults=(_given_up(str(error)),))


def write_errors(
    path: Path,
    out: Path,
    faults: Sequence[Fault],
    reports: Sequence[SheetReport],
    name: str = "",
    limits: Limits = Limits(),
) -> int:
    """Write the rows that `faults` name to `out`, an .xlsx of the same shape with 原因.

    `faults` may be the reader's and the importer's own together. Answers the number of bad rows.
    Raises `ReaderFailed` where the file can no longer be read.
    """
    request = Request(
        path=str(path),
        kind="",
        name=name or path.name,
        account_school=None,
        answers={},
        today=None,
        memory_bytes=limits.memory_bytes,
        cpu_seconds=limits.cpu_seconds,
        errors_to=str(out),
        extracts=tuple(extracts(faults, reports)),
    )
    for tag, raw in frames(request, limits):
        if tag == "written":
            return msgspec.msgpack.decode(raw, type=int)
        raise ReaderFailed(msgspec.msgpack.decode(raw, type=str))
    raise ReaderFailed("no answer")


def _given_up(why: str) -> Fault:
    if why == "time":
        reason = "读了太久还没读完，已停下"
    elif why == "memory" or why.startswith("ended"):
        reason = "文件太大或内容太怪，读它要用的内存超过限度，已停下"
    else:
        reason = "文件内容太怪，读不下去"
    mend = "只复制有内容的行列到一个新表，另存为 .xlsx 再传"
    return Fault(code="file_too_costly", reason=reason, mend=mend, value=why)


def frames(request: Request, limits: Limits) -> Iterator[tuple[str, msgspec.Raw]]:
    """Frames of the child until it ends. Raises `ReaderFailed` when it dies or takes too long."""
    path = os.pathsep.join(p for p in (str(PROJECT), os.environ.get("PYTHONPATH", "")) if p)
    child = subprocess.Popen(
        [sys.executable, "-m", "services.enrollment.sheets.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": path, "MALLOC_ARENA_MAX": "1"},
        close_fds=True,
    )
    assert child.stdin
    assert child.stdout
    try:
        child.stdin.write(msgspec.msgpack.encode(request))
        child.stdin.close()
        yield from _frames(child.stdout, time.monotonic() + limits.wall_seconds)
        if child.wait(END_SECONDS):
            raise ReaderFailed(f"ended with {child.returncode}")
    except BrokenPipeError as error:
        raise ReaderFailed("ended early") from error
    finally:
        child.kill()
        child.stdout.close()
        child.wait()


def _frames(pipe: IO[bytes], deadline: float) -> Iterator[tuple[str, msgspec.Raw]]:
    buffer = bytearray()
    with selectors.DefaultSelector() as ready:
        ready.register(pipe, selectors.EVENT_READ)
        while True:
            while (size := _frame_size(buffer)) is not None:
                yield msgspec.msgpack.decode(
                    buffer[LENGTH.size : size], type=tuple[str, msgspec.Raw]
                )
                del buffer[:size]
            if not ready.select(max(deadline - time.monotonic(), 0)):
                raise ReaderFailed("time")
            chunk = os.read(pipe.fileno(), READ_BYTES)
            if not chunk:
                return
            buffer += chunk


def _frame_size(buffer: bytearray) -> int | None:
    """The size of the first frame with its length, None while it is not whole."""
    if len(buffer) < LENGTH.size:
        return None
    size = LENGTH.size + LENGTH.unpack_from(buffer)[0]
    if size > MAX_FRAME_BYTES:
        raise ReaderFailed("oversize frame")
    return size if len(buffer) >= size else None
