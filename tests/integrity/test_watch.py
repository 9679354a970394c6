"""What the operator sees: findings kept, told once, shown on the page, in the CLI and in time."""

import asyncio
from time import monotonic

import httpx2
import pytest
from msgspec import structs
from sqlalchemy import text

from services.audit.checks.logs import standing
from services.audit.checks.watch import Watch
from services.audit.checks.whole import PARTS
from services.audit.export import heads
from services.audit.export.records import commit_heads
from shared.integrity import Finding, Findings
from shared.session import sign_session
from shared.signing import load_signer
from tests.audit.conftest import INSPECTOR, OFFICER, World, store, viewer, world
from tests.audit.county import COUNTY
from tests.integrity.conftest import KEY, seal
from tests.integrity.tampering import rows, tamper

__all__ = ["store", "world"]
OPERATOR = viewer("operator", path="*")


@pytest.fixture
async def watched(world: World) -> Watch:
    """The county's books followed, indexed and sealed; nobody's store can be asked."""
    await world.here.child("沙马木呷", "990101201301012232", phone="13812345678")
    await world.follow()
    trust(world)
    for log in await standing(world.store.engine):
        await seal(world.store, log.origin, log.size, log.root)
    return Watch(world.edge, world.secrets.parent, parts=PARTS - {"self"}, other_stores={})


def trust(world: World) -> None:
    from services.audit.proofs.note import verifier_key

    public = KEY.public_key().public_bytes_raw()
    home = world.secrets.parent
    origins = [
        f"baoxue.local/{ledger}/{service}/simulated"
        for ledger in (COUNTY, "990102")
        for service in ("enrollment", "casework")
    ]
    keys = ",".join(f'"{verifier_key(origin, public)}"' for origin in origins)
    (home / "baoxue-trust.json").write_text(f'{{"keys":[{keys}]}}')


async def full(watch: Watch) -> list[Finding]:
    return [told async for told in watch.full() if isinstance(told, Finding)]


async def incidents(world: World) -> list[str]:
    asked = "select body from events where type = 'audit.IncidentRecorded' order by seq"
    async with world.store.engine.connect() as conn:
        return [row.body for row in await conn.execute(text(asked))]


TOKEN_COLUMNS = {
    "county": "'990109'",
    "book": "'notify'",
    "type": "'x'",
    "stream": "'x'",
    "subject": "gen_random_uuid()",
    "children": "'{}'",
    "path": "'990000'",
    "township": "'x'",
    "school": "'x'",
    "klass": "'x'",
    "actor": "'x'",
    "actorrole": "'x'",
    "via": "'cli'",
    "policyversion": "'x'",
    "occurred_at": "now()",
    "recorded_at": "now()",
    "late": "not late",
    "tokens": "tokens[2:]",
}
SUBJECT_COLUMNS = {
    "county": "'990109'",
    "class": "'health'",
    "sealed": "sealed || ' '",
    "path": "'990000'",
    "number": "decode('00', 'hex')",
    "tokens": "tokens[2:]",
}


async def test_the_index_is_computed_again_and_each_column_of_it_named(
    world: World, watched: Watch
) -> None:
    assert await full(watched) == []
    (row,) = await rows(
        world.store,
        "select max(seq) as seq from entry_token where service = 'enrollment' and tokens <> '{}'"
        " and type like '%ChildRegistered' and ledger = '990101'",
    )
    where = f"where service = 'enrollment' and ledger = '990101' and seq = {row.seq}"
    for column, value in TOKEN_COLUMNS.items():
        asked = f"select quote_nullable({column}::text) as old from entry_token {where}"
        (kept,) = await rows(world.store, asked)
        await tamper(world.store, f"update entry_token set {column} = {value} {where}")
        found = [(one.where, one.field, one.seq) for one in await full(watched)]
        assert found == [("entry_token", column, row.seq)], column
        await tamper(world.store, f"update entry_token set {column} = {kept.old} {where}")
    assert await full(watched) == []


async def test_names_in_the_index_are_computed_again_and_each_column_named(
    world: World, watched: Watch
) -> None:
    where = "where field = 'idnumber'"
    for column, value in SUBJECT_COLUMNS.items():
        asked = f"select quote_nullable({column}::text) as old from subject_text {where}"
        (kept,) = await rows(world.store, asked)
        await tamper(world.store, f"update subject_text set {column} = {value} {where}")
        found = {(one.where, one.field) for one in await full(watched)}
        assert found == {("subject_text", column)}, column
        await tamper(world.store, f"update subject_text set {column} = {kept.old} {where}")
    await tamper(world.store, "delete from subject_text where field = 'idnumber'")
    assert {(one.where, one.field) for one in await full(watched)} == {("subject_text", "subject")}


UTF8 = "convert_from(body, 'UTF8')"
DATA = f"regexp_replace({UTF8}, '\"data\":.*', '\"data\":%s}}')"
SEALED = '{"x":{"sealed":"AA","class":"x","commitment":""}}'
# What somebody may put in a body's place; all else stays as it was.
WRECKED = {
    "no text at all": "convert_from(body, 'LATIN1') || chr(255)",
    "a source that names nobody": f"replace({UTF8}, '/enrollment', '-')",
    "a time without a zone": f"replace({UTF8}, 'Z\"', '\"')",
    "a day that never was": f'replace({UTF8}, \'"time":"20\', \'"time":"00\')',
    "a zero byte": f"replace({UTF8}, '\"stream\":\"', '\"stream\":\"' || chr(92) || 'u0000')",
    "data that is a number": DATA % "7",
    "a seal that is none": DATA % '{"sealed":[],"absent":7}',
    "a class that nobody has": DATA % SEALED,
}


@pytest.mark.parametrize("what", WRECKED)
async def test_whatever_stands_in_a_body_the_check_ends_and_names_it(
    world: World, watched: Watch, what: str
) -> None:
    (row,) = await rows(
        world.store,
        "select max(seq) as seq from entry where service = 'enrollment'"
        " and type like '%ChildRegistered' and ledger = '990101'",
    )
    code = "LATIN1" if "LATIN1" in WRECKED[what] else "UTF8"
    where = f"where service = 'enrollment' and ledger = '990101' and seq = {row.seq}"
    new = f"convert_to({WRECKED[what]}, '{code}')"
    await tamper(world.store, f"update entry set body = {new} {where}")
    found = await full(watched)
    assert ("entry", "body", row.seq) in {(one.where, one.field, one.seq) for one in found}
    assert {one.seq for one in found} == {row.seq}


async def test_rows_of_the_index_for_entries_that_do_not_exist_are_found(
    world: World, watched: Watch
) -> None:
    await tamper(
        world.store, "update entry_token set seq = 9000 where service = 'enrollment' and seq = 3"
    )
    found = {(one.where, one.field, one.seq) for one in await full(watched)}
    assert {("entry_token", "seq", 3), ("entry_token", "seq", 9000)} <= found


async def test_what_is_indexed_while_a_check_runs_is_no_finding(
    world: World, watched: Watch
) -> None:
    """Between a look at how far the index is and one at its rows, the index goes on."""
    searchable = watched.checker().searchable
    assert searchable is not None
    for log in await standing(world.store.engine):
        findings = Findings(log.service, log.ledger)
        await searchable.beyond(log, 0, findings)
        assert findings.found == [], log.origin


async def test_without_the_index_in_the_check_a_false_token_is_not_found(
    world: World, watched: Watch
) -> None:
    await tamper(world.store, "update entry_token set tokens = '{}' where seq = 5")
    watched.parts = watched.parts - {"index"}
    assert await full(watched) == []


async def test_a_place_is_an_incident_once_however_often_it_is_found(
    world: World, watched: Watch
) -> None:
    last = len(world.books.bodies["enrollment", COUNTY])
    await tamper(
        world.store,
        f"update entry set type = type || 'x' where service = 'enrollment' and ledger = '{COUNTY}'"
        f" and seq = {last}",
    )
    for _ in range(3):
        assert [one.field for one in await watched.tail_once()] == ["type"]
    await full(watched)
    (body,) = await incidents(world)
    assert f'"origin":"baoxue.local/{COUNTY}/enrollment/simulated","seq":{last}' in body
    assert '"field":"entry.type"' in body
    assert watched.told()["findings"] == 1
    rendered = world.edge.service.metrics.render().decode()
    assert "baoxue_integrity_findings 1.0" in rendered


async def test_tampering_in_the_tail_shows_in_time(world: World, watched: Watch) -> None:
    watched.tail_seconds = 0.2
    watching = asyncio.create_task(watched.tails())
    await asyncio.sleep(0.5)
    assert watched.findings == 0
    await tamper(
        world.store, f"update entry set type = type || 'x' where ledger = '{COUNTY}' and seq = 4"
    )
    limit = monotonic() + 60
    while not watched.findings and monotonic() < limit:
        await asyncio.sleep(0.05)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    assert watched.findings == 1


async def test_the_page_says_that_all_is_whole_and_then_where_it_is_not(
    world: World, watched: Watch
) -> None:
    await full(watched)
    for who in (INSPECTOR, OFFICER, OPERATOR):
        answer = await world.get(who, "/audit/integrity", "text/html")
        assert answer.status_code == 200
        assert "一致：所有账都与封存时相同" in answer.text
        assert f"baoxue.local/{COUNTY}/casework/simulated" in answer.text
        assert "立即全面核查" in answer.text
    assert "990102" not in (await world.get(INSPECTOR, "/audit/integrity", "text/html")).text
    await tamper(
        world.store, f"update entry set type = type || 'x' where ledger = '{COUNTY}' and seq = 2"
    )
    await full(watched)
    text_ = (await world.get(INSPECTOR, "/audit/integrity", "text/html")).text
    assert "被改动（TAMPERED）：个案账第 2 条" in text_ or "学籍账第 2 条" in text_
    beside = (await world.get(OPERATOR, "/audit/integrity", "text/html")).text
    assert f"被改动（TAMPERED）：{COUNTY} 个案账" in beside or f"：{COUNTY} 学籍账" in beside
    assert "990102 个案" in beside
    assert "先不要恢复、不要重启、不要改回去。" in text_
    assert (await world.get(viewer("principal"), "/audit/integrity")).status_code == 403


async def test_the_button_checks_everything_and_a_cleared_place_is_no_longer_shown(
    world: World, watched: Watch
) -> None:
    where = f"where service = 'casework' and ledger = '{COUNTY}' and seq = 1"
    await tamper(world.store, f"update entry set type = type || 'x' {where}")
    assert len(await full(watched)) == 1
    await tamper(world.store, f"update entry set type = left(type, -1) {where}")
    assert await full(watched) == []
    assert watched.findings == 0
    assert len(await incidents(world)) == 1
    token = sign_session(load_signer(world.secrets, "enrollment"), OFFICER, *_times())
    headers = {"authorization": f"Bearer {token}"}
    transport = httpx2.ASGITransport(app=world.app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://audit.test") as http:
        answer = await http.post("/audit/integrity/check", headers=headers)
    assert (answer.status_code, answer.headers["location"]) == (303, "/audit/integrity")


def _times() -> tuple[float, float]:
    from time import time

    return time(), time()


async def test_a_sealed_entry_says_so_with_log_index_checkpoint_and_time(
    world: World, watched: Watch
) -> None:
    child = await world.here.child("吉克阿依")
    await world.follow()
    path = f"/audit/children/{child}"
    assert "待封存" in (await world.get(INSPECTOR, path, "text/html")).text
    for log in await standing(world.store.engine):
        await seal(world.store, log.origin, log.size, log.root)
    seq = len(world.books.bodies["enrollment", COUNTY])
    chosen = f"{path}?entry=enrollment/{COUNTY}/{seq}"
    drawn = (await world.get(INSPECTOR, chosen, "text/html")).text
    assert "待封存" not in drawn
    assert "已封存：封存后没有改过" in drawn
    assert f"baoxue.local/{COUNTY}/enrollment/simulated　第 {seq} 条" in drawn
    assert f"{seq} 条，" in drawn
    found = (await world.get(INSPECTOR, "/audit/search?text=吉克阿依", "text/html")).text
    assert "已封存" in found and "待封存" not in found


@pytest.mark.parametrize("column", ["heads_root", "streams", "root"])
async def test_a_false_heads_entry_is_derived_again_and_named(
    world: World, watched: Watch, column: str
) -> None:
    engine = world.store.engine
    await heads.commit(engine, COUNTY, "baoxue.local")
    await world.follow_own()
    assert await full(watched) == []
    async with engine.connect() as conn:
        sealed = await heads.sealed_logs(conn, COUNTY, "baoxue.local")
        told = [heads.heads_of(one, await heads.lines_of(conn, one)) for one in sealed]
    wrong = 7 if column == "streams" else "AAAA"
    false = [
        structs.replace(one, **{column: wrong}) if one.service == "enrollment" else one
        for one in told
    ]
    await commit_heads(engine, COUNTY, false)
    await world.follow_own()
    size = len(world.books.bodies["enrollment", COUNTY])
    found = [(one.service, one.where, one.field, one.seq) for one in await full(watched)]
    assert found == [("enrollment", "heads", column, size)]
    watched.parts = watched.parts - {"heads"}
    assert await full(watched) == []
