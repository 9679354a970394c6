"""A county's rules are used as soon as they are at hand, however lately one has looked."""

import pytest

from shared.contracts.enrollment import CountyFounded
from shared.rulebook import RulesMissing
from shared.subscription import deliver
from tests.county import MONDAY, Told, at
from tests.followed import World, quiet_own

SECOND = "990102"
SECOND_PATH = f"990000/990100/{SECOND}"


async def test_what_was_just_not_found_is_looked_for_again(world: World, told: Told) -> None:
    rulebook = world.edge.rulebook
    async with world.engine.connect() as conn:
        before = await rulebook.rules(conn)
    with pytest.raises(RulesMissing):
        before.pack(SECOND_PATH, MONDAY)
    second = Told(ledger=SECOND)
    founded = CountyFounded(code=SECOND, name="禾丰县", origin=f"test/{SECOND}/enrollment")
    second.tell(founded, SECOND_PATH, None, at(MONDAY))
    async with world.engine.connect() as conn:
        await rulebook.rules(conn)
    for one in world.edge.service.subscriptions:
        if "enrollment" in one.sources and not one.own:
            await deliver(world.engine, one, "enrollment", second.entries)
    await quiet_own(world)
    async with world.engine.connect() as conn:
        stale = await rulebook.rules(conn)
        with pytest.raises(RulesMissing):
            stale.pack(SECOND_PATH, MONDAY)
        assert (await rulebook.rules(conn)).pack(SECOND_PATH, MONDAY)
