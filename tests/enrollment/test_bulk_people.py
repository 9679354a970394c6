"""Children, staff and classes by the hundred, as imports and the sample bring them."""

from uuid import UUID

import pytest

from services.enrollment.bulk.people import open_classes, register_children, register_staff
from services.enrollment.bulk.rows import ChildRow, ClassRow, RoleRow, StaffRow
from services.enrollment.bulk.writing import circumstances
from services.enrollment.commands.staff import RoleOutOfScope
from shared.event import Circumstances
from tests.county import LEDGER
from tests.enrollment.world import KLASS, OPENS, OPERATOR, SCHOOL, Enrolled, uid

SCHOOL_PATH = f"990000/990100/{LEDGER}/990101001/{SCHOOL}"


async def told(county: Enrolled) -> Circumstances:
    moment = await county.world.edge.moment()
    return circumstances(
        moment, OPERATOR, "import.run", LEDGER, SCHOOL_PATH, command_id=uid("x"), via="import"
    )


def children(count: int, **more: str) -> list[ChildRow]:
    return [
        ChildRow(
            child=uid(f"bulk {n}"),
            fields={"name": f"学生{n}", "sex": "1"} | more,
            path=f"{SCHOOL_PATH}/{KLASS}",
            klass=KLASS,
            seat=n,
            on=OPENS,
        )
        for n in range(1, count + 1)
    ]


async def test_a_roster_is_registered_once_and_changes_only_what_differs(
    county: Enrolled,
) -> None:
    edge, who = county.world.edge, await told(county)
    rows = children(230)
    answers = await register_children(edge, who, LEDGER, rows)
    assert [one.events for one in answers] == [2] * 230
    assert all(one.repeated for one in await register_children(edge, who, LEDGER, rows))
    same = await register_children(edge, who, LEDGER, children(230))
    assert [one.events for one in same] == [0] * 230
    moved = [*children(229), children(230, address="石桥镇一组")[-1]]
    changed = await register_children(edge, who, LEDGER, moved)
    assert [one.events for one in changed] == [0] * 229 + [1]
    assert len(await county.events("ChildRegistered")) == 230
    (event,) = await county.events("ChildChanged")
    assert event.commandid == str(moved[-1].command_id) and event.via == "import"


async def test_a_refused_row_costs_the_others_nothing(county: Enrolled) -> None:
    who = await told(county)
    rows = children(3)
    nameless = ChildRow(child=uid("nameless"), fields={"sex": "1"}, path=SCHOOL_PATH)
    nowhere = ChildRow(
        child=uid("nowhere"), fields={"name": "甲"}, path="", klass=UUID(int=9), on=OPENS
    )
    answers = await register_children(county.world.edge, who, LEDGER, [nameless, *rows, nowhere])
    assert [one.refused and one.refused.code for one in answers] == [
        "child_without_name",
        None,
        None,
        None,
        "placement_invalid",
    ]
    assert len(await county.events("ChildRegistered")) == 3


async def test_staff_come_with_roles_and_accounts_and_classes_with_teachers(
    county: Enrolled,
) -> None:
    edge, who = county.world.edge, await told(county)
    rows = [
        StaffRow(
            staff=uid(f"person {n}"),
            unit=SCHOOL,
            path=SCHOOL_PATH,
            fields={"name": f"教师{n}"},
            staff_number=str(n),
            roles=(RoleRow(role="grade_leader", unit=SCHOOL, path=SCHOOL_PATH, valid_from=OPENS),),
            account=account,
        )
        for n, account in enumerate(("t1", "t2", "principal"))
    ]
    answers = await register_staff(edge, who, LEDGER, rows)
    assert [one.refused and one.refused.code for one in answers] == [
        None,
        None,
        "account_open_already",
    ]
    klass = ClassRow(
        klass=uid("bulk class"),
        school=SCHOOL,
        school_path=SCHOOL_PATH,
        grade=7,
        name="3班",
        valid_from=OPENS,
        homeroom=uid("person 0"),
    )
    (opened,) = await open_classes(edge, who, LEDGER, [klass])
    assert opened.events == 2
    await county.world.settled()
    roles = {one.role for one in (await county.viewer("t1")).grants}
    assert roles == {"grade_leader", "homeroom_teacher"}


async def test_a_role_that_only_a_responsibility_lends_is_granted_to_nobody(
    county: Enrolled,
) -> None:
    lent = RoleRow(role="charge_holder", unit=SCHOOL, path=SCHOOL_PATH, valid_from=OPENS)
    row = StaffRow(
        staff=uid("lent"),
        unit=SCHOOL,
        path=SCHOOL_PATH,
        fields={"name": "教师"},
        roles=(lent,),
    )
    (answer,) = await register_staff(county.world.edge, await told(county), LEDGER, [row])
    assert answer.refused and answer.refused.code == "role_malformed"
    with pytest.raises(RoleOutOfScope):
        await county.give("grant_role", staff=uid("teacher"), role="charge_holder", unit=SCHOOL)
