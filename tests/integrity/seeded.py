"""Kinds of changes that somebody with every right makes to rows, each drawn by a seed."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from tests.integrity.conftest import EVENTS

FULL_TILES, TILE, HASH = 2, 256, 32
AWAY = 1_000_000
SEALED = (350, 525, 700)
TEXTS = ("type", "stream", "unitpath")


@dataclass(frozen=True, slots=True)
class Change:
    """`done` changes, `undone` puts back; a finding must be at `place`.

    `place`: table, field (None: any of the table), sequence (None: whichever it names).
    """

    table: str
    done: tuple[str, ...]
    place: tuple[str, str | None, int | None]

    def named(self, where: str, field: str, seq: int | None) -> bool:
        table, wanted, at = self.place
        return table == where and wanted in (None, field) and at in (None, seq)


Kind = Callable[[random.Random], Change]


def _flipped(column: str, at: int, bit: int) -> str:
    return f"set_byte({column}, {at}, get_byte({column}, {at}) # {1 << bit})"


def body(chance: random.Random) -> Change:
    """Any bit of any byte: JSON or not, readable or not."""
    seq, at, bit = _seq(chance), chance.randrange(10_000), chance.randrange(8)
    byte, flip = f"{at} % length(body)", 1 << bit
    value = f"set_byte(body, {byte}, get_byte(body, {byte}) # {flip})"
    done = f"update entry set body = {value} where seq = {seq}"
    return Change("entry", (done,), ("entry", "body", seq))


def column_of_text(name: str) -> Kind:
    def made(chance: random.Random) -> Change:
        seq, value = _seq(chance), f"x{chance.getrandbits(48):x}"
        done = f"update entry set {name} = '{value}' where seq = {seq}"
        return Change("entry", (done,), ("entry", name, seq))

    return made


def recorded_at(chance: random.Random) -> Change:
    seq, by = _seq(chance), chance.choice((-1, 1)) * chance.randrange(1, 10**9)
    value = f"recorded_at + interval '{by} microseconds'"
    done = f"update entry set recorded_at = {value} where seq = {seq}"
    return Change("entry", (done,), ("entry", "recorded_at", seq))


def subject(chance: random.Random) -> Change:
    seq = _seq(chance)
    done = f"update entry set subject = gen_random_uuid() where seq = {seq}"
    return Change("entry", (done,), ("entry", "subject", seq))


def version(chance: random.Random) -> Change:
    seq, by = _seq(chance), chance.randrange(1, 10**6)
    done = f"update entry set version = version + {by} where seq = {seq}"
    return Change("entry", (done,), ("entry", "version", seq))


def taken_out(chance: random.Random) -> Change:
    seq = _seq(chance)
    return Change("entry", (f"delete from entry where seq = {seq}",), ("entry", "seq", seq))


def swapped(chance: random.Random) -> Change:
    one, other = sorted(chance.sample(range(1, EVENTS + 1), 2))
    away = f"update entry set seq = case seq when {one} then {AWAY + other} else {AWAY + one} end"
    done = (
        f"{away} where seq in ({one}, {other})",
        f"update entry set seq = seq - {AWAY} where seq > {AWAY}",
    )
    return Change("entry", done, ("entry", "seq", one))


def tile(chance: random.Random) -> Change:
    """Any bit of any hash, in the full ones, the last one and the one above."""
    leaf, bit = chance.randrange(EVENTS + FULL_TILES), chance.randrange(8)
    level, n = (1, 0) if leaf >= EVENTS else (0, leaf // TILE)
    at = (leaf - EVENTS if level else leaf % TILE) * HASH + chance.randrange(HASH)
    value = _flipped("hashes", at, bit)
    done = f"update tile set hashes = {value} where level = {level} and n = {n}"
    return Change("tile", (done,), ("tile", f"{level}/{n}", None))


def size(chance: random.Random) -> Change:
    by = chance.choice((-1, 1)) * chance.randrange(1, EVENTS)
    return Change("log", (f"update log set size = size + {by}",), ("log", "size", None))


def root(chance: random.Random) -> Change:
    value = _flipped("root", chance.randrange(HASH), chance.randrange(8))
    return Change("log", (f"update log set root = {value}",), ("log", "root", EVENTS))


def note(chance: random.Random) -> Change:
    """Any character of a signed note, its signature and its key's name included."""
    at, to, size = chance.randrange(10_000), chance.choice("0aZ/ \n"), chance.choice(SEALED)
    place = f"1 + {at} % length(note)"
    other = f"case when substr(note, {place}, 1) = '{to}' then 'q' else '{to}' end"
    done = f"update sealed set note = overlay(note placing {other} from {place} for 1)"
    return Change("sealed", (f"{done} where size = {size}",), ("sealed", None, None))


def sealed_root(chance: random.Random) -> Change:
    at, size = chance.randrange(HASH), chance.choice(SEALED)
    value = _flipped("root", at, chance.randrange(8))
    done = f"update sealed set root = {value} where size = {size}"
    return Change("sealed", (done,), ("sealed", "root", size))


def sealed_size(chance: random.Random) -> Change:
    size = chance.choice(SEALED)
    to = chance.choice([n for n in range(1, EVENTS) if n not in SEALED])
    done = f"update sealed set size = {to} where size = {size}"
    return Change("sealed", (done,), ("sealed", "size", to))


def _seq(chance: random.Random) -> int:
    return chance.randrange(1, EVENTS + 1)


AUDIT: dict[str, Kind] = {
    "entry.body": body,
    **{f"entry.{name}": column_of_text(name) for name in TEXTS},
    "entry.recorded_at": recorded_at,
    "entry.subject": subject,
    "entry.version": version,
    "entry taken out": taken_out,
    "entries swapped": swapped,
    "tile": tile,
    "log.size": size,
    "log.root": root,
    "sealed.note": note,
    "sealed.root": sealed_root,
    "sealed.size": sealed_size,
}
# Kinds that a single check finds: without it nothing is said.
TWINS = {
    **{f"entry.{name}": "columns" for name in (*TEXTS, "recorded_at", "subject", "version")},
    "tile": "tree",
    "log.root": "tree",
    "sealed.note": "notes",
}


def _store_column(name: str, value: str) -> Kind:
    def made(chance: random.Random) -> Change:
        seq, drawn = _seq(chance), chance.randrange(1, 10**6)
        done = f"update events set {name} = {value.format(n=drawn)} where seq = {seq}"
        return Change("events", (done,), ("events", name, seq))

    return made


def store_body(chance: random.Random) -> Change:
    """Any character of a body, whatever it comes to mean."""
    seq, at, to = _seq(chance), chance.randrange(10_000), chance.choice('0aZ"}{,')
    place = f"1 + {at} % length(body)"
    other = f"case when substr(body, {place}, 1) = '{to}' then '9' else '{to}' end"
    done = f"update events set body = overlay(body placing {other} from {place} for 1)"
    return Change("events", (f"{done} where seq = {seq}",), ("events", None, seq))


def store_taken_out(chance: random.Random) -> Change:
    seq = _seq(chance)
    return Change("events", (f"delete from events where seq = {seq}",), ("events", "seq", seq))


STORE: dict[str, Kind] = {
    "events.body": store_body,
    "events.type": _store_column("type", "'casework.T{n}'"),
    "events.version": _store_column("version", "version + {n}"),
    "events.stream": _store_column("stream", "'counter-x{n}'"),
    "events.command": _store_column("command", "gen_random_uuid()"),
    "events.recorded_at": _store_column("recorded_at", "recorded_at + interval '{n} microseconds'"),
    "events taken out": store_taken_out,
}
