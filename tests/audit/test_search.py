"""Search finds exactly what LIKE finds on clear text, inside the jurisdiction, and says so."""

import random
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from uuid_utils.compat import uuid7

from services.audit.projections.search import SearchIndex
from services.audit.queries.candidates import newest
from services.audit.queries.matching import Reader
from services.audit.queries.search import Asked, Found, query_of, search
from shared.event import business_day
from shared.keyring import Keyring
from shared.rights import EVERYWHERE, Grant, Viewer
from shared.row_security import enter
from shared.tokens import fold
from tests.audit.conftest import INSPECTOR, NOW, OFFICER, STRANGER, World, viewer
from tests.audit.county import COUNTY, OTHER, County, path_of

SEED = 20261118
NAMES = [
    "吉克阿依",
    "阿依努尔·麦麦提",
    "欧阳雪",
    "李雪",
    "李小雪",
    "木呷尔布",
    "田家乐",
    "100%小明",
    "王_明",
    "O'Neil",
    "反\\斜",
    "王明明",
    "李李李",
]
WORDS = [
    "家里只有祖母。",
    "孩子跟父亲住在邻县采石场边，",
    "帮着做饭，祖母愿意联系。",
    "母亲电话不通，同学说跟父亲走了。",
    "哥哥已经不去采石场了，",
    "出勤率 100%_完成，",
    "他说'不想念书'，",
    "路径 C:\\学校\\名册，",
    "ＡＢＣ全角 １２３，",
    "Ｏ’Neil 的信 🙂 收到了。",
]


class Clear(NamedTuple):
    """One text as it reads in clear, and the entry it makes findable."""

    source: str
    seq: int
    text: str


def at(day: int, hour: int = 8, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


async def filled(world: World, county: County, children: int = 15) -> list[Clear]:
    """Children with names and numbers, and visits with notes; returns the clear texts."""
    chance = random.Random(SEED)
    clear: list[Clear] = []
    books = world.books.bodies
    for number in range(children):
        name, student = NAMES[number % len(NAMES)], f"G{county.code}2012{number:08d}"
        child = await county.child(name, student=student, phone=f"1380000{number:04d}")
        registered = len(books["enrollment", county.code]) - 1
        called = [name, student]
        clear += [Clear("enrollment", registered + n, one) for one in called for n in (0, 1)]
        case = uuid7()
        for day in range(1, 5):
            words = "".join(chance.sample(WORDS, 4))
            entry = await county.visit(child, case, words, at(day) + timedelta(minutes=number))
            clear += [Clear("casework", entry.seq, one) for one in (words, *called)]
    for entry in world.books.entries("enrollment", county.code):
        data = msgspec.json.decode(entry.envelope.data)
        if isinstance(data.get("name"), str):
            clear.append(Clear("enrollment", entry.seq, data["name"]))
        if entry.envelope.type == "enrollment.StaffRegistered":
            clear.append(Clear("enrollment", entry.seq, "沈秀兰"))
    return clear


def reader(world: World, who: Viewer) -> Reader:
    return Reader(who, business_day(NOW), world.edge.keyring)


async def find(world: World, who: Viewer, words: str, **asked: object) -> Found:
    request = Asked(text=words, **{"limit": 1000, **asked})  # type: ignore[arg-type]
    return await search(world.store.engine, reader(world, who), request)


def places(found: Found) -> set[tuple[str, int]]:
    return {(one.place.service, one.place.seq) for one in found.matches}


async def like(conn: AsyncConnection, words: str) -> set[tuple[str, int]]:
    """What LIKE finds on the clear text, folded as people's spellings are."""
    escaped = fold(words).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    asked = text("select distinct source, seq from clear where said like '%' || :q || '%'")
    return {(row.source, row.seq) for row in await conn.execute(asked, {"q": escaped})}


def substrings(clear: list[Clear], count: int) -> list[str]:
    """Random pieces of what is written, some of them spoilt, and every special character."""
    chance = random.Random(SEED)
    found = ["%", "_", "\\", "'", "%_", "100%", "_明", "反\\", "O'N", "·", "🙂", "李", "李李"]
    while len(found) < count:
        said = chance.choice(clear).text
        begin = chance.randrange(len(said))
        piece = said[begin : begin + chance.randint(1, 8)]
        found.append(piece + chance.choice(["", "", "", "没"]))
    return [piece for piece in found if fold(piece)]


async def test_a_thousand_substrings_find_exactly_what_like_finds(world: World) -> None:
    clear = await filled(world, world.here)
    await filled(world, world.there)
    await world.follow()
    admin = create_async_engine(world.store.admin.set(database=world.store.database))
    async with admin.connect() as conn:
        await conn.execute(text("create temp table clear (source text, seq bigint, said text)"))
        rows = [{"a": one.source, "b": one.seq, "c": fold(one.text)} for one in clear]
        await conn.execute(text("insert into clear values (:a, :b, :c)"), rows)
        some = 0
        for piece in substrings(clear, 1000):
            expected = await like(conn, piece)
            assert places(await find(world, INSPECTOR, piece)) == expected, (SEED, piece)
            some += bool(expected)
        assert some > 500
        await conn.rollback()
    await admin.dispose()


async def test_the_walk_and_the_index_find_the_same(world: World) -> None:
    await filled(world, world.here)
    await world.follow()
    who = reader(world, INSPECTOR)
    async with world.store.engine.begin() as conn:
        await enter(conn, [path_of(COUNTY)])
        for words in ("采石场", "李", "雪", "100%"):
            query = await query_of(who, Asked(text=words), COUNTY, {})
            assert await newest(conn, query, 10_000, 500) == await newest(conn, query, 0, 500)


async def test_the_second_county_sees_nothing_of_the_first(world: World) -> None:
    child = await world.here.child("吉克阿依", student="G990101201200000001")
    await world.follow()
    assert places(await find(world, INSPECTOR, "吉克"))
    for words in ("吉克", "吉", "G990101201200000001", "云溪县"):
        found = await find(world, STRANGER, words)
        assert (found.matches, list(found.people), found.counties) == ([], [], [OTHER])
    assert (await world.get(STRANGER, f"/audit/children/{child}")).status_code == 403
    answer = await world.get(STRANGER, "/audit/replay?subject=G990101201200000001")
    assert answer.status_code == 404


async def test_without_a_jurisdiction_the_doors_stay_shut(world: World) -> None:
    await world.here.child("吉克阿依")
    await world.follow()
    query = await query_of(reader(world, INSPECTOR), Asked(text="吉克"), COUNTY, {})
    async with world.store.engine.connect() as conn:
        assert await newest(conn, query, 0, 10) == []


async def test_a_township_sees_its_own_schools_alone(world: World) -> None:
    await world.here.child("吉克阿依")
    await world.follow()
    inside = viewer("inspector", path=f"{path_of(COUNTY)}/{world.here.township}")
    outside = viewer("inspector", path=f"{path_of(COUNTY)}/{COUNTY}9")
    assert len(places(await find(world, inside, "吉克"))) == 2
    assert places(await find(world, outside, "吉克")) == set()


async def test_a_whole_number_finds_its_child_first(world: World) -> None:
    child = await world.here.child("李雪", student="G990101201209010012")
    await world.here.child("李小雪", student="G990101201209010013")
    await world.follow()
    found = await find(world, INSPECTOR, "g990101201209010012")
    assert [one.subject for one in found.people] == [str(child)]
    assert {str(one.candidate.subject) for one in found.matches} == {str(child)}


async def test_an_old_name_stays_findable(world: World) -> None:
    from shared.contracts import enrollment

    child = await world.here.child("吉克阿依")
    was = await world.books.sealed(child, "identity", "name", "吉克阿依")
    now = await world.books.sealed(child, "identity", "name", "吉克阿呷")
    renamed = enrollment.ChildChanged(child=child, fields={"name": now}, was={"name": was})
    world.here.event(renamed, child, f"child-{child}", at(2))
    await world.follow()
    for words in ("吉克阿依", "吉克阿呷"):
        assert len(places(await find(world, INSPECTOR, words))) == 3


async def test_who_opens_no_class_finds_plain_words_alone(world: World) -> None:
    await world.here.child("吉克阿依")
    await world.follow()
    grant = Grant(role="operator", unit="", path=EVERYWHERE, valid_from=business_day(NOW))
    operator = Viewer(account="operator", staff=None, grants=(grant,))
    assert places(await find(world, operator, "吉克")) == set()
    assert places(await find(world, operator, "云溪县石桥镇")) == {("enrollment", 3)}
    answer = await world.get(operator, "/audit/search?text=石桥镇")
    assert answer.status_code == 200
    assert len(answer.text.splitlines()) == 2


async def test_contact_data_is_not_found_where_audit_holds_no_key_of_it(world: World) -> None:
    await world.here.child("吉克阿依", phone="13800006027")
    await world.follow()
    assert places(await find(world, OFFICER, "13800006027")) == set()


async def test_nothing_personal_stands_in_clear_in_the_database(world: World) -> None:
    child = await world.here.child("吉克阿依", student="G990101201209010012", phone="13800006027")
    await world.here.visit(child, uuid7(), "邻县采石场边", at(3))
    await world.follow()
    await world.get(INSPECTOR, "/audit/search?text=吉克阿依")
    await world.follow_own()
    secrets = ["吉克阿依", "G990101201209010012", "13800006027", "采石场", "沈秀兰"]
    coded = [s.encode(c) for s in secrets for c in ("utf-8", "utf-16-le", "gbk")]
    admin = create_async_engine(world.store.admin.set(database=world.store.database))
    async with admin.connect() as conn:
        tables = "select tablename from pg_tables where schemaname = 'public'"
        names = [row.tablename for row in await conn.execute(text(tables))]
        assert {"entry", "entry_token", "subject_text", "events", "child"} <= set(names)
        for name in names:
            for (row,) in await conn.execute(text(f'select t::text from "{name}" t')):
                assert not [s for s in secrets if s in row or repr(s)[1:-1] in row], name
                assert not [s for s in coded if s.hex() in row], name
    await admin.dispose()


async def test_a_search_is_recorded_with_the_subjects_shown(world: World) -> None:
    child = await world.here.child("吉克阿依")
    await world.here.child("李雪")
    await world.follow()
    answer = await world.get(INSPECTOR, "/audit/search?text=吉克")
    lines = [msgspec.json.decode(line) for line in answer.content.splitlines()]
    assert [set(line) for line in lines] == [
        {"ledger", "seq", "type", "occurred_at", "recorded_at", "subject", "stream", "actor"}
    ] * 2
    (body,) = await world.accesses()
    recorded = msgspec.json.decode(body)
    assert recorded["type"] == "audit.RecordSearched"
    assert recorded["data"]["subjects"] == [str(child)]
    assert recorded["data"]["found"] == 2
    assert recorded["data"]["query"]["class"] == "narrative"
    assert "吉克" not in body


async def test_a_search_that_cannot_be_recorded_is_refused(world: World) -> None:
    await world.here.child("吉克阿依")
    await world.follow()
    admin = create_async_engine(world.store.admin.set(database=world.store.database))
    async with admin.begin() as conn:
        await conn.execute(text("delete from published where ledger like '%-access'"))
        await conn.execute(text("delete from ledger where ledger like '%-access'"))
    await admin.dispose()
    for accept in ("application/json", "text/html"):
        answer = await world.get(INSPECTOR, "/audit/search?text=吉克", accept)
        assert answer.status_code == 503
        assert "吉克阿依" not in answer.text


async def test_entries_are_kept_while_the_keyring_is_away_and_found_when_it_is_back(
    world: World,
) -> None:
    from shared.key_files import load_key_file

    away = create_async_engine("postgresql+asyncpg://nobody@127.0.0.1:1/none")
    key_file = load_key_file(world.deployment.keys / "audit.json")
    lost = SearchIndex(world.store.engine, Keyring(away, key_file), world.edge.rulebook)
    await world.here.child("吉克阿依")
    index, world.index = world.index, lost
    from shared.keyring import KeyringAway

    with pytest.raises(KeyringAway):
        await world.follow()
    async with world.store.engine.connect() as conn:
        held = (await conn.execute(text("select count(*) from entry"))).scalar_one()
    assert held == sum(len(lines) for lines in world.books.bodies.values())
    world.index = index
    await world.follow()
    assert len(places(await find(world, INSPECTOR, "吉克"))) == 2
    await away.dispose()


async def test_late_entries_are_marked_and_both_times_narrow(world: World) -> None:
    child = await world.here.child("吉克阿依")
    case = uuid7()
    late = await world.here.visit(child, case, "采石场一", at(7), at(10))
    prompt = await world.here.visit(child, case, "采石场二", at(11))
    await world.follow()
    found = await find(world, INSPECTOR, "采石场")
    assert [one.place.seq for one in found.matches] == [prompt.seq, late.seq]
    assert [one.candidate.late for one in found.matches] == [False, True]
    assert found.counts["late"] == {"1": 1}
    only = await find(world, INSPECTOR, "采石场", chosen={"late": ["1"]})
    assert places(only) == {("casework", late.seq)}
    day = at(7).date()
    happened = await find(world, INSPECTOR, "采石场", from_on=day, to_on=day)
    recorded = await find(world, INSPECTOR, "采石场", from_on=day, to_on=day, by="recorded")
    assert (places(happened), places(recorded)) == ({("casework", late.seq)}, set())


async def test_facets_count_what_choosing_them_would_leave(world: World) -> None:
    child = await world.here.child("吉克阿依")
    await world.here.visit(child, uuid7(), "采石场", at(7))
    await world.follow()
    found = await find(world, INSPECTOR, "吉克", chosen={"book": ["casework"]})
    assert found.total == 1
    assert found.counts["book"] == {"casework": 1, "enrollment": 2}
    assert found.counts["type"] == {"casework.HomeVisitLogged": 1}
    by_child = await find(world, INSPECTOR, "沈秀兰", chosen={"child": [str(child)]})
    assert by_child.total == 0


async def test_the_page_marks_hits_and_records_everybody_whose_name_it_shows(
    world: World,
) -> None:
    child = await world.here.child("吉克阿依")
    await world.here.visit(child, uuid7(), "孩子跟父亲住在采石场边", at(7), at(10))
    await world.follow()
    answer = await world.get(INSPECTOR, "/audit/search?text=采石场", "text/html")
    assert answer.status_code == 200
    assert "<mark>采石场</mark>" in answer.text
    assert "吉克阿依" in answer.text
    assert "补录" in answer.text
    assert "待封存" in answer.text
    (body,) = await world.accesses()
    shown = msgspec.json.decode(body)["data"]["subjects"]
    assert {str(child), str(world.here.teacher)} <= set(shown)
    empty = await world.get(INSPECTOR, "/audit/search", "text/html")
    assert empty.status_code == 200


@pytest.mark.parametrize("query", ["text=" + "字" * 201, "text=a&page=0", "text=a&from=昨天"])
async def test_a_search_that_cannot_be_read_says_what_to_mend(world: World, query: str) -> None:
    answer = await world.get(INSPECTOR, f"/audit/search?{query}")
    assert answer.status_code == 422
    assert answer.json()["say"]


async def test_a_teacher_may_not_search_and_is_told_whom_to_ask(world: World) -> None:
    await world.follow()
    teacher = viewer("homeroom_teacher", path=world.here.path)
    answer = await world.get(teacher, "/audit/search?text=吉克")
    assert answer.status_code == 403
    assert "县教育局" in answer.json()["say"]


async def test_before_a_county_is_founded_the_page_is_empty_and_says_so(world: World) -> None:
    for path in ("/audit/search", "/audit/search?text=吉克"):
        answer = await world.get(INSPECTOR, path, "text/html")
        assert answer.status_code == 200
        assert "吉克阿依" not in answer.text


async def test_who_searched_and_looked_is_listed_only_when_asked_for(world: World) -> None:
    child = await world.here.child("吉克阿依")
    await world.follow()
    address = "/audit/search?text=吉克"
    for _ in range(3):
        answer = await world.get(INSPECTOR, address)
        lines = [msgspec.json.decode(line) for line in answer.content.splitlines()]
        assert {one["subject"] for one in lines} == {str(child)}
        assert not [one for one in lines if one["type"].startswith("audit.Record")]
        await world.follow_own()
    page = (await world.get(INSPECTOR, address, "text/html")).text
    assert 'name="book" value="access"' in page and "检索了" not in page
    await world.follow_own()
    asked = await world.get(INSPECTOR, f"{address}&book=access")
    types = [msgspec.json.decode(line)["type"] for line in asked.content.splitlines()]
    assert types and set(types) <= {"audit.RecordSearched", "audit.RecordViewed"}
    both = await world.get(INSPECTOR, f"{address}&book=access&book=enrollment")
    types = [msgspec.json.decode(line)["type"] for line in both.content.splitlines()]
    assert types[0].startswith("enrollment.") and types[-1] == "audit.RecordSearched"
