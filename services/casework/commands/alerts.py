"""What people do about alerts: raise, verify, clear, and log what they saw of a child."""

from dataclasses import replace
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid5

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.aggregates import ALERT, CASE
from services.casework.commands.records import Acting, acting, acting_for_child
from services.casework.commands.together import expect, submit
from services.casework.domain.alert import ClearRisk, FlagRisk, LogObservation, VerifyRisk
from services.casework.domain.alert_events import RiskVerified
from services.casework.domain.case_commands import (
    AssignCase,
    DetectRelapse,
    OpenCase,
    ReportDropout,
)
from services.casework.domain.case_state import Observing, Unopened
from services.casework.queries.deadlines import Due, due_of, report_timer
from services.casework.queries.people import owner_on, superiors
from services.casework.queries.streams import lock_children, remember, streams_of
from shared.commands import Command, Done, Fields
from shared.decider import CommandRejected
from shared.edge import Edge
from shared.event import Actor
from shared.event_store import Batch, Order, Outcome
from shared.rights import Viewer
from shared.sealed import Sealed
from shared.timer import arm

ALERT_OPEN = frozenset(("open",))
CASE_AWAY = frozenset(("suspected", "confirmed", "tracing"))
CASE_OPEN = CASE_AWAY | {"observing"}


class AlertOpen(CommandRejected):
    """One open alert a child is enough: what is new belongs to that one."""

    code = "alert_open"


class VerifyFields(Fields, frozen=True):
    alert: UUID
    reason: str
    note: str | None = None


class ClearFields(Fields, frozen=True):
    alert: UUID
    reason: str
    note: str | None = None


class FlagFields(Fields, frozen=True):
    """`sign` is what was seen, needed for `manual`."""

    child: UUID
    kind: Literal["whereabouts", "manual", "imported"] = "manual"
    sign: str | None = None
    note: str | None = None


class ObserveFields(Fields, frozen=True):
    """`case` for an observation after the return; `sign` raises an alert along with it."""

    child: UUID
    observed_at: datetime
    kind: str
    case: UUID | None = None
    present: bool | None = None
    sign: str | None = None
    notes: str | None = None


async def verify_risk(edge: Edge, viewer: Viewer, fields: VerifyFields) -> Done:
    """属实，立案: the alert, its case, the owner and the reports upwards in one transaction."""
    stream = f"alert-{fields.alert}"
    act = await acting(edge, viewer, "alert.decide", fields, stream)
    act.code("verify_reasons", "reason", fields.reason)
    note = await act.seal("note", fields.note)

    async def work(conn: AsyncConnection, batch: Batch) -> str:
        await lock_children(conn, [act.record.child])
        open_case = await _stream_in(conn, act, CASE_OPEN)
        case = open_case or f"case-{uuid5(fields.alert, 'case')}"
        await batch.load(conn, ALERT, [stream])
        await batch.load(conn, CASE, [case])
        expect(batch, stream, fields.version)
        verify = VerifyRisk(
            case=UUID(case.removeprefix("case-")),
            person=act.person,
            reason=fields.reason,
            now=act.moment.now,
            note=note,
        )
        _decide(act, batch, stream, verify)
        await _into_case(conn, act, batch, fields, case)
        return stream

    outcome = await submit(act, work)
    return Done(outcome, f"/casework/cases/{_case_in(outcome)}")


def _case_in(outcome: Outcome) -> str:
    """The case that a verification led to, as its event says."""
    verified = msgspec.json.decode(outcome.envelopes[0].data, type=RiskVerified)
    return f"case-{verified.case}"


async def _into_case(
    conn: AsyncConnection, act: Acting, batch: Batch, fields: VerifyFields, stream: str
) -> None:
    """A new case; or, where one is open, the same one: after a return it is a relapse."""
    case = batch.held(stream).state
    if isinstance(case, Unopened):
        await _open_case(conn, act, batch, fields, stream)
    elif isinstance(case, Observing):
        _decide(act, batch, stream, DetectRelapse(on=act.moment.today, now=act.moment.now))
    else:
        return
    # The rule reports on behalf of the verifier; nobody has to remember it before 24:00.
    batch.circumstances = replace(batch.circumstances, actor=_system_for(act))
    for level, unit in (await superiors(conn, act.record.path)).items():
        _decide(act, batch, stream, ReportDropout(level=level, to_unit=unit, now=act.moment.now))


async def _open_case(
    conn: AsyncConnection, act: Acting, batch: Batch, fields: VerifyFields, stream: str
) -> None:
    now, record = act.moment.now, act.record
    opening = OpenCase(
        case=UUID(stream.removeprefix("case-")),
        alert=fields.alert,
        child=record.child,
        klass=record.klass,
        school=record.school,
        reason=fields.reason,
        now=now,
    )
    _decide(act, batch, stream, opening)
    await remember(conn, stream, record.ledger, record.child)
    owner = await owner_on(conn, record.klass, record.school, act.moment.today)
    if owner is not None:
        _decide(act, batch, stream, AssignCase(owner=owner.staff, role=owner.role, now=now))


def _system_for(act: Acting) -> Actor:
    person = act.viewer.staff or act.viewer.account
    return Actor(id="system", role="system", unit=act.grant.unit, on_behalf_of=person)


def _decide(act: Acting, batch: Batch, stream: str, command: object) -> None:
    batch.decide(stream, command, unitpath=act.record.path, subject=act.record.subject)


async def clear_risk(edge: Edge, viewer: Viewer, fields: ClearFields) -> Done:
    act = await acting(edge, viewer, "alert.decide", fields, f"alert-{fields.alert}")
    act.code("clear_reasons", "reason", fields.reason)
    command = ClearRisk(
        person=act.person,
        reason=fields.reason,
        now=act.moment.now,
        note=await act.seal("note", fields.note),
    )
    outcome = await edge.submit(
        Order(
            aggregate=ALERT,
            stream=act.record.stream,
            command=command,
            circumstances=act.circumstances(),
            unitpath=act.record.path,
            subject=act.record.subject,
            expected=fields.version,
        )
    )
    return Done(outcome, "/casework/alerts")


async def flag_risk(edge: Edge, viewer: Viewer, fields: FlagFields) -> Done:
    """登记预警: by a person, or for a child whose whereabouts nobody knows."""
    alert = uuid5(fields.command_id, "alert")
    stream = f"alert-{alert}"
    act = await acting_for_child(edge, viewer, "alert.decide", fields, fields.child, stream)
    if fields.sign is not None:
        act.code("signs", "sign", fields.sign)
    note = await act.seal("note", fields.note)

    async def work(conn: AsyncConnection, batch: Batch) -> str:
        await lock_children(conn, [act.record.child])
        if await _stream_in(conn, act, ALERT_OPEN):
            raise AlertOpen("这名学生已有一条预警等核实。先核实那一条。", field="child")
        if await _stream_in(conn, act, CASE_AWAY):
            raise AlertOpen("这名学生已有在办的个案。到个案里登记。", field="child")
        await batch.load(conn, ALERT, [stream])
        await _flag(conn, act, batch, stream, _flag_command(act, fields, alert, note))
        return stream

    outcome = await submit(act, work)
    return Done(outcome, f"/casework/alerts?child={fields.child}")


def _flag_command(act: Acting, fields: FlagFields, alert: UUID, note: Sealed | None) -> FlagRisk:
    due = _due(act)
    return FlagRisk(
        alert=alert,
        child=fields.child,
        klass=act.record.klass,
        school=act.record.school,
        kind=fields.kind,
        now=act.moment.now,
        report_due_at=due.report_at,
        verify_due_at=due.verify_at,
        rule=act.pack.version,
        sign=fields.sign,
        note=note,
    )


def _due(act: Acting) -> Due:
    return due_of(act.pack, act.moment.now)


async def _flag(
    conn: AsyncConnection, act: Acting, batch: Batch, stream: str, command: FlagRisk
) -> None:
    _decide(act, batch, stream, command)
    await remember(conn, stream, act.record.ledger, act.record.child)
    await arm(conn, report_timer(stream, act.record.ledger, command.report_due_at))


async def _stream_in(conn: AsyncConnection, act: Acting, phases: frozenset[str]) -> str | None:
    """The child's latest record in one of these phases."""
    streams = await streams_of(conn, act.record.ledger, [act.record.child])
    found = reversed(streams[act.record.child])
    return next((one.stream for one in found if one.state in phases), None)


async def log_observation(edge: Edge, viewer: Viewer, fields: ObserveFields) -> Done:
    """What a teacher saw: in the case, else in the open alert, else in a stream of its own."""
    alert = uuid5(fields.command_id, "alert")
    if fields.case is not None:
        stream = f"case-{fields.case}"
        act = await acting(edge, viewer, "case.work", fields, stream)
    else:
        stream = f"alert-{alert}"
        act = await acting_for_child(edge, viewer, "alert.decide", fields, fields.child, stream)
    act.code("observation_kinds", "kind", fields.kind)
    if fields.sign is not None:
        act.code("signs", "sign", fields.sign)
    command = LogObservation(
        child=act.record.child,
        observed_at=fields.observed_at,
        kind=fields.kind,
        now=act.moment.now,
        present=fields.present,
        notes=await act.seal("notes", fields.notes),
    )

    async def work(conn: AsyncConnection, batch: Batch) -> str:
        return await _observe(conn, act, batch, fields, command, alert)

    outcome = await submit(act, work)
    return Done(outcome, f"/casework/cases/{stream}" if fields.case else "/")


async def _observe(
    conn: AsyncConnection,
    act: Acting,
    batch: Batch,
    fields: ObserveFields,
    command: LogObservation,
    alert: UUID,
) -> str:
    if fields.case is not None:
        await batch.load(conn, CASE, [act.record.stream])
        expect(batch, act.record.stream, fields.version)
        _decide(act, batch, act.record.stream, command)
        return act.record.stream
    await lock_children(conn, [act.record.child])
    known = await _stream_in(conn, act, ALERT_OPEN)
    stream = known or act.record.stream
    await batch.load(conn, ALERT, [stream])
    _decide(act, batch, stream, command)
    await remember(conn, stream, act.record.ledger, act.record.child)
    if fields.sign is not None and known is None:
        seen = FlagFields(command_id=fields.command_id, child=act.record.child, sign=fields.sign)
        await _flag(conn, act, batch, stream, _flag_command(act, seen, alert, None))
    return stream


COMMANDS = (
    Command("verify_risk", VerifyFields, verify_risk),
    Command("clear_risk", ClearFields, clear_risk),
    Command("flag_risk", FlagFields, flag_risk),
    Command("log_observation", ObserveFields, log_observation),
)
