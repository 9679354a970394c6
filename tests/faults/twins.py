"""Deliberately broken twins of the append: a test that lets them pass proves nothing."""

from collections.abc import Callable, Mapping

from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from shared.ledger_schema import quoted, spine_statements
from tests.stores import Store

BLOCK = 1000  # numbers that the twin with a global sequence takes at once

Break = Callable[[AsyncConnection], object]


def _append_function() -> str:
    spine = spine_statements()
    return "create or replace function append" + spine.split("create function append", 1)[1]


def _changed(*changes: tuple[str, str]) -> str:
    function = _append_function()
    for old, new in changes:
        assert old in function, f"the append no longer says {old!r}: mend this twin"
        function = function.replace(old, new)
    return function


def global_sequence() -> list[str]:
    """Numbers from a sequence, no ledger lock: commits become visible in another order."""
    numbered = f"nextval('twin_seq') * {BLOCK} as base"
    start = _append_function().index("update ledger set")
    end = _append_function().index("), e as (")
    old = _append_function()[start:end]
    select = (
        f"select {numbered}, clock() as at, 0 as behind_seconds"
        " from ledger where ledger.ledger = p_ledger\n    "
    )
    return [
        "create sequence twin_seq",
        _changed((old, select)),
        "grant usage on sequence twin_seq to public",
    ]


def filtering() -> list[str]:
    """Leaves out what is there already, after the ledger has moved: a hole for ever."""
    line = "as u(stream, version, command, ordinal, type, head, tail, n)"
    known = (
        "\n        where not exists (select 1 from events x where x.ledger = p_ledger"
        " and x.command = u.command and x.ordinal = u.ordinal)"
    )
    return [_changed((line, line + known))]


def no_previous_version() -> list[str]:
    """No foreign key to the version before: 1, then 7."""
    return ["alter table events drop constraint events_previous"]


def no_version() -> list[str]:
    """Nothing refuses a version that somebody else has taken."""
    return [*no_previous_version(), "alter table events drop constraint events_version"]


# Twin → how it is made, and the kinds of fault of which the checker must see at least one.
TWINS: Mapping[str, tuple[Callable[[], list[str]], frozenset[str]]] = {
    "global sequence": (global_sequence, frozenset({"lost"})),
    "filtering append": (filtering, frozenset({"hole"})),
    "no previous version": (no_previous_version, frozenset({"jump"})),
    "no version": (no_version, frozenset({"jump"})),
}


async def break_store(store: Store, twin: str) -> None:
    """Make a store into the twin, as the owner of its tables."""
    engine = create_async_engine(store.admin.set(database=store.database))
    async with engine.begin() as conn:
        owner = quoted(store.roles.owner)
        # A clone belongs to the administrator, not to its template's owner.
        await conn.exec_driver_sql(f"grant create on schema public to {owner}")
        await conn.exec_driver_sql(f"set local role {owner}")
        for statement in TWINS[twin][0]():
            await conn.exec_driver_sql(statement)
    await engine.dispose()
