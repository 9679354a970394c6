"""The villages of a county: units below its townships, with the township's name."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# 990000/990100/990101/990101001/…: villages lie directly below townships.
VILLAGES = text(
    "select v.unit, v.name, t.unit as township, t.name as township_name from unit v"
    " join unit t on t.unit = v.parent where v.ledger = :ledger and v.kind = 'division'"
    " and t.kind = 'division' and t.parent = v.ledger and v.closed_on is null"
    " order by t.unit, v.unit"
)


@dataclass(frozen=True, slots=True)
class Village:
    code: str
    name: str
    township: str
    township_name: str

    @property
    def label(self) -> str:
        return f"{self.township_name} {self.name}"


async def villages_of(conn: AsyncConnection, ledger: str) -> list[Village]:
    return [Village(*row) for row in await conn.execute(VILLAGES, {"ledger": ledger})]
