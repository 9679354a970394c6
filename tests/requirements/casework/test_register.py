"""The register of dropouts: as of a date, with the events it rests on, and closed with evidence."""

import hashlib
import re
from datetime import timedelta
from io import BytesIO
from uuid import UUID

from python_calamine import CalamineWorkbook
from sqlalchemy import text
from uuid_utils.compat import uuid7

from tests.casework.acting import COUNTY_VIEW
from tests.county import MONDAY, Told, at
from tests.followed import World
from tests.requirements.casework.desk import asked, open_case, send, types

THURSDAY = MONDAY + timedelta(days=3)
RANGE = re.compile(r"事件范围：(\w+) 账第 (\d+)—(\d+) 条，共 (\d+) 条；SHA-256 ([0-9a-f]{64})")


async def exported(world: World, filter: str) -> list[list[str]]:
    """The rows of the spreadsheet as a county officer downloads it."""
    async with world.browser(COUNTY_VIEW) as browser:
        answer = await browser.get(f"/casework/cases.xlsx?filter={filter}")
    assert answer.status_code == 200
    book = CalamineWorkbook.from_filelike(BytesIO(answer.content))
    return [[str(cell) for cell in row] for row in book.get_sheet_by_name("台账").to_python()]


async def hash_of_range(world: World, case: UUID, rows: list[list[str]]) -> tuple[str, str]:
    """The hash that the sheet claims, and the one of the case's events between its two ends."""
    found = RANGE.search(rows[2][0])
    assert found, rows[2]
    ledger, first, last, count, claimed = found.groups()
    query = text(
        "select body from events where ledger = :ledger and stream = :stream"
        " and seq between :first and :last order by seq"
    )
    values = {"ledger": ledger, "stream": f"case-{case}", "first": int(first), "last": int(last)}
    async with world.engine.connect() as conn:
        bodies = [row.body for row in await conn.execute(query, values)]
    assert len(bodies) == int(count)
    whole = "".join(body + "\n" for body in bodies)
    return claimed, hashlib.sha256(whole.encode()).hexdigest()


async def test_the_register_says_as_of_when_and_from_which_events_and_closes_with_evidence(
    world: World, told: Told
) -> None:
    case = await open_case(world, told)
    rows = await exported(world, "open")
    assert rows[0][0] == "辍学学生工作台账（在办）"
    assert rows[1][0].startswith("截至 2026年11月19日")
    claimed, computed = await hash_of_range(world, case, rows)
    assert claimed == computed
    [line] = rows[4:]
    assert (line[1], line[3]) == ("沙马木呷", "疑似辍学")

    closing = {"command_id": str(uuid7()), "case": str(case), "reason": "transferred"}
    async with world.browser(COUNTY_VIEW, "application/json") as browser:
        bare = await browser.post("/casework/commands/close_case", json=closing | {"evidence": []})
    assert bare.status_code == 409, bare.text
    await world.move_to(at(THURSDAY + timedelta(days=1)))
    closed = await send(
        world, "close_case", COUNTY_VIEW, **closing | {"evidence": ["enrollment_proof"]}
    )
    assert types(closed) == ["casework.CaseClosed"]
    assert (await asked(world, "/casework/cases?filter=open", COUNTY_VIEW))["cases"] == []
    rows = await exported(world, "closed")
    assert rows[1][0].startswith("截至 2026年11月20日")
    [line] = rows[4:]
    assert (line[3], line[8]) == ("销号", "2026-11-20")
    after, computed = await hash_of_range(world, case, rows)
    assert after == computed != claimed
