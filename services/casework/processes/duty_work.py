"""One ledger's duties in one transaction: what is decided, the rows beside it, the timers."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.aggregates import DUTY
from services.casework.domain.duty import ArmDuty, Armed, CancelDuty, TakeEvidence, phase
from services.casework.domain.duty_events import Cause, DutyArmed, DutyTarget
from services.casework.duties.due import Ground, NoDueTime, due_at
from services.casework.duties.facts import Fact
from services.casework.duties.periods import term_on
from services.casework.processes.arming import Arming
from services.casework.queries import duty_rows as rows
from services.casework.queries.duty_rows import Known, OpenDuty, as_json
from services.casework.queries.groups import Grouped
from services.casework.queries.holding import Holding
from shared.decider import CommandRejected
from shared.event import SYSTEM, Circumstances, business_day
from shared.event_store import BATCH_LIMIT_EVENTS, Batch, UnknownLedger
from shared.faults import NotNow
from shared.founding import EFFECTS
from shared.policy.day import moment_of
from shared.policy.pack import Pack
from shared.rulebook import Rules
from shared.timer import Timer, arm_many, disarm_free

log = structlog.get_logger()

# The name space of duties; any constant does, for ever.
DUTIES = UUID("5b0c7f9e-8f5e-5d63-9d1c-2f1f2f0b7a11")
DUE_TIMER = "duty.due"
A_MOMENT = timedelta(microseconds=1)


@dataclass(slots=True)
class Work:
    """What is gathered before the append; `open`: duties by target, those just armed included."""

    ledger: str
    batch: Batch
    rules: Rules
    holding: Holding
    open: dict[str, list[OpenDuty]] = field(default_factory=dict)
    inserts: list[dict[str, Any]] = field(default_factory=list)
    updates: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    timers: list[Timer] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    # What is known already of targets that something is armed about, and what is new of it.
    earlier: dict[str, set[Known]] = field(default_factory=dict)
    kept: list[Known] = field(default_factory=list)
    # Days in groups, of the children that something is armed about which asks for them.
    groups: dict[UUID, list[Grouped]] = field(default_factory=dict)
    _grounds: dict[tuple[str, str, date], Ground] = field(default_factory=dict)
    _packs: dict[str, Pack] = field(init=False)

    def __post_init__(self) -> None:
        self._packs = {pack.version: pack for pack in self.rules.packs.values()}

    def keep(self, known: Known) -> None:
        self.kept.append(known)
        self.earlier.setdefault(known.target, set()).add(known)

    def in_groups(self, child: UUID | None, groups: Collection[str], on: date) -> bool:
        held = self.groups.get(child, ()) if child else ()
        return any(one.group in groups and one.holds(on) for one in held)

    @property
    def now(self) -> datetime:
        return self.batch.circumstances.now

    def ground(self, path: str, pack: Pack, day: date) -> Ground:
        """What due times of a unit rest on, on a day."""
        key = path, pack.sha256, day
        if key not in self._grounds:
            self._grounds[key] = Ground(
                path=path,
                calendar=self.rules.school_calendar(),
                term=term_on(self.holding.terms, [*reversed(path.split("/"))], day),
                roll_forward=pack.values.counting.roll_forward,
            )
        return self._grounds[key]

    def pack_of(self, duty: OpenDuty) -> Pack:
        """The pack that the duty was armed under; the one in force where that is not at hand."""
        held = self._packs.get(duty.policy)
        return held or self.rules.pack(duty.path, business_day(self.now))


def begin(ledger: str, rules: Rules, holding: Holding, now: datetime) -> Work:
    """`now` is the clock's; causes are put in place event by event."""
    circumstances = Circumstances(
        ledger=ledger, actor=SYSTEM, via="system", policy_version="", command_id=EFFECTS, now=now
    )
    return Work(ledger, Batch(circumstances), rules, holding)


def duty_id(work: Work, arming: Arming) -> UUID:
    one = arming
    return uuid5(DUTIES, f"{work.ledger}|{one.code}|{one.target}|{one.period}|{one.holder or ''}")


async def arm(conn: AsyncConnection, work: Work, arming: Arming) -> OpenDuty | None:
    """Arm a duty once; None when it was armed before, or cannot be dated."""
    kind, place = arming.kind, arming.place
    duty = duty_id(work, arming)
    day = business_day(arming.began_at)
    ground = work.ground(place.path, arming.pack, day)
    try:
        due = due_at(kind.due, arming.began_at, ground, arming.fact.data if arming.fact else {})
    except NoDueTime as error:
        log.info("duty_not_dated", kind=arming.code, reason=str(error))
        return None
    holders = (arming.holder,) if arming.holder else _holders(work, arming, due)
    armed = DutyArmed(
        duty=duty,
        kind=arming.code,
        target=DutyTarget(kind=kind.target, id=arming.target),
        period=arming.period,
        starts_at=arming.starts_at,
        due_at=due,
        needed=kind.needed,
        holders=holders,
        role=kind.holder.role or f"{kind.holder.scheme}.{kind.holder.tier}",
        share=kind.share,
        rows=kind.rows,
        calendar=ground.calendar.version_for(place.path, day),
        cause=arming.fact.cause if arming.fact else None,
        child=place.child,
        klass=UUID(place.klass) if place.klass else None,
        school=place.school,
    )
    if not await decide(conn, work, arming.pack, armed, place.path, arming.fact):
        return None
    return _armed(work, arming, armed)


def _holders(work: Work, arming: Arming, due: datetime) -> tuple[UUID, ...]:
    """Who answers is who holds it on the day that it is due, not on the day that it began."""
    on = business_day(due - A_MOMENT)
    return work.holding.holders(arming.kind.holder, arming.pack, arming.place, arming.target, on)


async def decide(
    conn: AsyncConnection, work: Work, pack: Pack, armed: DutyArmed, path: str, fact: Fact | None
) -> bool:
    stream = f"duty-{armed.duty}"
    await work.batch.load(conn, DUTY, [stream])
    command_id = uuid5(EFFECTS, f"arm|{armed.duty}")
    return give(work, stream, ArmDuty(armed=armed), pack, path, armed.child, command_id, fact)


def give(
    work: Work,
    stream: str,
    command: object,
    pack: Pack,
    path: str,
    child: UUID | None,
    command_id: UUID,
    fact: Fact | None = None,
) -> bool:
    """Let a loaded duty decide; whether anything came of it."""
    batch = work.batch
    batch.circumstances = replace(
        batch.circumstances,
        policy_version=pack.version,
        command_id=command_id,
        causation_id=fact.envelope.id if fact else None,
        correlation_id=fact.envelope.correlationid if fact else None,
        cause_at=max(
            (at for at in (batch.circumstances.cause_at, fact and fact.recorded_at) if at),
            default=None,
        ),
    )
    try:
        return bool(
            batch.decide(stream, command, unitpath=path, subject=str(child) if child else None)
        )
    except CommandRejected as error:  # only people's commands are ever refused
        log.info("duty_refused", stream=stream, code=error.code)
        return False


def _armed(work: Work, arming: Arming, armed: DutyArmed) -> OpenDuty:
    place = arming.place
    window = arming.kind.window_from
    at = moment_of(business_day(arming.began_at), window) if window else arming.began_at
    work.inserts.append(
        {
            "duty": armed.duty,
            "ledger": work.ledger,
            "kind": armed.kind,
            "target_kind": armed.target.kind,
            "target": armed.target.id,
            "child": armed.child,
            "klass": armed.klass,
            "school": armed.school,
            "path": place.path,
            "period": armed.period,
            "starts_at": armed.starts_at,
            "began_at": arming.began_at,
            "due_at": armed.due_at,
            "window_at": max(at, arming.began_at),
            "needed": armed.needed,
            "holders": list(armed.holders),
            "role": armed.role,
            "share": armed.share,
            "policy": arming.pack.version,
            "calendar": armed.calendar,
            "rows": list(armed.rows),
            "cause": as_json(armed.cause),
            "form": arming.kind.form,
        }
    )
    work.timers.append(due_timer(armed.duty, work.ledger, armed.due_at))
    found = rows.just_armed(work.inserts[-1])
    work.open.setdefault(found.target, []).append(found)
    return found


def due_timer(duty: UUID, ledger: str, at: datetime) -> Timer:
    return Timer(f"duty:{duty}", at, DUE_TIMER, ledger, {"duty": str(duty)})


async def take(
    conn: AsyncConnection, work: Work, duty: OpenDuty, at: datetime, cause: Cause, fact: Fact | None
) -> None:
    """A fact that counts towards an open duty."""
    await work.batch.load(conn, DUTY, [duty.stream])
    command_id = uuid5(EFFECTS, f"take|{duty.duty}|{cause.service}|{cause.ledger}|{cause.seq}")
    recorded_at = fact.recorded_at if fact else at
    command = TakeEvidence(at=at, cause=cause, recorded_at=recorded_at)
    if _given(work, duty, command, command_id, fact):
        note(work, duty, at)


async def cancel(
    conn: AsyncConnection, work: Work, duty: OpenDuty, reason: str, by: Fact | Cause | None
) -> None:
    await work.batch.load(conn, DUTY, [duty.stream])
    fact = by if isinstance(by, Fact) else None
    command = CancelDuty(reason=reason, cause=by.cause if isinstance(by, Fact) else by)
    command_id = uuid5(EFFECTS, f"cancel|{duty.duty}")
    if _given(work, duty, command, command_id, fact):
        note(work, duty, work.now)


def _given(
    work: Work, duty: OpenDuty, command: object, command_id: UUID, fact: Fact | None
) -> bool:
    pack = work.pack_of(duty)
    return give(work, duty.stream, command, pack, duty.path, duty.child, command_id, fact)


def note(work: Work, duty: OpenDuty, at: datetime) -> None:
    """The row follows the state; what has ended is no longer among the open ones."""
    state = work.batch.held(duty.stream).state
    assert isinstance(state, Armed), "a duty with a row has been armed"
    ended = phase(state) in {"satisfied", "late", "cancelled"}
    work.updates[duty.duty] = {
        "duty": duty.duty,
        "state": phase(state),
        "got": len(state.evidence),
        "ended_at": at if ended else None,
        "due_at": state.due_at,
        "evidence": as_json(state.evidence),
    }
    if not ended:
        return
    # What has ended needs no more looking after: its due time, and each step that was to come.
    steps = len(kind.climb) if (kind := work.pack_of(duty).file.duties.get(duty.kind)) else 0
    work.done += [f"duty:{duty.duty}", *(f"climb:{duty.duty}:{step}" for step in range(steps))]
    if duty in work.open.get(duty.target, ()):
        work.open[duty.target].remove(duty)


async def append(conn: AsyncConnection, work: Work, *, whole: bool = True) -> None:
    """Write what was decided, the rows and the timers; `whole` false: only when a batch is full."""
    if not whole and len(work.batch) < BATCH_LIMIT_EVENTS:
        return
    try:
        await work.batch.append(conn)
    except UnknownLedger as error:
        raise NotNow(f"ledger {error} is not founded here yet") from error
    await rows.keep_facts(conn, work.ledger, work.kept)
    await rows.save(conn, rows.INSERT, work.inserts)
    await rows.change(conn, rows.UPDATE, list(work.updates.values()))
    done = {*work.done}
    await arm_many(conn, [timer for timer in work.timers if timer.key not in done])
    if done:
        await disarm_free(conn, sorted(done))
    work.inserts, work.updates, work.timers, work.done, work.kept = [], {}, [], [], []
