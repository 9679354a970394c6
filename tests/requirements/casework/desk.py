"""Casework over HTTP, as people's browsers and programs use it."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from shared.policy.pack import seed_pack
from shared.rights import Viewer
from tests.casework.acting import TEACHER_VIEW
from tests.county import CHILD, MONDAY, Told, at
from tests.followed import World

GROUP = re.compile(r"<h2>([^<]*)")
TITLE = re.compile(r'class="duty" href="([^"]*)"><b>[^<]*：([^<]*)</b>')
GROUPS = {"已超期": "overdue", "今天": "today"}


@dataclass(frozen=True, slots=True)
class Duty:
    """A line of the first page: what is to be done, where, and how soon."""

    title: str
    href: str
    group: str


def rule(path: str) -> Any:
    """The value of the rules in force, which are the shipped ones; KeyError if there is none."""
    return seed_pack().value(path)


async def send(world: World, command: str, viewer: Viewer = TEACHER_VIEW, /, **values: Any) -> Any:
    """Send a command to casework as a program does; the answer names the events it came to."""
    return await post(world, f"/casework/commands/{command}", viewer, **values)


async def post(world: World, path: str, viewer: Viewer, /, **values: Any) -> Any:
    """Send a command to its address, under a fresh command id."""
    body = {"command_id": str(uuid7())} | {k: plain(v) for k, v in values.items()}
    async with world.browser(viewer, "application/json") as browser:
        answer = await browser.post(path, json=body)
    assert answer.status_code == 200, answer.text
    await world.settled()
    return answer.json()


async def refused(world: World, command: str, viewer: Viewer, /, **values: Any) -> Any:
    """The answer to a command that is not taken."""
    body = {"command_id": str(uuid7())} | {k: plain(v) for k, v in values.items()}
    async with world.browser(viewer, "application/json") as browser:
        answer = await browser.post(f"/casework/commands/{command}", json=body)
    assert answer.status_code >= 400, answer.text
    return answer


def plain(value: Any) -> Any:
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def types(answer: Any) -> list[str]:
    return [one["type"] for one in answer["events"]]


async def page(world: World, path: str, viewer: Viewer = TEACHER_VIEW) -> str:
    async with world.browser(viewer) as browser:
        answer = await browser.get(path)
    assert answer.status_code == 200, f"{path}: {answer.status_code}"
    return answer.text


async def asked(world: World, path: str, viewer: Viewer = TEACHER_VIEW) -> Any:
    """The JSON that a program gets at a page's address."""
    async with world.browser(viewer, "application/json") as browser:
        answer = await browser.get(path)
    assert answer.status_code == 200, f"{path}: {answer.status_code}"
    return answer.json()


async def duties(world: World, viewer: Viewer = TEACHER_VIEW) -> list[Duty]:
    """What the first page says is to be done."""
    found = []
    html = await page(world, "/casework/today/duties", viewer)
    for part in html.split('class="section-head"')[1:]:
        head = GROUP.search(part)
        assert head, part
        group = GROUPS.get(head[1].strip(), "week")
        found += [Duty(title, href, group) for href, title in TITLE.findall(part)]
    return found


async def due(world: World, title: str, viewer: Viewer = TEACHER_VIEW) -> str:
    """In which group a duty of this title stands, or nothing."""
    return next((one.group for one in await duties(world, viewer) if one.title == title), "")


async def flag_after_four_days(world: World, told: Told) -> str:
    """The stream of the alert that four unexcused school days raise, on Thursday morning."""
    told.streak()
    await world.move_to(at(MONDAY + timedelta(days=3), 8, 30))
    await world.hear("enrollment", told.entries)
    [alert] = (await asked(world, f"/casework/alerts?child={CHILD}"))["alerts"]
    return alert["stream"]


async def open_case(world: World, told: Told) -> UUID:
    """The case of a child whose alert was verified on Thursday morning."""
    stream = await flag_after_four_days(world, told)
    alert = stream.removeprefix("alert-")
    answer = await send(world, "verify_risk", alert=alert, reason="visited")
    return UUID(answer["next"].rsplit("case-", 1)[1])
