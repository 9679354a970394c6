"""Audit's own process: from a producer's append through Kafka to found, replayable and recorded."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from time import monotonic, time

import httpx2
import msgspec
import pytest
from sqlalchemy import URL
from uuid_utils.compat import uuid7

from services.audit.app import make_app
from services.enrollment.domain import unit
from shared.contracts import casework
from shared.event import SYSTEM, Circumstances
from shared.event_store import Aggregate, Order, execute
from shared.kafka import create_topics, producer
from shared.policy.pack import seed_pack
from shared.relay import Relay
from shared.rulebook import project_rules
from shared.session import sign_session
from shared.settings import Settings
from shared.signing import load_signer, make_signing_keys
from shared.waking import Waking
from tests.audit.conftest import INSPECTOR, deployed
from tests.audit.county import COUNTY, Books, path_of
from tests.shared.conftest import Database, Deployment
from tests.stores import Store, Template, cloned, found, make_template

WAIT_SECONDS = 45.0
UNIT = Aggregate(
    service="enrollment",
    prefix="unit-",
    decider=unit.UNIT,
    events=unit.EVENTS,
    states=unit.STATES,
)


def order(code: str, command: object) -> Order:
    circumstances = Circumstances(
        ledger=COUNTY,
        actor=SYSTEM,
        via="system",
        policy_version="0" * 16,
        command_id=uuid7(),
        now=datetime.now(UTC),
    )
    path = path_of(COUNTY)
    return Order(
        aggregate=UNIT,
        stream=f"unit-{code}",
        command=command,
        circumstances=circumstances,
        unitpath=path,
    )


@pytest.fixture
async def enrollment(postgres_server: str) -> AsyncIterator[Store]:
    async with cloned(await make_template(postgres_server, "enrollment")) as made:
        await found(made, COUNTY)
        yield made


def settings(store: Store, deployment: Deployment, folder: Path, kafka: str, name: str) -> Settings:
    role: URL = deployment.database.url.set(
        username=deployment.role("audit"), password="secret", drivername="postgresql"
    )
    return Settings(
        name=name,
        home=folder,
        port=1,
        database_url=store.app_url(),
        keyring_url=role.render_as_string(hide_password=False),
        kafka=kafka,
        keys=deployment.keys / "audit.json",
        secrets=folder / "secrets",
        log_level="ERROR",
    )


@asynccontextmanager
async def relayed(store: Store, kafka: str, prefix: str) -> AsyncIterator[None]:
    """The producer's relay, as its own process runs it."""
    made = producer(kafka)
    await made.start()
    relaying = asyncio.create_task(Relay(store.engine, "enrollment", prefix, made, Waking()).run())
    try:
        yield
    finally:
        relaying.cancel()
        await asyncio.gather(relaying, return_exceptions=True)
        await made.stop()


async def ruled(store: Store) -> None:
    """Rules in force from the start, as casework's events would bring them."""
    rules = casework.PolicyVersionActivated(
        unit=COUNTY, pack=seed_pack().sha256, valid_from=date(2020, 1, 1), basis="试行"
    )
    entry = Books(None).write(COUNTY, rules, stream=f"unit-{COUNTY}")  # type: ignore[arg-type]
    async with store.engine.begin() as conn:
        await project_rules(conn, [entry])


async def test_what_enrollment_appends_is_soon_found_and_kept(
    audit_template: Template,
    enrollment: Store,
    kafka_server: str,
    new_database: Callable[[], AbstractAsyncContextManager[Database]],
    tmp_path: Path,
) -> None:
    name = f"t{uuid7().hex[-8:]}"
    await create_topics(kafka_server, f"{name}.")
    make_signing_keys(tmp_path / "secrets")
    async with (
        relayed(enrollment, kafka_server, f"{name}."),
        cloned(audit_template) as store,
        deployed(new_database, tmp_path) as deployment,
    ):
        await ruled(store)
        app = make_app(settings(store, deployment, tmp_path, kafka_server, name))
        async with app.router.lifespan_context(app):
            founded = unit.FoundCounty(
                code=COUNTY, name="云溪县", origin="t/990101/enrollment", now=datetime.now(UTC)
            )
            await execute(enrollment.engine, order(COUNTY, founded))
            lines = await _searched(app, tmp_path, "云溪县")
            assert [line["seq"] for line in map(msgspec.json.decode, lines)] == [1]
            # Its own record is an entry of its own access ledger, and comes back the same way.
            await _heads(app, tmp_path, "audit")


async def _get(app: object, folder: Path, path: str) -> httpx2.Response:
    token = sign_session(load_signer(folder / "secrets", "enrollment"), INSPECTOR, time(), time())
    headers = {"authorization": f"Bearer {token}", "accept": "application/json"}
    transport = httpx2.ASGITransport(app=app)  # type: ignore[arg-type]
    async with httpx2.AsyncClient(transport=transport, base_url="http://audit.test") as http:
        return await http.get(path, headers=headers)


async def _searched(app: object, folder: Path, words: str) -> list[str]:
    limit = monotonic() + WAIT_SECONDS
    while monotonic() < limit:
        answer = await _get(app, folder, f"/audit/search?text={words}")
        if answer.status_code == 200 and answer.text:
            return answer.text.splitlines()
        await asyncio.sleep(0.1)
    pytest.fail("not found in time")


async def _heads(app: object, folder: Path, service: str) -> None:
    limit = monotonic() + WAIT_SECONDS
    while monotonic() < limit:
        heads = (await _get(app, folder, "/audit/heads")).json()
        if any(one["service"] == service and one["contiguous"] for one in heads):
            return
        await asyncio.sleep(0.1)
    pytest.fail("audit does not follow itself")
