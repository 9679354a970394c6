"""Digests: every morning and evening each person's list, every item of it, once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.aggregates import DIGESTS
from services.notify.domain.digest import DigestItem, SendDigest
from services.notify.queries import duties
from services.notify.queries.duties import Reader
from shared import clock
from shared.event import SYSTEM, Circumstances, business_day
from shared.event_store import BATCH_LIMIT_EVENTS, Batch
from shared.founding import EFFECTS, FOUNDING_TYPES
from shared.policy.day import moment_of
from shared.policy.pack import Pack, seed_pack
from shared.rulebook import Rulebook, Rules, RulesMissing
from shared.subscription import Entry, Shape, Subscription
from shared.timer import Handler, Timer, arm_many

FIRST_DIGESTS = "notify.first_digests"
Part = Literal["morning", "evening"]
PARTS: tuple[Part, ...] = ("morning", "evening")
KINDS: dict[Part, str] = {"morning": "digest.morning", "evening": "digest.evening"}
# The morning looks a week ahead, the evening at tomorrow.
AHEAD_DAYS: dict[Part, int] = {"morning": 7, "evening": 1}
# 天天讲，天天抓: in school time they hear every morning, even that nothing waits.
HEADS = frozenset(("principal", "grade_leader", "township_officer", "county_officer"))
# A duty that the digest itself fulfils is no item of it.
BY_DIGEST = "digest"
ENDED_KEPT_DAYS = 7
LEDGERS = text(
    "select l.ledger from ledger l where l.ledger not like '%-access' and"
    " (select count(*) from timer t where t.ledger = l.ledger and t.kind = any(:kinds)) < :parts"
)
COUNTY = text("select path from unit where unit = :unit")


def handlers(rulebook: Rulebook) -> dict[str, Handler]:
    """The timers of digests, for the service's table."""
    return {KINDS[part]: _handler(rulebook, part) for part in PARTS}


async def ensure_digests(conn: AsyncConnection, rules: Rules) -> None:
    """Every county that has rules has its two timers; those of a new one begin today."""
    now = await clock.now(conn)
    params = {"kinds": list(KINDS.values()), "parts": len(PARTS)}
    for row in (await conn.execute(LEDGERS, params)).all():
        path = await _path(conn, row.ledger)
        if path is None:
            continue
        try:
            pack = rules.pack(path, business_day(now))
        except RulesMissing:
            continue
        await _begin(conn, row.ledger, pack, now)


def first_digests() -> Subscription:
    """Follows enrollment: a county has its digests from its first morning on."""

    async def apply(conn: AsyncConnection, entries: Sequence[Entry]) -> None:
        now = await clock.now(conn)
        for entry in entries:
            if entry.seq == 1:  # CountyFounded, and nothing else, begins a ledger
                # The shipped rules are the first in force; later ones move what comes next.
                await _begin(conn, entry.ledger, seed_pack(), now)

    return Subscription(FIRST_DIGESTS, ("enrollment",), apply, Shape.PROCESS, types=FOUNDING_TYPES)


async def _begin(conn: AsyncConnection, ledger: str, pack: Pack, now: datetime) -> None:
    await arm_many(conn, [next_timer(ledger, part, pack, now) for part in PARTS])


async def _path(conn: AsyncConnection, ledger: str) -> str | None:
    return (await conn.execute(COUNTY, {"unit": ledger})).scalar()


def next_timer(ledger: str, part: Part, pack: Pack, now: datetime) -> Timer:
    """The next time that the rules of the county name for this part of a day."""
    at = _moment(part, pack, business_day(now))
    if at <= now:
        at = _moment(part, pack, business_day(now) + timedelta(days=1))
    return Timer(f"digest:{part}:{ledger}", at, KINDS[part], ledger, {})


def _moment(part: Part, pack: Pack, day: date) -> datetime:
    hours = pack.values.message
    return moment_of(day, hours.morning if part == "morning" else hours.evening)


def _handler(rulebook: Rulebook, part: Part) -> Handler:
    async def handle(conn: AsyncConnection, timers: Sequence[Timer]) -> None:
        rules = await rulebook.rules(conn)
        now = await clock.now(conn)
        for ledger in sorted({timer.ledger for timer in timers}):
            path = await _path(conn, ledger)
            if path is None:
                continue
            sending = Sending(ledger=ledger, path=path, part=part, rules=rules, now=now)
            stale = all(business_day(one.due_at) < sending.on for one in timers)
            if not stale:
                await _send(conn, sending)
            # After a day that was slept through, today's own is next, were it late.
            since = moment_of(sending.on, "00:00") if stale else now
            await arm_many(conn, [next_timer(ledger, part, sending.pack, since)])

    return handle


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """One county's digests of one part of a day; a day that was slept through gets none."""

    ledger: str
    path: str
    part: Part
    rules: Rules
    now: datetime

    @property
    def on(self) -> date:
        return business_day(self.now)

    @property
    def pack(self) -> Pack:
        return self.rules.pack(self.path, self.on)

    @property
    def until(self) -> datetime:
        return moment_of(self.on + timedelta(days=AHEAD_DAYS[self.part]), "24:00")

    def expected(self, reader: Reader) -> bool:
        """Whether the reader hears even that nothing waits."""
        if self.part != "morning" or reader.role not in HEADS:
            return False
        return self.rules.school_calendar().is_school_day(self.on, reader.path).school


async def _send(conn: AsyncConnection, sending: Sending) -> None:
    readers = await duties.readers(conn, sending.ledger, sending.on)
    by_staff = await duties.waiting(conn, sending.ledger, sending.until)
    unwanted = await duties.without(conn, sending.pack, f"digest_{sending.part}")
    before = sending.now - timedelta(days=ENDED_KEPT_DAYS)
    await conn.execute(duties.PURGE, {"ledger": sending.ledger, "before": before})
    batch = _batch(sending)
    wanted = [one for one in readers if one.account not in unwanted]
    await batch.load(conn, DIGESTS, [f"digest-{one.account}" for one in wanted])
    for reader in wanted:
        items = tuple(_items(sending, by_staff.get(reader.staff, ())))
        if items or sending.expected(reader):
            _decide(batch, sending, reader, items)
        if len(batch) >= BATCH_LIMIT_EVENTS:
            await batch.append(conn)
    await batch.append(conn)


def _items(sending: Sending, rows: Sequence[Any]) -> list[DigestItem]:
    by_digest = {c for c, kind in sending.pack.file.duties.items() if kind.form == BY_DIGEST}
    return [
        DigestItem(
            duty=row.duty, kind=row.kind, child=row.child, due_at=row.due_at, state=row.state
        )
        for row in rows
        if row.kind not in by_digest
    ]


def _decide(batch: Batch, sending: Sending, reader: Reader, items: tuple[DigestItem, ...]) -> None:
    command = SendDigest(
        account=reader.account,
        staff=reader.staff,
        part=sending.part,
        on=sending.on,
        items=items,
    )
    batch.circumstances = replace(
        batch.circumstances, command_id=_command_id(sending, reader.account)
    )
    stream = f"digest-{reader.account}"
    batch.decide(stream, command, unitpath=reader.path, subject=None)


def _command_id(sending: Sending, account: str) -> UUID:
    return uuid5(EFFECTS, f"digest|{account}|{sending.on}|{sending.part}")


def _batch(sending: Sending) -> Batch:
    return Batch(
        Circumstances(
            ledger=sending.ledger,
            actor=SYSTEM,
            via="system",
            policy_version=sending.pack.version,
            command_id=EFFECTS,
            now=sending.now,
        )
    )
