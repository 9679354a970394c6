"""Enrollment over HTTP, as a homeroom teacher's phone uses it."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from tests.enrollment.world import KLASS, Enrolled, at
from tests.requirements.casework.desk import page, post, rule


async def send(school: Enrolled, command: str, by: str = "teacher", /, **values: Any) -> Any:
    """Send a command to enrollment as a program does; the answer names its events."""
    viewer = await school.viewer(by)
    return await post(school.world, f"/enrollment/commands/{command}", viewer, **values)


async def read(school: Enrolled, path: str, by: str = "teacher") -> str:
    return await page(school.world, path, await school.viewer(by))


async def call_roll(school: Enrolled, on: date, *away: UUID) -> Any:
    """The class's roll of `on`, sent that morning and settled; `away` without leave."""
    await school.to(at(on))
    absent = [{"child": str(child), "mark": "unexcused"} for child in away]
    sent = await send(school, "submit_roll", klass=KLASS, on=on, absent=absent)
    await school.to(at(on) + timedelta(minutes=rule("roll.recall_minutes")))
    return sent
