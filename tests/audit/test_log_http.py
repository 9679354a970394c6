"""Logs over HTTP: what tools of others fetch, and who may have the bodies."""

import base64
import json
from hashlib import sha256

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from baoxue.gateway import add_proxy
from baoxue.system import System
from services.audit.ledger import logs
from services.audit.proofs import note
from services.audit.proofs.checkpoint import Checkpoint
from services.audit.subscriptions import ledgers
from shared.subscription import Entry, deliver
from tests.audit import bodies
from tests.audit.conftest import INSPECTOR, STRANGER, World, viewer
from tests.audit.county import COUNTY
from tests.stores import SEALING

ORIGIN = f"baoxue.local/{COUNTY}/casework/simulated"
SIGNER = note.NoteSigner(ORIGIN, Ed25519PrivateKey.from_private_bytes(b"k" * 32))
COUNT = 300


def decoded(bundle: bytes) -> list[bytes]:
    """Entries of a bundle, read as the text of tlog-tiles says and by nothing of ours."""
    found, at = list[bytes](), 0
    while at < len(bundle):
        length = bundle[at] * 256 + bundle[at + 1]
        found.append(bundle[at + 2 : at + 2 + length])
        assert len(found[-1]) == length
        at += 2 + length
    return found


def mth(hashes: list[bytes]) -> bytes:
    """Merkle tree hash as RFC 6962 defines it."""
    if len(hashes) == 1:
        return hashes[0]
    cut = 1 << (len(hashes) - 1).bit_length() - 1
    return sha256(b"\x01" + mth(hashes[:cut]) + mth(hashes[cut:])).digest()


@pytest.fixture
async def sealed(world: World) -> World:
    """A casework log of 310 entries, sealed at 300 and nowhere else."""
    await world.follow()
    begun = len(world.books.bodies["casework", COUNTY])
    some = bodies.entries("casework", COUNTY, range(begun + 1, 311))
    some[0] = Entry("casework", COUNTY, begun + 1, some[0].body)
    assert await deliver(world.store.engine, ledgers()[0], "casework", some) == []
    await seal(world, COUNT)
    return world


async def seal(world: World, size: int) -> None:
    async with world.store.engine.connect() as conn:
        log = await logs.log_named(conn, ORIGIN)
        assert log is not None
        root = await logs.root_at(conn, log, size)
    signed = note.sign(Checkpoint(ORIGIN, size, root).text(), [SIGNER])
    assert SEALING.sealer
    engine = create_async_engine(world.store.url(world.store.roles.sealer, SEALING.sealer))
    async with engine.begin() as conn:
        statement = "insert into sealed (origin, size, root, note) values (:o, :s, :r, :n)"
        await conn.execute(text(statement), {"o": ORIGIN, "s": size, "r": root, "n": signed})
    await engine.dispose()


async def fetch(world: World, path: str, method: str = "GET") -> httpx2.Response:
    """As anybody, without a session."""
    transport = httpx2.ASGITransport(app=world.app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://audit.test") as http:
        return await http.request(method, path)


async def served(world: World) -> list[tuple[int, bool]]:
    async with world.store.engine.connect() as conn:
        rows = await conn.execute(text("select size, served from sealed order by size"))
        return [(row.size, row.served) for row in rows]


async def test_a_log_that_was_never_sealed_says_so(world: World) -> None:
    await world.follow()
    answer = await fetch(world, f"/log/{ORIGIN}/checkpoint")
    assert answer.status_code == 404
    assert "还没有封过" in answer.text
    assert answer.headers["content-type"].startswith("text/plain")


async def test_the_checkpoint_is_the_signed_note_and_is_marked_served(sealed: World) -> None:
    assert await served(sealed) == [(COUNT, False)]
    assert (await fetch(sealed, f"/log/{ORIGIN}/checkpoint", "HEAD")).status_code == 200
    assert await served(sealed) == [(COUNT, False)]
    answer = await fetch(sealed, f"/log/{ORIGIN}/checkpoint")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    said, names = note.open_note(answer.content, [SIGNER.verifier])
    assert names == (ORIGIN,)
    assert said.splitlines()[:2] == [ORIGIN, str(COUNT)]
    assert await served(sealed) == [(COUNT, True)]


async def test_tiles_lead_to_the_signed_root(sealed: World) -> None:
    checkpoint = (await fetch(sealed, f"/log/{ORIGIN}/checkpoint")).text.splitlines()
    full = await fetch(sealed, f"/log/{ORIGIN}/tile/0/000")
    part = await fetch(sealed, f"/log/{ORIGIN}/tile/0/001.p/44")
    above = await fetch(sealed, f"/log/{ORIGIN}/tile/1/000.p/1")
    for answer in (full, part, above):
        assert answer.headers["content-type"] == "application/octet-stream"
        assert "immutable" in answer.headers["cache-control"]
    assert (len(full.content), len(part.content)) == (8192, 44 * 32)
    leaves = [(full.content + part.content)[at : at + 32] for at in range(0, COUNT * 32, 32)]
    assert base64.b64encode(mth(leaves)).decode() == checkpoint[2]
    assert above.content == mth(leaves[:256])


NOT_THERE = (
    "tile/0/001",
    "tile/0/001.p/45",
    "tile/0/001.p/54",
    "tile/0/000.p/200",
    "tile/1/000.p/2",
    "tile/1/000",
    "tile/2/000.p/1",
    "tile/0/002.p/1",
    "tile/0/0",
    "tile/9/000",
    "tile/0/000.p/0",
    "tile/entries/001",
    "tile",
    "checkpoint/x",
    "nothing",
    "proof/inclusion/310/310",
    "proof/inclusion/0/311",
    "proof/inclusion/01/300",
    "proof/consistency/5/4",
    "proof/consistency/5",
    f"proof/inclusion/0/{'9' * 30}",
    "tile/0/" + "x999/" * 6 + "999",
)


async def test_what_was_not_sealed_or_is_no_resource_is_not_there(sealed: World) -> None:
    for path in NOT_THERE:
        answer = await fetch(sealed, f"/log/{ORIGIN}/{path}")
        assert (path, answer.status_code) == (path, 404)
        assert answer.headers["content-type"].startswith("text/plain")


async def test_an_unknown_origin_is_not_there(sealed: World) -> None:
    for origin in ("baoxue.local/990199/casework", f"{ORIGIN}/2", "x", "x" * 1000):
        assert (await fetch(sealed, f"/log/{origin}/checkpoint")).status_code == 404


async def test_the_list_names_every_log_with_its_seal_and_keys(sealed: World) -> None:
    key = note.verifier_key(ORIGIN, SIGNER.verifier.public)
    trust = sealed.edge.service.settings.home / "baoxue-trust.json"
    trust.write_text(json.dumps({"keys": [key], "witnesses": [], "k": 0}))
    listed = {one["origin"]: one for one in (await fetch(sealed, "/log")).json()["logs"]}
    assert (listed[ORIGIN]["size"], listed[ORIGIN]["sealed"]["size"]) == (310, COUNT)
    assert listed[ORIGIN]["keys"] == [key]
    other = listed[f"baoxue.local/{COUNTY}/enrollment/simulated"]
    assert (other["sealed"], other["keys"]) == (None, [])


async def test_proofs_are_lines_of_base64_that_lead_to_the_root(sealed: World) -> None:
    leaves = [sha256(b"\x00" + one).digest() for one in await stored(sealed)]
    answer = await fetch(sealed, f"/log/{ORIGIN}/proof/inclusion/299/300")
    path = [base64.b64decode(line) for line in answer.text.splitlines()]
    found = leaves[299]
    for sibling in path:  # the last leaf of 256 + 32 + 8 + 4: everything stands to its left
        found = sha256(b"\x01" + sibling + found).digest()
    assert found == mth(leaves[:300])
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert len(path) == 5
    answer = await fetch(sealed, f"/log/{ORIGIN}/proof/consistency/256/300")
    (line,) = answer.text.splitlines()
    whole = sha256(b"\x01" + mth(leaves[:256]) + base64.b64decode(line)).digest()
    assert whole == mth(leaves[:300])


async def stored(world: World) -> list[bytes]:
    async with world.store.engine.connect() as conn:
        statement = "select body from entry where service = 'casework' and ledger = :l order by seq"
        return [bytes(row.body) for row in await conn.execute(text(statement), {"l": COUNTY})]


async def test_bodies_are_for_who_may_export_the_county_and_that_is_recorded(
    sealed: World,
) -> None:
    path = f"/log/{ORIGIN}/tile/entries/001.p/44"
    assert (await fetch(sealed, path)).status_code == 401
    assert (await sealed.get(STRANGER, path)).status_code == 403
    assert (await sealed.get(viewer("homeroom_teacher"), path)).status_code == 403
    assert await sealed.accesses() == []
    answer = await sealed.get(INSPECTOR, path)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["cache-control"] == "private, no-store"
    assert decoded(answer.content) == (await stored(sealed))[256:300]
    (recorded,) = await sealed.accesses()
    assert '"type":"audit.ExportCreated"' in recorded
    assert f"{ORIGIN} 257–300" in recorded
    assert all(subject in recorded for subject in bodies.SUBJECTS)


async def test_entries_hash_to_their_tile(sealed: World) -> None:
    entries = decoded((await sealed.get(INSPECTOR, f"/log/{ORIGIN}/tile/entries/000")).content)
    tile = (await fetch(sealed, f"/log/{ORIGIN}/tile/0/000")).content
    assert b"".join(sha256(b"\x00" + one).digest() for one in entries) == tile


async def test_the_gateway_passes_logs_through_with_their_headers(sealed: World) -> None:
    transport = httpx2.ASGITransport(app=sealed.app)
    async with httpx2.AsyncClient(transport=transport) as http:
        gateway = type(sealed.app)()
        add_proxy(gateway, System.here(sealed.edge.service.settings, http))
        front = httpx2.ASGITransport(app=gateway)
        async with httpx2.AsyncClient(transport=front, base_url="http://front.test") as browser:
            note_ = await browser.get(f"/log/{ORIGIN}/checkpoint")
            tile = await browser.get(f"/log/{ORIGIN}/tile/0/000")
            listed = await browser.get("/log")
    assert note_.content == (await fetch(sealed, f"/log/{ORIGIN}/checkpoint")).content
    assert (len(tile.content), tile.headers["content-type"]) == (8192, "application/octet-stream")
    assert "immutable" in tile.headers["cache-control"]
    assert ORIGIN in listed.text
