"""What a person is told of duties: every day each item, and of a breach whoever is next."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.notify.timers import ensure_digests
from shared.contracts import duties as d
from shared.contracts import enrollment as e
from shared.policy.pack import seed_pack
from shared.rights import Viewer
from tests.county import (
    CHILD,
    KLASS,
    MONDAY,
    PATH,
    PRINCIPAL,
    SCHOOL,
    SCHOOL_PATH,
    TEACHER,
    Told,
    account,
    at,
    data_of,
    uid,
)
from tests.followed import World, viewer_of

TEACHER_VIEW = viewer_of(TEACHER, "homeroom_teacher", PATH)
HEAD_VIEW = viewer_of(PRINCIPAL, "principal", SCHOOL_PATH)
TUESDAY = MONDAY + timedelta(days=1)
# As an event of casework is called on the wire.
BREACHED, CLIMBED = "casework.DutyBreached", "casework.DutyEscalated"


def call(casework: Told, due: datetime) -> UUID:
    """The evening call about a child on leave, as casework tells of it."""
    kind = seed_pack().file.duties["leave_call"]
    armed = d.DutyArmed(
        duty=uid("call"),
        kind="leave_call",
        target=d.Target(kind=kind.target, id=str(CHILD)),
        period=MONDAY.isoformat(),
        starts_at=at(MONDAY),
        due_at=due,
        needed=1,
        holders=[TEACHER],
        role="homeroom_teacher",
        share=kind.share,
        rows=list(kind.rows),
        calendar="c" * 16,
        cause=None,
        child=CHILD,
        klass=KLASS,
        school=SCHOOL,
    )
    casework.tell(armed, PATH, CHILD, at(MONDAY), f"duty-{armed.duty}")
    return armed.duty


def climbed(casework: Told, duty: UUID, step: int, to: list[UUID], when: datetime) -> None:
    if step == 0:
        breached = d.DutyBreached(duty=duty, due_at=when, holders=[TEACHER])
        assert casework.tell(breached, PATH, CHILD, when, f"duty-{duty}").type == BREACHED
    event = d.DutyEscalated(duty=duty, step=step, role="homeroom_teacher", to=to)
    assert casework.tell(event, PATH, CHILD, when, f"duty-{duty}").type == CLIMBED


async def sent(world: World, type_: str) -> list[dict[str, Any]]:
    """The data of what notify has recorded under a full type."""
    return [data_of(one) for one in await world.events() if one.type == type_]


async def page(world: World, viewer: Viewer, path: str) -> str:
    async with world.browser(viewer) as browser:
        answer = await browser.get(path)
    assert answer.status_code == 200, f"{path}: {answer.status_code}"
    return answer.text


async def test_a_call_that_was_not_made_is_told_next_morning_and_stands_in_the_inbox(
    world: World, casework: Told
) -> None:
    """同日晚上没打：20:30 过后 FollowUpOverdue, and nobody is woken for it."""
    assert seed_pack().value("call.last") == "20:30"
    assert seed_pack().file.duties["leave_call"].breach == "FollowUpOverdue"
    due = at(MONDAY, 20, 30)
    duty = call(casework, due)
    await world.move_to(at(MONDAY, 21, 35))
    climbed(casework, duty, 0, [TEACHER], due)
    await world.hear("casework", casework.entries)
    assert await sent(world, "notify.EscalationSent") == []
    await world.move_to(at(TUESDAY, 6, 30))
    await world.tick()
    told = [{"duty": str(duty), "step": 0, "account": account(TEACHER)}]
    assert await sent(world, "notify.EscalationSent") == told
    inbox = await page(world, TEACHER_VIEW, "/notify/inbox")
    assert "沙马木呷：任务超期" in inbox and "请假当晚电话" in inbox


async def test_the_principal_is_the_last_who_is_told_inside_the_school(
    world: World, told: Told, casework: Told
) -> None:
    closed = e.AccountClosed(staff=TEACHER, account=account(TEACHER), reason="left")
    told.tell(closed, PATH, TEACHER, at(MONDAY))
    await world.hear("enrollment", told.entries)
    climbed(casework, call(casework, at(MONDAY, 8)), 0, [TEACHER], at(MONDAY, 8))
    await world.hear("casework", casework.entries)
    (one,) = await sent(world, "notify.EscalationSent")
    assert one["account"] == account(PRINCIPAL)
    assert "任务超期，请过问" in await page(world, HEAD_VIEW, "/notify/inbox")


async def test_each_role_has_its_digest_every_day(world: World, casework: Told) -> None:
    """天天讲，天天抓: whoever has something to do, and whoever leads, is told each morning."""
    duty = call(casework, at(TUESDAY, 20, 30))
    await world.hear("casework", casework.entries)
    async with world.engine.begin() as conn:
        await ensure_digests(conn, await world.edge.rulebook.rules(conn))
    assert seed_pack().file.duties["daily_digest"].evidence[0].event == "notify.DigestSent"
    hour, minute = (int(part) for part in str(seed_pack().value("message.morning")).split(":"))
    for day in (TUESDAY, TUESDAY + timedelta(days=1)):
        # The evening before, and this morning.
        for when in (at(day - timedelta(days=1), 17, 0), at(day, hour, minute)):
            await world.move_to(when)
            await world.tick()
    digests = await sent(world, "notify.DigestSent")
    mornings = [one for one in digests if one["part"] == "morning"]
    by_head = [one["on"] for one in mornings if one["account"] == account(PRINCIPAL)]
    assert by_head == [TUESDAY.isoformat(), (TUESDAY + timedelta(days=1)).isoformat()]
    mine = [one["items"] for one in mornings if one["account"] == account(TEACHER)]
    assert [[item["duty"] for item in items] for items in mine] == [[str(duty)]] * 2
    shown = await page(world, TEACHER_VIEW, "/notify/digests")
    assert "沙马木呷：请假当晚电话" in shown
