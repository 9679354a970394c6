"""Row-level security by jurisdiction: the database's own check under the application's rights."""

import re
from collections.abc import Sequence

from sqlalchemy import Column, Text, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.rights import EVERYWHERE

PATH_COLUMN = "unitpath"
# A county's teacher has a few dozen; the list is looked through for each row.
MAX_PATHS = 200
_PATH = re.compile(r"[0-9A-Za-z-]+(/[0-9A-Za-z-]+)*")
_NAME = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?")
# Segments are digits and lower-case letters, so every path stands below this.
_ABOVE_ALL = "~"

# The range lets the index find the rows: exactly for one jurisdiction, roughly for several.
# The last line decides; it is by whole segments, because every prefix ends with a slash.
CONDITION = """{column} >= current_setting('app.paths_from', true)
    and {column} < current_setting('app.paths_below', true)
    and ({column} || '/') ^@ any (string_to_array(current_setting('app.paths', true), ','))"""
ENTER = text(
    """select set_config('app.paths', :paths, true),
        set_config('app.paths_from', :first, true),
        set_config('app.paths_below', :below, true)"""
)


def path_column(name: str = PATH_COLUMN) -> Column[str]:
    """The path of the record's owning unit; in C collation, or no prefix is a range."""
    return Column(name, Text(collation="C"), nullable=False, index=True)


def policy_statements(table: str, role: str, column: str = PATH_COLUMN) -> list[str]:
    """SQL for a migration, as the table's owner: `role` sees and writes its jurisdiction only.

    FORCE binds the owner as well. Without `enter` in the transaction there are no rows.
    """
    for name in (table, role, column):
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no plain name of a table, role or column")
    condition = CONDITION.format(column=column)
    policy = f"{role}_jurisdiction"
    return [
        f"alter table {table} enable row level security",
        f"alter table {table} force row level security",
        f"drop policy if exists {policy} on {table}",
        f"create policy {policy} on {table} to {role} using ({condition}) with check ({condition})",
    ]


async def enter(conn: AsyncConnection, paths: Sequence[str]) -> None:
    """Give this transaction a jurisdiction: `rights.paths_for(…)`. No path gives no rows.

    The setting ends with the transaction, so a pooled connection carries nothing to the next one.
    """
    if len(paths) > MAX_PATHS:
        raise ValueError(f"{len(paths)} jurisdictions; {MAX_PATHS} at most")
    for path in paths:
        if path != EVERYWHERE and not _PATH.fullmatch(path):
            raise ValueError(f"{path!r} is no path of a unit")
    await conn.execute(ENTER, _settings(paths))


async def enter_as_service(conn: AsyncConnection) -> None:
    """The service's own work, on nobody's behalf: subscriptions, timers, rebuilds see all rows."""
    await enter(conn, [EVERYWHERE])


def _settings(paths: Sequence[str]) -> dict[str, str]:
    if EVERYWHERE in paths:
        # Split at its comma this is a list of empty prefixes, with which everything begins.
        return {"paths": ",", "first": "", "below": _ABOVE_ALL}
    if not paths:
        return {"paths": "", "first": "", "below": ""}
    # "0" is the character after "/": the range of a prefix ends before it.
    return {
        "paths": ",".join(f"{path}/" for path in paths),
        "first": min(paths),
        "below": max(f"{path}0" for path in paths),
    }
