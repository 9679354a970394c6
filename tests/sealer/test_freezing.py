"""A log that cannot be restored ends with an incident, and a successor goes on."""

import json

import pytest
from sqlalchemy import text

from services.audit.ledger.succession import succeed, successor_of
from services.audit.proofs.tree import Edge, leaf_hash
from services.audit.sealer.operating import freeze
from services.audit.sealer.places import home_of
from services.audit.sealer.refusals import NoSuchLog, RolledBack
from tests.sealer.staging import County
from tests.sealer.test_process import command

CASEWORK = "test/990101/casework"
LOGS = text("select origin, generation, size, frozen_at is not null as ended from log order by 1")


async def test_successors_are_counted_from_two() -> None:
    assert successor_of("d/990101/casework", 1) == "d/990101/casework/2"
    assert successor_of("d/990101/casework/2", 2) == "d/990101/casework/3"


async def test_a_frozen_log_is_signed_no_more_and_an_incident_names_its_successor(
    here: County,
) -> None:
    casework = here.producers["casework"]
    await here.write("casework", 6)
    await here.look()
    [signed] = await here.sealed()
    await casework.tamper("delete from events where seq > 4", "update ledger set last_seq = 4")
    with pytest.raises(RolledBack):
        await here.look()
    reason = "备份缺了一天"
    await freeze(home_of(here.settings), here.settings, CASEWORK, reason)
    await here.look()
    assert await succeed(here.audit.engine) == [f"{CASEWORK}/2"]
    assert await succeed(here.audit.engine) == []
    [body] = await here.producers["audit"].bodies()
    told = json.loads(body)
    assert (told["type"], told["stream"]) == ("audit.IncidentRecorded", "incidents-990101")
    assert told["data"] == {
        "kind": "log_frozen",
        "origin": CASEWORK,
        "seq": 6,
        "field": "root",
        "expected": signed.text().splitlines()[2],
        "found": reason,
        "found_by": "operator",
        "successor": f"{CASEWORK}/2",
    }
    await here.claim("audit")
    await here.look()
    assert [(one.origin, one.size) for one in await here.sealed()] == [
        (CASEWORK, 6),
        ("test/990101/audit", 1),
    ]


async def test_the_successor_is_signed_from_its_first_leaf_on(here: County) -> None:
    casework = here.producers["casework"]
    await here.write("casework", 6)
    await here.look()
    await casework.tamper("delete from events where seq > 4", "update ledger set last_seq = 4")
    await freeze(home_of(here.settings), here.settings, CASEWORK, "lost")
    await succeed(here.audit.engine)
    bodies = await casework.bodies()
    root = Edge().extended(map(leaf_hash, bodies)).root()
    async with here.audit.engine.begin() as conn:
        grow = text("update log set size = 4, root = :root where origin = :origin")
        await conn.execute(grow, {"root": root, "origin": f"{CASEWORK}/2"})
        rows = [tuple(row) for row in await conn.execute(LOGS)]
    assert rows == [(CASEWORK, 1, 6, True), (f"{CASEWORK}/2", 2, 4, False)]
    await here.look()
    assert [(one.origin, one.size) for one in await here.sealed()] == [
        (CASEWORK, 6),
        (f"{CASEWORK}/2", 4),
    ]


async def test_what_was_never_signed_is_not_frozen(here: County) -> None:
    with pytest.raises(NoSuchLog):
        await freeze(home_of(here.settings), here.settings, CASEWORK, "lost")
    done = command(here, "freeze", CASEWORK, "--reason", "lost")
    assert done.returncode == 1 and done.stderr.startswith("✗")
