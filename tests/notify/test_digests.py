"""Digests and escalations: every item, once, outside quiet hours, whatever stops and repeats."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from uuid_utils.compat import uuid7

from services.notify.timers import ensure_digests
from shared import clock, timer
from shared.contracts import duties as d
from shared.contracts import enrollment as e
from shared.rights import Viewer
from tests.county import (
    CHILD,
    COUNTY,
    KLASS,
    MONDAY,
    PATH,
    PRINCIPAL,
    SCHOOL,
    SCHOOL_PATH,
    SECOND,
    TEACHER,
    TOWN,
    Told,
    account,
    at,
    data_of,
    uid,
)
from tests.followed import World, viewer_of

pytestmark = pytest.mark.usefixtures("casework")
TUESDAY = MONDAY + timedelta(days=1)
TEACHER_VIEW = viewer_of(TEACHER, "homeroom_teacher", PATH)
HEAD_VIEW = viewer_of(PRINCIPAL, "principal", SCHOOL_PATH)


def armed(
    casework: Told, name: str, due: datetime, *, child: UUID | None = CHILD, holder: UUID = TEACHER
) -> UUID:
    """A duty that casework tells of: a first visit to a child, else the school's self-check."""
    duty = uid(f"duty {name}")
    target = d.Target(kind="child", id=str(child)) if child else d.Target(kind="school", id=SCHOOL)
    event = d.DutyArmed(
        duty=duty,
        kind="first_visit" if child else "self_check",
        target=target,
        period="x",
        starts_at=at(MONDAY),
        due_at=due,
        needed=1,
        holders=[holder],
        role="homeroom_teacher",
        share="direct",
        rows=["6-38"],
        calendar="c" * 16,
        cause=None,
        child=child,
        klass=KLASS if child else None,
        school=SCHOOL,
    )
    casework.tell(event, PATH if child else SCHOOL_PATH, child, at(MONDAY), f"duty-{duty}")
    return duty


def climbed(casework: Told, duty: UUID, step: int, to: list[UUID], when: datetime) -> None:
    event = d.DutyEscalated(duty=duty, step=step, role="principal", to=to)
    casework.tell(event, PATH, CHILD, when, f"duty-{duty}")


async def plan(world: World) -> None:
    async with world.engine.begin() as conn:
        await ensure_digests(conn, await world.edge.rulebook.rules(conn))


async def digests(world: World, part: str) -> dict[str, list[dict[str, Any]]]:
    """By account the items of all digests of a part, in recorded order."""
    found: dict[str, list[dict[str, Any]]] = {}
    for one in [data_of(event) for event in await world.events("DigestSent")]:
        if one["part"] == part:
            found.setdefault(one["account"], []).extend(one["items"])
    return found


async def told_accounts(world: World) -> list[tuple[str, int]]:
    sent = [data_of(one) for one in await world.events("EscalationSent")]
    return [(one["account"], one["step"]) for one in sent]


async def page(world: World, viewer: Viewer, path: str) -> str:
    async with world.browser(viewer) as browser:
        answer = await browser.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


async def prefer(world: World, viewer: Viewer, what: str, *, on: bool) -> Any:
    form = {"command_id": str(uuid7()), "what": what, "on": str(on).lower()}
    async with world.browser(viewer, "application/json") as browser:
        answer = await browser.post("/notify/commands/set_preference", json=form)
    await world.settled()
    return answer


async def test_every_item_of_each_person_is_in_the_morning_digest_once(
    world: World, casework: Told
) -> None:
    """Daily per role: heads hear that nothing waits; 101 items are two events, none is left out."""
    many = [armed(casework, f"{n}", at(TUESDAY, 12) + timedelta(minutes=n)) for n in range(101)]
    far = armed(casework, "far", at(MONDAY + timedelta(days=30)))
    await world.hear("casework", casework.entries)
    await plan(world)
    await world.move_to(at(TUESDAY, 7, 0))
    await world.tick()
    await world.tick()
    morning = await digests(world, "morning")
    assert [one["duty"] for one in morning[account(TEACHER)]] == [str(one) for one in many]
    assert str(far) not in str(morning)
    # 6-16: whoever leads hears every school day, of nothing too.
    assert {account(PRINCIPAL), account(TOWN), account(COUNTY)} <= morning.keys()
    assert morning[account(PRINCIPAL)] == []
    sizes = [len(data_of(one)["items"]) for one in await world.events("DigestSent")]
    assert sorted(sizes)[-2:] == [1, 100]
    before = len(await world.events("DigestSent"))
    await plan(world)
    await world.tick()
    assert len(await world.events("DigestSent")) == before


async def test_a_digest_names_what_was_not_done_and_leads_to_its_form(
    world: World, casework: Told
) -> None:
    late = armed(casework, "late", at(MONDAY, 9))
    breached = d.DutyBreached(duty=late, due_at=at(MONDAY, 9), holders=[TEACHER])
    casework.tell(breached, PATH, CHILD, at(MONDAY, 9), f"duty-{late}")
    done = armed(casework, "done", at(MONDAY, 23), child=SECOND)
    await world.hear("casework", casework.entries)
    await plan(world)
    await world.move_to(at(MONDAY, 17, 0))
    await world.tick()
    evening = await digests(world, "evening")
    states = [(one["duty"], one["state"]) for one in evening[account(TEACHER)]]
    assert states == [(str(late), "breached"), (str(done), "armed")]
    assert account(PRINCIPAL) not in evening
    ended = d.DutySatisfied(duty=done, at=at(MONDAY, 18), late=False, evidence=[])
    casework.tell(ended, PATH, SECOND, at(MONDAY, 18), f"duty-{done}")
    await world.hear("casework", casework.entries)
    for path in ("/notify/inbox", "/notify/digests", f"/notify/digests/{MONDAY}/evening"):
        shown = await page(world, TEACHER_VIEW, path)
        assert "沙马木呷：尽快家访" in shown and "吉克阿依：尽快家访" in shown
        assert f'href="/casework/duties/{late}/do"' in shown
        assert "已办" in shown
    # Somebody else's digest is nobody's business.
    assert "沙马木呷" not in await page(world, HEAD_VIEW, f"/notify/digests/{MONDAY}/evening")


async def test_two_copies_and_a_long_stop_send_one_digest_a_part(
    world: World, casework: Told
) -> None:
    armed(casework, "one", at(MONDAY + timedelta(days=4)))
    await world.hear("casework", casework.entries)
    await plan(world)
    handlers = world.edge.service.timers
    thursday = MONDAY + timedelta(days=3)
    for now in (at(thursday, 7, 0), at(thursday, 17, 0)):
        await world.move_to(now)
        for _ in range(2):
            await asyncio.gather(*(timer.tick(world.engine, handlers) for _ in range(2)))
    await world.settled()
    sent = [data_of(one) for one in await world.events("DigestSent")]
    mine = [(one["on"], one["part"]) for one in sent if one["account"] == account(TEACHER)]
    assert mine == [(str(thursday), "morning"), (str(thursday), "evening")]


async def test_a_weekend_morning_is_for_those_who_have_something_to_do(
    world: World, casework: Told
) -> None:
    armed(casework, "one", at(MONDAY + timedelta(days=6)))
    await world.hear("casework", casework.entries)
    await plan(world)
    await world.move_to(at(MONDAY + timedelta(days=5), 7, 0))
    await world.tick()
    await world.tick()
    saturday = (MONDAY + timedelta(days=5)).isoformat()
    sent = [data_of(one) for one in await world.events("DigestSent")]
    assert {one["account"] for one in sent if one["on"] == saturday} == {account(TEACHER)}


async def test_a_breach_that_climbs_tells_each_level_once(world: World, casework: Told) -> None:
    duty = armed(casework, "one", at(MONDAY, 9))
    climbed(casework, duty, 0, [PRINCIPAL], at(MONDAY, 9))
    climbed(casework, duty, 1, [TOWN], at(MONDAY, 9, 30))
    await world.hear("casework", casework.entries)
    told = [(account(PRINCIPAL), 0), (account(TOWN), 1)]
    assert await told_accounts(world) == told
    shown = await page(world, HEAD_VIEW, "/notify/inbox")
    assert "沙马木呷：任务超期，请过问" in shown and "尽快家访，应在" in shown
    assert f'href="/casework/duties/{duty}"' in shown
    # Heard again, and the whole followed anew: nobody is told again.
    await world.hear("casework", casework.entries)
    async with world.engine.begin() as conn:
        await conn.execute(text("delete from checkpoint where source = 'casework'"))
    await world.hear("casework", casework.entries)
    assert await told_accounts(world) == told
    assert len(await world.events("NotificationQueued")) == len(told)


async def test_at_night_nobody_is_told_and_in_the_morning_once(
    world: World, casework: Told
) -> None:
    await world.move_to(at(MONDAY, 22))
    duty = armed(casework, "one", at(MONDAY, 9))
    climbed(casework, duty, 0, [PRINCIPAL], at(MONDAY, 22))
    await world.hear("casework", casework.entries)
    assert await told_accounts(world) == []
    async with world.engine.begin() as conn:
        await conn.execute(text("delete from checkpoint where source = 'casework'"))
    await world.hear("casework", casework.entries)
    await world.move_to(at(TUESDAY, 6, 29))
    await world.tick()
    assert await told_accounts(world) == []
    await world.move_to(at(TUESDAY, 6, 30))
    await world.tick()
    await world.tick()
    await world.hear("casework", casework.entries)
    assert await told_accounts(world) == [(account(PRINCIPAL), 0)]


async def test_where_nobody_of_the_step_has_an_account_the_principal_is_told(
    world: World, told: Told, casework: Told
) -> None:
    """责任人：校长: the last to be asked inside the school, so that no breach ends in silence."""
    closed = e.AccountClosed(staff=TEACHER, account=account(TEACHER), reason="left")
    told.tell(closed, PATH, TEACHER, at(MONDAY))
    await world.hear("enrollment", told.entries)
    for step, to in enumerate(([TEACHER], [])):
        climbed(casework, armed(casework, f"{step}", at(MONDAY, 9)), step, to, at(MONDAY, 9))
    await world.hear("casework", casework.entries)
    assert await told_accounts(world) == [(account(PRINCIPAL), 0), (account(PRINCIPAL), 1)]


async def test_only_what_the_rules_let_one_do_without_is_switched_off(
    world: World, casework: Told
) -> None:
    armed(casework, "one", at(TUESDAY, 12))
    await world.hear("casework", casework.entries)
    await plan(world)
    refused = await prefer(world, TEACHER_VIEW, "digest_morning", on=False)
    assert (refused.status_code, "不能关" in refused.text) == (409, True)
    shown = await page(world, TEACHER_VIEW, "/notify/preferences")
    assert "傍晚的清单" in shown and "早上的清单</b>" not in shown
    assert (await prefer(world, TEACHER_VIEW, "digest_evening", on=False)).status_code == 200
    (off,) = await world.events("PreferenceSet")
    assert data_of(off) == {"account": account(TEACHER), "what": "digest_evening", "on": False}
    assert "现在不收" in await page(world, TEACHER_VIEW, "/notify/preferences")
    await world.move_to(at(MONDAY, 17, 0))
    await world.tick()
    assert account(TEACHER) not in await digests(world, "evening")
    await world.move_to(at(TUESDAY, 7, 0))
    await world.tick()
    assert account(TEACHER) in await digests(world, "morning")
    await prefer(world, TEACHER_VIEW, "digest_evening", on=True)
    await world.move_to(at(TUESDAY, 17, 0))
    await world.tick()
    assert account(TEACHER) in await digests(world, "evening")


async def test_a_county_has_its_digests_as_soon_as_it_is_heard_of(world: World) -> None:
    """Its first morning may come before anybody has looked for new counties."""
    told = Told(ledger="990104")
    founded = e.CountyFounded(code="990104", name="白露县", origin="x")
    told.tell(founded, "990000/990100/990104", None, at(MONDAY, 6), "unit-990104")
    await world.hear("enrollment", told.entries)
    await world.hear("enrollment", told.entries)
    asked = text("select kind, due_at from timer where ledger = '990104' order by kind")
    async with world.engine.connect() as conn:
        now = await clock.now(conn)
        timers = (await conn.execute(asked)).all()
    assert [one.kind for one in timers] == ["digest.evening", "digest.morning"]
    assert all(now < one.due_at <= now + timedelta(days=1) for one in timers)
