"""Work on a case through the command table: what the domain allows is what people can do."""

import random
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import text
from uuid_utils.compat import uuid7

from services.casework.aggregates import ALERT, CASE
from services.casework.commands import TABLE
from services.casework.domain import case_commands as domain
from services.casework.domain.alert import NoteAttendanceChange
from services.casework.domain.case import ALLOWED
from services.casework.domain.case_steps import open_steps as steps_of
from services.casework.domain.refusals import NotInThisPhase
from services.casework.pages.actions import ACTIONS, allowed_in
from services.casework.pages.questions import ASKED
from shared.contracts.alert_view import AlertView
from shared.contracts.case_view import CaseView, open_steps
from shared.decider import CommandRejected
from shared.event_store import Conflict
from shared.keyring import Keyring
from shared.rights import NotAllowed
from shared.sealed import Sealed, open_sealed
from tests.casework.acting import (
    COUNTY_VIEW,
    INSPECTOR_VIEW,
    PRINCIPAL_VIEW,
    TEACHER_VIEW,
    TOWN_VIEW,
    give,
    opened,
)
from tests.casework.samples_http import PATHS, THURSDAY, VALUES
from tests.county import CHILD, Told, at, data_of
from tests.followed import World

SEEDS = (1, 2, 3)
STEPS = 25
# Given by rules and corrections alone, never by a form.
OF_RULES = {domain.OpenCase, NoteAttendanceChange}


async def do(world: World, name: str, case: UUID, **values: Any) -> Any:
    """A command of a case with the sample's values, by the county, which may do everything."""
    child = {"child": CHILD} if name == "log_observation" else {}
    given = VALUES[name] | child | {"case": case} | values
    return await give(world, name, COUNTY_VIEW, **given)


def test_every_allowed_command_has_a_name_a_form_and_values() -> None:
    allowed = set().union(*ALLOWED.values()) - OF_RULES
    assert allowed == set(ACTIONS)
    names = {action.name for action in ACTIONS.values()}
    assert names <= set(TABLE) and names == set(ASKED) == set(VALUES)


@pytest.mark.parametrize("phase", PATHS)
async def test_what_is_allowed_in_a_phase_can_be_done_and_nothing_else(
    world: World, told: Told, phase: str
) -> None:
    await world.move_to(at(THURSDAY, 8, 30))
    allowed = {action.name for action in allowed_in(phase)}
    for name in VALUES:
        case = await case_in(world, phase)
        if name in allowed:
            assert (await do(world, name, case)).outcome.envelopes, (phase, name)
        else:
            with pytest.raises(NotInThisPhase):
                await do(world, name, case)
        if (await state_of(world, f"case-{case}")).__class__.__name__ != "Closed":
            await do(world, "close_case", case)


async def case_in(world: World, phase: str) -> UUID:
    """A new case of the one child; the one before is closed."""
    raised = await give(world, "flag_risk", COUNTY_VIEW, child=CHILD, sign="near_dropout")
    alert = raised.outcome.envelopes[0].stream.removeprefix("alert-")
    done = await give(world, "verify_risk", COUNTY_VIEW, alert=alert, reason="visited")
    case = UUID(done.next.rsplit("case-", 1)[1])
    for name in PATHS[phase]:
        await do(world, name, case)
    return case


async def state_of(world: World, stream: str) -> Any:
    query = text("select state, doc from current where stream = :stream")
    async with world.engine.connect() as conn:
        row = (await conn.execute(query, {"stream": stream})).one()
    states = (CASE if stream.startswith("case-") else ALERT).states
    return msgspec.json.decode(row.doc, type=states[row.state])


async def test_a_whole_case_from_visit_to_closing(world: World, told: Told) -> None:
    case = await opened(world, told)
    for name in (
        "log_home_visit",
        "log_heart_talk",
        "record_cause",
        "confirm_dropout",
        "attempt_persuasion",
        "record_return_notice",
        "reinstate",
        "log_observation",
    ):
        await do(world, name, case)
    with pytest.raises(CommandRejected, match="观察"):
        await do(world, "close_case", case, reason="returned", evidence=["attendance_record"])
    later = VALUES["log_observation"]["observed_at"] + timedelta(days=31)
    await world.move_to(later)
    await do(world, "log_observation", case, observed_at=later - timedelta(hours=1))
    done = await do(world, "close_case", case, reason="returned", evidence=["attendance_record"])
    assert done.next == f"/casework/cases/case-{case}"
    (closed,) = await world.events("CaseClosed")
    assert data_of(closed)["evidence"] == ["attendance_record"]


async def test_closing_needs_the_evidence_that_the_rules_ask_for(world: World, told: Told) -> None:
    case = await opened(world, told)
    with pytest.raises(CommandRejected, match="就读证明"):
        await do(world, "close_case", case, evidence=["photo"])


async def test_words_about_a_child_are_sealed_under_the_child(world: World, told: Told) -> None:
    case = await opened(world, told)
    await do(world, "log_home_visit", case)
    (visit,) = await world.events("HomeVisitLogged")
    assert "祖母" not in bytes(visit.data).decode()
    notes = msgspec.convert(data_of(visit)["notes"], Sealed)
    keyring: Keyring = world.edge.keyring
    keys = await keyring.keys_for([str(CHILD)], "test", ["narrative"])
    key = keys.of(str(CHILD), "narrative")
    assert open_sealed(notes, str(CHILD), "notes", key) == "只见到祖母"


async def test_a_visit_entered_late_keeps_both_times(world: World, told: Told) -> None:
    case = await opened(world, told)
    await world.move_to(VALUES["log_home_visit"]["visited_at"] + timedelta(days=40))
    await do(world, "log_home_visit", case)
    (visit,) = await world.events("HomeVisitLogged")
    assert (visit.recorded_at - visit.occurred_at).days == 40
    async with world.browser(TEACHER_VIEW) as browser:
        page = (await browser.get(f"/casework/cases/case-{case}")).text
    assert "补录" in page and "只见到祖母" in page


async def test_a_form_sent_twice_is_one_entry_and_an_old_one_a_conflict(
    world: World, told: Told
) -> None:
    case, once = await opened(world, told), uuid7()
    await do(world, "log_home_visit", case, command_id=once)
    again = await do(world, "log_home_visit", case, command_id=once)
    assert again.outcome.repeated
    assert len(await world.events("HomeVisitLogged")) == 1
    with pytest.raises(Conflict):
        await do(world, "log_heart_talk", case, version=1)


@pytest.mark.parametrize(
    ("name", "viewer", "may"),
    [
        ("log_home_visit", TEACHER_VIEW, True),
        ("log_home_visit", TOWN_VIEW, True),
        ("log_home_visit", INSPECTOR_VIEW, False),
        ("close_case", PRINCIPAL_VIEW, False),
        ("close_case", COUNTY_VIEW, True),
    ],
)
async def test_who_may_do_what(world: World, told: Told, name: str, viewer: Any, may: bool) -> None:
    case = await opened(world, told)
    values = VALUES[name] | {"case": case}
    if may:
        assert (await give(world, name, viewer, **values)).outcome.envelopes
    else:
        with pytest.raises(NotAllowed):
            await give(world, name, viewer, **values)


@pytest.mark.parametrize("seed", SEEDS)
async def test_whatever_people_do_in_whatever_order_the_board_shows_the_state(
    world: World, told: Told, seed: int
) -> None:
    case, dice = await opened(world, told), random.Random(seed)
    for number in range(STEPS):
        name = dice.choice(list(VALUES))
        minutes = timedelta(minutes=number)
        moved = {
            field: value - minutes for field, value in VALUES[name].items() if field.endswith("_at")
        }
        try:
            await do(world, name, case, **moved)
        except CommandRejected:
            continue
    await agree(world)


async def agree(world: World) -> None:
    """View and state of every record say the same."""
    query = text(
        "select stream, version, view from case_row union all"
        " select stream, version, view from alert_row"
    )
    async with world.engine.connect() as conn:
        rows = (await conn.execute(query)).all()
        current = await conn.execute(text("select stream, version from current"))
        versions = {row.stream: row.version for row in current}
    assert rows
    for row in rows:
        state = await state_of(world, row.stream)
        assert row.version == versions[row.stream]
        if row.stream.startswith("alert-"):
            view = msgspec.json.decode(row.view, type=AlertView)
            assert view.state == ALERT.phase(state)
            continue
        case = msgspec.json.decode(row.view, type=CaseView)
        assert case.state == CASE.phase(state)
        assert (case.owner, case.causes, case.round) == (state.owner, state.causes, state.round)
        assert case.done == state.done
        assert open_steps(case) == list(steps_of(state))


async def test_verified_again_after_the_return_it_is_the_same_case_in_a_new_round(
    world: World, told: Told
) -> None:
    case = await opened(world, told)
    with pytest.raises(CommandRejected, match="在办的个案"):
        await give(world, "flag_risk", child=CHILD, sign="mood")
    await do(world, "reinstate", case)
    raised = await give(world, "flag_risk", child=CHILD, sign="mood")
    alert = raised.outcome.envelopes[0].stream.removeprefix("alert-")
    done = await give(world, "verify_risk", alert=alert, reason="called")
    assert done.next == f"/casework/cases/case-{case}"
    assert len(await world.events("CaseOpened")) == 1
    assert len(await world.events("RelapseDetected")) == 1
    assert len(await world.events("DropoutReported")) == 4
