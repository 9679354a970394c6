"""What people decide in a case: who answers for it, reports, whereabouts, return, closing."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any, Literal
from uuid import UUID

from services.casework.aggregates import CASE
from services.casework.commands.records import Acting, acting
from services.casework.domain import case_commands as domain
from services.casework.domain.refusals import EvidenceNeeded
from services.casework.queries.people import owner_on, superiors
from shared.access_words import Right
from shared.commands import Command, Done, Fields, FieldsInvalid
from shared.edge import Edge
from shared.event_store import Order
from shared.rights import CHARGE_HOLDER, Viewer

# Builds the domain's command out of the fields.
Build = Callable[[Acting, Any], Awaitable[object]]


class CaseFields(Fields, frozen=True):
    """Base of what is done in a case."""

    case: UUID


def case_command(
    name: str,
    fields: type[CaseFields],
    build: Build,
    right: Right = "case.work",
    records: str = "",
) -> Command:
    """A command for one case stream; afterwards the person is back at the case.

    `records`: what it records, where a responsibility for the child lends that much of the case.
    """

    async def run(edge: Edge, viewer: Viewer, given: Any) -> Done:
        act = await acting(edge, viewer, right, given, f"case-{given.case}", records)
        order = Order(
            aggregate=CASE,
            stream=act.record.stream,
            command=await build(act, given),
            circumstances=act.circumstances(),
            unitpath=act.record.path,
            subject=act.record.subject,
            expected=given.version,
        )
        lent = act.grant.role == CHARGE_HOLDER
        back = "/casework/duties" if lent else f"/casework/cases/{act.record.stream}"
        return Done(await edge.submit(order), back)

    return Command(name, fields, run)


class AssignFields(CaseFields, frozen=True):
    """Without `owner` the homeroom teacher of today, else the principal, is named."""

    owner: UUID | None = None
    role: str = "homeroom_teacher"


class ReportFields(CaseFields, frozen=True):
    level: Literal["school", "township", "county"]


class CauseFields(CaseFields, frozen=True):
    causes: list[str]


class ConfirmFields(CaseFields, frozen=True):
    on: date
    cause: str


class LostFields(CaseFields, frozen=True):
    since: date
    note: str | None = None


class FoundFields(CaseFields, frozen=True):
    whereabouts: str
    note: str | None = None


class ReinstateFields(CaseFields, frozen=True):
    """Back into the child's own class unless another one is given."""

    on: date
    school: str | None = None
    klass: UUID | None = None


class RelapseFields(CaseFields, frozen=True):
    on: date


class CloseFields(CaseFields, frozen=True):
    reason: str
    evidence: list[str]
    note: str | None = None


class ReopenFields(CaseFields, frozen=True):
    reason: str


async def _assign(act: Acting, given: AssignFields) -> object:
    now = act.moment.now
    if given.owner is not None:
        return domain.AssignCase(owner=given.owner, role=given.role, now=now)
    async with act.edge.service.engine.connect() as conn:
        owner = await owner_on(conn, act.record.klass, act.record.school, act.moment.today)
    if owner is None:
        say = "这个班没有班主任，学校也没有校长。请选一位负责人。"
        raise FieldsInvalid(say, field="owner")
    return domain.AssignCase(owner=owner.staff, role=owner.role, now=now)


async def _report(act: Acting, given: ReportFields) -> object:
    async with act.edge.service.engine.connect() as conn:
        units = await superiors(conn, act.record.path)
    units["school"] = act.record.school
    if given.level not in units:
        raise FieldsInvalid("这所学校上面没有这一级。改报县教体局。", field="level")
    return domain.ReportDropout(level=given.level, to_unit=units[given.level], now=act.moment.now)


async def _cause(act: Acting, given: CauseFields) -> object:
    causes = act.codes("causes", "causes", given.causes)
    return domain.RecordCause(causes=causes, now=act.moment.now)


async def _confirm(act: Acting, given: ConfirmFields) -> object:
    cause = act.code("causes", "cause", given.cause)
    return domain.ConfirmDropout(on=given.on, cause=cause, person=act.person, now=act.moment.now)


async def _lost(act: Acting, given: LostFields) -> object:
    note = await act.seal("note", given.note)
    return domain.ReportWhereaboutsUnknown(since=given.since, now=act.moment.now, note=note)


async def _found(act: Acting, given: FoundFields) -> object:
    act.code("whereabouts", "whereabouts", given.whereabouts)
    note = await act.seal("note", given.note)
    return domain.ReportWhereabouts(whereabouts=given.whereabouts, now=act.moment.now, note=note)


async def _reinstate(act: Acting, given: ReinstateFields) -> object:
    rule = act.pack.values.observation
    return domain.Reinstate(
        on=given.on,
        school=given.school or act.record.school,
        klass=given.klass or (act.record.klass if given.school is None else None),
        observe_days=rule.days,
        observations_needed=rule.follow_ups_per_term,
        now=act.moment.now,
    )


async def _relapse(act: Acting, given: RelapseFields) -> object:
    return domain.DetectRelapse(on=given.on, now=act.moment.now)


async def _close(act: Acting, given: CloseFields) -> object:
    act.code("closing_reasons", "reason", given.reason)
    reason = act.pack.code("closing_reasons", given.reason)
    assert reason is not None, "looked up above"
    if lacking := [code for code in reason.evidence if code not in given.evidence]:
        needed = "、".join(
            kind.zh for kind in act.pack.codes.evidence_kinds if kind.code in lacking
        )
        say = f"以“{reason.zh}”销号，还要有：{needed}。选上再销号。"
        raise EvidenceNeeded(say, field="evidence", lacking=lacking)
    return domain.CloseCase(
        reason=given.reason,
        evidence=tuple(given.evidence),
        person=act.person,
        now=act.moment.now,
        note=await act.seal("note", given.note),
    )


async def _reopen(act: Acting, given: ReopenFields) -> object:
    reason = act.code("reopen_reasons", "reason", given.reason)
    return domain.ReopenCase(reason=reason, now=act.moment.now)


COMMANDS = (
    case_command("assign_case", AssignFields, _assign),
    case_command("report_dropout", ReportFields, _report),
    case_command("record_cause", CauseFields, _cause),
    case_command("confirm_dropout", ConfirmFields, _confirm),
    case_command("report_whereabouts_unknown", LostFields, _lost),
    case_command("report_whereabouts", FoundFields, _found),
    case_command("reinstate", ReinstateFields, _reinstate),
    case_command("report_relapse", RelapseFields, _relapse),
    case_command("close_case", CloseFields, _close, "case.close"),
    case_command("reopen_case", ReopenFields, _reopen, "case.close"),
)
