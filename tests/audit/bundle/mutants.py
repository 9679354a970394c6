"""Ways to tamper with a bundle: each kind changes one thing and says how it must be found.

`by hand` kinds edit the finished file; `by the system` kinds are sealed again, as only somebody
with the sealer's help could, so that exactly the check under test stands between them and VERIFIED.
Every kind names the checks that find it: with those taken out, it is not found.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import msgspec

from services.audit.export import events_csv
from services.audit.export.contents import Disclosure
from tests.audit.bundle.synthetic import Parts, b64

TAMPERED, MALFORMED = "TAMPERED", "MALFORMED"
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


@dataclass
class Mutant:
    """A changed bundle, and what the verifier must say of it (None: anything)."""

    data: bytes
    index: int | None = None
    where: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    pin: str | None = None


@dataclass(frozen=True)
class Kind:
    """One way to tamper, the verdicts that are right for it, and the checks that find it."""

    name: str
    of: str
    make: Callable[[Random, Parts], Mutant]
    verdicts: tuple[str, ...]
    found_by: tuple[str, ...]


KINDS: list[Kind] = []


def kind(
    of: str, verdicts: str | Sequence[str], *found_by: str
) -> Callable[[Callable[[Random, Parts], Mutant]], Callable[[Random, Parts], Mutant]]:
    """Register a kind for bundles of these classes (blank between them)."""

    def register(make: Callable[[Random, Parts], Mutant]) -> Callable[[Random, Parts], Mutant]:
        right = (verdicts,) if isinstance(verdicts, str) else tuple(verdicts)
        classes = of.split()
        KINDS.extend(Kind(f"{make.__name__}[{c}]", c, make, right, found_by) for c in classes)
        return make

    return register


# Small tools.
def lines(parts: Parts, name: str) -> list[bytes]:
    return parts.members[name].split(b"\n")[:-1]


def put_lines(parts: Parts, name: str, found: Sequence[bytes]) -> None:
    parts.members[name] = b"".join(line + b"\n" for line in found)


def read(line: bytes) -> dict[str, Any]:
    return json.loads(line)


def seq_of(body: bytes) -> int:
    return read(body)["ledgerseq"]


def other(random: Random, one: str) -> str:
    return random.choice([letter for letter in LETTERS if letter != one])


def other_hash(random: Random, text: str) -> str:
    """The hash with one bit turned."""
    from base64 import b64decode

    raw = bytearray(b64decode(text))
    raw[random.randrange(len(raw))] ^= 1 << random.randrange(8)
    return b64(bytes(raw))


def turn(random: Random, data: bytes, start: int = 0, end: int | None = None) -> tuple[bytes, int]:
    """The bytes with one of them changed, and where."""
    at = random.randrange(start, len(data) if end is None else end)
    return data[:at] + bytes([data[at] ^ random.randrange(1, 256)]) + data[at + 1 :], at


def changed_text(random: Random, body: bytes, member: str) -> bytes:
    """The body with one character of a text member changed."""
    text = body.decode()
    start = text.index(f'"{member}":"') + len(member) + 4
    end = text.index('"', start)
    at = random.randrange(start, end)
    return (text[:at] + other(random, text[at]) + text[at + 1 :]).encode()


def rows_again(parts: Parts) -> None:
    """events.csv by the rule, from what the bundle now holds."""
    names = {f"/{one['ledger']}/{one['service']}": n for n, one in enumerate(_logs(parts))}
    told: dict[tuple[int, int], list[Disclosure]] = {}
    for line in map(read, lines(parts, "disclosures.jsonl")):
        one = Disclosure(line["path"], b"", line["text"])
        told.setdefault((line["log"], line["seq"]), []).append(one)
    out = [events_csv.BOM + events_csv.line(events_csv.HEADER)]
    for body in lines(parts, "entries.jsonl"):
        found = read(body)
        place = names[found["source"]], found["ledgerseq"]
        service = _logs(parts)[place[0]]["service"]
        out.append(events_csv.line(events_csv.cells_of(service, body, told.get(place, ()))))
    parts.members["events.csv"] = b"".join(out)


def _logs(parts: Parts) -> list[dict[str, Any]]:
    return parts.manifest["logs"]


def number_of(parts: Parts, body: bytes) -> int:
    sources = [f"/{one['ledger']}/{one['service']}" for one in _logs(parts)]
    return sources.index(read(body)["source"])


def drop(parts: Parts, wanted: Callable[[int, bytes], bool]) -> list[tuple[int, int]]:
    """Take entries out, with their proofs, disclosures and rows; the manifest counts anew."""
    bodies = lines(parts, "entries.jsonl")
    gone = {(number_of(parts, b), seq_of(b)) for b in bodies if wanted(number_of(parts, b), b)}
    kept = [b for b in bodies if (number_of(parts, b), seq_of(b)) not in gone]
    put_lines(parts, "entries.jsonl", kept)
    for name in ("proofs/inclusion.jsonl", "disclosures.jsonl"):
        if name in parts.members:
            rest = [
                line
                for line in lines(parts, name)
                if (read(line)["log"], read(line)["seq"]) not in gone
            ]
            put_lines(parts, name, rest)
    logs = _logs(parts)
    for number, _ in gone:
        logs[number]["entries"] -= 1
    parts.members["manifest.json"] = msgspec.json.encode(parts.manifest | {"logs": logs})
    rows_again(parts)
    return sorted(gone)


def own_line(random: Random, parts: Parts) -> tuple[int, bytes]:
    """A line of entries.jsonl that is of the subject's own streams (or any, without a subject)."""
    subject = parts.manifest["subject"]
    found = lines(parts, "entries.jsonl")
    own = [n for n, body in enumerate(found) if subject in (None, read(body).get("subject"))]
    at = random.choice(own)
    return at, found[at]


# Entries.
ENTRY = ("check_files", "entry_inclusion", "entry_leaf")


@kind("CASE SELECTION RANGE", (TAMPERED, "INCOMPLETE", "NEVER LOGGED"), *ENTRY)
def body_byte_by_hand(random: Random, parts: Parts) -> Mutant:
    at, body = own_line(random, parts)
    found = lines(parts, "entries.jsonl")
    start = body.index(b'"correlationid":"') + 17
    found[at] = turn_letter(random, body, start, start + 36)
    put_lines(parts, "entries.jsonl", found)
    return Mutant(parts.pack(), seq_of(body), "body")


def turn_letter(random: Random, data: bytes, start: int, end: int) -> bytes:
    at = random.randrange(start, end)
    return data[:at] + other(random, chr(data[at])).encode() + data[at + 1 :]


@kind("CASE SELECTION RANGE", (TAMPERED, "INCOMPLETE", "NEVER LOGGED"))
def any_byte_of_entries(random: Random, parts: Parts) -> Mutant:
    data, at = turn(random, parts.members["entries.jsonl"])
    line = parts.members["entries.jsonl"][:at].count(b"\n")
    seq = seq_of(lines(parts, "entries.jsonl")[line])
    parts.members["entries.jsonl"] = data
    return Mutant(parts.pack(), seq)


@kind("CASE SELECTION", TAMPERED, "entry_inclusion")
def body_by_the_system(random: Random, parts: Parts) -> Mutant:
    at, body = own_line(random, parts)
    found = lines(parts, "entries.jsonl")
    found[at] = changed_text(random, body, random.choice(("actorid", "commandid", "via", "id")))
    put_lines(parts, "entries.jsonl", found)
    rows_again(parts)
    return Mutant(parts.reseal().pack(), seq_of(body), "body")


@kind("RANGE", TAMPERED, "entry_leaf")
def body_of_a_range_by_the_system(random: Random, parts: Parts) -> Mutant:
    return body_by_the_system(random, parts)


@kind("RANGE", TAMPERED, "check_range")
def body_and_leaf_of_a_range(random: Random, parts: Parts) -> Mutant:
    from services.audit.proofs.tree import leaf_hash

    at, body = own_line(random, parts)
    found = lines(parts, "entries.jsonl")
    found[at] = changed_text(random, body, "actorid")
    put_lines(parts, "entries.jsonl", found)
    leaves = parts.members["proofs/leaves.bin"]
    place = 32 * at
    leaves = leaves[:place] + leaf_hash(found[at]) + leaves[place + 32 :]
    parts.members["proofs/leaves.bin"] = leaves
    rows_again(parts)
    return Mutant(parts.reseal().pack(), None, "root")


@kind(
    "CASE SELECTION", TAMPERED, "entry_inclusion", "entry_order", "check_missing", "check_streams"
)
def entry_renumbered(random: Random, parts: Parts) -> Mutant:
    """Its place in the log is another: body, proof and row agree, the leaf does not."""
    at, body = own_line(random, parts)
    number, seq = number_of(parts, body), seq_of(body)
    taken = {seq_of(b) for b in lines(parts, "entries.jsonl") if number_of(parts, b) == number}
    fresh = random.choice([n for n in range(1, 24) if n not in taken])
    swap = (f'"ledgerseq":{seq},'.encode(), f'"ledgerseq":{fresh},'.encode())
    found = lines(parts, "entries.jsonl")
    found[at] = body.replace(*swap)
    put_lines(parts, "entries.jsonl", found)
    for name in ("proofs/inclusion.jsonl", "disclosures.jsonl"):
        moved = [
            json.dumps(read(line) | {"seq": fresh}, separators=(",", ":")).encode()
            if (read(line)["log"], read(line)["seq"]) == (number, seq)
            else line
            for line in lines(parts, name)
        ]
        put_lines(parts, name, moved)
    rows_again(parts)
    return Mutant(parts.reseal().pack(), None, None)


@kind("CASE", "INCOMPLETE", "check_streams")
def entry_removed(random: Random, parts: Parts) -> Mutant:
    _, body = own_line(random, parts)
    number, seq = number_of(parts, body), seq_of(body)
    stream = read(body)["stream"]
    later = [
        seq_of(b)
        for b in lines(parts, "entries.jsonl")
        if number_of(parts, b) == number and read(b)["stream"] == stream and seq_of(b) > seq
    ]
    drop(parts, lambda n, b: (n, seq_of(b)) == (number, seq))
    # What is missing is named exactly at a stream's end, else by the entry after the gap.
    shared = stream.startswith("inbox-")
    index = seq if not later else None if shared else min(later)
    return Mutant(parts.reseal().pack(), index, "streamversion")


@kind("CASE", "INCOMPLETE", "check_streams")
def stream_removed(random: Random, parts: Parts) -> Mutant:
    _, body = own_line(random, parts)
    number, stream = number_of(parts, body), read(body)["stream"]
    gone = drop(parts, lambda n, b: n == number and read(b)["stream"] == stream)
    return Mutant(parts.reseal().pack(), max(seq for _, seq in gone), "streamversion")


BY_HAND = ("check_files", "check_missing", "check_counts", "check_streams")


@kind("CASE", "INCOMPLETE", *BY_HAND)
def entry_removed_by_hand(random: Random, parts: Parts) -> Mutant:
    at, body = own_line(random, parts)
    found = lines(parts, "entries.jsonl")
    del found[at]
    put_lines(parts, "entries.jsonl", found)
    return Mutant(parts.pack(), seq_of(body))


@kind("SELECTION", "INCOMPLETE", *BY_HAND)
def selected_entry_removed_by_hand(random: Random, parts: Parts) -> Mutant:
    return entry_removed_by_hand(random, parts)


@kind("RANGE", "INCOMPLETE", "check_missing")
def entry_of_a_range_removed(random: Random, parts: Parts) -> Mutant:
    _, body = own_line(random, parts)
    gone = drop(parts, lambda _n, b: seq_of(b) == seq_of(body))
    return Mutant(parts.reseal().pack(), gone[0][1], "ledgerseq")


@kind("RANGE", "INCOMPLETE", "check_missing")
def end_of_a_range_cut_off(random: Random, parts: Parts) -> Mutant:
    first = parts.manifest["last"] - random.randrange(5)
    drop(parts, lambda _n, b: seq_of(b) >= first)
    return Mutant(parts.reseal().pack(), first, "ledgerseq")


@kind("CASE SELECTION RANGE", TAMPERED, "entry_order", "check_missing")
def entries_swapped(random: Random, parts: Parts) -> Mutant:
    found = lines(parts, "entries.jsonl")
    pairs = [
        n
        for n in range(len(found) - 1)
        if number_of(parts, found[n]) == number_of(parts, found[n + 1])
    ]
    at = random.choice(pairs)
    late = seq_of(found[at])
    found[at], found[at + 1] = found[at + 1], found[at]
    put_lines(parts, "entries.jsonl", found)
    rows_again(parts)
    return Mutant(parts.reseal().pack(), late, "ledgerseq")
