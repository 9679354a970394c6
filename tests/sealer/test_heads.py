"""A heads entry is signed only when the sealer's own reading gives the same."""

import json
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import msgspec
import pytest

from services.audit.proofs.hashing import EMPTY, leaf_hash
from services.audit.proofs.heads import HeadLine, heads_tree, in_order
from services.audit.proofs.tree import Edge
from shared.contracts.audit import HeadsCommitted, HeadsOf
from shared.decider import Decider
from shared.event_store import Aggregate, Order, execute
from tests.sealer.staging import COUNTY, County
from tests.spine.counter import PATH, circumstances

AUDIT, CASEWORK = f"test/{COUNTY}/audit", f"test/{COUNTY}/casework"
WRITER: Aggregate[Any, Any, Any] = Aggregate(
    service="audit",
    prefix="heads-",
    decider=Decider(0, lambda event, _count: [event], lambda count, _event: count + 1),
    events={"HeadsCommitted": HeadsCommitted},
    states={"int": int},
)


def text(root: bytes) -> str:
    return b64encode(root).decode()


def heads_of(service: str, bodies: list[bytes]) -> HeadsOf:
    """From the bodies themselves, by the words of docs/ledger.md."""
    last: dict[tuple[bytes, str], tuple[int, int, int]] = {}
    for body in map(json.loads, bodies):
        place = (sha256(body["subject"].encode()).digest(), body["stream"])
        count = last.get(place, (0, 0, 0))[2] + 1
        last[place] = (body["streamversion"], body["ledgerseq"], count)
    lines = in_order(HeadLine(*place, *head) for place, head in last.items())
    edge = Edge().extended(leaf_hash(body) for body in bodies)
    return HeadsOf(
        service=service,
        ledger=COUNTY,
        origin=f"test/{COUNTY}/{service}",
        size=len(bodies),
        root=text(edge.root()),
        heads_root=text(heads_tree(lines).root()),
        streams=len(lines),
    )


async def true_heads(here: County, cut: int = 0) -> HeadsCommitted:
    """Of all three producers; without the last `cut` entries of casework."""
    logs = []
    for service in ("casework", "enrollment", "notify"):
        bodies = await here.producers[service].bodies()
        logs.append(heads_of(service, bodies[: len(bodies) - cut * (service == "casework")]))
    return HeadsCommitted(logs=logs)


async def commit(here: County, entry: object) -> None:
    order = Order(
        aggregate=WRITER,
        stream=f"heads-{COUNTY}",
        command=entry,
        circumstances=circumstances(COUNTY),
        unitpath=PATH,
    )
    await execute(here.audit.engine, order)
    await here.claim("audit")


async def test_true_heads_are_signed_also_those_of_an_earlier_size(here: County) -> None:
    await here.write("enrollment", 1400)
    await here.write("casework", 60)
    await commit(here, await true_heads(here))
    await here.write("casework", 30)
    await commit(here, await true_heads(here, cut=17))
    await here.look()
    assert await here.refusals() == []
    assert await here.sealed_size("audit") == 2


async def test_heads_of_empty_logs_are_empty_trees(here: County) -> None:
    entry = await true_heads(here)
    assert {one.root for one in entry.logs} == {text(EMPTY)}
    await commit(here, entry)
    await here.look()
    assert await here.sealed_size("audit") == 1


def with_first(entry: HeadsCommitted, **changed: object) -> HeadsCommitted:
    first, *others = entry.logs
    return HeadsCommitted(logs=[msgspec.structs.replace(first, **changed), *others])


FALSE: dict[str, Callable[[HeadsCommitted], object]] = {
    "root": lambda e: with_first(e, root=text(b"\1" * 32)),
    "heads root": lambda e: with_first(e, heads_root=text(b"\1" * 32)),
    "a stream less": lambda e: with_first(e, streams=e.logs[0].streams - 1),
    "size": lambda e: with_first(e, size=e.logs[0].size - 1),
    "negative size": lambda e: with_first(e, size=-1),
    "another county": lambda e: with_first(e, ledger="990102"),
    "another service": lambda e: with_first(e, origin=e.logs[1].origin),
    "a log left out": lambda e: HeadsCommitted(logs=e.logs[1:]),
    "a log twice": lambda e: HeadsCommitted(logs=[*e.logs, e.logs[0]]),
    "no list": lambda _e: msgspec.defstruct("HeadsCommitted", [("logs", int)])(logs=7),
}


@pytest.mark.parametrize("name", FALSE)
async def test_false_heads_are_refused_and_no_other_log_waits(here: County, name: str) -> None:
    await here.write("casework", 20)
    await here.write("enrollment", 5)
    await commit(here, FALSE[name](await true_heads(here)))
    sealer = await here.look()
    [(origin, kind, seq)] = await here.refusals()
    assert (origin, seq) == (AUDIT, 1)
    assert kind in {"heads_differ", "heads_of_other_logs", "malformed_heads"}
    assert await here.sealed_size("audit") == 0
    assert await here.sealed_size("casework") == 20
    assert AUDIT in sealer.report.refused


async def test_a_dropped_stream_is_found_although_every_root_is_right(here: County) -> None:
    """Heads over all but the streams of one child."""
    await here.write("casework", 40)
    entry = await true_heads(here)
    bodies = await here.producers["casework"].bodies()
    child = json.loads(bodies[0])["subject"]
    less = heads_of("casework", [one for one in bodies if json.loads(one)["subject"] != child])
    await commit(here, with_first(entry, heads_root=less.heads_root, streams=less.streams))
    await here.look()
    assert await here.refusals() == [(AUDIT, "heads_differ", 1)]


async def test_heads_beyond_what_was_read_wait_and_are_said(here: County) -> None:
    await here.write("casework", 20)
    entry = await true_heads(here)
    await here.claim("casework", (await here.producers["casework"].bodies())[:10])
    await commit(here, entry)
    now = [1_000_000.0]
    async with here.sealer(now=lambda: now[0]) as sealer:
        await sealer.look()
        now[0] += 61
        await sealer.look()
        sealer.report.waits("")
        [problem] = sealer.report.status(now[0])["problems"]
        assert problem == f"{CASEWORK} is read up to 10 of 20"
        await here.claim("casework")
        await sealer.look()
    assert await here.sealed_size("audit") == 1
