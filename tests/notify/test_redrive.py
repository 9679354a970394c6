"""What was parked is listed and applied again through HTTP, for programs of the system alone."""

import pytest
from sqlalchemy import text

from shared.subscription import Subscription
from tests.county import CHILD, Told
from tests.followed import World
from tests.notify.test_risk_to_inbox import TEACHER_VIEW, accounts, flag

NAME = "notify.risk_to_inbox"
PARK = text(
    "insert into parked (subscription, source, ledger, seq, subject, body, reason)"
    " values (:name, 'casework', :ledger, :seq, :subject, :body, 'ValueError: mended since')"
)


async def parked(world: World, casework: Told) -> None:
    """The last entry of casework, parked as if the program had not understood it."""
    entry = casework.entries[-1]
    values = {"ledger": entry.ledger, "seq": entry.seq, "subject": str(CHILD)}
    async with world.engine.begin() as conn:
        await conn.execute(PARK, values | {"name": NAME, "body": entry.body.decode()})


async def test_parked_entries_are_listed_and_applied_once(world: World, casework: Told) -> None:
    flag(casework)
    await parked(world, casework)
    headers = {"authorization": f"Bearer {world.edge.call_token('notify')}"}
    wish = {"subscription": NAME, "subject": str(CHILD)}
    async with world.browser(TEACHER_VIEW, "application/json") as program:
        (row,) = (await program.get("/parked", headers=headers)).json()
        assert (row["subscription"], row["entries"]) == (NAME, 1)
        assert "mended since" in row["reason"]
        done = await program.post("/redrive", headers=headers, json=wish)
        assert done.json() == wish | {"applied": 1}
        again = await program.post("/redrive", headers=headers, json=wish)
        assert (again.status_code, again.json()["code"]) == (409, "nothing_parked")
        unknown = wish | {"subscription": "notify.nothing"}
        answer = await program.post("/redrive", headers=headers, json=unknown)
        assert answer.json()["code"] == "subscription_unknown" and NAME in answer.json()["say"]
        assert (await program.get("/parked")).status_code == 401
        assert (await program.post("/redrive", json=wish)).status_code == 401
    assert len(await accounts(world)) == 3


async def test_what_still_fails_stays_parked(
    world: World, casework: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    flag(casework)
    await parked(world, casework)

    async def fails(_conn: object, _entries: object) -> None:
        raise ValueError("as before")

    broken = Subscription(NAME, ("casework",), fails)
    others = [one for one in world.edge.service.subscriptions if one.name != NAME]
    monkeypatch.setattr(world.edge.service, "subscriptions", [*others, broken])
    headers = {"authorization": f"Bearer {world.edge.call_token('notify')}"}
    async with world.browser(TEACHER_VIEW, "application/json") as program:
        wish = {"subscription": NAME, "subject": str(CHILD)}
        answer = await program.post("/redrive", headers=headers, json=wish)
        assert (answer.status_code, answer.json()["code"]) == (409, "still_fails")
        assert len((await program.get("/parked", headers=headers)).json()) == 1
    assert await accounts(world) == set()
