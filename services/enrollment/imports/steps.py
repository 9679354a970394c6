"""From deeds to the commands of the deciders, their personal values sealed in one go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.enrollment.aggregates import CHILD, CLASS, STAFF, UNIT
from services.enrollment.bulk.sealing import seal_people
from services.enrollment.bulk.writing import Step
from services.enrollment.domain.child import (
    ChangeChild,
    EnrollStudent,
    RecordVillage,
    RegisterChild,
    TagStudentGroup,
)
from services.enrollment.domain.codes import CHILD_CLASSES, STAFF_CLASSES
from services.enrollment.domain.klass import AssignHomeroomTeacher, OpenClass
from services.enrollment.domain.staff import ChangeStaff, EndRole, GrantRole, RegisterStaff
from services.enrollment.domain.unit import MoveUnit, OpenTerm, RegisterUnit
from services.enrollment.imports.deeds import (
    AnyDeed,
    FoundClass,
    FoundSchool,
    FoundTownship,
    MoveSchool,
    PutChild,
    PutStaff,
    SetTerm,
    TakeClass,
)
from shared.edge import Edge
from shared.sealed import Sealed

HOMEROOM = "homeroom_teacher"


@dataclass(frozen=True, slots=True)
class Sealing:
    """The sealed values of a chunk's people, by person; None takes a value away."""

    fields: Mapping[UUID, Mapping[str, Sealed | None]]

    @classmethod
    async def of(cls, edge: Edge, ledger: str, deeds: Sequence[AnyDeed]) -> "Sealing":
        """Keys are made and committed before the append: a value without a key is lost."""
        found: dict[UUID, dict[str, Sealed | None]] = {}
        children = [(d.child, d.fields) for d in deeds if isinstance(d, PutChild)]
        people = [(d.staff, d.fields) for d in deeds if isinstance(d, PutStaff)]
        for group, classes in ((children, CHILD_CLASSES), (people, STAFF_CLASSES)):
            clear = [
                (str(one), {k: v for k, v in fields.items() if v is not None})
                for one, fields in group
            ]
            if not any(values for _, values in clear):
                sealed: list[dict[str, Sealed]] = [{} for _ in clear]
            else:
                sealed = await seal_people(edge, ledger, clear, classes)
            for (one, fields), values in zip(group, sealed, strict=True):
                gone: dict[str, Sealed | None] = {k: None for k, v in fields.items() if v is None}
                found.setdefault(one, {}).update(gone | values)
        return cls(found)

    def given(self, one: UUID) -> dict[str, Sealed]:
        return {k: v for k, v in self.fields[one].items() if v is not None}


def steps_of(deed: AnyDeed, sealing: Sealing, now: datetime) -> list[Step]:
    """The commands of one deed, in order; all of them are one command to the ledger."""
    match deed:
        case FoundTownship() | FoundSchool() | MoveSchool() | SetTerm() | FoundClass():
            return [_place(deed, now)]
        case PutChild():
            return _child(deed, sealing, now)
        case PutStaff():
            return _staff(deed, sealing, now)
        case TakeClass():
            return _take_class(deed, now)
        case _:
            raise AssertionError(f"{type(deed).__name__} is not done by commands of this service")


def _unit(deed: FoundTownship | FoundSchool, now: datetime) -> Step:
    register = RegisterUnit(
        unit=deed.code,
        kind="school" if isinstance(deed, FoundSchool) else "division",
        name=deed.name,
        parent_path=deed.parent_path,
        valid_from=deed.valid_from,
        now=now,
    )
    path = f"{deed.parent_path}/{deed.code}"
    return Step(aggregate=UNIT, stream=f"unit-{deed.code}", command=register, path=path)


def _place(
    deed: FoundTownship | FoundSchool | MoveSchool | SetTerm | FoundClass, now: datetime
) -> Step:
    match deed:
        case FoundTownship() | FoundSchool():
            return _unit(deed, now)
        case MoveSchool():
            move = MoveUnit(unit=deed.code, parent_path=deed.parent_path, on=deed.on, now=now)
            # Where the unit was: boards find by it what lay below.
            return Step(aggregate=UNIT, stream=f"unit-{deed.code}", command=move, path=deed.path)
        case SetTerm():
            term = OpenTerm(
                unit=deed.unit,
                term=deed.term,
                name=deed.name,
                opens_on=deed.opens_on,
                ends_on=deed.ends_on,
                now=now,
            )
            return Step(aggregate=UNIT, stream=f"unit-{deed.unit}", command=term, path=deed.path)
        case FoundClass():
            opening = OpenClass(
                klass=deed.klass,
                school=deed.school,
                school_path=deed.school_path,
                grade=deed.grade,
                name=deed.name,
                valid_from=deed.valid_from,
                now=now,
            )
            path = f"{deed.school_path}/{deed.klass}"
            return Step(aggregate=CLASS, stream=f"class-{deed.klass}", command=opening, path=path)


def _child(deed: PutChild, sealing: Sealing, now: datetime) -> list[Step]:
    commands: list[object] = []
    if deed.fresh:
        fields = sealing.given(deed.child)
        commands.append(RegisterChild(child=deed.child, fields=fields, now=now))
    elif deed.fields:
        changes = dict(sealing.fields[deed.child])
        commands.append(ChangeChild(child=deed.child, fields=changes, now=now))
    if deed.klass is not None and deed.on is not None:
        commands.append(
            EnrollStudent(
                child=deed.child,
                klass=deed.klass,
                school=deed.school,
                grade=deed.grade,
                seat=None,
                on=deed.on,
                moves=True,
                now=now,
            )
        )
    commands += [
        TagStudentGroup(
            child=deed.child, group=group, since=deed.grouped_on, source="roster", now=now
        )
        for group in deed.groups
        if deed.grouped_on is not None
    ]
    if deed.village and deed.village_on:
        village, on = deed.village, deed.village_on
        commands.append(
            RecordVillage(child=deed.child, village=village, on=on, source="roster", now=now)
        )
    stream, subject = f"child-{deed.child}", str(deed.child)
    return [
        Step(aggregate=CHILD, stream=stream, command=one, path=deed.path, subject=subject)
        for one in commands
    ]


def _staff(deed: PutStaff, sealing: Sealing, now: datetime) -> list[Step]:
    commands: list[object] = []
    if deed.fresh:
        commands.append(
            RegisterStaff(
                staff=deed.staff,
                unit=deed.unit,
                staff_number=deed.staff_number,
                fields=sealing.given(deed.staff),
                now=now,
            )
        )
    elif deed.fields:
        changes = dict(sealing.fields[deed.staff])
        commands.append(ChangeStaff(staff=deed.staff, fields=changes, now=now))
    commands += [
        GrantRole(
            staff=deed.staff,
            role=post.role,
            unit=post.unit,
            path=post.path,
            valid_from=post.valid_from,
            valid_to=None,
            now=now,
        )
        for post in deed.posts
    ]
    stream, subject = f"staff-{deed.staff}", str(deed.staff)
    return [
        Step(aggregate=STAFF, stream=stream, command=one, path=deed.path, subject=subject)
        for one in commands
    ]


def _take_class(deed: TakeClass, now: datetime) -> list[Step]:
    assign = AssignHomeroomTeacher(
        klass=deed.klass, staff=deed.staff, valid_from=deed.valid_from, now=now
    )
    steps = [
        Step(
            aggregate=CLASS,
            stream=f"class-{deed.klass}",
            command=assign,
            path=deed.path,
            subject=str(deed.klass),
        )
    ]
    if deed.former is not None:
        ending = EndRole(
            staff=deed.former,
            role=HOMEROOM,
            unit=str(deed.klass),
            on=deed.valid_from,
            now=now,
        )
        steps.append(
            Step(
                aggregate=STAFF,
                stream=f"staff-{deed.former}",
                command=ending,
                path=deed.former_path or deed.path,
                subject=str(deed.former),
            )
        )
    return steps
