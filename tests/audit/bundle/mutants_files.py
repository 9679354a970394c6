"""Tampering with the file: ZIP, members, manifest, JSON."""

import zlib
from random import Random
from typing import Any

import msgspec

from tests.audit.bundle.mutants import (
    MALFORMED,
    TAMPERED,
    Mutant,
    kind,
    lines,
    own_line,
    put_lines,
    seq_of,
    turn,
)
from tests.audit.bundle.synthetic import CHILD, Parts, county, pack, parts, selection

ALL = "CASE SELECTION RANGE"


def central_of(data: bytes) -> int:
    return int.from_bytes(data[-6:-2], "little")


@kind(ALL, MALFORMED, "check_directory")
def directory_byte(random: Random, made: Parts) -> Mutant:
    data = made.pack()
    return Mutant(turn(random, data, central_of(data))[0], None, None)


@kind(ALL, MALFORMED, "check_directory")
def end_of_the_file_cut_off(random: Random, made: Parts) -> Mutant:
    data = made.pack()
    return Mutant(data[: random.randrange(central_of(data), len(data))])


@kind(ALL, MALFORMED, "check_directory")
def bytes_after_the_end(random: Random, made: Parts) -> Mutant:
    return Mutant(made.pack() + random.randbytes(random.randrange(1, 99)))


@kind(ALL, MALFORMED)
def bytes_before_the_start(random: Random, made: Parts) -> Mutant:
    return Mutant(random.randbytes(random.randrange(1, 99)) + made.pack())


@kind(ALL, MALFORMED)
def file_cut_off(random: Random, made: Parts) -> Mutant:
    data = made.pack()
    return Mutant(data[: random.randrange(len(data))])


@kind(ALL, (MALFORMED, TAMPERED))
def local_header_byte(random: Random, made: Parts) -> Mutant:
    data = made.pack()
    starts = [n for n in range(len(data) - 4) if data[n : n + 4] == b"PK\x03\x04"]
    start = random.choice(starts)
    return Mutant(turn(random, data, start, start + 30)[0])


@kind(ALL, MALFORMED, "check_files")
def crc_in_both_headers(random: Random, made: Parts) -> Mutant:
    names = [name for name in made.members if name not in ("manifest.json", "seal.json")]
    name = random.choice(names)
    crc = zlib.crc32(made.members[name]) ^ random.randrange(1, 1 << 32)
    return Mutant(pack(made.members, {name: crc}), None, f"zip:{name}")


@kind(ALL, TAMPERED, "check_files")
def reading_member_byte(random: Random, made: Parts) -> Mutant:
    name = random.choice(("README.txt", "events.xlsx", "timeline.html", "verify.py"))
    made.members[name], _ = turn(random, made.members[name])
    return Mutant(made.pack(), None, name)


@kind(ALL, TAMPERED)
def any_listed_member_byte(random: Random, made: Parts) -> Mutant:
    names = [name for name, data in made.members.items() if data]
    name = random.choice(
        [n for n in names if n not in ("manifest.json", "seal.json", "entries.jsonl")]
    )
    made.members[name], _ = turn(random, made.members[name])
    return Mutant(made.pack())


@kind(ALL, TAMPERED, "check_files")
def consistency_byte(random: Random, made: Parts) -> Mutant:
    name = "consistency.txt"
    start = made.members[name].index(b"\n", 40)
    made.members[name], _ = turn(random, made.members[name], start + 10, start + 30)
    return Mutant(made.pack(), None, name)


@kind(ALL, MALFORMED, "check_members")
def stranger_among_the_members(random: Random, made: Parts) -> Mutant:
    evil = ("../../evil.py", "/etc/passwd", "C:\\evil", "a/../../b", "proofs/", "verify.py.bak")
    seal = made.members.pop("seal.json")
    made.members[random.choice(evil) + str(random.randrange(99))] = random.randbytes(9)
    made.members["seal.json"] = seal
    return Mutant(made.reseal().pack())


@kind(ALL, MALFORMED, "check_members")
def members_in_another_order(random: Random, made: Parts) -> Mutant:
    names = list(made.members)
    one, other = random.sample(range(1, len(names)), 2)
    names[one], names[other] = names[other], names[one]
    made.members = {name: made.members[name] for name in names}
    return Mutant(made.pack())


@kind(ALL, MALFORMED, "check_members")
def readme_missing(random: Random, made: Parts) -> Mutant:
    del made.members["README.txt"]
    return Mutant(made.reseal(purpose=str(random.random())).pack(), None, "README.txt")


@kind(ALL, MALFORMED)
def member_missing(random: Random, made: Parts) -> Mutant:
    optional = ("events.xlsx", "timeline.html", "verify.html")
    name = random.choice([name for name in made.members if name not in optional])
    del made.members[name]
    return Mutant(made.pack(), None, name)


@kind(ALL, TAMPERED, "check_export")
def manifest_field(random: Random, made: Parts) -> Mutant:
    found = made.manifest
    name = random.choice(("purpose", "known_at", "requester", "address", "approvals", "export"))
    found[name] = f"{random.random()}"
    made.members["manifest.json"] = msgspec.json.encode(found)
    return Mutant(made.pack(), None, None)


@kind(ALL, (TAMPERED, MALFORMED, "INCOMPLETE", "NEVER LOGGED", "UNEXPLAINED ERASURE"))
def any_byte_of_the_manifest(random: Random, made: Parts) -> Mutant:
    made.members["manifest.json"], _ = turn(random, made.members["manifest.json"])
    return Mutant(made.pack())


@kind(ALL, TAMPERED, "check_checkpoints", "entry_inclusion", "check_range", "check_heads")
def size_in_the_manifest(random: Random, made: Parts) -> Mutant:
    logs = made.manifest["logs"]
    random.choice(logs)["size"] += random.randrange(1, 50)
    return Mutant(made.reseal(logs=logs).pack(), None, None)


@kind("CASE", ("TAMPERED", "INCOMPLETE"), "entry_subject", "check_neighbours", "check_streams")
def another_subject(random: Random, made: Parts) -> Mutant:
    subject = CHILD[:-4] + f"{random.randrange(16**4 - 1):04x}"
    return Mutant(made.reseal(subject=subject, withheld=["narrative"]).pack())


@kind(ALL, MALFORMED, "check_simulated")
def simulated(random: Random, made: Parts) -> Mutant:
    from tests.audit.bundle.synthetic import case, ranged

    write = {"CASE": case, "SELECTION": selection, "RANGE": ranged}[made.kind]
    played = county(simulated=True)
    return Mutant(parts(played, write(played, purpose=str(random.random()))).pack(), None, "origin")


# JSON that two readers could understand differently, logged as it is.
STRANGE: dict[str, Any] = {
    "duplicate": lambda r: f'{{"a":{r.randrange(99)},"a":2}}',
    "float": lambda r: f'{{"a":{r.random()}}}',
    "nan": lambda r: r.choice(('{"a":NaN}', '{"a":Infinity}', '{"a":-Infinity}', '{"a":1e3}')),
    "surrogate": lambda r: f'{{"a":"\\ud8{r.randrange(256):02x}"}}',
    "deep": lambda r: '{"a":' + "[" * (32 + r.randrange(900)) + "]" * 932,
    "large": lambda r: f'{{"a":{"9" * r.randrange(21, 9000)}}}',
    "after": lambda r: f'{{"a":1}},"b":{r.randrange(99)}',
    "nothing": lambda r: "",
}


@kind(ALL, MALFORMED)
def strange_json(random: Random, made: Parts) -> Mutant:
    at, body = own_line(random, made)
    data = STRANGE[random.choice(list(STRANGE))](random)
    found = lines(made, "entries.jsonl")
    found[at] = body[: body.index(b',"data":') + 8] + data.encode() + b"}"
    put_lines(made, "entries.jsonl", found)
    return Mutant(made.reseal().pack(), seq_of(body), "entries.jsonl")
