"""Writes bundles: first every file and the manifest, then, once that is sealed, the whole."""

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from services.audit.export import events_csv, readable
from services.audit.export.contents import Contents, LogPart, Seal
from services.audit.export.manifest import (
    heads_line,
    manifest,
    manifest_digest,
    seal_json,
    text_of,
    texts_of,
)
from services.audit.export.members import Members, Output
from services.audit.export.zip import write_zip
from services.audit.proofs.tree import leaf_hash

VERIFIER = Path(__file__).parent.parent / "verify.py"
PAGE_VERIFIER = VERIFIER.with_suffix(".html")
# The order of members is part of the format.
FILES = (
    "entries.jsonl",
    "disclosures.jsonl",
    "erasures.jsonl",
    "proofs/inclusion.jsonl",
    "proofs/range.jsonl",
    "proofs/leaves.bin",
    "proofs/heads.jsonl",
    "attachments/",
    "checkpoints/",
    "consistency.txt",
    "events.csv",
    "events.xlsx",
    "timeline.html",
    "README.txt",
    "verify.py",
    "verify.html",
)


class Draft:
    """A bundle that lacks nothing but its seal; `digest` is what `ExportMade` must hold."""

    def __init__(self, contents: Contents, members: Members) -> None:
        self.members = members
        order = sorted(members.written, key=_order)
        self.files = [members.written[name] for name in order]
        self.manifest = manifest(contents, self.files)
        self.digest = manifest_digest(self.manifest)
        self.entries = sum(log.count for log in contents.logs)

    def write(self, out: BinaryIO, seal: Seal) -> None:
        """The ZIP file; `out` is only appended to. Raises TooLarge."""
        self.members.put("manifest.json", self.manifest)
        self.members.put("seal.json", seal_json(seal))
        whole = self.members.written
        ordered = [whole["manifest.json"], *self.files, whole["seal.json"]]
        write_zip(out, ((one.member, one.chunks()) for one in ordered))


def _order(name: str) -> tuple[int, str]:
    found = next(n for n, known in enumerate(FILES) if name == known or name.startswith(known))
    return found, name


def draw_up(contents: Contents, members: Members) -> Draft:
    """Write every file of the bundle into `members`. Raises msgspec errors for a strange body."""
    with ExitStack() as open_files:
        _Walk(contents, members, open_files).write()
    erasures = (
        {"subject": one.subject, "class": one.cls, "log": one.log, "seq": one.seq}
        for one in contents.erasures
    )
    members.put("erasures.jsonl", _lines(erasures))
    _put_proofs(contents, members)
    if contents.readable:
        readable.write(contents, members)
    members.put("README.txt", readable.instructions(contents).encode())
    members.put("verify.py", VERIFIER.read_bytes())
    members.put("verify.html", PAGE_VERIFIER.read_bytes())
    return Draft(contents, members)


def write_bundle(out: BinaryIO, contents: Contents, seal: Seal) -> None:
    """A whole bundle at once, for a seal that is known beforehand."""
    with Members() as members:
        draw_up(contents, members).write(out, seal)


class _Walk:
    """One walk over all entries, writing everything that has a line an entry."""

    def __init__(self, contents: Contents, members: Members, open_files: ExitStack) -> None:
        self.contents = contents
        enter = open_files.enter_context
        self.bodies = enter(members.member("entries.jsonl"))
        self.disclosures = enter(members.member("disclosures.jsonl"))
        self.rows = enter(members.member("events.csv"))
        name = "proofs/leaves.bin" if contents.kind == "RANGE" else "proofs/inclusion.jsonl"
        self.proofs = enter(members.member(name))

    def write(self) -> None:
        self.rows.write(events_csv.BOM + events_csv.line(events_csv.HEADER))
        for number, log in enumerate(self.contents.logs):
            for seq, body in log.entries():
                self._write_entry(number, log, seq, body)

    def _write_entry(self, number: int, log: LogPart, seq: int, body: bytes) -> None:
        self.bodies.write(body + b"\n")
        disclosed = self.contents.disclose(number, seq)
        for one in disclosed:
            line = {"log": number, "seq": seq, "path": one.path, "salt": text_of(one.salt)}
            self.disclosures.write(_line(line | {"text": one.text}))
        self.rows.write(events_csv.line(events_csv.cells_of(log.name, body, disclosed)))
        _write_proof(self.proofs, number, log, seq, body)


def _write_proof(out: Output, number: int, log: LogPart, seq: int, body: bytes) -> None:
    if log.path is None:
        out.write(leaf_hash(body))
    else:
        out.write(_line({"log": number, "seq": seq, "path": texts_of(log.path(seq))}))


def _put_proofs(contents: Contents, members: Members) -> None:
    for log in contents.logs:
        members.put(f"checkpoints/{log.name}.note", log.note.encode())
    if contents.kind == "CASE":
        own = [(n, log) for n, log in enumerate(contents.logs) if log.heads is not None]
        members.put("proofs/heads.jsonl", _lines(heads_line(n, log) for n, log in own))
    if contents.kind == "RANGE":
        place = {"first": contents.first, "last": contents.last}
        left, right = contents.logs[0].beside or ((), ())
        beside = {"left": texts_of(left), "right": texts_of(right)}
        members.put("proofs/range.jsonl", _line({"log": 0} | place | beside))
    blocks = (
        "\n".join([one.origin, str(one.old), str(one.new), *texts_of(one.hashes)]) + "\n"
        for one in contents.consistency
    )
    members.put("consistency.txt", "\n".join(blocks).encode())


def _line(value: dict[str, Any]) -> bytes:
    return msgspec.json.encode(value) + b"\n"


def _lines(values: Iterable[dict[str, Any]]) -> bytes:
    return b"".join(map(_line, values))
