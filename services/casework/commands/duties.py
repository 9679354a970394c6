"""What people do about duties: the evening call, a visit without a case, plain evidence."""

import asyncio
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text

from services.casework.aggregates import ACTIVITY, CALLS, DUTY
from services.casework.commands.records import Acting, RecordUnknown, acting_for_child
from services.casework.commands.unit_notes import PURPOSE, sealed_note
from services.casework.domain.activity import FollowUpSurveyLogged, RecordActivity
from services.casework.domain.calls import (
    ChildVisited,
    DifficultyRecorded,
    EveningCallLogged,
    LogEveningCall,
    LogVisit,
)
from services.casework.domain.duty import FileEvidence
from services.casework.queries.charged import allowed_on
from shared.attachments import CLASS, Files, checked, sealed_file
from shared.commands import Command, Done, Fields
from shared.edge import Edge
from shared.event import business_day
from shared.event_store import Order
from shared.rights import Viewer
from shared.sealed import Attachment

OF_DUTY = text("select ledger, path, child, holders from duty where duty = :duty")
SURVEYED = text(
    "select got from duty where child = :child and form = 'survey'"
    " and state in ('armed', 'breached') order by due_at limit 1"
)


class EveningCallFields(Fields, frozen=True):
    """The four answers; absent: not asked. `difficulty`: a code, where help is wanted."""

    child: UUID
    disposition: str
    called_at: datetime | None = None
    leave_on: date | None = None
    better: bool | None = None
    tomorrow: bool | None = None
    settled: bool | None = None
    help: bool | None = None
    difficulty: str | None = None
    notes: str | None = None


class VisitChildFields(Fields, frozen=True):
    child: UUID
    visited_at: datetime
    outcome: str
    met: list[str] = []  # noqa: RUF012  msgspec copies an empty list for each struct
    notes: str | None = None


class SurveyFields(Fields, frozen=True):
    """跟踪调查: when the child or its guardian was asked, and what they said."""

    child: UUID
    asked_at: datetime
    notes: str | None = None


class EvidenceFields(Fields, frozen=True):
    """`note`: what was done, in words."""

    duty: UUID
    done_on: date
    note: str | None = None


async def log_evening_call(edge: Edge, viewer: Viewer, fields: EveningCallFields) -> Done:
    """病好了吗 明天能上学吗 事情办好了吗 有什么我帮忙的吗; who needs help has a difficulty."""
    stream, event = f"calls-{fields.child}", "casework.EveningCallLogged"
    act = await acting_for_child(
        edge, viewer, "alert.decide", fields, fields.child, stream, records=event
    )
    now = act.moment.now
    notes = await act.seal("notes", fields.notes)
    call = EveningCallLogged(
        child=fields.child,
        leave_on=fields.leave_on or business_day(now),
        called_at=fields.called_at or now,
        disposition=act.code("dispositions", "disposition", fields.disposition),
        better=fields.better,
        tomorrow=fields.tomorrow,
        settled=fields.settled,
        help=fields.help,
        notes=notes,
    )
    difficulty = None
    if fields.help:
        kind = act.code("difficulties", "difficulty", fields.difficulty or "other")
        difficulty = DifficultyRecorded(child=fields.child, kind=kind, note=notes)
    return await _submit(act, LogEveningCall(call=call, difficulty=difficulty, now=now))


async def visit_child(edge: Edge, viewer: Viewer, fields: VisitChildFields) -> Done:
    """A visit to a child who has no case: the weekly one to a key pupil is every teacher's, and
    that of whoever answers for the child by name, of whatever class.
    """
    act = await acting_for_child(
        edge, viewer, "child.visit", fields, fields.child, f"calls-{fields.child}"
    )
    visit = ChildVisited(
        child=fields.child,
        visited_at=fields.visited_at,
        met=act.codes("people_met", "met", fields.met),
        outcome=act.code("outcomes", "outcome", fields.outcome),
        notes=await act.seal("notes", fields.notes),
    )
    return await _submit(act, LogVisit(visit=visit, now=act.moment.now))


async def log_follow_up_survey(edge: Edge, viewer: Viewer, fields: SurveyFields) -> Done:
    """One of the two a term for a child that dropped out; which one follows from those before."""
    stream = f"activity-{fields.command_id}"
    asked = "casework.FollowUpSurveyLogged"
    act = await acting_for_child(
        edge, viewer, "alert.decide", fields, fields.child, stream, records=asked
    )
    async with edge.service.engine.connect() as conn:
        before = (await conn.execute(SURVEYED, {"child": fields.child})).scalar() or 0
    event = FollowUpSurveyLogged(
        activity=fields.command_id,
        child=fields.child,
        ordinal=before + 1,
        asked_at=fields.asked_at,
        notes=await act.seal("notes", fields.notes),
    )
    order = Order(
        aggregate=ACTIVITY,
        stream=stream,
        command=RecordActivity(event=event, now=act.moment.now),
        circumstances=act.circumstances(),
        unitpath=act.record.path,
        subject=act.record.subject,
    )
    return Done(await edge.submit(order), "/casework/duties")


async def _submit(act: Acting, command: LogEveningCall | LogVisit) -> Done:
    order = Order(
        aggregate=CALLS,
        stream=act.record.stream,
        command=command,
        circumstances=act.circumstances(),
        unitpath=act.record.path,
        subject=act.record.subject,
    )
    return Done(await act.edge.submit(order), "/casework/calls")


async def file_evidence(
    edge: Edge, viewer: Viewer, fields: EvidenceFields, content: bytes | None = None
) -> Done:
    """The plain form of a duty whose own form comes later, or that needs none."""
    async with edge.service.engine.connect() as conn:
        row = (await conn.execute(OF_DUTY, {"duty": fields.duty})).first()
        if row is None:
            raise RecordUnknown("没有这项任务。回到责任页重新打开。", field="duty")
        moment = await edge.moment(conn)
        grant = await allowed_on(conn, viewer, "activity.record", row, moment)
    owner = str(row.child) if row.child else (viewer.staff or viewer.account)
    command = FileEvidence(
        done_on=fields.done_on,
        note=await sealed_note(edge, row.ledger, owner, "note", fields.note),
        attachment=await _kept(edge, row.ledger, owner, content) if content else None,
        now=moment.now,
    )
    order = Order(
        aggregate=DUTY,
        stream=f"duty-{fields.duty}",
        command=command,
        circumstances=edge.circumstances(
            moment,
            viewer,
            grant,
            row.ledger,
            row.path,
            command_id=fields.command_id,
            via=fields.via,
        ),
        unitpath=row.path,
        subject=str(row.child) if row.child else None,
    )
    return Done(await edge.submit(order), "/casework/duties")


async def _kept(edge: Edge, ledger: str, owner: str, content: bytes) -> Attachment:
    """The file kept, sealed, before the event that names it: a file too many does no harm."""
    type_, clean = checked(content)
    keys = await edge.keyring.keys_for([owner], PURPOSE, [CLASS], create=True, ledger=ledger)
    kept = sealed_file(clean, owner, keys.of(owner, CLASS))
    files = Files.under(edge.service.settings.home)
    return await asyncio.to_thread(files.put, kept, type_)


COMMANDS = (
    Command("log_evening_call", EveningCallFields, log_evening_call),
    Command("visit_child", VisitChildFields, visit_child),
    Command("log_follow_up_survey", SurveyFields, log_follow_up_survey),
    Command("file_evidence", EvidenceFields, file_evidence),
)
