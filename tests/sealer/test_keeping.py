"""Crashes, cut connections, a second sealer, changed keys, and what each role may do."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from shared.ledger_schema import async_url
from tests.sealer.staging import County
from tests.stores import PASSWORDS

CASEWORK = "test/990101/casework"
COLUMNS = "ledger, seq, stream, version, command, ordinal, type, recorded_at, body"


async def test_a_note_that_was_remembered_and_not_stored_is_stored_at_the_next_start(
    here: County,
) -> None:
    await here.write("casework", 4)

    async def crash(*_: object) -> None:
        raise KeyboardInterrupt

    async with here.sealer() as sealer:
        await sealer.books.hold()
        sealer.floors.clear()
        type(sealer.books).add_note, kept = crash, type(sealer.books).add_note  # type: ignore[method-assign]
        try:
            with pytest.raises(KeyboardInterrupt):
                await sealer.look()
        finally:
            type(sealer.books).add_note = kept  # type: ignore[method-assign]
    assert await here.sealed() == []
    await here.look()
    assert [one.size for one in await here.sealed()] == [4]


async def test_a_second_sealer_waits_for_the_first(here: County) -> None:
    from services.audit.sealer.books import AnotherSealer, Books

    await here.write("casework", 4)
    async with here.sealer() as first:
        await first.look()
        second = Books(here.sealer_url)
        with pytest.raises(AnotherSealer):
            await second.hold()
        await first.books.release()
        assert await second.hold()
        await second.close()


CUT = "select pg_terminate_backend(pid) from pg_stat_activity where usename = current_user"
CUT += " and pid <> pg_backend_pid()"


async def test_a_cut_connection_loses_the_lock_and_the_next_look_takes_it_again(
    here: County,
) -> None:
    await here.write("casework", 4)
    async with here.sealer() as sealer:
        await sealer.look()
        other = create_async_engine(async_url(here.sealer_url))
        async with other.connect() as conn:
            await conn.execute(text(CUT))
        await other.dispose()
        await here.write("casework", 1)
        with pytest.raises(DBAPIError):
            await sealer.look()
        assert [one.size for one in await here.sealed()] == [4]
        await sealer.look()
    assert [one.size for one in await here.sealed()] == [4, 5]


async def test_rotated_keys_sign_together_without_a_restart(here: County) -> None:
    from services.audit.sealer.keys import change_key_file

    await here.write("casework", 4)
    async with here.sealer() as sealer:
        await sealer.look()
        for change, lines in (("rotate", 2), ("retire", 1)):
            change_key_file(here.key_path, change)  # type: ignore[arg-type]
            await sealer.look()
            await sealer.look()
            async with here.audit.engine.connect() as conn:
                newest = text("select note from sealed order by sealed_at desc limit 1")
                note = (await conn.execute(newest)).scalar_one()
            assert note.count("\n— ") == lines
    async with here.audit.engine.connect() as conn:
        assert (await conn.execute(text("select count(*) from sealed"))).scalar_one() == 3


async def test_audits_role_cannot_seal_and_the_sealers_can_do_nothing_else(here: County) -> None:
    forged = "insert into sealed (origin, size, root, note) values ('x', 1, '\\x00', '')"
    tries = {
        here.audit.url(here.audit.roles.app, PASSWORDS.app): (
            forged,
            "update sealed set note = ''",
            "delete from sealed",
            "insert into refusal (origin, kind) values ('x', 'y')",
        ),
        async_url(here.sealer_url): (
            "update log set size = 0",
            "insert into log (ledger, service, origin, root) values ('1', 'x', 'x', '')",
            "select * from entry",
            "select * from events",
            "select * from tile",
            "update sealed set note = ''",
            "delete from sealed",
            "delete from refusal",
        ),
    }
    await here.write("casework", 1)
    await here.look()
    for url, statements in tries.items():
        engine = create_async_engine(url)
        for statement in statements:
            with pytest.raises(DBAPIError, match="permission denied"):
                async with engine.begin() as conn:
                    await conn.exec_driver_sql(statement)
        await engine.dispose()
