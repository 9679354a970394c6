"""Units and the packs that were activated for them, as pages and commands about rules need them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.casework import PolicyVersionActivated
from shared.event import Envelope
from shared.rights import EVERYWHERE

UNIT = text("select unit, name, kind, ledger, path from unit where unit = :unit")
# The highest unit of a jurisdiction that has a ledger's rules: above the counties, the first one.
FIRST = text(
    "select unit, name, kind, ledger, path from unit where path = any(:paths)"
    " and (path = ledger or path like '%/' || ledger or path like '%/' || ledger || '/%')"
    " or unit = ledger and (:everywhere or exists (select from"
    " unnest(cast(:paths as text[])) above where unit.path like above || '/%'))"
    " order by length(path), unit limit 1"
)
BELOW = text(
    "select unit, name, kind, ledger, path from unit where closed_on is null"
    " and (path = :path or path like :path || '/%') order by path"
)
ACTIVATED = text(
    "select r.unit, r.sha256, r.valid_from, r.seq, u.name, u.path, e.body from rule_activation r"
    " join unit u using (unit) join events e on e.ledger = r.ledger and e.seq = r.seq"
    " where r.kind = 'pack' and r.ledger = :ledger order by r.valid_from desc, r.seq desc"
)


@dataclass(frozen=True, slots=True)
class Unit:
    unit: str
    name: str
    kind: str
    ledger: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Activated:
    """A pack put in force; `body`: the event that says so, with its basis and who did it."""

    unit: str
    sha256: str
    valid_from: date
    seq: int
    name: str
    path: str
    body: str


async def unit_of(conn: AsyncConnection, code: str) -> Unit | None:
    row = (await conn.execute(UNIT, {"unit": code})).first()
    return Unit(*row) if row else None


async def first_unit(conn: AsyncConnection, paths: Sequence[str]) -> Unit | None:
    params = {"paths": list(paths), "everywhere": EVERYWHERE in paths}
    row = (await conn.execute(FIRST, params)).first()
    return Unit(*row) if row else None


async def units_below(conn: AsyncConnection, path: str) -> list[Unit]:
    """The unit at a path and all open ones below it."""
    return [Unit(*row) for row in await conn.execute(BELOW, {"path": path})]


def basis_of(event: Envelope) -> str:
    """The legal basis that an activation names."""
    return msgspec.json.decode(event.data, type=PolicyVersionActivated).basis


async def activated(conn: AsyncConnection, ledger: str) -> list[Activated]:
    """Every activation of a county and its units, the last to begin first."""
    rows = await conn.execute(ACTIVATED, {"ledger": ledger})
    return [Activated(**row._mapping) for row in rows]
