"""From a run of unexcused absences to an alert; later marks extend it, never take it back."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.aggregates import ALERT, CASE
from services.casework.domain.alert import ExtendRisk, FlagRisk, NoteAttendanceChange
from services.casework.domain.alert_events import Cause
from services.casework.domain.alert_state import Open
from services.casework.domain.case_commands import DetectRelapse
from services.casework.domain.case_state import Observing
from services.casework.processes.resting_on import resting_on
from services.casework.queries import streams
from services.casework.queries.deadlines import due_of, report_timer
from services.casework.queries.people import school_of
from shared import clock
from shared.contracts import enrollment as e
from shared.contracts.decode import decode
from shared.decider import CommandRejected
from shared.event import SYSTEM, Circumstances, business_day
from shared.event_store import BATCH_LIMIT_EVENTS, Batch, UnknownLedger, unanswered
from shared.faults import NotNow
from shared.founding import effect_id
from shared.rulebook import Rulebook, Rules
from shared.subscription import Entry, Shape, Subscription
from shared.timer import Timer, arm_many

log = structlog.get_logger()

NAME = "casework.absence_to_risk"
CAUSES = frozenset(
    f"enrollment.{kind.__name__}"
    for kind in (e.AbsenceStreakExceeded, e.StudentAbsent, e.AbsenceEnded, e.AttendanceCorrected)
)


@dataclass(slots=True)
class Run:
    """A child's run of unexcused days after it went over the line."""

    last_on: date
    days: int
    ended: bool = False


@dataclass(slots=True)
class Work:
    """One batch of one ledger: the children's records and runs in memory."""

    batch: Batch
    rules: Rules
    open_ids: set[UUID]
    streams: dict[UUID, list[str]]
    runs: dict[UUID, Run]
    changed: set[UUID] = field(default_factory=set)
    timers: list[Timer] = field(default_factory=list)
    begun: list[tuple[str, UUID]] = field(default_factory=list)


def absence_to_risk(rulebook: Rulebook) -> Subscription:
    """Follows enrollment."""

    async def apply(conn: AsyncConnection, entries: Sequence[Entry]) -> None:
        by_ledger: dict[str, list[Entry]] = defaultdict(list)
        for entry in entries:
            by_ledger[entry.ledger].append(entry)
        rules = await rulebook.rules(conn)
        for ledger in sorted(by_ledger):
            await _apply_ledger(conn, rules, ledger, by_ledger[ledger])

    return Subscription(NAME, ("enrollment",), apply, Shape.PROCESS, types=CAUSES)


async def _apply_ledger(
    conn: AsyncConnection, rules: Rules, ledger: str, entries: Sequence[Entry]
) -> None:
    facts = [(entry, _fact(entry)) for entry in entries]
    children = list(dict.fromkeys(fact.child for _, fact in facts))
    await streams.lock_children(conn, children)
    work = await _work(conn, rules, ledger, entries, children)
    for entry, fact in facts:
        _take(work, entry, fact)
        if len(work.batch) >= BATCH_LIMIT_EVENTS:
            await _append(conn, work)
    await _append(conn, work)
    await arm_many(conn, work.timers)
    for stream, child in work.begun:
        await streams.remember(conn, stream, ledger, child)
    saved = [
        {"child": child, "last_on": run.last_on, "days": run.days, "ended": run.ended}
        for child, run in work.runs.items()
        if child in work.changed
    ]
    if saved:
        await conn.execute(streams.SAVE_RUN, saved)


def _fact(entry: Entry) -> Any:
    envelope = entry.envelope
    return decode(envelope.type, envelope.dataversion, envelope.data)


async def _work(
    conn: AsyncConnection,
    rules: Rules,
    ledger: str,
    entries: Sequence[Entry],
    children: Sequence[UUID],
) -> Work:
    now = await clock.now(conn)
    circumstances = Circumstances(
        ledger=ledger,
        actor=SYSTEM,
        via="system",
        policy_version="",
        command_id=effect_id(NAME, entries[0]),
        now=now,
        cause_at=max(entry.envelope.recorded_at for entry in entries),
    )
    batch = Batch(circumstances)
    known = await streams.streams_of(conn, ledger, children)
    names = [one for streams in known.values() for one in streams]
    await batch.load(conn, ALERT, [one.stream for one in names if not one.is_case])
    await batch.load(conn, CASE, [one.stream for one in names if one.is_case])
    new = [_alert_stream(entry) for entry in entries]
    await batch.load(conn, ALERT, new)
    runs = await conn.execute(streams.RUNS, {"children": list(children)})
    return Work(
        batch,
        rules,
        await unanswered(conn, ledger, [effect_id(NAME, entry) for entry in entries]),
        {child: [one.stream for one in streams] for child, streams in known.items()},
        {row.child: Run(row.last_on, row.days, row.ended) for row in runs},
    )


def _alert_stream(entry: Entry) -> str:
    return f"alert-{effect_id(f'{NAME}.alert', entry)}"


async def _append(conn: AsyncConnection, work: Work) -> None:
    try:
        await work.batch.append(conn)
    except UnknownLedger as error:
        raise NotNow(f"ledger {error} is not founded here yet") from error


def _take(work: Work, entry: Entry, fact: Any) -> None:
    match fact:
        case e.AbsenceStreakExceeded():
            _exceeded(work, entry, fact)
        case e.StudentAbsent(mark="unexcused"):
            _went_on(work, entry, fact)
        case e.AbsenceEnded():
            run = work.runs.get(fact.child)
            if run and fact.on > run.last_on and not run.ended:
                run.ended = True
                work.changed.add(fact.child)
        case e.AttendanceCorrected():
            _corrected(work, entry, fact)
        case _:
            pass


def _exceeded(work: Work, entry: Entry, fact: e.AbsenceStreakExceeded) -> None:
    """One open alert a child: another streak extends it; an open case already knows."""
    if fact.ended:
        return
    run = work.runs.get(fact.child)
    if run is None or fact.last_on >= run.last_on:
        work.runs[fact.child] = Run(fact.last_on, fact.days)
        work.changed.add(fact.child)
    if case := _open_case(work, fact.child):
        if isinstance(work.batch.held(case).state, Observing):
            _decide(work, entry, case, _relapse(entry, fact))
        return
    if alert := _open_alert(work, fact.child):
        _decide(work, entry, alert, _extend(work, fact.last_on, fact.days))
        return
    _flag(work, entry, fact)


def _flag(work: Work, entry: Entry, fact: e.AbsenceStreakExceeded) -> None:
    if effect_id(NAME, entry) not in work.open_ids:
        return
    now, path = work.batch.circumstances.now, entry.envelope.unitpath
    due = due_of(work.rules.pack(path, business_day(now)), now)
    stream = _alert_stream(entry)
    command = FlagRisk(
        alert=UUID(stream.removeprefix("alert-")),
        child=fact.child,
        klass=fact.klass,
        school=school_of(path, fact.klass),
        kind="streak",
        now=now,
        report_due_at=due.report_at,
        verify_due_at=due.verify_at,
        first_on=fact.first_on,
        last_on=fact.last_on,
        days=fact.days,
        rule=fact.rule,
        calendar=fact.calendar,
        cause=_cause(entry),
    )
    if _decide(work, entry, stream, command):
        work.streams[fact.child].append(stream)
        work.begun.append((stream, fact.child))
        work.timers.append(report_timer(stream, entry.ledger, due.report_at))


def _went_on(work: Work, entry: Entry, fact: e.StudentAbsent) -> None:
    """The run grows by one school day; a run that was broken has to cross the line again."""
    run = work.runs.get(fact.child)
    if run is None or run.ended or fact.on <= run.last_on:
        return
    run.last_on, run.days = fact.on, run.days + 1
    work.changed.add(fact.child)
    if alert := _open_alert(work, fact.child):
        _decide(work, entry, alert, _extend(work, run.last_on, run.days))


def _corrected(work: Work, entry: Entry, fact: e.AttendanceCorrected) -> None:
    """Nothing vanishes: what rests on the mark says that it changed, and a person decides."""
    command = NoteAttendanceChange(
        child=fact.child,
        on=fact.on,
        mark_was=fact.was,
        mark_now=fact.now,
        now=work.batch.circumstances.now,
        cause=_cause(entry),
    )
    known = {name: work.batch.held(name).state for name in work.streams[fact.child]}
    for stream in resting_on(known, fact.on):
        _decide(work, entry, stream, command)


def _relapse(entry: Entry, fact: e.AbsenceStreakExceeded) -> DetectRelapse:
    return DetectRelapse(on=fact.last_on, now=entry.envelope.recorded_at, cause=_cause(entry))


def _extend(work: Work, last_on: date, days: int) -> ExtendRisk:
    return ExtendRisk(last_on=last_on, days=days, now=work.batch.circumstances.now)


def _cause(entry: Entry) -> Cause:
    return Cause(service=entry.source.split(".")[0], ledger=entry.ledger, seq=entry.seq)


def _open_alert(work: Work, child: UUID) -> str | None:
    return _last(
        stream for stream in work.streams[child] if type(work.batch.held(stream).state) is Open
    )


def _open_case(work: Work, child: UUID) -> str | None:
    return _last(
        stream
        for stream in work.streams[child]
        if stream.startswith("case-") and CASE.phase(work.batch.held(stream).state) != "closed"
    )


def _last(streams: Iterable[str]) -> str | None:
    found = list(streams)
    return found[-1] if found else None


def _decide(work: Work, entry: Entry, stream: str, command: object) -> bool:
    """Whether the stream took it; what was answered before is skipped, a refusal is logged."""
    command_id = effect_id(NAME, entry)
    if command_id not in work.open_ids:
        return False
    envelope, batch = entry.envelope, work.batch
    rules = work.rules.pack(envelope.unitpath, business_day(batch.circumstances.now))
    batch.circumstances = replace(
        batch.circumstances,
        policy_version=rules.version,
        command_id=command_id,
        causation_id=envelope.id,
        correlation_id=envelope.correlationid,
        traceparent=envelope.traceparent,
    )
    try:
        events = batch.decide(stream, command, unitpath=envelope.unitpath, subject=envelope.subject)
    except CommandRejected as error:
        log.info("effect_refused", process=NAME, stream=stream, code=error.code)
        return False
    return bool(events)
