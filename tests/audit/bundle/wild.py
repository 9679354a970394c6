"""Mutations without a plan: values, lines and bytes changed at random, to compare verifiers."""

import json
from collections.abc import Callable
from random import Random
from typing import Any

from tests.audit.bundle import mutants_attached, mutants_files, mutants_proofs
from tests.audit.bundle.mutants import KINDS, Mutant, lines, put_lines, rows_again, turn
from tests.audit.bundle.synthetic import Parts, county, pack

assert mutants_attached and mutants_files and mutants_proofs
LOGS_IN_A_PIN = ("enrollment", "casework", "notify", "audit")
ODD_TEXTS = (
    "", "0", "-1", "\u0000", "\ufeff", "\u2028", "\U0001f600", "a\"b\\c/d~1", "=1+1", "é", "commit",
)  # fmt: skip
ODD_NUMBERS = (0, 1, -1, 2**31, 2**32, 2**53 - 1, 2**53, 2**53 + 1, 2**63, 2**64, 10**19, -(10**18))
ODD_JSON = (
    "1.0", "1e5", "-0", "01", "NaN", "Infinity", "-", "tru", "[1,]", '{"a":1,"a":2}', '"\\ud800"',
    '"\\udc00\\ud800"', '"\\ud83d\\ude00"', '"\\u00e9"', '"\\/"', '"\\x"', '"\t"', "[" * 33, " 1",
    "[ 1 ,\t2 ]", "1" * 20, "1" * 21, "[" * 31 + "]" * 31, '{"\\u0061":1}', "true", "null", "{}",
)  # fmt: skip


def odd(random: Random) -> Any:
    """A value that rarely stands where it is put."""
    plain = (None, True, False, [], {}, [[]], {"sealed": 1, "commit": ""}, {"a": [None]})
    return random.choice(
        (random.choice(ODD_TEXTS), random.choice(ODD_NUMBERS), random.choice(plain))
    )


def changed(random: Random, value: Any) -> Any:
    """The value with one thing in it changed, added, taken out or put elsewhere."""
    if isinstance(value, dict) and value and random.random() < 0.9:
        return _changed_object(random, value)
    if isinstance(value, list) and value and random.random() < 0.9:
        return _changed_list(random, value)
    if type(value) is int and random.random() < 0.6:
        return value + random.choice((-1, 1, 2, 256))
    if isinstance(value, str) and value and random.random() < 0.6:
        at = random.randrange(len(value))
        return value[:at] + random.choice(("", "x", "A", "+", "\n", "é")) + value[at + 1 :]
    return odd(random)


def _changed_object(random: Random, value: dict[str, Any]) -> dict[str, Any]:
    name, found = random.choice(list(value)), dict(value)
    match random.randrange(8):
        case 0:
            del found[name]
        case 1:
            found[random.choice(ODD_TEXTS)] = odd(random)
        case 2:
            found[name] = value[random.choice(list(value))]
        case 3:
            found = dict(random.sample(list(value.items()), len(value)))
        case _:
            found[name] = changed(random, value[name])
    return found


def _changed_list(random: Random, value: list[Any]) -> list[Any]:
    at, found = random.randrange(len(value)), list(value)
    match random.randrange(8):
        case 0:
            del found[at]
        case 1:
            found.insert(at, odd(random))
        case 2:
            found.append(value[at])
        case 3:
            random.shuffle(found)
        case _:
            found[at] = changed(random, value[at])
    return found


def rewritten(random: Random, raw: bytes) -> bytes:
    """A JSON text with a value changed, or with odd JSON put into it."""
    try:
        found = json.loads(raw)
    except ValueError:
        return raw
    if random.random() < 0.3:
        text = raw.decode()
        commas = [at for at, char in enumerate(text) if char in ":,"] or [0]
        at = random.choice(commas) + 1
        end = at + random.choice((0, 1, 4))
        return (text[:at] + random.choice(ODD_JSON) + text[end:]).encode(errors="replace")
    text = json.dumps(
        changed(random, found), ensure_ascii=random.random() < 0.2, separators=(",", ":")
    )
    return text.encode(errors="replace")


def change_line(random: Random, parts: Parts) -> None:
    """One line of a member, by value, by order or as a whole."""
    names = [name for name in parts.members if name.endswith((".jsonl", ".txt", ".note", ".csv"))]
    name = random.choice([name for name in names if b"\n" in parts.members[name]])
    found = lines(parts, name)
    at = random.randrange(len(found))
    match random.randrange(6):
        case 0:
            del found[at]
        case 1:
            found.insert(random.randrange(len(found) + 1), found[at])
        case 2:
            found[at] = turn(random, found[at] or b"x")[0]
        case _:
            found[at] = rewritten(random, found[at])
    put_lines(parts, name, found)


def change_object(random: Random, parts: Parts) -> None:
    """A value of the manifest or of the seal."""
    name = random.choice(("manifest.json", "manifest.json", "seal.json"))
    parts.members[name] = rewritten(random, parts.members[name])


def change_sealed_body(random: Random, parts: Parts) -> None:
    """A value of an entry that stands in the seal as a text."""
    found = json.loads(parts.members["seal.json"])
    name = random.choice([name for name in ("entry", "heads") if found[name]])
    found[name] = rewritten(random, found[name].encode()).decode(errors="replace")
    parts.members["seal.json"] = json.dumps(
        found, ensure_ascii=False, separators=(",", ":")
    ).encode()


def invent_erasure(random: Random, parts: Parts) -> None:
    """Lines of erasures.jsonl, some of them odd, for values that are no longer disclosed."""
    told = lines(parts, "disclosures.jsonl")
    put_lines(parts, "disclosures.jsonl", told[random.randrange(3) :])
    subject, place = parts.manifest["subject"], random.randrange(20)
    line: Any = {"subject": subject, "class": "narrative", "log": 0, "seq": place}
    line = changed(random, line) if random.random() < 0.7 else line
    put_lines(parts, "erasures.jsonl", [json.dumps(line, separators=(",", ":")).encode()])


def change_bytes(random: Random, parts: Parts) -> None:
    """A byte, a cut, a doubled or an emptied member."""
    name = random.choice(list(parts.members))
    data = parts.members[name] or b"x"
    at = random.randrange(len(data))
    made = (turn(random, data)[0], data[:at], data + data[at:], b"", data + random.randbytes(3))
    parts.members[name] = random.choice(made)


CHANGES: tuple[Callable[[Random, Parts], None], ...] = (
    change_line, change_line, change_line, change_object, change_object, change_sealed_body,
    invent_erasure, change_bytes,
)  # fmt: skip


def resealed(random: Random, parts: Parts) -> None:
    """Whatever was changed, now as if the system itself had written it, as far as that goes."""
    try:
        if random.random() < 0.5:
            rows_again(parts)
        parts.reseal() if random.random() < 0.8 else parts.refile()
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        return  # too odd for the writer: it stays as it is


def options(random: Random, parts: Parts, found: Mutant) -> Mutant:
    """A pin or a trust file beside it, sometimes odd ones."""
    signer = parts.made.signer
    if random.random() < 0.25:
        made = random.choice((parts.made, parts.made, county(seed=random.randrange(9))))
        service = random.choice(
            [name for name in LOGS_IN_A_PIN if name in made.logs or name == "audit"]
        )
        pin = made.note(service, random.choice((None, 0, 1, 2, 5, 9, 17)))
        found.pin = (
            pin if random.random() < 0.7 else turn(random, pin.encode())[0].decode("latin-1")
        )
    if random.random() < 0.25:
        key = signer.key(random.choice(("demo.example", parts.made.origin("casework"))))
        trust: Any = {"keys": [key], "witnesses": [], "k": 0, "greatest_age_days": None}
        trust |= random.choice(
            ({}, {"k": 1}, {"greatest_age_days": 1}, {"greatest_age_days": 99999})
        )
        found.options = {"trust": changed(random, trust) if random.random() < 0.5 else trust}
        if not isinstance(found.options["trust"], dict):
            found.options = {}
    return found


def wild(random: Random, whole: dict[str, Parts]) -> Mutant:
    """One to three changes at random, mostly sealed again, with or without pins and trust."""
    parts = random.choice(list(whole.values())).copy()
    for _ in range(random.choice((1, 1, 2, 3))):
        try:
            random.choice(CHANGES)(random, parts)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError):
            continue  # an earlier change left nothing to change there
        if random.random() < 0.7:
            resealed(random, parts)
    data = pack(parts.members)
    if random.random() < 0.05:
        data = turn(random, data)[0]
    return options(random, parts, Mutant(data, options={"simulated": random.random() < 0.3}))


def sample(random: Random, whole: dict[str, Parts]) -> Mutant:
    """A planned mutation or a wild one, half of each."""
    if random.random() < 0.5:
        return wild(random, whole)
    kind = random.choice(KINDS)
    return kind.make(random, whole[kind.of].copy())
