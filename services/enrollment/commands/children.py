"""Children: registered, changed, on a class's rolls and off them."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.aggregates import CHILD
from services.enrollment.bulk.sealing import CHILDREN, seal_changes, seal_people
from services.enrollment.bulk.writing import Step
from services.enrollment.commands.acting import PUPILS, Acting, acting
from services.enrollment.domain import child as domain
from services.enrollment.domain.child import PlacementInvalid
from services.enrollment.domain.child_state import Enrolled, Registered
from services.enrollment.domain.klass import ClassNotOpen
from services.enrollment.queries.places import (
    ChildPlace,
    ClassPlace,
    child_place,
    class_place,
    require_not_elsewhere,
    unit_place,
)
from services.enrollment.queries.states import state_of
from services.enrollment.sheets.codes import read_ethnic, read_sex
from services.enrollment.sheets.parsed import Refusal
from shared.access_words import Right
from shared.commands import Command, Done, Fields
from shared.contracts.words import word
from shared.decider import CommandRejected
from shared.edge import Edge
from shared.rights import Viewer

PAGE = "/enrollment/children"
# Changing needs what was there before; whoever only brings files in opens nothing.
CHANGE: tuple[Right, ...] = ("child.change",)


Reader: TypeAlias = Callable[[str], str | None]


class ValueUnreadable(CommandRejected):
    code = "value_unreadable"


def _sex(text: str) -> str | None:
    found = read_sex(text)
    return found.value if found else None


READ: Mapping[str, Reader] = {"sex": _sex, "ethnic": read_ethnic}


def _code(reader: Reader, label: str, text: str) -> str:
    try:
        return reader(text) or ""
    except Refusal as error:
        raise ValueUnreadable(f"{label}：{error.reason}。{error.mend}。") from error


class Personal(Fields, frozen=True, kw_only=True):
    """The registry's fields, each as text; see `CHILD_CLASSES`."""

    name: str | None = None
    sex: str | None = None
    born: str | None = None
    ethnic: str | None = None
    idtype: str | None = None
    idnumber: str | None = None
    studentnumber: str | None = None
    hukou: str | None = None
    address: str | None = None
    guardian: str | None = None
    guardianrelation: str | None = None
    phone: str | None = None
    guardian2: str | None = None
    phone2: str | None = None
    leftbehind: str | None = None
    migrant: str | None = None
    orphan: str | None = None
    poor: str | None = None
    boarding: str | None = None
    disability: str | None = None

    def given(self) -> dict[str, str]:
        """What is filled in; sex and ethnic group as the registry's codes, like from a file."""
        return {
            name: _code(READ[name], word(name), text) if name in READ else text
            for name in CHILDREN
            if (text := getattr(self, name))
        }


class RegisterFields(Personal, frozen=True, kw_only=True):
    """`child`: the new child's id, the command's own unless given.

    With `klass` on its rolls from `on` (today) on; else `unit` says where it is registered.
    """

    child: UUID | None = None
    klass: UUID | None = None
    unit: str | None = None
    seat: int | None = None
    on: date | None = None


class ChangeFields(Personal, frozen=True, kw_only=True):
    """What is given is changed; `clear` names what is taken away."""

    child: UUID
    clear: list[str] = []  # noqa: RUF012  msgspec copies an empty list for each struct


class EnrollFields(Fields, frozen=True, kw_only=True):
    """A child of another class leaves it that day, if that class is the viewer's too."""

    child: UUID
    klass: UUID
    seat: int | None = None
    on: date | None = None


class LeaveFields(Fields, frozen=True, kw_only=True):
    """`reason`: moved, promoted, transferred, graduated, left_country, deceased or
    entered_in_error."""

    child: UUID
    reason: str
    klass: UUID | None = None
    on: date | None = None


async def register_child(edge: Edge, viewer: Viewer, fields: RegisterFields) -> Done:
    act, ledger, path, place = await _where(edge, viewer, fields)
    told = act.told(PUPILS, ledger, path)
    child = fields.child or fields.command_id
    (sealed,) = await seal_people(edge, ledger, [(str(child), fields.given())], CHILDREN)
    register = domain.RegisterChild(child=child, fields=sealed, now=act.moment.now)
    steps = [child_step(child, register, path, fields)]
    if place is not None:
        enroll = _enroll(act, child, place, fields.seat, fields.on, moves=False)
        steps.append(child_step(child, enroll, path))

    async def before(conn: AsyncConnection) -> None:
        await require_not_elsewhere(conn, f"{CHILD.prefix}{child}", told.ledger)

    return await act.write(told, *steps, before=before, next=f"{PAGE}/{child}")


async def change_child(edge: Edge, viewer: Viewer, fields: ChangeFields) -> Done:
    """Only what differs becomes an event."""
    act, place = await _of(edge, viewer, fields, fields.child)
    told = act.told(CHANGE, place.ledger, place.path)
    subject = str(fields.child)
    async with edge.service.engine.connect() as conn:
        state = await state_of(conn, place.ledger, CHILD, f"{CHILD.prefix}{subject}")
    held = state.fields if isinstance(state, Registered | Enrolled) else {}
    wanted: dict[str, str | None] = {**dict.fromkeys(fields.clear), **fields.given()}
    changes = await seal_changes(edge, place.ledger, subject, held, wanted, CHILDREN)
    command = domain.ChangeChild(child=fields.child, fields=changes, now=act.moment.now)
    step = child_step(fields.child, command, place.path, fields)
    return await act.write(told, step, next=f"{PAGE}/{fields.child}")


async def enroll_child(edge: Edge, viewer: Viewer, fields: EnrollFields) -> Done:
    """A transfer from another school begins there: its child is not taken from here."""
    act, place = await _of(edge, viewer, fields, fields.child)
    async with edge.service.engine.connect() as conn:
        klass = await class_place(conn, fields.klass)
    told = act.told(PUPILS, klass.ledger, klass.path)
    moves = act.may(PUPILS, place.path)
    command = _enroll(act, fields.child, klass, fields.seat, fields.on, moves=moves)
    step = child_step(fields.child, command, klass.path, fields)
    return await act.write(told, step, next=f"{PAGE}/{fields.child}")


async def leave_class(edge: Edge, viewer: Viewer, fields: LeaveFields) -> Done:
    act, place = await _of(edge, viewer, fields, fields.child)
    klass = fields.klass or place.klass
    if klass is None:
        raise domain.NotInThatClass("这名学生不在任何班。请核对学生。", field="child")
    on = fields.on or act.moment.today
    command = domain.LeaveClass(
        child=fields.child, klass=klass, on=on, reason=fields.reason, now=act.moment.now
    )
    told = act.told(PUPILS, place.ledger, place.path)
    step = child_step(fields.child, command, place.path, fields)
    return await act.write(told, step, next=f"{PAGE}/{fields.child}")


async def _of(edge: Edge, viewer: Viewer, fields: Fields, child: UUID) -> tuple[Acting, ChildPlace]:
    async with edge.service.engine.connect() as conn:
        return await acting(edge, viewer, fields, conn), await child_place(conn, child)


async def _where(
    edge: Edge, viewer: Viewer, fields: RegisterFields
) -> tuple[Acting, str, str, ClassPlace | None]:
    """Who acts; ledger and path of the registration; the class, if the child begins in one."""
    async with edge.service.engine.connect() as conn:
        act = await acting(edge, viewer, fields, conn)
        if fields.klass is not None:
            klass = await class_place(conn, fields.klass)
            return act, klass.ledger, klass.path, klass
        if fields.unit is None:
            raise PlacementInvalid("要说明在哪个班，或在哪个单位登记。请补选。", field="klass")
        unit = await unit_place(conn, fields.unit)
        return act, unit.ledger, unit.path, None


def _enroll(
    act: Acting, child: UUID, place: ClassPlace, seat: int | None, on: date | None, *, moves: bool
) -> domain.EnrollStudent:
    day = on or act.moment.today
    if not place.open_on(day):
        raise ClassNotOpen("这个班那一天没有开班。请核对班级和日期。", field="klass")
    return domain.EnrollStudent(
        child=child,
        klass=place.klass,
        school=place.school,
        grade=place.grade,
        seat=seat,
        on=day,
        moves=moves,
        now=act.moment.now,
    )


def child_step(child: UUID, command: Any, path: str, fields: Fields | None = None) -> Step:
    """A command to a child; `fields` where the form was drawn from a version of it."""
    return Step(
        aggregate=CHILD,
        stream=f"{CHILD.prefix}{child}",
        command=command,
        path=path,
        subject=str(child),
        expected=fields.version if fields else None,
    )


COMMANDS = (
    Command("register_child", RegisterFields, register_child),
    Command("change_child", ChangeFields, change_child),
    Command("enroll_child", EnrollFields, enroll_child),
    Command("leave_class", LeaveFields, leave_class),
)
