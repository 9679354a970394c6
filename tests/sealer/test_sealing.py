"""The sealer signs what it read itself, and refuses everything else."""

import time

import pytest
from sqlalchemy import text

from services.audit.proofs.hashing import leaf_hash
from services.audit.proofs.tree import Edge
from services.audit.sealer.refusals import RolledBack
from services.audit.subscriptions import ledgers
from shared.subscription import Entry, deliver
from tests.sealer.staging import County

CASEWORK = "test/990101/casework"
COLUMNS = "ledger, seq, stream, version, command, ordinal, type, recorded_at, body"


async def test_it_signs_what_it_read_from_the_producers_themselves(here: County) -> None:
    for service, count in (("enrollment", 2300), ("casework", 3), ("notify", 1), ("audit", 2)):
        await here.write(service, count)
    sealer = await here.look()
    found = {one.origin: one for one in await here.sealed()}
    assert len(found) == 4
    for producer in here.producers.values():
        bodies = await producer.bodies()
        own = Edge().extended(leaf_hash(body) for body in bodies)
        assert (found[producer.origin].size, found[producer.origin].root) == (own.size, own.root())
    assert sealer.report.status(time.time())["logs"][CASEWORK]["sealed_size"] == 3


async def test_what_audit_really_stores_is_what_it_signs(here: County) -> None:
    """Through audit's own append: entries, tiles and heads of the log, batch by batch."""
    casework = here.producers["casework"]
    others, *_ = ledgers("test")
    async with here.sealer() as sealer:
        for count in (1, 255, 1, 700):
            await casework.write(count)
            bodies = await casework.bodies()
            entries = [
                Entry("casework", casework.ledger, seq, body)
                for seq, body in enumerate(bodies, 1)
                if seq > len(bodies) - count
            ]
            for start in range(0, count, 300):
                some = entries[start : start + 300]
                assert await deliver(here.audit.engine, others, "casework", some) == []
            await sealer.look()
    assert await here.refusals() == []
    assert [(one.origin, one.size) for one in await here.sealed()] == [
        (CASEWORK, size) for size in (1, 256, 257, 957)
    ]


async def test_looking_again_signs_nothing_new_until_a_log_moves(here: County) -> None:
    await here.write("casework", 3)
    async with here.sealer() as sealer:
        await sealer.look()
        await sealer.look()
        assert [one.size for one in await here.sealed()] == [3]
        await here.write("casework", 1)
        await sealer.look()
    assert [one.size for one in await here.sealed()] == [3, 4]


async def test_an_idle_log_is_signed_again_after_a_day(here: County) -> None:
    await here.write("casework", 3)
    now = [1_000_000.0]
    async with here.sealer(now=lambda: now[0]) as sealer:
        await sealer.look()
        now[0] += 23 * 3600
        await sealer.look()
        assert len(await here.sealed()) == 1
        now[0] += 3600
        await sealer.look()
    assert [one.size for one in await here.sealed()] == [3, 3]


async def test_another_root_of_audits_is_refused_once_and_signed_when_it_is_mended(
    here: County,
) -> None:
    await here.write("casework", 3)
    await here.claim("casework", root=b"\1" * 32)
    now = [1_000_000.0]
    async with here.sealer(now=lambda: now[0]) as sealer:
        for _ in range(3):
            await sealer.look()
            now[0] += 5
        assert await here.sealed() == []
        assert await here.refusals() == [(CASEWORK, "other_root", 3)]
        status = sealer.report.status(now[0])
        assert (status["ready"], status["refused"][0]["kind"]) == (False, "other_root")
        assert b'baoxue_seal_refusals_total{kind="other_root"} 1.0' in sealer.report.render()
        await here.claim("casework")
        await sealer.look()
        sealer.report.waits("")
        assert sealer.report.status(now[0])["ready"]
    assert [one.size for one in await here.sealed()] == [3]


SWAP = (
    "update events set seq = -1 where seq = 2",
    "update events set seq = 2 where seq = 3",
    "update events set seq = 3 where seq = -1",
)
RENUMBER = ("""update events set body = replace(body, '"ledgerseq":2', '"ledgerseq":9')""",)
MOVED = ("""update events set body = replace(body, '/990101/casework', '/990102/casework')""",)
TWICE = ("""update events set body = replace(body, '"by":1', '"by":1,"by":1') where seq = 3""",)


@pytest.mark.parametrize(
    ("statements", "kind", "seq"),
    [
        (SWAP, "wrong_ledgerseq", 2),
        (RENUMBER, "wrong_ledgerseq", 2),
        (MOVED, "wrong_source", 1),
        (TWICE, "malformed_body", 3),
    ],
)
async def test_a_producer_whose_bodies_are_not_in_their_place_is_refused(
    here: County, statements: tuple[str, ...], kind: str, seq: int
) -> None:
    await here.producers["casework"].write(5)
    await here.producers["casework"].tamper(*statements)
    await here.claim("casework")
    await here.look()
    assert await here.sealed() == []
    assert await here.refusals() == [(CASEWORK, kind, seq)]


async def test_an_entry_slipped_in_after_sealing_is_refused(here: County) -> None:
    """Whoever has every right on producer and audit still cannot get a note over it."""
    casework = here.producers["casework"]
    await here.write("casework", 6)
    await here.look()
    renumbered = """update events set seq = seq + 1, body = replace(body,
        '"ledgerseq":' || seq, '"ledgerseq":' || seq + 1) where seq = {seq}"""
    await casework.tamper(
        *(renumbered.format(seq=seq) for seq in (6, 5, 4)),
        """insert into events (ledger, seq, stream, version, command, ordinal, type, recorded_at,
            body) select ledger, 4, 'counter-9', 1, gen_random_uuid(), 0, type, recorded_at,
            replace(body, '"ledgerseq":3', '"ledgerseq":4') from events where seq = 3""",
        "update ledger set last_seq = 7",
    )
    await here.claim("casework")
    await here.look()
    assert await here.refusals() == [(CASEWORK, "feed_rewritten", 6)]
    assert [one.size for one in await here.sealed()] == [6]


async def test_a_past_that_was_rewritten_below_the_end_changes_no_note(here: County) -> None:
    """The producer's and audit's older entries are replaced together, the last one is as it was."""
    casework = here.producers["casework"]
    await here.write("casework", 6)
    await here.look()
    await casework.tamper(
        """update events set body = replace(body, '"by":1', '"by":2') where seq = 2"""
    )
    await here.write("casework", 1)
    await here.look()
    assert await here.refusals() == [(CASEWORK, "other_root", 7)]
    assert [one.size for one in await here.sealed()] == [6]


async def test_without_its_state_it_signs_only_what_extends_its_own_notes(here: County) -> None:
    casework = here.producers["casework"]
    await here.write("casework", 6)
    await here.look()
    before = await casework.bodies()
    (here.home / "sealer").rename(here.home / "lost")
    await casework.tamper(
        """update events set body = replace(body, '"by":1', '"by":2') where seq = 2"""
    )
    await here.write("casework", 1)
    await here.look()
    assert await here.refusals() == [(CASEWORK, "not_an_extension", 6)]
    await casework.tamper(
        """update events set body = replace(body, '"by":2', '"by":1') where seq = 2"""
    )
    assert (await casework.bodies())[:6] == before
    (here.home / "sealer").rename(here.home / "wrong")
    await here.claim("casework")
    await here.look()
    assert [one.size for one in await here.sealed()] == [6, 7]


async def test_a_state_older_than_its_notes_catches_up_before_it_signs(here: County) -> None:
    await here.write("casework", 6)
    await here.look()
    old = (here.home / "sealer" / "state.sqlite").read_bytes()
    await here.write("casework", 4)
    await here.look()
    for file in (here.home / "sealer").iterdir():
        file.unlink()
    (here.home / "sealer" / "state.sqlite").write_bytes(old)
    await here.claim("casework", (await here.producers["casework"].bodies())[:8])
    with pytest.raises(RolledBack):
        await here.look()
    await here.write("casework", 1)
    await here.look()
    assert [one.size for one in await here.sealed()] == [6, 10, 11]


@pytest.mark.parametrize("whose", ["producer", "audit"])
async def test_a_rolled_back_store_ends_it_and_the_same_root_follows_when_it_is_whole(
    here: County, whose: str
) -> None:
    casework = here.producers["casework"]
    await here.write("casework", 6)
    await here.look()
    bodies = await casework.bodies()
    if whose == "producer":
        await casework.tamper(
            "create table kept as select * from events",
            "delete from events where seq > 4",
            "update ledger set last_seq = 4",
        )
    await here.claim("casework", bodies[:4])
    with pytest.raises(RolledBack):
        await here.look()
    if whose == "producer":
        await here.claim("casework", bodies)
        with pytest.raises(RolledBack):
            await here.look()
        await casework.tamper(
            "delete from events",
            f"insert into events ({COLUMNS}) select {COLUMNS} from kept",
            "drop table kept",
            "update ledger set last_seq = 6",
        )
    await here.claim("casework", bodies)
    await here.write("casework", 1)
    await here.look()
    assert [one.size for one in await here.sealed()] == [6, 7]


async def test_what_a_producer_lost_before_it_was_signed_is_let_go(here: County) -> None:
    casework = here.producers["casework"]
    await here.write("casework", 4)
    await here.look()
    await casework.write(3)
    await here.claim("casework", root=b"\1" * 32)
    now = [1_000_000.0]
    async with here.sealer(now=lambda: now[0]) as sealer:
        await sealer.look()
        assert sealer.state.log(CASEWORK).size == 7
        await casework.tamper("delete from events where seq > 4", "delete from current")
        await casework.tamper("update ledger set last_seq = 4")
        await casework.tamper("update events set stream = 'counter-old-' || seq")
        await casework.write(5)
        for _ in range(3):
            await here.claim("casework")
            now[0] += 5
            await sealer.look()
    assert [one.size for one in await here.sealed()] == [4, 9]
    assert (CASEWORK, "unsigned_rewritten", 7) in await here.refusals()


async def test_a_feed_that_ends_before_audit_is_refused(here: County) -> None:
    await here.write("casework", 4)
    bodies = await here.producers["casework"].bodies()
    await here.claim("casework", [*bodies, bodies[-1]])
    await here.look()
    assert await here.refusals() == [(CASEWORK, "feed_short", 5)]


async def test_a_log_under_another_name_is_refused(here: County) -> None:
    await here.write("casework", 4)
    async with here.audit.engine.begin() as conn:
        await conn.execute(text("update log set origin = 'other/990101/casework'"))
    await here.look()
    assert await here.refusals() == [("other/990101/casework", "other_origin", 4)]
