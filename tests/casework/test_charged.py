"""Who answers for one child by name, outside the own class: what that opens, to whom, how long."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import text

from shared.contracts import enrollment as e
from shared.event import read
from shared.rights import Viewer
from shared.sealed import seal
from tests.casework.acting import COUNTY_VIEW, INSPECTOR_VIEW
from tests.casework.test_duties import of_kind, plan
from tests.casework.test_duty_pages import page, post
from tests.county import (
    CHILD,
    INSPECTOR,
    LEDGER,
    MONDAY,
    OTHER_CLASS_PATH,
    OTHER_KLASS,
    PATH,
    SCHOOL_PATH,
    SECOND,
    Told,
    at,
    data_of,
    uid,
)
from tests.followed import World, viewer_of

MENTOR, COLLEAGUE = uid("mentor"), uid("colleague")
MENTOR_VIEW = viewer_of(MENTOR, "subject_teacher", OTHER_CLASS_PATH)
COLLEAGUE_VIEW = viewer_of(COLLEAGUE, "subject_teacher", OTHER_CLASS_PATH)
HERE = f"/casework/visits/{CHILD}"
WENT: dict[str, Any] = {
    "child": str(CHILD),
    "visited_at": at(MONDAY, 8, 0).isoformat(),
    "outcome": "undecided",
    "met": ["mother"],
}
OF_THE_CHILD = {"address": "石桥镇上寨村三组", "guardian": "沙马阿普", "phone": "13800006027"}
LOOKS = text("select body from events where ledger = :ledger order by seq")
HELD = {"scheme": "quanyuan", "tier": "staff_child", "target": str(CHILD)}


@pytest.fixture(autouse=True)
async def _assigned(world: World, told: Told) -> None:
    """Two key pupils of one class; a teacher of another school answers for the first."""
    since = date(2026, 9, 1)
    for staff in (MENTOR, COLLEAGUE, uid("leader of the school")):
        known = e.StaffRegistered(staff=staff, unit=str(OTHER_KLASS), staff_number=None, fields={})
        told.tell(known, OTHER_CLASS_PATH, staff, at(since))
    keys = await world.edge.keyring.keys_for(
        [str(CHILD)], "test", ["contact"], create=True, ledger=LEDGER
    )
    key = keys.of(str(CHILD), "contact")
    fields = {
        name: seal(words, str(CHILD), "contact", name, key) for name, words in OF_THE_CHILD.items()
    }
    was = dict.fromkeys(fields)
    told.tell(e.ChildChanged(child=CHILD, fields=fields, was=was), PATH, CHILD, at(since))
    for child in (CHILD, SECOND):
        told.tagged("key_pupil", child)
    await world.hear("enrollment", told.entries)
    await assigned(world, MENTOR)
    await plan(world, MONDAY)


async def assigned(world: World, holder: UUID, **more: Any) -> None:
    values = HELD | {"holder": str(holder), "since": MONDAY.isoformat()} | more
    answer = await post(world, COUNTY_VIEW, "assign_responsibility", **values)
    assert answer.status_code == 200, answer.text


async def weekly(world: World) -> Any:
    """The visit that is owed to the child."""
    return next(one for one in await of_kind(world, "weekly_visit") if one["child"] == CHILD)


async def looks(world: World) -> list[Any]:
    """What the access ledger holds, in order."""
    async with world.engine.connect() as conn:
        rows = await conn.execute(LOOKS, {"ledger": f"{LEDGER}-access"})
        return [read(row.body) for row in rows]


async def opened(world: World, viewer: Viewer, child: UUID = CHILD) -> httpx2.Response:
    """A phone number that is asked for by name and purpose."""
    asked = {"field": "phone", "purpose": "contact", "command_id": str(uid("opening"))}
    async with world.browser(viewer) as browser:
        return await browser.post(f"/casework/visits/{child}/open", data=asked)


async def test_whoever_answers_for_one_child_elsewhere_visits_it_from_the_first_page(
    world: World,
) -> None:
    first = await page(world, MENTOR_VIEW, "/casework/today/duties")
    assert f'href="{HERE}"' in first.text and "沙马木呷：重点生每周家访" in first.text
    mine = await page(world, MENTOR_VIEW, "/casework/duties?mine=true")
    assert "沙马木呷：重点生每周家访" in mine.text
    form = await page(world, MENTOR_VIEW, HERE)
    assert form.status_code == 200
    assert "沙马木呷" in form.text and "石桥镇上寨村三组" in form.text
    assert "138 **** 6027" in form.text and "13800006027" not in form.text
    answer = await post(world, MENTOR_VIEW, "visit_child", **WENT)
    assert answer.status_code == 200, answer.text
    visit = await weekly(world)
    assert visit["state"] == "satisfied"
    done = await page(world, MENTOR_VIEW, "/casework/today/duties")
    assert f"/casework/duties/{visit['duty']}" in done.text
    duty = await page(world, MENTOR_VIEW, f"/casework/duties/{visit['duty']}")
    assert "沙马木呷：重点生每周家访" in duty.text


async def test_such_looks_stand_in_the_access_ledger_like_any_other(world: World) -> None:
    await page(world, MENTOR_VIEW, HERE)
    form = (await looks(world))[-1]
    assert (form.type, form.actorid) == ("casework.RecordViewed", str(MENTOR))
    assert form.actorrole == "charge_holder"
    assert str(CHILD) in str(data_of(form)) and "contact" in str(data_of(form))
    assert "13800006027" in "".join((await opened(world, MENTOR_VIEW)).text.split())
    phone = (await looks(world))[-1]
    assert (phone.type, phone.actorid) == ("casework.RestrictedFieldViewed", str(MENTOR))
    assert str(CHILD) in str(data_of(phone)) and "phone" in str(data_of(phone))


async def test_nobody_else_and_nothing_else_is_opened_by_it(world: World) -> None:
    visit = await weekly(world)
    duty = f"/casework/duties/{visit['duty']}"
    for path in (HERE, duty):
        assert (await page(world, COLLEAGUE_VIEW, path)).status_code == 404
    assert (await opened(world, COLLEAGUE_VIEW)).status_code == 404
    assert (await post(world, COLLEAGUE_VIEW, "visit_child", **WENT)).status_code == 403
    # The class, its other pupils, and what else is known of the child stay as they were.
    other = WENT | {"child": str(SECOND)}
    assert (await post(world, MENTOR_VIEW, "visit_child", **other)).status_code == 403
    assert (await opened(world, MENTOR_VIEW, SECOND)).status_code == 404
    for path in (
        f"/casework/visits/{SECOND}",
        f"/casework/children/{CHILD}",
        f"/casework/children/{CHILD}/answers",
        f"/casework/surveys/{CHILD}",
        f"/casework/calls/{CHILD}",
    ):
        assert (await page(world, MENTOR_VIEW, path)).status_code in (403, 404), path
    assert str(CHILD) not in (await page(world, MENTOR_VIEW, "/casework/duties.jsonl")).text
    call = {"child": str(CHILD), "disposition": "confirmed_sick"}
    assert (await post(world, MENTOR_VIEW, "log_evening_call", **call)).status_code == 403
    flag = {"child": str(CHILD), "sign": "near_dropout"}
    assert (await post(world, MENTOR_VIEW, "flag_risk", **flag)).status_code == 403


async def test_it_lasts_as_long_as_the_assignment(world: World) -> None:
    visit = await weekly(world)
    tuesday = MONDAY + timedelta(days=1)
    ended = HELD | {"holder": str(MENTOR), "on": tuesday.isoformat(), "reason": "handed_on"}
    assert (await post(world, COUNTY_VIEW, "end_responsibility", **ended)).status_code == 200
    assert (await page(world, MENTOR_VIEW, HERE)).status_code == 200
    await world.move_to(at(tuesday))
    for path in (HERE, f"/casework/duties/{visit['duty']}"):
        assert (await page(world, MENTOR_VIEW, path)).status_code == 404
    assert (await opened(world, MENTOR_VIEW)).status_code == 404
    assert (await post(world, MENTOR_VIEW, "visit_child", **WENT)).status_code == 403
    first = await page(world, MENTOR_VIEW, "/casework/today/duties")
    assert str(CHILD) not in first.text and "沙马木呷" not in first.text


async def test_before_it_begins_it_opens_nothing(world: World) -> None:
    later = (MONDAY + timedelta(days=7)).isoformat()
    await assigned(world, COLLEAGUE, since=later)
    assert (await post(world, COLLEAGUE_VIEW, "visit_child", **WENT)).status_code == 403
    await world.move_to(at(MONDAY + timedelta(days=7)))
    assert (await post(world, COLLEAGUE_VIEW, "visit_child", **WENT)).status_code == 200


async def test_an_inspector_never_acts_whoever_assigns_what(world: World) -> None:
    await assigned(world, INSPECTOR)
    assert (await post(world, INSPECTOR_VIEW, "visit_child", **WENT)).status_code == 403


async def test_a_leader_who_sees_the_school_by_name_alone_visits_the_pupil_answered_for(
    world: World,
) -> None:
    leader = uid("leader of the school")
    view = viewer_of(leader, "school_leader", SCHOOL_PATH)
    refused = await post(world, view, "visit_child", **WENT)
    assert refused.status_code == 403
    await assigned(world, leader)
    form = await page(world, view, HERE)
    assert form.status_code == 200 and "石桥镇上寨村三组" in form.text
    assert (await post(world, view, "visit_child", **WENT)).status_code == 200
    assert (await page(world, view, f"/casework/visits/{SECOND}")).status_code in (403, 404)
