"""A breach that climbs: whoever is next is told once, by name, outside the quiet hours."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid5

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.aggregates import INBOX
from services.notify.domain.inbox import QueueNotice, TellEscalation
from services.notify.processes.quiet import quiet_until
from services.notify.queries.duties import reached
from shared import clock
from shared.contracts.duties import DutyEscalated
from shared.event import SYSTEM, Circumstances, business_day
from shared.event_store import Batch, UnknownLedger, unanswered
from shared.faults import NotNow
from shared.founding import effect_id
from shared.rulebook import Rulebook, Rules
from shared.subscription import Entry, Shape, Subscription
from shared.timer import Handler, Timer, arm_many

NAME = "notify.escalations"
TIMER = "notify.escalation"
KIND = "escalation"
TYPES = frozenset(("casework.DutyEscalated",))


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One step to tell: what of the event is needed, so that it can wait for the morning."""

    command_id: UUID
    duty: UUID
    step: int
    to: list[UUID]
    child: str | None
    path: str
    causation_id: str
    correlation_id: str
    cause_at: datetime


def escalations(rulebook: Rulebook) -> Subscription:
    """Follows casework; what was told already is told to nobody again, whatever is heard."""

    async def apply(conn: AsyncConnection, entries: Sequence[Entry]) -> None:
        rules = await rulebook.rules(conn)
        by_ledger: dict[str, list[Told]] = defaultdict(list)
        for entry in entries:
            by_ledger[entry.ledger].append(_told(entry))
        for ledger in sorted(by_ledger):
            await _now_or_later(conn, rules, ledger, by_ledger[ledger])

    return Subscription(NAME, ("casework",), apply, Shape.PROCESS, types=TYPES)


def after_quiet(rulebook: Rulebook) -> Handler:
    """Tells what had to wait for the end of the quiet hours."""

    async def handle(conn: AsyncConnection, timers: Sequence[Timer]) -> None:
        rules = await rulebook.rules(conn)
        by_ledger: dict[str, list[Told]] = defaultdict(list)
        for timer in timers:
            by_ledger[timer.ledger].append(msgspec.convert(timer.args, Told))
        for ledger in sorted(by_ledger):
            await _tell(conn, rules, ledger, by_ledger[ledger])

    return handle


def _told(entry: Entry) -> Told:
    envelope = entry.envelope
    event = msgspec.json.decode(envelope.data, type=DutyEscalated)
    return Told(
        command_id=effect_id(NAME, entry),
        duty=event.duty,
        step=event.step,
        to=event.to,
        child=envelope.subject,
        path=envelope.unitpath,
        causation_id=envelope.id,
        correlation_id=envelope.correlationid,
        cause_at=envelope.recorded_at,
    )


async def _now_or_later(
    conn: AsyncConnection, rules: Rules, ledger: str, told: Sequence[Told]
) -> None:
    now = await clock.now(conn)
    left = await unanswered(conn, ledger, [one.command_id for one in told])
    at_once: list[Told] = []
    later: list[Timer] = []
    for one in told:
        if one.command_id not in left:
            continue
        hours = rules.pack(one.path, business_day(now)).values.message
        if (at := quiet_until(hours, now)) is None:
            at_once.append(one)
        else:
            key = f"escalation:{one.command_id}"
            later.append(Timer(key, at, TIMER, ledger, msgspec.to_builtins(one)))
    await arm_many(conn, later)
    await _tell(conn, rules, ledger, at_once)


async def _tell(conn: AsyncConnection, rules: Rules, ledger: str, told: Sequence[Told]) -> None:
    """Under each event's own command, so that a second hearing finds it answered."""
    if not told:
        return
    batch = Batch(
        Circumstances(
            ledger=ledger,
            actor=SYSTEM,
            via="system",
            policy_version="",
            command_id=told[0].command_id,
            now=await clock.now(conn),
            cause_at=max(one.cause_at for one in told),
        )
    )
    for one in told:
        await _one(conn, batch, rules, one)
    try:
        await batch.append(conn)
    except UnknownLedger as error:
        raise NotNow(f"ledger {error} is not founded here yet") from error


async def _one(conn: AsyncConnection, batch: Batch, rules: Rules, one: Told) -> None:
    on = business_day(batch.circumstances.now)
    batch.circumstances = replace(
        batch.circumstances,
        policy_version=rules.pack(one.path, on).version,
        command_id=one.command_id,
        causation_id=one.causation_id,
        correlation_id=one.correlation_id,
    )
    accounts = await reached(conn, one.to, one.path, on)
    await batch.load(conn, INBOX, [f"inbox-{account}" for account, _ in accounts])
    for account, staff in accounts:
        notice = _notice(one, account, staff, batch.circumstances.now)
        command = TellEscalation(notice=notice, duty=one.duty, step=one.step)
        batch.decide(f"inbox-{account}", command, unitpath=one.path, subject=one.child)


def _notice(one: Told, account: str, staff: UUID, now: datetime) -> QueueNotice:
    return QueueNotice(
        notice=uuid5(one.command_id, account),
        account=account,
        staff=staff,
        kind=KIND,
        child=UUID(one.child) if one.child else None,
        about=f"duty-{one.duty}",
        persons=tuple(one.to),
        now=now,
    )
