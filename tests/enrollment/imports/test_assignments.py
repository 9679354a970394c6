"""Assignment sheets through enrollment's import into casework, and leavers asked for by it."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from uuid_utils.compat import uuid7

from services.casework.app import app_of, make_edge
from services.enrollment.commands.leaving import AnswersUnknown, StillAnswers
from tests.enrollment.imports.sending import Office
from tests.enrollment.world import CHILDREN, Enrolled, at, day, enroll, uid
from tests.followed import Secrets, World, running, settings_of
from tests.stores import Template, cloned, make_template

HEADS = ["责任制", "层级", "对象", "学校标识码", "年级", "班级", "负责人", "起始日期"]
SCHOOL = "2199010001"


def row(target: str, holder: str, tier: str = "教师包人", since: str = "2026-11-18") -> list[str]:
    return ["包保", tier, target, SCHOOL, "八年级", "1班", holder, since]


SHEET = [HEADS, row("学生1", "姓teacher"), row("学生2", "姓principal")]


@dataclass(slots=True)
class Both:
    office: Office
    casework: World

    async def holders(self) -> dict[str, str]:
        """Child → holder, as casework has recorded them."""
        await self.casework.settled()
        events = await self.casework.events("ResponsibilityAssigned")
        told = [json.loads(bytes(one.data)) for one in events]
        return {one["target"]["id"]: one["holder"]["id"] for one in told}


@pytest.fixture(scope="session")
async def casework_template(postgres_server: str) -> Template:
    return await make_template(postgres_server, "casework")


@pytest.fixture
async def both(
    county: Enrolled, casework_template: Template, enrollment_secrets: Secrets, tmp_path: Path
) -> AsyncIterator[Both]:
    """Casework has heard all of the county; enrollment's calls go to its real application."""
    await enroll(county)
    async with cloned(casework_template, at(day(0))) as store:
        edge = make_edge(settings_of("casework", store, enrollment_secrets, tmp_path / "c"))
        app = app_of(edge)
        async with running(edge, app, enrollment_secrets) as casework:
            await casework.hear("enrollment", await county.world.own_entries())
            service = county.world.edge.service
            await service.http.aclose()
            service.http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app))
            yield Both(Office(county, await county.viewer("officer"), tmp_path), casework)


async def test_a_sheet_is_compared_then_stored_and_twice_is_once(both: Both) -> None:
    looked = await both.office.send("assignments", SHEET, dry_run=True)
    assert (looked["report"]["accepted"], looked["report"]["stored"]) == (2, False), looked
    assert await both.holders() == {}
    stored = (await both.office.send("assignments", SHEET))["report"]
    assert (stored["accepted"], stored["stored"], stored["rejected"]) == (2, True, []), stored
    assert await both.holders() == {
        str(CHILDREN[0]): str(uid("teacher")),
        str(CHILDREN[1]): str(uid("principal")),
    }
    again = (await both.office.send("assignments", SHEET))["report"]
    assert (again["unchanged"], again["stored"]) == (2, True)
    assert len(await both.casework.events("ResponsibilityAssigned")) == 2


async def test_bad_rows_are_named_cell_by_cell_and_good_ones_taken_alone(both: Both) -> None:
    bad = [
        HEADS,
        row("学生1", "姓teacher"),
        row("没有这名", "姓teacher"),
        row("学生2", "没有这人"),
        row("学生3", "姓teacher", tier="老师包学生"),
    ]
    whole = (await both.office.send("assignments", bad))["report"]
    assert not whole["stored"]
    told = {(one["code"], one["cell"]) for one in whole["rejected"]}
    assert told == {("child_unknown", "C3"), ("holder_unknown", "G4"), ("tier_unknown", "B5")}
    part = (await both.office.send("assignments", bad, partial=True))["report"]
    assert part["stored"] and list(await both.holders()) == [str(CHILDREN[0])]


async def test_a_change_of_holder_is_a_handover_and_a_file_without_scheme_is_asked(
    both: Both,
) -> None:
    await both.office.send("assignments", SHEET)
    changed = [HEADS[1:], row("学生1", "姓principal", since="2026-12-01")[1:]]
    asked = (await both.office.send("assignments", changed))["report"]
    assert [one["id"] for one in asked["questions"]] == ["scheme"]
    done = await both.office.send("assignments", changed, answers={"scheme": "baobao"})
    assert (done["report"]["changed"], done["report"]["stored"]) == (1, True), done
    await both.casework.settled()
    (ended,) = await both.casework.events("ResponsibilityEnded")
    assert json.loads(bytes(ended.data))["successor"]["id"] == str(uid("principal"))


async def close(both: Both, name: str) -> Any:
    closing = {"staff": uid(name), "account": name, "reason": "调离"}
    return await both.office.county.give("close_account", "officer", **closing)


async def test_nobody_leaves_before_each_responsibility_has_a_new_holder(both: Both) -> None:
    """The refusal says what is held and where to hand it over; after that it is closed."""
    county = both.office.county
    await both.office.send("assignments", [HEADS, row("学生1", "姓teacher", since="2026-11-16")])
    with pytest.raises(StillAnswers) as refused:
        await close(both, "teacher")
    held = refused.value.fields["held"]
    assert {one["by"] for one in held} == {"assigned", "post"}
    assert "包保：教师包人" in refused.value.say
    assert refused.value.fields["href"] == f"/casework/handover/{uid('teacher')}"
    handed = {
        "command_id": str(uuid7()),
        "rows": [
            {
                "scheme": "baobao",
                "tier": "teacher_child",
                "target": str(CHILDREN[0]),
                "holder": str(uid("principal")),
                "instead": str(uid("teacher")),
                "since": day(0).isoformat(),
            }
        ],
    }
    viewer = await county.viewer("officer")
    async with both.casework.browser(viewer, "application/json") as browser:
        path = "/casework/commands/assign_responsibilities"
        answer = await browser.post(path, json=handed)
        assert answer.status_code == 200, answer.text
    await both.casework.settled()
    with pytest.raises(StillAnswers):
        await close(both, "teacher")
    taking = {"klass": held_class(held), "staff": uid("principal"), "valid_from": day(0)}
    await county.give("assign_homeroom", "officer", **taking)
    await both.casework.hear("enrollment", await county.world.own_entries())
    await close(both, "teacher")
    assert len(await county.events("AccountClosed")) == 1


def held_class(held: list[dict[str, Any]]) -> str:
    return next(one["unit"] for one in held if one["by"] == "post")


async def test_while_casework_is_away_nobody_is_closed_and_it_is_said(both: Both) -> None:
    away = httpx2.MockTransport(lambda _asked: httpx2.Response(503))
    both.office.county.world.edge.service.http = httpx2.AsyncClient(transport=away)
    with pytest.raises(AnswersUnknown) as refused:
        await close(both, "teacher")
    assert "没有回音" in refused.value.say
    assert await both.office.county.events("AccountClosed") == []
