"""The digests of one account: every morning and evening, each thing that waits, by name."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeAlias, assert_never
from uuid import UUID

from shared.decider import Decider

# What does not fit into one event goes into the next: no digest is ever cut to a count.
ITEMS_AN_EVENT = 100
# Parts of days that are told from new ones; older repeats are caught by the command's id.
SENT_KEPT = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestItem:
    """One duty as it stood when the digest was made."""

    duty: UUID
    kind: str
    child: UUID | None
    due_at: datetime
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestSent:
    account: str
    staff: UUID
    part: str
    on: date
    items: tuple[DigestItem, ...]


DigestEvent: TypeAlias = DigestSent
EVENTS: dict[str, type] = {DigestSent.__name__: DigestSent}


@dataclass(frozen=True, slots=True, kw_only=True)
class Digests:
    """`sent`: days and their parts, the last ones."""

    sent: tuple[str, ...] = ()


STATES: dict[str, type] = {"digests": Digests}


def phase(_state: Digests) -> str:
    """There is one phase: digests are only ever added."""
    return "digests"


def evolve(state: Digests, event: DigestEvent) -> Digests:
    """Never refuses: whatever was recorded has happened."""
    match event:
        case DigestSent(on=on, part=part):
            key = _key(on, part)
            return state if key in state.sent else replace(state, sent=_last(state.sent, key))
        case _:
            assert_never(event)


def _key(on: date, part: str) -> str:
    return f"{on.isoformat()} {part}"


def _last(sent: tuple[str, ...], key: str) -> tuple[str, ...]:
    return (*sent, key)[-SENT_KEPT:]


@dataclass(frozen=True, slots=True, kw_only=True)
class SendDigest:
    """`items`: all that waits for this account, in the order in which it is shown."""

    account: str
    staff: UUID
    part: str
    on: date
    items: tuple[DigestItem, ...]


DigestCommand: TypeAlias = SendDigest
ALLOWED: dict[str, frozenset[type]] = {"digests": frozenset({SendDigest})}


def decide(command: DigestCommand, state: Digests) -> list[DigestEvent]:
    """A day's part once; an empty one is said in one event without items."""
    if _key(command.on, command.part) in state.sent:
        return []
    starts = range(0, max(len(command.items), 1), ITEMS_AN_EVENT)
    return [
        DigestSent(
            account=command.account,
            staff=command.staff,
            part=command.part,
            on=command.on,
            items=command.items[start : start + ITEMS_AN_EVENT],
        )
        for start in starts
    ]


DIGESTS: Decider[DigestCommand, DigestEvent, Digests] = Decider(Digests(), decide, evolve)
