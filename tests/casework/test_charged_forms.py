"""Duties about one child whose form is an office's: what a responsibility lends of these forms."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from uuid_utils.compat import uuid7

from shared.contracts import enrollment as e
from shared.rights import Viewer
from shared.sealed import Sealed, seal
from tests.casework.acting import COUNTY_VIEW, flagged, give
from tests.casework.test_charged import COLLEAGUE_VIEW, MENTOR, MENTOR_VIEW, OF_THE_CHILD, looks
from tests.casework.test_duties import of_kind
from tests.casework.test_duty_pages import page, post
from tests.casework.test_duty_traps import activate
from tests.county import (
    CHILD,
    LEDGER,
    MONDAY,
    OTHER_CLASS_PATH,
    OTHER_KLASS,
    PATH,
    Told,
    at,
    data_of,
)
from tests.followed import World

TUESDAY, THURSDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=3)
# The evening call, the survey and work in a case, all of whoever answers for the child.
LENT = """
format: 2
name: 包人打电话
extends: seed
duties:
  leave_call: {holder: {scheme: quanyuan, tier: staff_child, role: null}}
  survey_soon:
    {zh: 跟踪问一次, en: Asked again, rows: ["6-21"], basis: ["6-21"], target: child,
     arm: {event: casework.CaseOpened}, due: {days: 5}, form: survey,
     holder: {scheme: quanyuan, tier: staff_child},
     evidence: [{event: casework.FollowUpSurveyLogged}]}
  persuade_soon:
    {zh: 尽快劝返, en: Persuade soon, rows: ["6-20"], basis: ["6-20"], target: child,
     arm: {event: casework.CaseOpened}, due: {days: 5}, form: case,
     holder: {scheme: quanyuan, tier: staff_child},
     evidence: [{event: casework.PersuasionAttempted}]}
"""
HELD = {"scheme": "quanyuan", "tier": "staff_child", "target": str(CHILD)}
CALL = {"child": str(CHILD), "disposition": "confirmed_sick", "tomorrow": True}
SURVEY = {"child": str(CHILD), "asked_at": at(THURSDAY, 8, 20).isoformat()}
CASES = text("select stream from case_row where child = :child")


@pytest.fixture(autouse=True)
async def _assigned(world: World, told: Told) -> None:
    """A teacher of another school answers for the child; the rules hold from Tuesday."""
    since = date(2026, 9, 1)
    known = e.StaffRegistered(staff=MENTOR, unit=str(OTHER_KLASS), staff_number=None, fields={})
    told.tell(known, OTHER_CLASS_PATH, MENTOR, at(since))
    keys = await world.edge.keyring.keys_for(
        [str(CHILD)], "test", ["contact"], create=True, ledger=LEDGER
    )
    key = keys.of(str(CHILD), "contact")
    sealed: dict[str, Sealed | None] = {
        name: seal(words, str(CHILD), "contact", name, key) for name, words in OF_THE_CHILD.items()
    }
    changed = e.ChildChanged(child=CHILD, fields=sealed, was=dict.fromkeys(sealed))
    told.tell(changed, PATH, CHILD, at(since))
    told.tagged("lagging")
    await world.hear("enrollment", told.entries)
    await give(
        world, "assign_responsibility", COUNTY_VIEW, holder=str(MENTOR), since=MONDAY, **HELD
    )
    await activate(world, LENT, TUESDAY)


async def _on_leave(world: World, told: Told) -> None:
    await world.move_to(at(TUESDAY, 18, 0))
    leave = e.LeaveGranted(child=CHILD, kind="sick", first_on=TUESDAY, last_on=TUESDAY, note=None)
    told.tell(leave, PATH, CHILD, at(TUESDAY, 8), f"attendance-{CHILD}")
    await world.hear("enrollment", told.entries)


async def _case(world: World, told: Told) -> str:
    alert = await flagged(world, told)
    await give(world, "verify_risk", COUNTY_VIEW, alert=alert, reason="visited")
    async with world.engine.connect() as conn:
        return (await conn.execute(CASES, {"child": CHILD})).scalar_one()


async def _refused(world: World, viewer: Viewer, command: str, **values: Any) -> bool:
    return (await post(world, viewer, command, **values)).status_code == 403


async def test_the_evening_call_is_made_by_whoever_answers_for_the_child(
    world: World, told: Told
) -> None:
    assert await _refused(world, MENTOR_VIEW, "log_evening_call", **CALL)
    await _on_leave(world, told)
    (call,) = await of_kind(world, "leave_call")
    assert call["holders"] == [MENTOR]
    mine = (await page(world, MENTOR_VIEW, "/casework/duties?mine=true")).text
    assert f'href="/casework/calls/{CHILD}"' in mine
    for path in ("/casework/calls", f"/casework/calls/{CHILD}"):
        form = await page(world, MENTOR_VIEW, path)
        assert form.status_code == 200 and "沙马木呷" in form.text
        assert "log_evening_call" in form.text
        assert "138 **** 6027" in form.text and "13800006027" not in form.text
        other = await page(world, COLLEAGUE_VIEW, path)
        assert "沙马木呷" not in other.text
    look = (await looks(world))[-1]
    assert (look.actorid, look.actorrole) == (str(MENTOR), "charge_holder")
    assert str(CHILD) in str(data_of(look)) and "contact" in str(data_of(look))
    assert await _refused(world, COLLEAGUE_VIEW, "log_evening_call", **CALL)
    answer = await post(world, MENTOR_VIEW, "log_evening_call", **CALL)
    assert answer.status_code == 200, answer.text
    (event,) = await world.events("EveningCallLogged")
    assert event.actorrole == "charge_holder"
    (call,) = await of_kind(world, "leave_call")
    assert call["state"] == "satisfied"
    # The duty is done: nothing is left that lends the form.
    assert await _refused(world, MENTOR_VIEW, "log_evening_call", **CALL)


async def test_it_ends_with_the_responsibility_though_the_duty_is_still_open(
    world: World, told: Told
) -> None:
    await _on_leave(world, told)
    ended = HELD | {"holder": str(MENTOR), "on": TUESDAY, "reason": "left"}
    await give(world, "end_responsibility", COUNTY_VIEW, **ended)
    assert (await page(world, MENTOR_VIEW, f"/casework/calls/{CHILD}")).status_code == 404
    assert await _refused(world, MENTOR_VIEW, "log_evening_call", **CALL)


async def test_the_survey_and_what_is_done_in_a_case_are_lent_and_no_decision(
    world: World, told: Told
) -> None:
    stream = await _case(world, told)
    survey = await page(world, MENTOR_VIEW, f"/casework/surveys/{CHILD}")
    assert survey.status_code == 200 and "沙马木呷" in survey.text
    answer = await post(world, MENTOR_VIEW, "log_follow_up_survey", **SURVEY)
    assert answer.status_code == 200, answer.text
    (owed,) = await of_kind(world, "persuade_soon")
    mine = (await page(world, MENTOR_VIEW, "/casework/duties?mine=true")).text
    way = f"/casework/duties/{owed['duty']}/do"
    assert f'href="{way}"' in mine
    form = (await page(world, MENTOR_VIEW, way)).text
    assert "attempt_persuasion" in form and "沙马木呷" in form
    assert f'value="{stream.removeprefix("case-")}"' in form
    went: dict[str, Any] = {
        "case": stream.removeprefix("case-"),
        "attempted_at": at(THURSDAY, 8, 20).isoformat(),
        "methods": ["mobilise"],
        "outcome": "undecided",
    }
    for command in ("record_cause", "log_home_visit", "confirm_dropout"):
        values = {"case": went["case"], "causes": ["poverty"], "on": "2026-11-19", "cause": "x"}
        values |= {"visited_at": at(THURSDAY, 8).isoformat(), "outcome": "undecided"}
        assert await _refused(world, MENTOR_VIEW, command, **_given(command, values)), command
    assert (await page(world, MENTOR_VIEW, f"/casework/cases/{stream}")).status_code == 404
    assert await _refused(world, COLLEAGUE_VIEW, "attempt_persuasion", **went)
    answer = await post(world, MENTOR_VIEW, "attempt_persuasion", **went)
    assert answer.status_code == 200 and answer.json()["next"] == "/casework/duties"
    (owed,) = await of_kind(world, "persuade_soon")
    assert owed["state"] == "satisfied"


def _given(command: str, values: dict[str, Any]) -> dict[str, Any]:
    wanted = {
        "record_cause": ("case", "causes"),
        "log_home_visit": ("case", "visited_at", "outcome"),
        "confirm_dropout": ("case", "on", "cause"),
    }
    return {name: values[name] for name in wanted[command]} | {"command_id": str(uuid7())}
