"""P5: a county's spreadsheet, from the upload to committed, beside its bare read and a COPY."""

import os
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import date, timedelta
from pathlib import Path
from time import perf_counter

import asyncpg
import python_calamine

from baoxue.simulation.numbers import JUNIOR, id_number, school_code
from services.enrollment.app import app_of, make_edge
from tests.benchmarks.appending import PLAIN_TABLE
from tests.benchmarks.table import Row, Table
from tests.enrollment.imports.sending import HEADS, Office
from tests.enrollment.sheets.files import xlsx
from tests.enrollment.world import LEDGER, OPERATOR, at, day, found
from tests.followed import made_secrets, running, settings_of
from tests.stores import Store, cloned, make_template

ROWS = int(os.environ.get("BAOXUE_BENCH_ROWS", "50000"))
CHILDREN_A_CLASS = 46
CLASSES_A_GRADE = 6
GRADES = ("七年级", "八年级", "九年级")
BORN = (date(2014, 3, 1), date(2013, 3, 1), date(2012, 3, 1))
SEQUENCES = 400
COLUMNS = (
    "ledger", "seq", "stream", "version", "command", "ordinal", "type", "recorded_at", "body"
)  # fmt: skip


def roster(count: int) -> Iterator[Sequence[object]]:
    """`count` children of fictitious junior schools, three grades each, all valid."""
    yield HEADS
    for n in range(count):
        klass, _ = divmod(n, CHILDREN_A_CLASS)
        block, number = divmod(klass, CLASSES_A_GRADE)
        school, grade = divmod(block, len(GRADES))
        born = BORN[grade] + timedelta(days=n // SEQUENCES % 300)
        yield (
            f"田{chr(0x4E00 + n % 5000)}{chr(0x5000 + n // 5000)}",
            "女",
            id_number(f"9901{1 + n % 99:02}", born, n % SEQUENCES, "女"),
            school_code(JUNIOR, LEDGER, 100 + school),
            f"第{101 + school}初级中学",
            GRADES[grade],
            f"{number + 1}班",
            f"甲村{n % 900 + 1}号",
        )


@asynccontextmanager
async def _office(server: str, folder: Path) -> AsyncIterator[tuple[Store, Office]]:
    template = await make_template(server, "enrollment")
    async with made_secrets(server, folder) as made, cloned(template, at(day(0))) as store:
        edge = make_edge(settings_of("enrollment", store, made, folder))
        async with running(edge, app_of(edge), made) as world:
            yield store, Office(await found(world), OPERATOR, folder)


async def run(server: str, table: Table) -> None:
    with tempfile.TemporaryDirectory() as name:
        async with _office(server, Path(name)) as (store, office):
            path = xlsx(Path(name) / "roster.xlsx", {"花名册": list(roster(ROWS))})
            before = len(await office.county.events())
            began = perf_counter()
            looked = await office.file("roster", path, dry_run=True)
            checked = perf_counter() - began
            assert looked["report"]["accepted"] == ROWS, looked["report"]["rejected"][:3]
            began = perf_counter()
            done = await office.file("roster", path)
            whole = perf_counter() - began
            assert done["report"]["stored"] and done["state"] == "done", done
            read = _bare_read(path)
            copied, events, size = await _copy(store, before)
    note = (
        f"read and validated {checked:.1f} s of {whole:.1f} s; calamine {read:.1f} s,"
        f" COPY of {events:,} bodies ({size / events:,.0f} bytes each) {copied:.1f} s"
    )
    what = f"spreadsheet of {ROWS:,} rows: read, validated, sealed, committed, boards reached"
    yardstick = [read + copied]
    table.add(Row("P5", what, "≤ 8×", [whole], "calamine + COPY", yardstick, note, " s"))


def _bare_read(path: Path) -> float:
    began = perf_counter()
    book = python_calamine.CalamineWorkbook.from_path(path)
    rows = book.get_sheet_by_index(0).to_python()
    assert len(rows) == ROWS + 1
    return perf_counter() - began


async def _copy(store: Store, after: int) -> tuple[float, int, int]:
    """The very bodies into a table with the same indexes, in the chunks that the import commits."""
    url = store.admin.set(database=store.database, drivername="postgresql")
    conn = await asyncpg.connect(url.render_as_string(hide_password=False))
    await conn.execute(f'grant "{store.roles.owner}" to current_user')
    await conn.execute(f'grant create on schema public to "{store.roles.owner}"')
    await conn.execute(f'set role "{store.roles.owner}"')
    await conn.execute(PLAIN_TABLE)
    names = ", ".join(COLUMNS)
    query = f"select {names} from events where ledger = $1 and seq > $2 order by seq"
    rows = [tuple(row) for row in await conn.fetch(query, LEDGER, after)]
    began = perf_counter()
    for start in range(0, len(rows), 500):
        chunk = rows[start : start + 500]
        await conn.copy_records_to_table("plain", records=chunk, columns=COLUMNS)
    took = perf_counter() - began
    await conn.close()
    return took, len(rows), sum(len(row[-1].encode()) for row in rows)
