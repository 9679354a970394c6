"""`baoxue fsck` against a running system: exit codes, and names of what somebody touched."""

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from baoxue.cli_edge import EXIT_UNUSABLE
from baoxue.cli_fsck import EXIT_TAMPERED
from shared.ledger_schema import Roles, async_url
from tests.integrity.tampering import tamper
from tests.journeys.running import Running, running
from tests.servers import Servers
from tests.stores import Store

COUNTY = "990101"
SEALED_SECONDS = 60.0
pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def founded(engine_servers: Servers) -> Iterator[Running]:
    """A system with one county, all of its logs sealed."""
    with running(engine_servers) as system:
        done = system.cli("county", "found", COUNTY, "云溪县")
        assert done.returncode == 0, done.stdout + done.stderr
        limit = time.monotonic() + SEALED_SECONDS
        while time.monotonic() < limit:
            done = system.cli("fsck", "--json")
            if done.returncode == 0 and json.loads(done.stdout.splitlines()[-1])["logs"] >= 2:
                break
            time.sleep(1)
        yield system


def store_of(servers: Servers, system: Running, service: str) -> Store:
    """A service's database as its administrator may change it."""
    database = f"{system.environment['BAOXUE_NAME']}_{service}"
    admin = async_url(make_url(servers.database_url).render_as_string(hide_password=False))
    return Store(None, admin, database, Roles.of(database))  # type: ignore[arg-type]


def lines(system: Running, *words: str) -> tuple[int, list[dict[str, Any]]]:
    done = system.cli("fsck", "--json", *words)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def test_a_clean_system_ends_with_zero(founded: Running) -> None:
    code, told = lines(founded)
    assert (code, told[-1]["kind"], told[-1]["findings"]) == (0, "done", 0), told
    done = founded.cli("fsck", "--service", "casework")
    assert done.returncode == 0
    assert "一致：1 本账，0 处不符" in done.stdout


def test_a_ledger_that_does_not_exist_is_said(founded: Running) -> None:
    assert founded.cli("fsck", "--ledger", "990109").returncode == EXIT_UNUSABLE


def test_status_tells_of_the_integrity(founded: Running) -> None:
    status = json.loads(founded.cli("status", "--json").stdout)
    assert status["services"]["audit"]["details"]["integrity"]["findings"] == 0


def test_what_was_touched_is_named_with_exit_code_ten(
    founded: Running, engine_servers: Servers
) -> None:
    audit = store_of(engine_servers, founded, "audit")
    change = f"where service = 'enrollment' and ledger = '{COUNTY}' and seq = 1"
    asyncio.run(tamper(audit, f"update entry set type = type || 'x' {change}"))
    code, told = lines(founded)
    assert code == EXIT_TAMPERED
    found = [one for one in told if one["kind"] == "finding"]
    place = [(one["service"], one["ledger"], one["seq"], one["field"]) for one in found]
    assert place == [("enrollment", COUNTY, 1, "type")]
    said = founded.cli("fsck").stdout
    assert f"✗ enrollment {COUNTY} 第 1 条 entry.type" in said
    assert "被改动（TAMPERED）" in said


def test_a_change_in_a_producers_store_is_named_as_such(
    founded: Running, engine_servers: Servers
) -> None:
    store = store_of(engine_servers, founded, "enrollment")
    change = """update events set body = replace(body, '云溪县', '云溪省') where seq = 1"""
    asyncio.run(tamper(store, change))
    code, told = lines(founded, "--service", "enrollment", "--ledger", COUNTY)
    assert code == EXIT_TAMPERED
    assert ("events", "body", 1) in [
        (one.get("where"), one.get("field"), one.get("seq")) for one in told
    ]
