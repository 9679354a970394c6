"""Rows into a statement as columns: a batch of hundreds is one statement."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class Unnested:
    """A statement that takes one array a column, in the order of `columns`."""

    columns: tuple[str, ...]
    statement: TextClause


def unnested(columns: Mapping[str, str], before: str, after: str) -> Unnested:
    """`before … from unnest(…) as u(names) after`; `columns`: name → type of the array's items."""
    arrays = ", ".join(f"cast(:{name} as {kind}[])" for name, kind in columns.items())
    # Quoted: a column may be called like a word of SQL, such as `on`.
    names = ", ".join(f'"{name}"' for name in columns)
    sql = f"{before} from unnest({arrays}) as u({names}) {after}"
    return Unnested(tuple(columns), text(sql))


async def run(conn: AsyncConnection, wanted: Unnested, rows: Iterable[Sequence[Any]]) -> None:
    """Nothing happens without rows; each row holds its values in the columns' order."""
    listed = list(rows)
    if listed:
        arrays = (list(column) for column in zip(*listed, strict=True))
        await conn.execute(wanted.statement, dict(zip(wanted.columns, arrays, strict=True)))
