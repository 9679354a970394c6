"""An index of names: keyed tokens of what is sealed, so that people are found by a part of it."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.projections.unnested import run, unnested
from shared.contracts import enrollment as c
from shared.contracts.decode import decode
from shared.faults import NotNow
from shared.keyring import KeyDestroyed, Keyring, KeyringAway
from shared.sealed import Sealed, SealError, open_sealed
from shared.subscription import Apply, Entry
from shared.tokens import tokens

PURPOSE = "name_index"
NAMING = frozenset(("enrollment.ChildRegistered", "enrollment.ChildChanged"))
# Arrays of different lengths do not unnest: each row's tokens travel as one text.
PUT = unnested(
    {"child": "uuid", "tokens": "text"},
    "insert into name_index (child, tokens) select u.child, cast(u.tokens as bigint[])",
    "on conflict (child) do update set tokens = excluded.tokens",
)


def index_names(keyring: Keyring) -> Apply:
    """Opens each new name once, under the declared purpose, and keeps its tokens."""

    async def apply(conn: AsyncConnection, entries: Sequence[Entry]) -> None:
        for ledger in sorted({entry.ledger for entry in entries}):
            names = _names([entry for entry in entries if entry.ledger == ledger])
            if names:
                await _index(conn, keyring, ledger, names)

    return apply


def _names(entries: Sequence[Entry]) -> dict[UUID, Sealed]:
    found: dict[UUID, Sealed] = {}
    for entry in entries:
        envelope = entry.envelope
        event = decode(envelope.type, envelope.dataversion, envelope.data)
        if isinstance(event, c.ChildRegistered | c.ChildChanged) and event.fields.get("name"):
            name = event.fields["name"]
            assert name is not None
            found[event.child] = name
    return found


async def _index(
    conn: AsyncConnection, keyring: Keyring, ledger: str, names: dict[UUID, Sealed]
) -> None:
    try:
        keys = await keyring.keys_for([str(child) for child in names], PURPOSE, ["identity"])
        token_key = await keyring.token_key(ledger, "identity")
    except KeyringAway as error:
        raise NotNow("names are indexed when the keyring answers") from error
    rows: list[tuple[UUID, str]] = []
    for child, sealed in names.items():
        key = keys.get((str(child), "identity"))
        if key is None or isinstance(key, KeyDestroyed):
            continue  # erased meanwhile: there is no name any more
        try:
            name = open_sealed(sealed, str(child), "name", key)
        except SealError:
            continue  # the child's page says that it does not fit; an index entry would not help
        rows.append((child, "{" + ",".join(map(str, tokens(name, token_key))) + "}"))
    await run(conn, PUT, rows)
