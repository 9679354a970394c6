"""Tampering with what proves: tables, paths, heads, disclosures, checkpoints, keys, pins."""

import json
from base64 import b64decode
from random import Random
from typing import Any

from services.audit.proofs.checkpoint import Checkpoint
from services.audit.proofs.note import NoteSigner, sign
from tests.audit.bundle.mutants import (
    MALFORMED,
    TAMPERED,
    Mutant,
    kind,
    lines,
    other,
    other_hash,
    own_line,
    put_lines,
    read,
    rows_again,
    seq_of,
)
from tests.audit.bundle.synthetic import COUNTY, STRANGER, County, Parts, Signer, b64, county, parts

ERASED = "UNEXPLAINED ERASURE"


def written(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


# Tables.
@kind("CASE SELECTION RANGE", TAMPERED, "entry_row", "check_rest")
def csv_cell_by_the_system(random: Random, made: Parts) -> Mutant:
    rows = made.members["events.csv"].split(b"\r\n")
    at = random.randrange(1, len(rows) - 1)
    column = random.randrange(2, 14)
    cells = rows[at].split(b'","')
    text = cells[column].decode() or "x"
    place = random.randrange(len(text))
    if text[place] == '"':
        place = 0
    cells[column] = (text[:place] + other(random, text[place]) + text[place + 1 :]).encode()
    rows[at] = b'","'.join(cells)
    made.members["events.csv"] = b"\r\n".join(rows)
    seq = int(cells[1])
    return Mutant(made.reseal().pack(), seq, None)


@kind("CASE SELECTION RANGE", TAMPERED, "check_files", "entry_row", "check_rest")
def csv_cell_by_hand(random: Random, made: Parts) -> Mutant:
    sealed = dict(made.members)
    mutant = csv_cell_by_the_system(random, made)
    made.members |= {name: sealed[name] for name in ("manifest.json", "seal.json")}
    return Mutant(made.pack(), mutant.index, None)


# Proofs.
@kind("CASE SELECTION", TAMPERED, "entry_inclusion")
def inclusion_hash(random: Random, made: Parts) -> Mutant:
    found = lines(made, "proofs/inclusion.jsonl")
    at = random.randrange(len(found))
    line = read(found[at])
    change = random.choice(("turn", "drop", "add"))
    if change == "turn":
        step = random.randrange(len(line["path"]))
        line["path"][step] = other_hash(random, line["path"][step])
    elif change == "drop":
        line["path"].pop(random.randrange(len(line["path"])))
    else:
        line["path"].insert(random.randrange(len(line["path"]) + 1), b64(random.randbytes(32)))
    found[at] = written(line)
    put_lines(made, "proofs/inclusion.jsonl", found)
    return Mutant(made.reseal().pack(), line["seq"], "body")


@kind("CASE SELECTION", "NEVER LOGGED", "entry_place", "check_streams")
def entry_without_proof(random: Random, made: Parts) -> Mutant:
    found = lines(made, "proofs/inclusion.jsonl")
    line = read(found.pop(random.randrange(1, len(found))))
    put_lines(made, "proofs/inclusion.jsonl", found)
    return Mutant(made.reseal().pack(), line["seq"], "ledgerseq")


@kind("RANGE", TAMPERED, "check_range")
def range_hash(random: Random, made: Parts) -> Mutant:
    line = read(made.members["proofs/range.jsonl"])
    side = random.choice([name for name in ("left", "right") if line[name]])
    at = random.randrange(len(line[side]))
    change = random.choice(("turn", "drop", "double"))
    if change == "turn":
        line[side][at] = other_hash(random, line[side][at])
    elif change == "drop":
        del line[side][at]
    else:
        line[side].insert(at, line[side][at])
    put_lines(made, "proofs/range.jsonl", [written(line)])
    return Mutant(made.reseal().pack(), None, "root")


@kind("RANGE", TAMPERED, "entry_leaf", "check_range")
def listed_leaf(random: Random, made: Parts) -> Mutant:
    data = bytearray(made.members["proofs/leaves.bin"])
    at = random.randrange(len(data))
    data[at] ^= random.randrange(1, 256)
    made.members["proofs/leaves.bin"] = bytes(data)
    return Mutant(made.reseal().pack(), made.manifest["first"] + at // 32, "body")


@kind("CASE", (TAMPERED, "INCOMPLETE"), "check_head_lines", "check_streams", "check_neighbours")
def heads_line(random: Random, made: Parts) -> Mutant:
    found = lines(made, "proofs/heads.jsonl")
    at = random.randrange(len(found))
    line = read(found[at])
    one = random.choice(line["lines"])
    name = random.choice(("version", "seq", "count", "stream", "subject"))
    if name in ("stream", "subject"):
        hexes = "0123456789abcdef" if name == "subject" else "klmn"
        place = random.randrange(len(one[name]))
        fresh = random.choice([c for c in hexes if c != one[name][place]])
        one[name] = one[name][:place] + fresh + one[name][place + 1 :]
    else:
        one[name] += random.choice((1, 2, 3))
    found[at] = written(line)
    put_lines(made, "proofs/heads.jsonl", found)
    return Mutant(made.reseal().pack(), None, None)


@kind("CASE", TAMPERED, "check_head_lines")
def heads_hash(random: Random, made: Parts) -> Mutant:
    found = lines(made, "proofs/heads.jsonl")
    at = random.randrange(len(found))
    line = read(found[at])
    side = random.choice([name for name in ("left", "right") if line[name]])
    step = random.randrange(len(line[side]))
    line[side][step] = other_hash(random, line[side][step])
    found[at] = written(line)
    put_lines(made, "proofs/heads.jsonl", found)
    return Mutant(made.reseal().pack(), None, "heads")


@kind("CASE", "INCOMPLETE", "check_heads")
def service_removed(random: Random, made: Parts) -> Mutant:
    from tests.audit.bundle.mutants import drop, number_of

    logs = made.manifest["logs"]
    gone = len(logs) - 1
    drop(made, lambda n, _b: n == gone)
    service = logs.pop(gone)["service"]
    assert number_of is not None
    del made.members[f"checkpoints/{service}.note"]
    found = [line for line in lines(made, "proofs/heads.jsonl") if read(line)["log"] != gone]
    put_lines(made, "proofs/heads.jsonl", found)
    purpose = f"督查 {random.randrange(10**6)}"
    return Mutant(made.reseal(logs=logs, purpose=purpose).pack(), None, "heads")


# Disclosures.
@kind("CASE", TAMPERED, "check_commitment", "check_rest")
def disclosed_text(random: Random, made: Parts) -> Mutant:
    found = lines(made, "disclosures.jsonl")
    at = random.randrange(len(found))
    line = read(found[at])
    if random.random() < 0.5:
        place = random.randrange(len(line["text"]))
        text = line["text"]
        line["text"] = text[:place] + other(random, text[place]) + text[place + 1 :]
    else:
        line["salt"] = other_hash(random, line["salt"])
    found[at] = written(line)
    put_lines(made, "disclosures.jsonl", found)
    rows_again(made)
    return Mutant(made.reseal().pack(), line["seq"], line["path"])


@kind("CASE", ERASED, "check_explained")
def disclosure_removed(random: Random, made: Parts) -> Mutant:
    found = lines(made, "disclosures.jsonl")
    line = read(found.pop(random.randrange(len(found))))
    made.members.pop(line["text"], None)
    put_lines(made, "disclosures.jsonl", found)
    rows_again(made)
    return Mutant(made.reseal().pack(), line["seq"], line["path"])


@kind("CASE", ERASED, "check_explained")
def erasure_invented(random: Random, made: Parts) -> Mutant:
    mutant = disclosure_removed(random, made)
    at, body = own_line(random, made)
    assert at >= 0
    subject = made.manifest["subject"]
    line = {"subject": subject, "class": "narrative", "log": 0, "seq": seq_of(body)}
    put_lines(made, "erasures.jsonl", [written(line)])
    return Mutant(made.reseal().pack(), mutant.index, mutant.where)


# Checkpoints and keys.
def _note_name(random: Random, made: Parts) -> str:
    return random.choice([name for name in made.members if name.startswith("checkpoints/")])


@kind("CASE SELECTION RANGE", TAMPERED, "check_signature")
def signature(random: Random, made: Parts) -> Mutant:
    name = _note_name(random, made)
    text, _, rest = made.members[name].decode().partition("\n\n")
    mark, signer, encoded = rest.strip().split(" ")
    raw = bytearray(b64decode(encoded))
    raw[random.randrange(len(raw))] ^= 1 << random.randrange(8)
    made.members[name] = f"{text}\n\n{mark} {signer} {b64(bytes(raw))}\n".encode()
    return Mutant(made.reseal().pack(), None, name)


@kind("CASE SELECTION RANGE", TAMPERED, "check_checkpoints")
def note_text(random: Random, made: Parts) -> Mutant:
    """Origin, size or root in the note, under the old signature."""
    name = _note_name(random, made)
    origin, size, root, *rest = made.members[name].decode().split("\n")
    what = random.randrange(3)
    origin = origin + random.choice(LETTERS) if what == 0 else origin
    size = str(int(size) + random.randrange(1, 99)) if what == 1 else size
    root = other_hash(random, root) if what == 2 else root
    made.members[name] = "\n".join([origin, size, root, *rest]).encode()
    return Mutant(made.reseal().pack(), None, None)


LETTERS = "abcdefgh"


def _signed_again(made: Parts, signer: Signer, reseal: bool = True) -> None:
    """Every checkpoint signed by another key, which the manifest names."""
    whole = County(signer, made.made.simulated, made.made.logs, made.made.own)
    for name in [name for name in made.members if name.startswith("checkpoints/")]:
        made.members[name] = whole.note(name[12:-5]).encode()
    keys = [signer.key(one["origin"]) for one in made.manifest["logs"]]
    made.made = whole
    if reseal:
        made.reseal(keys=[*keys, signer.key(whole.origin("audit"))])


def _trust(signer: Signer) -> dict[str, Any]:
    return {"trust": {"keys": [signer.key("demo.example")]}}


@kind("CASE SELECTION RANGE", TAMPERED, "check_signature")
def another_key_against_the_trust_file(random: Random, made: Parts) -> Mutant:
    trusted = made.made.signer
    _signed_again(made, Signer(random.randbytes(32)))
    return Mutant(made.pack(), None, None, {"trust": {"keys": [trusted.key("demo.example")]}})


@kind("CASE", TAMPERED, "check_signature")
def key_id_collision(random: Random, made: Parts) -> Mutant:
    """Name and id of the trusted key over another key's signature."""
    name = _note_name(random, made)
    text = made.members[name].decode().partition("\n\n")[0] + "\n"
    origin = text.split("\n")[0]
    right = made.made.signer.key(origin).split("+")[1]
    false = NoteSigner(origin, Signer(random.randbytes(32)).private).private.sign(text.encode())
    line = f"\u2014 {origin} {b64(bytes.fromhex(right) + false)}\n"
    made.members[name] = f"{text}\n{line}".encode()
    return Mutant(made.reseal().pack(), None, name)


@kind("CASE", TAMPERED, "check_vouched")
def another_key_than_the_pins(random: Random, made: Parts) -> Mutant:
    pin = made.made.note(random.choice(("enrollment", "casework")), 9)
    _signed_again(made, Signer(random.randbytes(32)))
    return Mutant(made.pack(), None, "key", pin=pin)


@kind("CASE RANGE", ("FORK", "ROLLBACK"), "check_pin")
def history_signed_again(random: Random, made: Parts) -> Mutant:
    """The same key under another past: the pin remembers."""
    pin = county(seed=1000 + random.randrange(10**6)).note(
        "casework", random.choice((5, 9, 24, 24))
    )
    return Mutant(made.pack(), None, "root", pin=pin)


@kind("CASE RANGE", "ROLLBACK", "check_pin")
def truncated_against_the_pin(random: Random, made: Parts) -> Mutant:
    pinned = county(1, 24 + random.randrange(1, 9))
    return Mutant(made.pack(), None, "size", pin=pinned.note("casework"))


@kind("CASE RANGE", "NOT WITNESSED", "check_pin")
def no_proof_from_the_pin(random: Random, made: Parts) -> Mutant:
    size = random.choice([n for n in range(1, 20) if n not in (5, 9)])
    return Mutant(made.pack(), size, "pin", pin=made.made.note("casework", size))


@kind("CASE RANGE", "FORK", "check_pin")
def consistency_hash(random: Random, made: Parts) -> Mutant:
    blocks = made.members["consistency.txt"].decode().split("\n\n")
    at = next(n for n, b in enumerate(blocks) if "casework" in b and b.split("\n")[1] == "5")
    rows = blocks[at].split("\n")
    step = random.randrange(3, len([row for row in rows if row]))
    rows[step] = other_hash(random, rows[step])
    blocks[at] = "\n".join(rows)
    made.members["consistency.txt"] = "\n\n".join(blocks).encode()
    return Mutant(made.reseal().pack(), 5, "root", pin=made.made.note("casework", 5))


@kind("CASE SELECTION RANGE", "NOT WITNESSED", "check_witnesses")
def witness_missing(random: Random, made: Parts) -> Mutant:
    key = Signer(random.randbytes(32)).public
    from hashlib import sha256

    raw = b"\x04" + key
    text = f"w+{sha256(b'w' + bytes([10]) + raw).hexdigest()[:8]}+{b64(raw)}"
    return Mutant(made.pack(), None, "witnesses", {"trust": {"witnesses": [text], "k": 1}})


@kind("CASE SELECTION RANGE", TAMPERED, "check_logged")
def seal_path(random: Random, made: Parts) -> Mutant:
    found = read(made.members["seal.json"])
    both = [n for n in (0, 1) if found["paths"][n]]
    which = random.choice(both)
    step = random.randrange(len(found["paths"][which]))
    found["paths"][which][step] = other_hash(random, found["paths"][which][step])
    made.members["seal.json"] = written(found)
    return Mutant(made.pack(), None, "seal.json:" + ("entry", "heads")[which])


@kind("CASE SELECTION RANGE", (TAMPERED, MALFORMED))
def any_byte_of_the_seal(random: Random, made: Parts) -> Mutant:
    from tests.audit.bundle.mutants import turn

    made.members["seal.json"], _ = turn(random, made.members["seal.json"])
    return Mutant(made.pack(), None, None)


@kind("CASE", TAMPERED, "check_logged")
def heads_replaced(random: Random, made: Parts) -> Mutant:
    """The heads entry in the seal says something else than the logged one."""
    found = read(made.members["seal.json"])
    body = found["heads"]
    start = body.index('"correlationid":"') + 17
    at = random.randrange(start, start + 36)
    found["heads"] = body[:at] + other(random, body[at]) + body[at + 1 :]
    made.members["seal.json"] = written(found)
    return Mutant(made.pack(), None, "seal.json:heads")


__all__ = ["COUNTY", "STRANGER", "Checkpoint", "parts", "sign"]
