"""Commands of casework as accounts of the small county send them."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from services.casework.commands import TABLE
from shared.commands import Done, run
from shared.rights import Viewer
from tests.county import (
    COUNTY,
    COUNTY_PATH,
    INSPECTOR,
    MONDAY,
    PATH,
    PRINCIPAL,
    SCHOOL_PATH,
    TEACHER,
    TOWN,
    TOWNSHIP_PATH,
    Told,
    at,
)
from tests.followed import World, viewer_of

TEACHES = (TEACHER, "homeroom_teacher", PATH)
TEACHER_VIEW = viewer_of(*TEACHES)
PRINCIPAL_VIEW = viewer_of(PRINCIPAL, "principal", SCHOOL_PATH)
TOWN_VIEW = viewer_of(TOWN, "township_officer", TOWNSHIP_PATH)
COUNTY_VIEW = viewer_of(COUNTY, "county_officer", COUNTY_PATH)
INSPECTOR_VIEW = viewer_of(INSPECTOR, "inspector", COUNTY_PATH)


async def give(world: World, command: str, viewer: Viewer = TEACHER_VIEW, /, **values: Any) -> Done:
    """Run a command of the table; the command id is fresh unless given."""
    done = await run(world.edge, viewer, TABLE[command], {"command_id": uuid7()} | values)
    await world.settled()
    return done


async def flagged(world: World, told: Told) -> str:
    """The alert's id after four unexcused days, on Thursday morning."""
    told.streak()
    await world.move_to(at(MONDAY + timedelta(days=3), 8, 30))
    await world.hear("enrollment", told.entries)
    (event,) = await world.events("RiskFlagged")
    return event.stream.removeprefix("alert-")


async def opened(world: World, told: Told) -> UUID:
    """The case's id after the alert was verified."""
    alert = await flagged(world, told)
    done = await give(world, "verify_risk", alert=alert, reason="visited")
    return UUID(done.next.rsplit("case-", 1)[1])
