"""The work on a case: talks, contacts, visits and persuasion, each due by the rules in force."""

from datetime import timedelta
from uuid import UUID

from tests.casework.acting import TOWN_VIEW
from tests.county import MONDAY, Told, at
from tests.followed import World
from tests.requirements.casework.desk import asked, due, duties, open_case, page, rule, send, types

THURSDAY = MONDAY + timedelta(days=3)


async def move(world: World, days: int, hour: int = 9) -> None:
    """To a morning so many days after the case was opened."""
    await world.move_to(at(THURSDAY + timedelta(days=days), hour))


def happened(days: int = 0, hour: int = 8) -> str:
    return at(THURSDAY + timedelta(days=days), hour).isoformat()


async def test_a_heart_talk_is_due_after_a_child_was_flagged(world: World, told: Told) -> None:
    case = await open_case(world, told)
    days = rule("intervention.heart_talk_days")
    await move(world, days)
    assert await due(world, "谈心") == "today"
    await move(world, days + 1)
    assert await due(world, "谈心") == "overdue"
    talk = {"talked_at": happened(days), "with_whom": ["child"], "notes": "想去城里打工"}
    assert types(await send(world, "log_heart_talk", case=case, **talk)) == [
        "casework.HeartTalkLogged"
    ]
    assert await due(world, "谈心") == ""
    assert "想去城里打工" in await page(world, f"/casework/cases/case-{case}")


async def test_guardians_are_contacted_and_it_shows_when_that_was_too_long_ago(
    world: World, told: Told
) -> None:
    case = await open_case(world, told)
    days = rule("guardian.contact_days")
    await move(world, days)
    assert await due(world, "联系家长") == "today"
    await move(world, days + 1)
    assert await due(world, "联系家长") == "overdue"
    spoken = {"contacted_at": happened(days), "channel": "phone", "outcome": "will_return"}
    assert types(await send(world, "log_guardian_contact", case=case, **spoken)) == [
        "casework.GuardianContactLogged"
    ]
    assert await due(world, "联系家长") == ""
    await move(world, 2 * days)
    assert await due(world, "联系家长") == "today"


async def test_the_first_home_visit_is_due_in_two_school_days_over_the_weekend(
    world: World, told: Told
) -> None:
    case = await open_case(world, told)
    assert rule("intervention.first_visit_days") == 2
    visit = f"/casework/cases/case-{case}/do/log_home_visit"
    assert "首次家访" in [one.title for one in await duties(world) if one.href == visit]
    assert "/casework/commands/log_home_visit" in await page(world, visit)
    await move(world, 4)  # Friday is the first school day, Monday the second
    assert await due(world, "首次家访") == "today"
    await move(world, 5)
    assert await due(world, "首次家访") == "overdue"
    went = {"visited_at": happened(4, 19), "outcome": "undecided", "met": ["grandparent"]}
    logged = await send(world, "log_home_visit", case=case, notes="奶奶在家", **went)
    assert types(logged) == ["casework.HomeVisitLogged"]
    assert await due(world, "首次家访") == ""
    assert "奶奶在家" in await page(world, f"/casework/cases/case-{case}")


async def persuade(world: World, case: UUID, days: int, outcome: str) -> list[str]:
    tried = {"attempted_at": happened(days), "methods": ["convince", "guide"], "outcome": outcome}
    return types(await send(world, "attempt_persuasion", TOWN_VIEW, case=case, **tried))


async def test_persuasion_goes_on_until_the_child_is_back(world: World, told: Told) -> None:
    case = await open_case(world, told)
    await move(world, 1)
    assert await persuade(world, case, 0, "refused") == ["casework.PersuasionAttempted"]
    again = rule("case.next_attempt_days")
    await move(world, again)
    assert await due(world, "再次劝返", TOWN_VIEW) == "today"
    await move(world, again + 1)
    assert await due(world, "再次劝返", TOWN_VIEW) == "overdue"
    await persuade(world, case, again, "will_return")
    assert await due(world, "再次劝返", TOWN_VIEW) != "overdue"
    html = await page(world, f"/casework/cases/case-{case}")
    # Each attempt with its outcome, in their order.
    assert -1 < html.find("不愿返校") < html.find("答应返校")
    back = await send(world, "reinstate", case=case, on=THURSDAY + timedelta(days=again))
    assert types(back) == ["casework.Reinstated"]
    assert await due(world, "再次劝返", TOWN_VIEW) == ""
    assert (await asked(world, f"/casework/cases/case-{case}"))["state"] == "observing"
