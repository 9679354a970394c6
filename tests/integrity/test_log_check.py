"""The check of a log: what a superuser changed in audit or in the store is found and named."""

import pytest

from services.audit.checks.whole import PARTS
from tests.integrity.conftest import Scene
from tests.integrity.rewriting import rewrite
from tests.integrity.tampering import tamper

BYTE = "set_byte({column}, {at}, get_byte({column}, {at}) # 1)"


def entry(column: str, value: str, seq: int = 301) -> str:
    return f"update entry set {column} = {value} where seq = {seq}"


def tile(level: int, n: int, at: int) -> str:
    value = BYTE.format(column="hashes", at=at)
    return f"update tile set hashes = {value} where level = {level} and n = {n}"


SWAP = """update entry set seq = case seq when 301 then 1000302 else 1000301 end
    where seq in (301, 302);
    update entry set seq = seq - 1000000 where seq > 1000000"""
INSERT = """insert into entry select ledger, service, 701, body, type, stream, subject, unitpath,
    recorded_at, version from entry where seq = 700"""
REWRITE = """replace(convert_from(body, 'UTF8'), '"by":1', '"by":9')"""
BODY = f"convert_to({REWRITE}, 'UTF8')"

# What is done, where, and the (place, field, seq) that must be named.
AUDIT = {
    "body": (entry("body", BODY), ("entry", "body", 301)),
    "body of the last": (entry("body", BODY, 700), ("entry", "body", 700)),
    "type": (entry("type", "'casework.Other'"), ("entry", "type", 301)),
    "stream": (entry("stream", "'counter-x'"), ("entry", "stream", 301)),
    "subject": (entry("subject", "gen_random_uuid()"), ("entry", "subject", 301)),
    "unitpath": (entry("unitpath", "'990000'"), ("entry", "unitpath", 301)),
    "recorded_at": (entry("recorded_at", "now()"), ("entry", "recorded_at", 301)),
    "version": (entry("version", "999"), ("entry", "version", 301)),
    "entry's ledger": (entry("service", "'notify'"), ("entry", "seq", 301)),
    "last row taken out": ("delete from entry where seq = 700", ("entry", "seq", 700)),
    "row taken out": ("delete from entry where seq = 301", ("entry", "seq", 301)),
    "first row taken out": ("delete from entry where seq = 1", ("entry", "seq", 1)),
    "row put in": (INSERT, ("entry", "seq", 701)),
    "two swapped": (SWAP, ("entry", "seq", 301)),
    "leaf in a full tile": (tile(0, 1, 44 * 32 + 7), ("tile", "0/1", 301)),
    "leaf in the last tile": (tile(0, 2, 5), ("tile", "0/2", 513)),
    "upper tile": (tile(1, 0, 33), ("tile", "1/0", 257)),
    "tile taken out": ("delete from tile where level = 0 and n = 1", ("tile", "0/1", 257)),
    "upper tile taken out": ("delete from tile where level = 1", ("tile", "1/0", 1)),
    "size lowered": ("update log set size = 690", ("log", "size", 700)),
    "size raised": ("update log set size = 705", ("log", "size", 701)),
    "root": (f"update log set root = {BYTE.format(column='root', at=3)}", ("log", "root", 700)),
    "note's root": (
        "update sealed set note = replace(note, '525', '524')",
        ("sealed", "note", 525),
    ),
    "note's key": (
        "update sealed set note = replace(note, '— ', '— x') where size = 525",
        ("sealed", "note", 525),
    ),
    "sealed root": (
        f"update sealed set root = {BYTE.format(column='root', at=3)} where size = 525",
        ("sealed", "root", 525),
    ),
    "sealed size": ("update sealed set size = 524 where size = 525", ("sealed", "size", 524)),
}
STORE = {
    "store's body": (
        """update events set body = replace(body, '"by":1', '"by":9') where seq = 301""",
        ("events", "body", 301),
    ),
    "store's type": ("update events set type = 'x' where seq = 301", ("events", "type", 301)),
    "store's version": (
        "update events set version = 999 where seq = 301",
        ("events", "version", 301),
    ),
    "store's row taken out": ("delete from events where seq = 301", ("events", "seq", 301)),
    "store's last row taken out": ("delete from events where seq = 700", ("events", "seq", 700)),
    "store's state": (
        """update current set doc = '{"number":2}' where stream = 'counter-0'""",
        None,
    ),
}


def places(findings: list) -> list[tuple[str, str, int | None]]:  # type: ignore[type-arg]
    return [(one.where, one.field, one.seq) for one in findings]


async def test_an_untouched_log_has_no_findings(scene: Scene) -> None:
    assert await scene.whole() == []
    assert await scene.tail() == []


@pytest.mark.parametrize("name", AUDIT)
async def test_what_was_changed_in_audit_is_named(scene: Scene, name: str) -> None:
    statement, place = AUDIT[name]
    await tamper(scene.audit, *statement.split(";"))
    found = await scene.whole()
    assert place in places(found)
    assert not any(one.where == "events" for one in found)
    assert {(one.service, one.ledger) for one in found} == {("casework", "990101")}


@pytest.mark.parametrize("name", STORE)
async def test_what_was_changed_in_the_store_is_named_and_not_blamed_on_audit(
    both: Scene, name: str
) -> None:
    statement, place = STORE[name]
    await tamper(both.producer, statement)
    found = await both.whole()
    named = places(found)
    assert place in named if place else ("current", "doc") in [one[:2] for one in named]
    assert {one.where for one in found} <= {"events", "current"}


async def test_what_differs_inside_a_body_is_said_without_what_stands_there(scene: Scene) -> None:
    await tamper(scene.audit, AUDIT["body"][0])
    (found,) = await scene.whole()
    assert found.found.endswith(" /data/by")


async def test_everything_rewritten_together_is_still_not_what_was_signed(scene: Scene) -> None:
    """Entry, tiles and head made to agree: the producer's bytes say which entry it was."""
    await rewrite(scene.audit, 301)
    found = await scene.whole()
    assert ("entry", "body", 301) in places(found)
    scene.parts -= {"store"}
    assert places(await scene.whole()) == [("sealed", "root", 350)]


TWINS = {
    "body": {"tree"},
    "type": {"columns"},
    "leaf in a full tile": {"tree"},
    "note's key": {"notes"},
    "root": {"tree"},
}


@pytest.mark.parametrize("name", TWINS)
async def test_without_its_check_the_same_tampering_is_not_found(scene: Scene, name: str) -> None:
    await tamper(scene.audit, AUDIT[name][0])
    scene.parts = PARTS - {"index"} - TWINS[name]
    assert await scene.whole() == []


@pytest.mark.parametrize("name", ["store's body", "store's type"])
async def test_without_asking_the_store_its_tampering_is_not_found(both: Scene, name: str) -> None:
    await tamper(both.producer, STORE[name][0])
    both.parts -= {"store", "self"}
    assert await both.whole() == []


@pytest.mark.parametrize(
    "name", ["body of the last", "last row taken out", "row put in", "size lowered", "root"]
)
async def test_the_tail_is_seen_without_reading_the_whole(scene: Scene, name: str) -> None:
    statement, place = AUDIT[name]
    await tamper(scene.audit, *statement.split(";"))
    assert place in places(await scene.tail())
