"""Words about a unit's work: sealed under the one who wrote them, where no child is concerned."""

from shared.commands import FieldsInvalid
from shared.edge import Edge
from shared.sealed import MAX_TEXT_BYTES, Sealed, seal

PURPOSE = "casework"


async def sealed_note(
    edge: Edge, ledger: str, owner: str, field: str, words: str | None
) -> Sealed | None:
    """Sealed under `owner`'s narrative key, whose name stands beside it; None without words."""
    if words is None or not words.strip():
        return None
    if len(words.encode()) > MAX_TEXT_BYTES:
        raise FieldsInvalid("写得太长。请分几次登记。", field=field)
    keys = await edge.keyring.keys_for([owner], PURPOSE, ["narrative"], create=True, ledger=ledger)
    key = keys.of(owner, "narrative")
    return seal(words.strip(), owner, "narrative", field, key, carry_subject=True)
