"""A child's group tag, told by enrollment as a sealed change."""

from uuid import UUID

from shared.contracts import enrollment as e
from shared.contracts.enrollment import CHILD_FIELDS
from shared.sealed import seal
from tests.county import LEDGER, MONDAY, Told, at
from tests.followed import World


async def tagged(world: World, told: Told, child: UUID, field: str, path: str) -> None:
    who, cls = str(child), CHILD_FIELDS[field]
    keys = await world.edge.keyring.keys_for([who], "test", [cls], create=True, ledger=LEDGER)  # pyright: ignore[reportArgumentType]
    value = seal("是", who, cls, field, keys.of(who, cls))  # pyright: ignore[reportArgumentType]
    change = e.ChildChanged(child=child, fields={field: value}, was={field: None})
    told.tell(change, path, child, at(MONDAY))
    await world.hear("enrollment", told.entries)
