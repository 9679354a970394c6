"""A calendar file goes through enrollment's import into casework's rules, both as they run."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from services.casework.app import app_of, make_edge
from services.enrollment.imports.publishing import CaseworkAway
from tests.county import Told, found_county
from tests.enrollment.imports.sending import Office
from tests.enrollment.world import Enrolled, at, day
from tests.followed import Secrets, World, running, settings_of
from tests.stores import Template, cloned, make_template

HARVEST = [
    ["日期", "是否上课", "原因"],
    ["2026-11-18", "否", "秋收"],
    ["2026-11-21", "是", "补课"],
]


@dataclass(slots=True)
class Both:
    office: Office
    casework: World


@pytest.fixture(scope="session")
async def casework_template(postgres_server: str) -> Template:
    return await make_template(postgres_server, "casework")


@pytest.fixture
async def both(
    county: Enrolled, casework_template: Template, enrollment_secrets: Secrets, tmp_path: Path
) -> AsyncIterator[Both]:
    """Casework has heard of the county; enrollment's calls go to its real application."""
    async with cloned(casework_template, at(day(0))) as store:
        edge = make_edge(settings_of("casework", store, enrollment_secrets, tmp_path / "c"))
        app = app_of(edge)
        async with running(edge, app, enrollment_secrets) as casework:
            told = Told()
            await found_county(told, edge.keyring)
            await casework.hear("enrollment", told.entries)
            service = county.world.edge.service
            await service.http.aclose()
            service.http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app))
            yield Both(Office(county, await county.viewer("officer"), tmp_path), casework)


async def test_days_of_a_file_are_in_force_in_casework_as_the_officer_published_them(
    both: Both,
) -> None:
    report = (await both.office.send("calendar", HARVEST))["report"]
    assert (report["accepted"], report["stored"], report["rejected"]) == (2, True, []), report
    await both.casework.settled()
    (published,) = await both.casework.events("CalendarPublished")
    assert published.via == "import" and published.actorrole == "county_officer"
    sha = json.loads(bytes(published.data))["sha256"]
    headers = {"authorization": f"Bearer {both.casework.edge.call_token('casework')}"}
    transport = httpx2.ASGITransport(app=both.casework.app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://casework") as http:
        layer = (await http.get(f"/casework/packs/{sha}", headers=headers)).json()
    assert "2026-11-18" in layer["closed"] and "2026-11-21" in layer["open"]
    again = (await both.office.send("calendar", HARVEST))["report"]
    assert again["stored"] and len(await both.casework.events("CalendarPublished")) == 1


async def test_while_casework_is_away_the_import_waits_and_then_goes_on(both: Both) -> None:
    transport = httpx2.MockTransport(lambda _asked: httpx2.Response(503))
    real = both.office.county.world.edge.service.http
    both.office.county.world.edge.service.http = httpx2.AsyncClient(transport=transport)
    waiting = await both.office.send("calendar", HARVEST, to_the_end=False)
    with pytest.raises(CaseworkAway):
        await both.office.work()
    waiting = await both.office.look()
    assert not waiting["report"]["stored"] and waiting["state"] == "storing"
    both.office.county.world.edge.service.http = real
    await both.office.work()
    assert (await both.office.look())["report"]["stored"]
