"""The four services with two counties in them, once for all tests of this folder."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from time import time

import pytest
from sqlalchemy import text

from shared.contracts.topics import SERVICES
from shared.rights import Viewer
from shared.session import sign_session
from shared.signing import load_signer
from tests.followed import Secrets, made_secrets
from tests.guard import counties
from tests.guard.counties import HERE, MONDAY, THERE, THURSDAY, County, at
from tests.guard.stage import Stage, staged
from tests.stores import Template, make_template

ORIGIN = text("select origin from log where ledger = :ledger and service = 'enrollment'")


@dataclass(slots=True)
class Deployed:
    """The stage with both counties, and everybody who might ask: None is nobody."""

    stage: Stage
    here: County
    there: County
    callers: dict[str, Viewer | None] = field(default_factory=dict)
    # Places of single entries in their ledgers.
    places: dict[str, str] = field(default_factory=dict)

    def token(self, viewer: Viewer) -> str:
        signer = load_signer(self.stage.secrets.secrets, "enrollment")
        return sign_session(signer, viewer, time(), time())


@pytest.fixture(scope="session")
async def templates(postgres_server: str) -> dict[str, Template]:
    return {name: await make_template(postgres_server, name) for name in SERVICES}


@pytest.fixture(scope="session")
async def guard_secrets(
    postgres_server: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Secrets]:
    async with made_secrets(postgres_server, tmp_path_factory.mktemp("guard")) as made:
        yield made


async def settle(stage: Stage) -> Deployed:
    """Both counties founded, four days of school, an open alert and a case in each."""
    here, there = await counties.found(stage, HERE), await counties.found(stage, THERE)
    await counties.school_days(stage, here, there)
    made = Deployed(stage, here, there)
    made.callers |= counties.by_hand(here)
    for label, account in counties.everybody(here, there).items():
        made.callers[label] = await stage.viewer(account, THURSDAY)
    child = str(here.children[here.classes[0]][0])
    for name, service in (("child", "enrollment"), ("case", "casework")):
        events = await stage.worlds[service].events(ledger=HERE)
        made.places[name] = next(str(e.ledgerseq) for e in events if e.subject == child)
    async with stage.worlds["audit"].engine.connect() as conn:
        made.places["origin"] = (await conn.execute(ORIGIN, {"ledger": HERE})).scalar_one()
    return made


@pytest.fixture(scope="session")
async def deployed(
    templates: dict[str, Template], guard_secrets: Secrets, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Deployed]:
    home: Path = tmp_path_factory.mktemp("home")
    async with staged(templates, guard_secrets, home, at(MONDAY, "07:30")) as stage:
        yield await settle(stage)
