"""Children, staff and classes by the hundred: each its own command, one append a chunk."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.aggregates import CHILD, CLASS, STAFF
from services.enrollment.bulk.claims import claim_accounts
from services.enrollment.bulk.rows import (
    ChildRow,
    ClassRow,
    PersonAnswer,
    RoleRow,
    StaffRow,
)
from services.enrollment.bulk.sealing import CHILDREN, Classes, keys_of
from services.enrollment.bulk.sealing import STAFF as STAFF_FIELDS
from services.enrollment.bulk.writing import boards_caught_up, chunks, transact
from services.enrollment.domain import child as children
from services.enrollment.domain import klass as classes
from services.enrollment.domain import staff as people
from services.enrollment.domain.child import PlacementInvalid
from services.enrollment.domain.child_state import Unknown as UnknownChild
from services.enrollment.domain.staff_state import Unknown as UnknownStaff
from services.enrollment.queries.ledgers import ledger_heads
from services.enrollment.queries.places import class_places
from shared.decider import CommandRejected
from shared.edge import Edge
from shared.event import Circumstances, business_day
from shared.event_store import Aggregate, Batch, unanswered
from shared.keyring import Keys
from shared.rights import require_separate
from shared.roles import ROLES
from shared.sealed import Sealed, open_sealed, seal

# A child is up to three events, a member of staff with roles and account up to five: below 500.
PEOPLE_A_TRANSACTION = 100
CLASSES_A_TRANSACTION = 160


Row = TypeVar("Row", ChildRow, StaffRow, ClassRow)


async def register_children(
    edge: Edge, told: Circumstances, ledger: str, rows: Sequence[ChildRow]
) -> list[PersonAnswer]:
    """Register, change and enroll; `told` is who acts (each row keeps its own command id).

    The caller has checked the right. Raises StoreClosed, KeyringAway, FieldUnknown.
    """

    async def keys(chunk: Sequence[ChildRow]) -> Keys:
        names = {name for row in chunk for name in row.fields}
        return await keys_of(edge, ledger, [str(row.child) for row in chunk], CHILDREN, names)

    answers: list[PersonAnswer] = []
    for chunk in chunks(rows, PEOPLE_A_TRANSACTION):
        held = await keys(chunk)

        async def act(
            conn: AsyncConnection, chunk: Sequence[ChildRow] = chunk, held: Keys = held
        ) -> list[PersonAnswer]:
            placed = await class_places(conn, [row.klass for row in chunk if row.klass])

            def decide(batch: Batch, row: ChildRow) -> int:
                return _child(batch, row, held, placed)

            return await _write(conn, told, CHILD, chunk, lambda row: str(row.child), decide)

        answers += await transact(edge, f"{CHILD.prefix}{chunk[0].child}", act)
    await _wait(edge, ledger, answers)
    return answers


async def register_staff(
    edge: Edge, told: Circumstances, ledger: str, rows: Sequence[StaffRow]
) -> list[PersonAnswer]:
    """Register or change staff, grant their roles, open their accounts; as `register_children`."""
    answers: list[PersonAnswer] = []
    for chunk in chunks(rows, PEOPLE_A_TRANSACTION):
        names = {name for row in chunk for name in row.fields}
        held = await keys_of(edge, ledger, [str(row.staff) for row in chunk], STAFF_FIELDS, names)

        async def act(
            conn: AsyncConnection, chunk: Sequence[StaffRow] = chunk, held: Keys = held
        ) -> list[PersonAnswer]:
            wanted = {row.account: row.staff for row in chunk if row.account}
            owners = await claim_accounts(conn, wanted)

            def decide(batch: Batch, row: StaffRow) -> int:
                return _person(batch, row, held, owners)

            return await _write(conn, told, STAFF, chunk, lambda row: str(row.staff), decide)

        answers += await transact(edge, f"{STAFF.prefix}{chunk[0].staff}", act)
    await _wait(edge, ledger, answers)
    return answers


async def open_classes(
    edge: Edge, told: Circumstances, ledger: str, rows: Sequence[ClassRow]
) -> list[PersonAnswer]:
    """Open classes and name their homeroom teachers; as `register_children`."""
    answers: list[PersonAnswer] = []
    for chunk in chunks(rows, CLASSES_A_TRANSACTION):

        async def act(
            conn: AsyncConnection, chunk: Sequence[ClassRow] = chunk
        ) -> list[PersonAnswer]:
            return await _write(conn, told, CLASS, chunk, lambda row: str(row.klass), _klass)

        answers += await transact(edge, f"{CLASS.prefix}{chunk[0].klass}", act)
    await _wait(edge, ledger, answers)
    return answers


async def _write(
    conn: AsyncConnection,
    told: Circumstances,
    aggregate: Aggregate[Any, Any, Any],
    rows: Sequence[Row],
    name: Callable[[Row], str],
    decide: Callable[[Batch, Row], int],
) -> list[PersonAnswer]:
    batch = Batch(told)
    await batch.load(conn, aggregate, [f"{aggregate.prefix}{name(row)}" for row in rows])
    todo = await unanswered(conn, told.ledger, [row.command_id for row in rows])
    answers = [PersonAnswer(row) for row in rows]
    for answer, row in zip(answers, rows, strict=True):
        if row.command_id not in todo:
            answer.repeated = True
            continue
        # Each row's events are its own command's; a row refused halfway leaves what came before.
        batch.circumstances = replace(told, command_id=row.command_id)
        before = len(batch)
        try:
            decide(batch, row)
        except CommandRejected as refusal:
            answer.refused = refusal
        answer.events = len(batch) - before
    await batch.append(conn)
    return answers


def _child(batch: Batch, row: ChildRow, keys: Keys, placed: Mapping[UUID, Any]) -> int:
    stream, subject = f"{CHILD.prefix}{row.child}", str(row.child)
    place = placed.get(row.klass) if row.klass else None
    if row.klass and place is None:
        raise PlacementInvalid("没有这个班。请核对班级。", field="klass")
    path, now = place.path if place else row.path, batch.circumstances.now
    state = batch.held(stream).state
    if isinstance(state, UnknownChild):
        fields = _sealed(row.fields, subject, CHILDREN, keys)
        command: Any = children.RegisterChild(child=row.child, fields=fields, now=now)
    else:
        changes = _changes(row.fields, state.fields, subject, CHILDREN, keys)
        command = children.ChangeChild(child=row.child, fields=changes, now=now)
    done = len(batch.decide(stream, command, unitpath=path, subject=subject))
    if place is None or row.on is None:
        return done
    enroll = children.EnrollStudent(
        child=row.child,
        klass=place.klass,
        school=place.school,
        grade=place.grade,
        seat=row.seat,
        on=row.on,
        moves=True,
        now=now,
    )
    done += len(batch.decide(stream, enroll, unitpath=path, subject=subject))
    if row.village is None:
        return done
    since = min(row.on, business_day(now))
    home = children.RecordVillage(
        child=row.child, village=row.village, on=since, source="roster", now=now
    )
    return done + len(batch.decide(stream, home, unitpath=path, subject=subject))


def _person(batch: Batch, row: StaffRow, keys: Keys, owners: Mapping[str, UUID]) -> int:
    stream, subject, now = f"{STAFF.prefix}{row.staff}", str(row.staff), batch.circumstances.now
    if row.account and owners[row.account] != row.staff:
        raise people.AccountOpenAlready(
            f"账号 {row.account} 已是别人的。请另取账号。", field="account"
        )
    state = batch.held(stream).state
    commands: list[Any] = [_registration(state, row, keys, batch)]
    commands += [_grant(row, role, now) for role in _new_roles(state, row)]
    if row.account:
        commands.append(people.OpenAccount(staff=row.staff, account=row.account, now=now))
    return sum(
        len(batch.decide(stream, command, unitpath=row.path, subject=subject))
        for command in commands
    )


def _new_roles(state: Any, row: StaffRow) -> list[RoleRow]:
    """A list that comes again brings roles that are held; those stay as they are.

    Raises RolesNotTogether.
    """
    held = () if isinstance(state, UnknownStaff) else state.roles
    new = [
        role
        for role in row.roles
        if not any(
            (h.role, h.unit) == (role.role, role.unit) and h.held_on(role.valid_from) for h in held
        )
    ]
    together = {one.role for one in (*held, *row.roles) if one.role in ROLES}
    for role in new:
        if role.role not in ROLES or ROLES[role.role].scope == "child":
            raise people.RoleMalformed(f"没有职务“{role.role}”。请核对职务。", field="role")
        require_separate(together, role.role)
    return new


def _grant(row: StaffRow, role: RoleRow, now: datetime) -> people.GrantRole:
    return people.GrantRole(
        staff=row.staff,
        role=role.role,
        unit=role.unit,
        path=role.path,
        valid_from=role.valid_from,
        valid_to=role.valid_to,
        now=now,
    )


def _registration(state: Any, row: StaffRow, keys: Keys, batch: Batch) -> Any:
    subject, now = str(row.staff), batch.circumstances.now
    if isinstance(state, UnknownStaff):
        return people.RegisterStaff(
            staff=row.staff,
            unit=row.unit,
            staff_number=row.staff_number,
            fields=_sealed(row.fields, subject, STAFF_FIELDS, keys),
            now=now,
        )
    changes = _changes(row.fields, state.fields, subject, STAFF_FIELDS, keys)
    return people.ChangeStaff(staff=row.staff, fields=changes, now=now)


def _klass(batch: Batch, row: ClassRow) -> int:
    stream, now = f"{CLASS.prefix}{row.klass}", batch.circumstances.now
    path, subject = f"{row.school_path}/{row.klass}", str(row.klass)
    commands: list[Any] = [
        classes.OpenClass(
            klass=row.klass,
            school=row.school,
            school_path=row.school_path,
            grade=row.grade,
            name=row.name,
            valid_from=row.valid_from,
            now=now,
        )
    ]
    if row.homeroom:
        commands.append(
            classes.AssignHomeroomTeacher(
                klass=row.klass, staff=row.homeroom, valid_from=row.valid_from, now=now
            )
        )
    return sum(
        len(batch.decide(stream, command, unitpath=path, subject=subject)) for command in commands
    )


def _sealed(
    values: Mapping[str, str], subject: str, kinds: Classes, keys: Keys
) -> dict[str, Sealed]:
    return {
        name: seal(text, subject, kinds[name], name, keys.of(subject, kinds[name]))
        for name, text in values.items()
    }


def _changes(
    values: Mapping[str, str], held: Mapping[str, Sealed], subject: str, kinds: Classes, keys: Keys
) -> dict[str, Sealed | None]:
    """Two seals of one value differ, so what is held is opened and compared."""
    changed: dict[str, str] = {}
    for name, text in values.items():
        key = keys.of(subject, kinds[name])
        if name not in held or open_sealed(held[name], subject, name, key) != text:
            changed[name] = text
    return {**_sealed(changed, subject, kinds, keys)}


async def _wait(edge: Edge, ledger: str, answers: Sequence[PersonAnswer]) -> None:
    if not any(answer.events for answer in answers):
        return
    async with edge.service.engine.connect() as conn:
        heads = await ledger_heads(conn, [ledger])
    await boards_caught_up(edge, ledger, heads[ledger])
