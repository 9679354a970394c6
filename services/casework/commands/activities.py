"""What a unit records of its work: meetings, checks, plans, publicity, reviews, documents."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import text

from services.casework.aggregates import ACTIVITY
from services.casework.commands.activity_fields import (
    DocumentFields,
    MatrixFields,
    MeetingFields,
    PlanFields,
    PublicityFields,
    ReviewFields,
    SelfCheckFields,
    TargetFields,
    TrainingFields,
    UnitFields,
    VillageFields,
)
from services.casework.commands.records import RecordUnknown
from services.casework.commands.unit_notes import sealed_note
from services.casework.domain import activity as a
from shared.access_words import Right
from shared.commands import Command, Done, FieldsInvalid
from shared.edge import Edge, Moment, allowed
from shared.event import business_day
from shared.event_store import Order
from shared.policy.pack import Pack
from shared.rights import Grant, Viewer
from shared.sealed import Sealed

UNIT = text("select ledger, path from unit where unit = :unit")
MONTH_DIGITS = 7
DUTY_OF = "duty_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One activity being recorded: whose, by whom, under which rules; `name` is its id."""

    edge: Edge
    viewer: Viewer
    moment: Moment
    grant: Grant
    ledger: str
    path: str
    pack: Pack
    name: UUID

    def code(self, list_name: str, field: str, code: str) -> str:
        if self.pack.code(list_name, code) is None:
            say = f"“{field}”选的“{code}”不在现行规则的代码里。请重新打开，再选一项。"
            raise FieldsInvalid(say, field=field, reason="unknown code")
        return code

    async def seal(self, field: str, words: str | None) -> Sealed | None:
        owner = self.viewer.staff or self.viewer.account
        return await sealed_note(self.edge, self.ledger, owner, field, words)

    def month(self, given: str | None) -> str:
        today = business_day(self.moment.now)
        month = given or f"{today:%Y-%m}"
        if len(month) != MONTH_DIGITS or not month.replace("-", "").isdigit():
            raise FieldsInvalid("月份写成 2026-11 这样。", field="month")
        return month


F = TypeVar("F", bound=UnitFields)
Make = Callable[[Recording, Any], Awaitable[a.ActivityEvent]]


def recorded(
    name: str,
    fields: type[F],
    make: Make,
    right: Right = "activity.record",
    seen_at: str = "/casework/duties",
    of_form: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict,
) -> Command:
    """A command that records one activity; its id is the command's, so sent twice it is one."""

    async def run(edge: Edge, viewer: Viewer, given: F) -> Done:
        async with edge.service.engine.connect() as conn:
            row = (await conn.execute(UNIT, {"unit": given.unit})).first()
            moment = await edge.moment(conn)
        if row is None:
            raise RecordUnknown("没有这个单位。核对单位代码再提交。", field="unit")
        work = Recording(
            edge=edge,
            viewer=viewer,
            moment=moment,
            grant=allowed(viewer, right, row.path, moment),
            ledger=row.ledger,
            path=row.path,
            pack=moment.rules.pack(row.path, moment.today),
            name=given.command_id,
        )
        return await _submit(work, given, await make(work, given), seen_at)

    return Command(name, fields, run, of_form)


async def _submit(work: Recording, given: UnitFields, event: a.ActivityEvent, seen_at: str) -> Done:
    order = Order(
        aggregate=ACTIVITY,
        stream=f"activity-{work.name}",
        command=a.RecordActivity(event=event, now=work.moment.now),
        circumstances=work.edge.circumstances(
            work.moment,
            work.viewer,
            work.grant,
            work.ledger,
            work.path,
            command_id=given.command_id,
            via=given.via,
        ),
        unitpath=work.path,
    )
    return Done(await work.edge.submit(order), seen_at)


async def _meeting(work: Recording, given: MeetingFields) -> a.ActivityEvent:
    return a.MeetingHeld(
        activity=work.name,
        kind=work.code("meetings", "kind", given.kind),
        unit=given.unit,
        held_at=given.held_at,
        chair=given.chair,
        attended=tuple(given.attended),
        absent=tuple(given.absent),
        agenda=given.agenda,
        minutes=await work.seal("minutes", given.minutes),
        attachment=None,
    )


async def _training(work: Recording, given: TrainingFields) -> a.ActivityEvent:
    return a.TrainingHeld(
        activity=work.name,
        kind=work.code("trainings", "kind", given.kind),
        unit=given.unit,
        held_at=given.held_at,
        attended=tuple(given.attended),
        topic=given.topic,
        attachment=None,
    )


async def _self_check(work: Recording, given: SelfCheckFields) -> a.ActivityEvent:
    return a.SelfCheckSubmitted(
        activity=work.name,
        unit=given.unit,
        month=work.month(given.month),
        findings=await work.seal("findings", given.findings),
        problems=given.problems,
        attachment=None,
    )


async def _work_plan(work: Recording, given: PlanFields) -> a.ActivityEvent:
    return a.WorkPlanSubmitted(
        activity=work.name, unit=given.unit, year=given.year, title=given.title, attachment=None
    )


async def _publicity_plan(work: Recording, given: PlanFields) -> a.ActivityEvent:
    return a.PublicityPlanSubmitted(
        activity=work.name, unit=given.unit, year=given.year, title=given.title, attachment=None
    )


async def _publicity(work: Recording, given: PublicityFields) -> a.ActivityEvent:
    return a.PublicityLogged(
        activity=work.name,
        kind=work.code("publicity", "kind", given.kind),
        unit=given.unit,
        on=given.on,
        place=given.place,
        reached=given.reached,
        attachment=None,
    )


async def _review(work: Recording, given: ReviewFields) -> a.ActivityEvent:
    return a.SupportRecordReviewed(
        activity=work.name,
        unit=given.unit,
        month=work.month(given.month),
        sample=tuple(given.sample),
        comments=await work.seal("comments", given.comments),
    )


async def _village(work: Recording, given: VillageFields) -> a.ActivityEvent:
    return a.VillageCheckLogged(
        activity=work.name,
        unit=given.unit,
        on=given.on,
        children=tuple(given.children),
        notes=await work.seal("notes", given.notes),
    )


async def _matrix(work: Recording, given: MatrixFields) -> a.ActivityEvent:
    named = {work.code("departments", "duties", one): tuple(v) for one, v in given.duties.items()}
    return a.DutyMatrixAdopted(
        activity=work.name, unit=given.unit, year=given.year, duties=named, attachment=None
    )


def _matrix_of_form(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """A form asks department by department, one duty a line: `duty_police`, `duty_village` …"""
    duties = {
        name.removeprefix(DUTY_OF): lines
        for name, text in values.items()
        if name.startswith(DUTY_OF) and (lines := _lines(text))
    }
    kept = {name: value for name, value in values.items() if not name.startswith(DUTY_OF)}
    return {**kept, "duties": duties} if duties else kept


def _lines(text: object) -> list[str]:
    return [line.strip() for line in str(text).splitlines() if line.strip()]


async def _target(work: Recording, given: TargetFields) -> a.ActivityEvent:
    return a.TargetSet(
        activity=work.name,
        unit=given.unit,
        staff=given.staff,
        year=given.year,
        metric=work.code("targets", "metric", given.metric),
        value=given.value,
        parent=given.parent,
    )


async def _document(work: Recording, given: DocumentFields) -> a.ActivityEvent:
    return a.PolicyDocumentPublished(
        document=work.name,
        code=work.code("documents", "code", given.code),
        title=given.title,
        version=given.edition,
        sha256=sha256(given.content.encode()).hexdigest(),
        unit=given.unit,
        owner=given.owner,
        valid_from=given.valid_from,
        number=given.number,
        issuer=given.issuer,
    )


COMMANDS = (
    recorded("hold_meeting", MeetingFields, _meeting),
    recorded("hold_training", TrainingFields, _training),
    recorded("submit_self_check", SelfCheckFields, _self_check),
    recorded("submit_work_plan", PlanFields, _work_plan),
    recorded("submit_publicity_plan", PlanFields, _publicity_plan),
    recorded("log_publicity", PublicityFields, _publicity),
    recorded("review_support", ReviewFields, _review),
    recorded("log_village_check", VillageFields, _village),
    recorded(
        "adopt_duty_matrix",
        MatrixFields,
        _matrix,
        "document.publish",
        "/casework/duty-matrix",
        _matrix_of_form,
    ),
    recorded("set_target", TargetFields, _target),
    recorded(
        "publish_document",
        DocumentFields,
        _document,
        "document.publish",
        "/casework/policy/documents",
    ),
)
