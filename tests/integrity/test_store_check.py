"""A store's own check: what a superuser changed in it is found and named; nothing else is."""

import asyncio
import random
from collections.abc import AsyncIterator

import httpx2
import msgspec
import pytest
from fastapi import FastAPI

from shared import answers, integrity
from shared.event_store import execute, execute_in
from shared.integrity import Finding, check_page
from shared.session_http import caller
from tests.integrity.conftest import Prepared
from tests.integrity.tampering import tamper
from tests.spine.counter import COUNTER, LEDGER, Add, order
from tests.stores import Store, Template, cloned, found

PLACES = "update {table} set {column} = {value} where ledger = '990101' and seq = 17"


@pytest.fixture(scope="session")
async def filled(casework_template: Template) -> AsyncIterator[Prepared]:
    async with cloned(casework_template) as made:
        await found(made, LEDGER)
        for number in range(8):
            await execute(made.engine, order(f"counter-{number % 4}", Add(events=5)))
        await made.engine.dispose()
        yield Prepared(made.admin, made.database)


@pytest.fixture
async def store(filled: Prepared) -> AsyncIterator[Store]:
    async with cloned(filled) as made:
        yield made


async def whole(store: Store, limit: int = 7, *, tail: bool = False) -> list[Finding]:
    """Page after page, small ones, so that streams cross them."""
    after, findings = 0, list[Finding]()
    while True:
        page = await check_page(
            store.engine, "casework", [COUNTER], LEDGER, after, limit, tail=tail
        )
        findings += page.findings
        if page.upto >= page.head or page.upto == after:
            return findings
        after = page.upto


def changed(table: str, column: str, value: str) -> str:
    return PLACES.format(table=table, column=column, value=value)


def state(change: str) -> str:
    return f"update current set {change} where stream = 'counter-1'"


PUT_IN = """insert into events
    (ledger, seq, stream, version, command, ordinal, type, recorded_at, body)
    select ledger, 41, stream, 11, gen_random_uuid(), 0, type, recorded_at, body
    from events where seq = 40"""
SWAP = """update events set seq = case seq when 17 then -16 else -17 end where seq in (16, 17);
    update events set seq = -seq where seq < 0"""
GHOST = """insert into current
    select ledger, 'counter-x', 1, 12, unitpath, state, doc
    from current where stream = 'counter-1'"""

# What is done, and the (table, column, seq) that must be named; seq 17 is version 7 of counter-1.
TAMPERINGS = {
    "type": (changed("events", "type", "'casework.Other'"), ("events", "type", 17)),
    "stream": (changed("events", "stream", "'counter-9'"), ("events", "stream", 17)),
    "version": (changed("events", "version", "77"), ("events", "version", 17)),
    "command": (changed("events", "command", "gen_random_uuid()"), ("events", "command", 17)),
    "ordinal": (changed("events", "ordinal", "9"), ("events", "ordinal", 17)),
    "recorded_at": (
        changed("events", "recorded_at", "recorded_at + interval '1 microsecond'"),
        ("events", "recorded_at", 17),
    ),
    "body unreadable": (changed("events", "body", "'{'"), ("events", "body", 17)),
    "body of another place": (
        changed("events", "body", """replace(body, '"ledgerseq":17', '"ledgerseq":18')"""),
        ("events", "seq", 17),
    ),
    "body's data": (
        changed("events", "body", """replace(body, '"number"', '"figure"')"""),
        ("events", "body", 17),
    ),
    "row taken out": ("delete from events where seq = 17", ("events", "seq", 17)),
    "last row taken out": ("delete from events where seq = 40", ("events", "seq", 40)),
    "row put in": (PUT_IN, ("ledger", "last_seq", 41)),
    "two swapped": (SWAP, ("events", "seq", 17)),
    "head lowered": ("update ledger set last_seq = 39", ("ledger", "last_seq", 40)),
    "state's doc": (state("""doc = '{"number":3}'"""), ("current", "doc", 30)),
    "state's version": (state("version = 9"), ("current", "version", 30)),
    "state's seq": (state("seq = 400"), ("current", "seq", 400)),
    "state's path": (state("unitpath = '990000'"), ("current", "unitpath", 30)),
    "state's name": (state("state = 'Other'"), ("current", "state", 30)),
    "state taken out": (
        "delete from current where stream = 'counter-1'",
        ("current", "stream", 30),
    ),
    "state of nobody": (GHOST, ("current", "seq", 12)),
}


async def test_an_untouched_store_has_no_findings(store: Store) -> None:
    assert await whole(store) == []
    assert await whole(store, 5000) == []


@pytest.mark.parametrize("name", TAMPERINGS)
async def test_what_was_tampered_with_is_named(store: Store, name: str) -> None:
    statement, (where, column, seq) = TAMPERINGS[name]
    await tamper(store, *statement.split(";"))
    findings = await whole(store)
    assert (where, column, seq) in [(one.where, one.field, one.seq) for one in findings]
    assert {(one.service, one.ledger) for one in findings} == {("casework", LEDGER)}


@pytest.mark.parametrize(
    ("name", "check"),
    [
        ("type", "facts"),
        ("recorded_at", "facts"),
        ("state's doc", "current_of"),
        ("state of nobody", "ghosts"),
    ],
)
async def test_without_its_check_the_same_tampering_is_not_found(
    store: Store, monkeypatch: pytest.MonkeyPatch, name: str, check: str
) -> None:
    async def nothing(*_given: object) -> None: ...

    monkeypatch.setattr(integrity, check, (lambda *_: ()) if check == "facts" else nothing)
    await tamper(store, *TAMPERINGS[name][0].split(";"))
    assert await whole(store) == []


async def test_appends_and_rollbacks_meanwhile_raise_no_alarm(store: Store) -> None:
    chance = random.Random(20261118)
    running = True

    async def write(number: int) -> None:
        while running:
            await execute(store.engine, order(f"counter-{chance.randrange(6)}", Add(events=3)))
            async with store.engine.connect() as conn:
                await execute_in(conn, order(f"counter-{number}x", Add(events=2)))
                await conn.rollback()
            await asyncio.sleep(0.02)  # so that the checks have their turn

    writers = [asyncio.create_task(write(number)) for number in range(3)]
    for _ in range(25):
        assert await whole(store, chance.choice([97, 500, 5000]), tail=chance.random() < 0.5) == []
    running = False
    await asyncio.gather(*writers)
    assert await whole(store) == []


async def test_only_services_of_ours_may_ask(store: Store) -> None:
    app = FastAPI()
    app.state.public_keys, app.state.service = {}, "casework"
    app.include_router(integrity.router(store.engine, "casework", [COUNTER], caller))
    answers.install(app)
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://casework.test") as http:
        assert (await http.get(f"/feed/{LEDGER}/check?after=0")).status_code in {401, 403}
        app.dependency_overrides[caller] = lambda: None
        answer = await http.get(f"/feed/{LEDGER}/check?after=10&limit=20")
    page = msgspec.json.decode(answer.content, type=integrity.Checked)
    assert (page.after, page.upto, page.head, page.rows, page.findings) == (10, 30, 40, 20, [])
