"""Row-level security on real PostgreSQL: by whole segments, by index, and nothing by default."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import pytest
from sqlalchemy import MetaData, Table, Text, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.schema import Column, CreateIndex, CreateTable

from shared import row_security as rs
from shared.rights import EVERYWHERE, covers
from tests.shared.conftest import Database

COUNTY = "990000/990100/990101"
PATHS = [
    f"{county}/{town}/{school}/{klass}"
    for county in (COUNTY, "990000/990100/990102", "990000/990100/9901010")
    for town in ("990101001", "990101002")
    for school in ("2199010001", "2199010002", "21990100010")
    for klass in ("k1", "k2", "k10")
] + [COUNTY, f"{COUNTY}-1", "990000", "9900000"]
ROWS_EACH = 400


@dataclass(frozen=True, slots=True)
class Board:
    """A table of children by path, with an owner and an app role of its own."""

    database: Database

    @property
    def owner(self) -> str:
        return f"{self.database.prefix}_owner"

    @property
    def app(self) -> str:
        return f"{self.database.prefix}_app"

    async def seen(self, paths: Sequence[str] | None, role: str | None = None) -> set[str]:
        async with self.database.connect(role or self.app) as conn:
            if paths is not None:
                await rs.enter(conn, paths)
            return set((await conn.execute(text("select distinct unitpath from board"))).scalars())

    async def plan(self, paths: Sequence[str], query: str) -> str:
        async with self.database.connect(self.app) as conn:
            await rs.enter(conn, paths)
            return "\n".join((await conn.execute(text(f"explain {query}"))).scalars())


@pytest.fixture(scope="module")
async def board(new_database) -> AsyncIterator[Board]:
    async with new_database() as database:
        made = Board(database)
        table = Table("board", MetaData(), Column("name", Text), rs.path_column())
        async with database.connect() as conn:
            for role in (made.owner, made.app):
                await conn.execute(text(f"create role {role} login password 'secret'"))
            await conn.execute(text(f"grant create on schema public to {made.owner}"))
        async with database.connect(made.owner) as conn:
            await conn.execute(CreateTable(table))
            for index in table.indexes:
                await conn.execute(CreateIndex(index))
            await conn.execute(
                text(
                    "insert into board select 'n' || n, p from unnest(cast(:paths as text[])) p,"
                    " generate_series(1, :rows) n"
                ),
                {"paths": PATHS, "rows": ROWS_EACH},
            )
            for statement in rs.policy_statements("board", made.app):
                await conn.execute(text(statement))
            await conn.execute(text(f"grant select, insert, update on board to {made.app}"))
        async with database.connect() as conn:
            await conn.execute(text("analyze board"))
        yield made


async def test_without_a_jurisdiction_there_are_no_rows(board: Board) -> None:
    assert await board.seen(None) == set()
    assert await board.seen([]) == set()


@pytest.mark.parametrize(
    "paths",
    [
        [COUNTY],
        ["990000"],
        ["990000/990100/990102"],
        [f"{COUNTY}/990101001/2199010001"],
        [f"{COUNTY}/990101001/2199010001/k1"],
        [f"{COUNTY}/990101001/2199010001/k1", f"{COUNTY}/990101002/2199010002/k10"],
        [f"{COUNTY}/990101001", "990000/990100/990102/990101002"],
        ["990000/990100/990103"],
        ["9901"],
    ],
)
async def test_rows_seen_are_those_that_the_application_would_let_through(
    board: Board, paths: list[str]
) -> None:
    expected = {path for path in PATHS if any(covers(above, path) for above in paths)}
    assert await board.seen(paths) == expected


async def test_the_services_own_work_sees_all_rows(board: Board) -> None:
    assert await board.seen([EVERYWHERE]) == set(PATHS)
    async with board.database.connect(board.app) as conn:
        await rs.enter_as_service(conn)
        found = await conn.execute(text("select count(*) from board"))
        assert found.scalar_one() == len(PATHS) * ROWS_EACH


async def test_even_the_owner_sees_nothing(board: Board) -> None:
    assert await board.seen(["990000"], role=board.owner) == set()


async def test_the_jurisdiction_ends_with_its_transaction(board: Board) -> None:
    engine = board.database.engine(board.app)
    async with engine.connect() as conn:
        async with conn.begin():
            await rs.enter(conn, [COUNTY])
            assert (await conn.execute(text("select 1 from board limit 1"))).all()
        async with conn.begin():
            assert not (await conn.execute(text("select 1 from board limit 1"))).all()
    await engine.dispose()


@pytest.mark.parametrize(
    "statement",
    [
        "insert into board values ('x', '990000/990100/990102')",
        "insert into board values ('x', '990000/990100/9901010/1')",
        f"update board set unitpath = '990000/990100/990102' where unitpath = '{COUNTY}'",
    ],
)
async def test_nothing_is_written_into_or_moved_to_another_jurisdiction(
    board: Board, statement: str
) -> None:
    with pytest.raises(ProgrammingError, match="row-level security"):
        async with board.database.connect(board.app) as conn:
            await rs.enter(conn, [COUNTY])
            await conn.execute(text(statement))


async def test_one_and_several_jurisdictions_are_found_by_index(board: Board) -> None:
    one = [f"{COUNTY}/990101001/2199010001"]
    two = [f"{one[0]}/k1", f"{one[0]}/k10"]
    for paths in (one, two):
        plan = await board.plan(paths, "select * from board")
        assert "ix_board_unitpath" in plan
        assert "Index Cond" in plan
        assert "app.paths_from" in plan.split("Index Cond")[1].split("\n")[0]


def test_a_name_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="no plain name"):
        rs.policy_statements("board; drop table x", "app")


@pytest.mark.parametrize("path", ["", "/", "990000/", "990000,990100", "a'b", "%"])
async def test_a_path_that_could_be_read_as_another_is_refused(board: Board, path: str) -> None:
    with pytest.raises(ValueError, match="no path"):
        await board.seen([path])


async def test_too_many_jurisdictions_are_refused(board: Board) -> None:
    with pytest.raises(ValueError, match="at most"):
        await board.seen(["990000"] * (rs.MAX_PATHS + 1))
