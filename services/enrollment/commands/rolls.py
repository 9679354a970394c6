"""The daily roll from a teacher's hand: sent, recalled, corrected, a reason tapped afterwards."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.aggregates import ROLL, roll_stream
from services.enrollment.bulk.rolls import RollAnswer, RollEntry
from services.enrollment.bulk.rolls import submit_roll as submit
from services.enrollment.bulk.writing import Step
from services.enrollment.commands.acting import acting
from services.enrollment.domain.codes import AbsenceMark
from services.enrollment.domain.roll import Absent, NothingToRecall, RecallDailyRoll, Taken
from services.enrollment.queries.places import ClassPlace, class_place
from services.enrollment.queries.rules import pack_on
from services.enrollment.queries.states import recorded, state_of
from services.enrollment.timers import settle_key, settle_timer
from shared import timer
from shared.access_words import Right
from shared.commands import Command, Done, Fields, FieldsInvalid
from shared.edge import Edge, Moment
from shared.event_store import Outcome
from shared.policy.pack import Pack
from shared.rights import Viewer, require

SUBMIT: tuple[Right, ...] = ("roll.submit",)
PRESENT = "present"
MARKS = (PRESENT, "unexcused", "sick", "personal")


class AbsentFields(msgspec.Struct, frozen=True, kw_only=True):
    """`reason`: a code of the rules; the mark's own unless given."""

    child: UUID
    mark: AbsenceMark
    reason: str | None = None


class RollFields(Fields, frozen=True):
    """`present` absent: everybody else on the sheet. `version`: of the roll that was corrected."""

    klass: UUID
    on: date
    absent: list[AbsentFields] = []  # noqa: RUF012  msgspec copies an empty list for each struct
    present: list[UUID] | None = None


class RecallFields(Fields, frozen=True):
    """`recalls`: the submission that its author saw."""

    klass: UUID
    on: date
    recalls: int


class ReasonFields(Fields, frozen=True):
    klass: UUID
    on: date
    child: UUID
    reason: str


def of_form(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The roll's form names each child once under its mark; programs list who is absent."""
    if not any(mark in values for mark in MARKS if mark != PRESENT):
        return values
    absent = [
        {"child": child, "mark": mark}
        for mark in MARKS
        if mark != PRESENT
        for child in _listed(values.get(mark))
    ]
    rest = {name: value for name, value in values.items() if name not in MARKS}
    return rest | {"absent": absent, "present": _listed(values.get(PRESENT))}


def _listed(given: Any) -> list[Any]:
    """One value of a form is no list yet."""
    if given is None:
        return []
    return given if isinstance(given, list) else [given]


async def submit_roll(edge: Edge, viewer: Viewer, fields: RollFields) -> Done:
    """The whole sheet; again for the same day it is a correction."""
    moment, place = await _of(edge, fields.klass)
    pack = pack_on(moment.rules, place.path, fields.on, moment.today)
    entry = RollEntry(
        viewer=viewer,
        klass=fields.klass,
        on=fields.on,
        absent=tuple(_absent(pack, one) for one in fields.absent),
        present=None if fields.present is None else tuple(fields.present),
        command_id=fields.command_id,
        seen=fields.version,
    )
    answer = await submit(edge, entry, via=fields.via)
    return await _done(edge, place, answer)


async def set_reason(edge: Edge, viewer: Viewer, fields: ReasonFields) -> Done:
    """One tap: the roll that stands is sent again with this child's reason, and its mark."""
    moment, place = await _of(edge, fields.klass)
    # Before the roll is looked at: what stands in it is nobody's business elsewhere.
    require(viewer, "roll.submit", place.path, moment.today)
    pack = pack_on(moment.rules, place.path, fields.on, moment.today)
    async with edge.service.engine.connect() as conn:
        state = await state_of(conn, place.ledger, ROLL, roll_stream(fields.klass, fields.on))
    absent = state.latest.absent if isinstance(state, Taken) else ()
    if not isinstance(state, Taken) or fields.child not in {one.child for one in absent}:
        raise NothingToRecall("点名里没有这名学生未到。请打开最新的点名。", field="child")
    reason = pack.code("absence_reasons", fields.reason)
    if reason is None or reason.mark is None:
        raise FieldsInvalid("没有这个原因。请重新打开，再选一项。", field="reason")
    changed = Absent(child=fields.child, mark=reason.mark, reason=reason.code)
    entry = RollEntry(
        viewer=viewer,
        klass=fields.klass,
        on=fields.on,
        absent=tuple(changed if one.child == fields.child else one for one in absent),
        present=state.latest.present,
        command_id=fields.command_id,
        seen=fields.version,
    )
    done = await _done(edge, place, await submit(edge, entry, via=fields.via))
    # A tap is answered by the child's row alone.
    return Done(done.outcome, f"{done.next}/reasons/{fields.child}")


async def recall_roll(edge: Edge, viewer: Viewer, fields: RecallFields) -> Done:
    """Within the window, by its author; what it had corrected stands again."""
    async with edge.service.engine.connect() as conn:
        act = await acting(edge, viewer, fields, conn)
        place = await class_place(conn, fields.klass)
    told = act.told(SUBMIT, place.ledger, place.path)
    command = RecallDailyRoll(
        klass=fields.klass,
        on=fields.on,
        version=fields.recalls,
        author=told.actor.id,
        now=act.moment.now,
    )
    stream = roll_stream(fields.klass, fields.on)

    async def after(conn: AsyncConnection) -> None:
        await _rearm(conn, place, fields.klass, fields.on)

    step = Step(
        aggregate=ROLL,
        stream=stream,
        command=command,
        path=place.path,
        subject=str(fields.klass),
        expected=fields.version,
    )
    return await act.write(told, step, after=after, next=roll_page(fields.klass, fields.on))


def roll_page(klass: UUID, on: date) -> str:
    return f"/enrollment/classes/{klass}/roll?on={on}"


def sent_page(klass: UUID, on: date) -> str:
    return f"/enrollment/classes/{klass}/rolls/{on}"


async def _of(edge: Edge, klass: UUID) -> tuple[Moment, ClassPlace]:
    async with edge.service.engine.connect() as conn:
        return await edge.moment(conn), await class_place(conn, klass)


def _absent(pack: Pack, given: AbsentFields) -> Absent:
    """Leave has one reason, its own; what is not known of an absence is said later by a tap."""
    if given.reason is None:
        own = pack.code("absence_reasons", given.mark)
        return Absent(child=given.child, mark=given.mark, reason=own.code if own else None)
    reason = pack.code("absence_reasons", given.reason)
    if reason is None or reason.mark != given.mark:
        say = f"“{given.reason}”不是这种未到的原因。请重新打开，再选一项。"
        raise FieldsInvalid(say, field="reason")
    return Absent(child=given.child, mark=given.mark, reason=reason.code)


async def _done(edge: Edge, place: ClassPlace, answer: RollAnswer) -> Done:
    if answer.refused is not None:
        raise answer.refused
    entry = answer.entry
    async with edge.service.engine.connect() as conn:
        envelopes = await recorded(conn, place.ledger, entry.command_id)
    outcome = Outcome(envelopes, answer.version, None, repeated=answer.repeated)
    return Done(outcome, sent_page(entry.klass, entry.on))


async def _rearm(conn: AsyncConnection, place: ClassPlace, klass: UUID, on: date) -> None:
    """What stands after the recall settles at its own time, or nothing does."""
    state = await state_of(conn, place.ledger, ROLL, roll_stream(klass, on))
    if not isinstance(state, Taken):
        await timer.disarm(conn, settle_key(klass, on))
        return
    latest = state.latest
    due = settle_timer(place.ledger, place.path, klass, on, latest.version, latest.settles_at)
    await timer.arm(conn, due)


COMMANDS = (
    Command("submit_roll", RollFields, submit_roll, of_form),
    Command("recall_roll", RecallFields, recall_roll),
    Command("set_reason", ReasonFields, set_reason),
)
