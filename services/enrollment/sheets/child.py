"""The process in which a stranger's file is read: limits first, then the file, frames to stdout.

Started by `reader`, as `python -m services.enrollment.sheets.child`. Frames are a length of four
bytes and a MessagePack array [tag, value]; nothing but frames goes to stdout.
"""

import resource
import struct
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import BinaryIO

import msgspec

from services.enrollment.sheets.errors_out import Extract, write_extracts
from services.enrollment.sheets.kinds import read_file
from services.enrollment.sheets.parsed import Options

ROWS_A_FRAME = 2_000
LENGTH = struct.Struct(">I")


class Request(msgspec.Struct, frozen=True):
    """What to read and within which limits; with `errors_to`, which bad rows to write there."""

    path: str
    kind: str
    name: str
    account_school: str | None
    answers: dict[str, str]
    today: date | None
    memory_bytes: int
    cpu_seconds: int
    errors_to: str = ""
    extracts: tuple[Extract, ...] = ()


def send(out: BinaryIO, tag: str, value: object) -> None:
    body = msgspec.msgpack.encode([tag, value])
    out.write(LENGTH.pack(len(body)) + body)
    out.flush()


def main() -> None:
    request = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Request)
    out = sys.stdout.buffer
    _limit(request)
    try:
        _serve(request, out)
    except MemoryError:
        send(out, "failed", "memory")
    except Exception as error:
        send(out, "failed", f"{type(error).__name__} {_where(error)}")


def _limit(request: Request) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (request.memory_bytes, request.memory_bytes))
    cpu = request.cpu_seconds
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _where(error: BaseException) -> str:
    """File and line of the innermost frame: no value of the file may reach a log."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""


def _serve(request: Request, out: BinaryIO) -> None:
    if request.errors_to:
        out_path = Path(request.errors_to)
        count = write_extracts(Path(request.path), request.name, request.extracts, out_path)
        send(out, "written", count)
        return
    parsed = read_file(
        Path(request.path),
        request.kind,
        Options(request.answers, request.today),
        request.account_school,
        request.name,
        lambda rows: send(out, "progress", rows),
    )
    _send_rows(out, parsed.rows)
    send(out, "parsed", replace(parsed, rows=()))


def _send_rows(out: BinaryIO, rows: Sequence[object]) -> None:
    start = 0
    while start < len(rows):
        kind = type(rows[start])
        end = start + 1
        while end < len(rows) and end - start < ROWS_A_FRAME and type(rows[end]) is kind:
            end += 1
        send(out, kind.__name__, rows[start:end])
        start = end


if __name__ == "__main__":
    main()
