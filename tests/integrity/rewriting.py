"""Somebody who knows the whole schema: changes an entry and everything of ours that shows it."""

from services.audit.proofs.tiles import parts
from services.audit.proofs.tree import Edge, leaf_hash
from tests.integrity.tampering import rows, tamper
from tests.stores import Store


async def rewrite(store: Store, seq: int) -> None:
    """Another body at `seq`, with tiles, size and root that fit it."""
    new = """convert_to(replace(convert_from(body, 'UTF8'), '"by":1', '"by":9'), 'UTF8')"""
    await tamper(store, f"update entry set body = {new} where seq = {seq}")
    bodies = await rows(store, "select body from entry order by seq")
    edge, grown = Edge().grown(leaf_hash(bytes(row.body)) for row in bodies)
    changes = [
        f"update tile set hashes = '\\x{part.hashes.hex()}' where level = {part.level}"
        f" and n = {part.n}"
        for part in parts(0, grown)
    ]
    await tamper(store, *changes, f"update log set root = '\\x{edge.root().hex()}'")
