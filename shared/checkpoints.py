"""Checkpoints: where each subscription stands in each ledger that it follows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.contracts.topics import PREVIOUS_HASH_DIGITS
from shared.pool import reading

# With the subjects that are parked, the same in each row: one question instead of two.
LOCK = text(
    "select ledger, seq, hash, (select array_agg(distinct subject) from parked"
    " where subscription = :subscription) as parked from checkpoint c"
    " where subscription = :subscription and source = :source and ledger = any(:ledgers)"
    " order by ledger for update of c"
)
CREATE = text(
    "insert into checkpoint (subscription, source, ledger)"
    " select :subscription, :source, unnest(cast(:ledgers as text[])) on conflict do nothing"
)
ADVANCE = text(
    "update checkpoint set seq = :seq, hash = :hash where subscription = :subscription"
    " and source = :source and ledger = :ledger"
)
PLACES = text("select source, ledger, seq, hash from checkpoint where subscription = :subscription")
# Locked in the order in which everybody locks; who does not stand right before the step stays.
PASS = text(
    "with held as (select c.subscription, c.ledger, s.last, s.hash from checkpoint c join unnest("
    "cast(:ledgers as text[]), cast(:afters as bigint[]), cast(:fits as text[]),"
    " cast(:lasts as bigint[]), cast(:hashes as text[])) as s(ledger, after, fits, last, hash)"
    " on c.ledger = s.ledger where c.subscription = any(:names) and c.source = :source"
    " and c.seq = s.after and (s.fits = '' or c.hash = '' or left(c.hash, :digits) = s.fits)"
    " order by c.subscription, c.ledger for update of c)"
    " update checkpoint c set seq = held.last, hash = held.hash from held"
    " where c.subscription = held.subscription and c.source = :source and c.ledger = held.ledger"
    " returning c.subscription, c.ledger"
)


@dataclass(frozen=True, slots=True)
class Step:
    """From the event at `after` to the one at `last`, of one ledger.

    `previous`: the first digits of the hash of the body at `after`, empty when they are not known.
    """

    ledger: str
    after: int
    previous: str
    last: int
    hash: str


@dataclass(frozen=True, slots=True)
class Locked:
    """Checkpoints that the transaction holds: ledger → (sequence, hash); subjects parked."""

    places: dict[str, tuple[int, str]]
    parked: frozenset[str]


async def lock(conn: AsyncConnection, name: str, source: str, ledgers: Sequence[str]) -> Locked:
    """Those that are not there yet begin at nothing."""
    params = {"subscription": name, "source": source, "ledgers": list(ledgers)}
    rows = (await conn.execute(LOCK, params)).all()
    if len(rows) < len(ledgers):
        await conn.execute(CREATE, params)
        rows = (await conn.execute(LOCK, params)).all()
    found = {row.ledger: (row.seq, row.hash) for row in rows}
    return Locked(found, frozenset(rows[0].parked or ()) if rows else frozenset())


async def advance(conn: AsyncConnection, name: str, source: str, steps: Iterable[Step]) -> None:
    await conn.execute(
        ADVANCE,
        [
            {
                "subscription": name,
                "source": source,
                "ledger": step.ledger,
                "seq": step.last,
                "hash": step.hash,
            }
            for step in steps
        ],
    )


async def pass_over(
    engine: AsyncEngine, names: Sequence[str], source: str, steps: Sequence[Step]
) -> set[tuple[str, str]]:
    """Move many subscriptions over what concerns none of them, in one statement.

    Answers which (subscription, ledger) were moved: those that stood right before the step.
    """
    columns: dict[str, Any] = {
        "ledgers": [step.ledger for step in steps],
        "afters": [step.after for step in steps],
        "fits": [step.previous for step in steps],
        "lasts": [step.last for step in steps],
        "hashes": [step.hash for step in steps],
    }
    params = {"names": list(names), "source": source, "digits": PREVIOUS_HASH_DIGITS, **columns}
    async with reading(engine) as conn:
        return {(row.subscription, row.ledger) for row in await conn.execute(PASS, params)}


def prefix_fits(previous: str, hash: str) -> bool:
    """Whether a record's `ce_prevhash` fits the checkpoint's hash (either may be unknown)."""
    return not previous or not hash or hash[:PREVIOUS_HASH_DIGITS] == previous


async def places(engine: AsyncEngine, name: str) -> dict[tuple[str, str], tuple[int, str]]:
    """Where a subscription stands: (source, ledger) → (sequence, hash)."""
    async with reading(engine) as conn:
        rows = await conn.execute(PLACES, {"subscription": name})
        return {(row.source, row.ledger): (row.seq, row.hash) for row in rows}
