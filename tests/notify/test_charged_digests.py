"""Who answers for one child of another class reads its name in digests, as long as it lasts."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from shared.contracts import duties as d
from shared.contracts import enrollment as e
from shared.event import read
from tests.county import (
    CHILD,
    LEDGER,
    MONDAY,
    OTHER_CLASS_PATH,
    OTHER_KLASS,
    PATH,
    SECOND,
    Told,
    account,
    at,
    data_of,
    uid,
)
from tests.followed import World, viewer_of
from tests.notify.test_digests import armed, climbed, page, plan

pytestmark = pytest.mark.usefixtures("casework")
TUESDAY = MONDAY + timedelta(days=1)
MENTOR = uid("mentor")
MENTOR_VIEW = viewer_of(MENTOR, "subject_teacher", OTHER_CLASS_PATH)
HERE = f"/notify/digests/{MONDAY}/evening"
LOOKS = text("select body from events where ledger = :ledger order by seq")


def charged(casework: Told, child: UUID, since: date, until: date | None = None) -> None:
    event = d.ResponsibilityAssigned(
        scheme="quanyuan",
        tier="staff_child",
        line="",
        share="direct",
        target=d.Target(kind="child", id=str(child)),
        holder=d.Holder(kind="staff", id=str(MENTOR)),
        since=since,
        until=until,
    )
    casework.tell(event, PATH, child, at(MONDAY), f"responsibility-{uid(str(child))}")


def ended(casework: Told, child: UUID, on: date) -> None:
    event = d.ResponsibilityEnded(
        scheme="quanyuan",
        tier="staff_child",
        target=d.Target(kind="child", id=str(child)),
        holder=d.Holder(kind="staff", id=str(MENTOR)),
        on=on,
        reason="left",
        successor=None,
    )
    casework.tell(event, PATH, child, at(MONDAY, 12), f"responsibility-{uid(str(child))}")


@pytest.fixture(autouse=True)
async def _mentor(world: World, told: Told, casework: Told) -> None:
    """The mentor owes a visit to two children of another school, and answers for the first."""
    known = e.StaffRegistered(staff=MENTOR, unit=str(OTHER_KLASS), staff_number=None, fields={})
    told.tell(known, OTHER_CLASS_PATH, MENTOR, at(MONDAY))
    opened = e.AccountOpened(staff=MENTOR, account=account(MENTOR))
    told.tell(opened, OTHER_CLASS_PATH, MENTOR, at(MONDAY))
    await world.hear("enrollment", told.entries)
    charged(casework, CHILD, MONDAY)
    mine = armed(casework, "mine", at(MONDAY, 23), holder=MENTOR)
    armed(casework, "other", at(MONDAY, 23), child=SECOND, holder=MENTOR)
    climbed(casework, mine, 0, [MENTOR], at(MONDAY, 12))
    await world.hear("casework", casework.entries)
    await plan(world)
    await world.move_to(at(MONDAY, 17, 0))
    await world.tick()


async def looks(world: World) -> list[Any]:
    async with world.engine.connect() as conn:
        rows = await conn.execute(LOOKS, {"ledger": f"{LEDGER}-access"})
        return [read(row.body) for row in rows]


async def test_the_digest_and_the_inbox_name_the_child_and_no_other(world: World) -> None:
    for path in (HERE, "/notify/inbox", "/notify/today"):
        shown = await page(world, MENTOR_VIEW, path)
        assert "沙马木呷" in shown, path
        assert "吉克阿依" not in shown, path
        look = (await looks(world))[-1]
        assert look.actorid == str(MENTOR)
        assert data_of(look)["subjects"] == [str(CHILD)]


async def test_the_name_is_shut_again_when_the_responsibility_is_over(
    world: World, casework: Told
) -> None:
    ended(casework, CHILD, TUESDAY)
    await world.hear("casework", casework.entries)
    assert "沙马木呷" in await page(world, MENTOR_VIEW, HERE)
    before = len(await looks(world))
    await world.move_to(at(TUESDAY))
    assert "沙马木呷" not in await page(world, MENTOR_VIEW, HERE)
    assert "沙马木呷" not in await page(world, MENTOR_VIEW, "/notify/inbox")
    assert len(await looks(world)) == before


async def test_what_ended_before_it_began_never_was(world: World, casework: Told) -> None:
    charged(casework, SECOND, TUESDAY)
    ended(casework, SECOND, MONDAY)
    await world.hear("casework", casework.entries)
    await world.move_to(at(TUESDAY))
    shown = await page(world, MENTOR_VIEW, HERE)
    assert "沙马木呷" in shown and "吉克阿依" not in shown
