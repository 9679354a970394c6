"""Whatever stands in a topic is one of our records or is set aside whole: sorting never fails."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from shared.contracts.topics import LEDGER_SEQ, PREVIOUS_HASH, SOURCE, SUBJECT
from shared.kafka import sort_records

MESSAGES_AN_EXAMPLE = 50
SHORT_EXAMPLES, LONG_EXAMPLES = 100, 2000
HIGHEST_SEQ = 2**63 - 1
ORIGIN = "/990101/casework"
BODY = b'{"source":"%s","ledgerseq":%d,"data":%s}'
DEEP = 10_000


@dataclass(frozen=True, slots=True)
class Record:
    """As the broker's client hands it over."""

    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    topic: str = "casework.events"
    partition: int = 0
    offset: int = 7


NUMBERS = (0, 1, 4, -1, 2**31, HIGHEST_SEQ, HIGHEST_SEQ + 1, 10**30)
NESTED = (b"[" * DEEP, b'{"a":' * (DEEP // 2), b"[" * DEEP + b"]" * DEEP)
ORIGINS = (ORIGIN, "/990102/casework", "", "a/b", "a/b/c/d", "/990101-access/audit")
numbers = st.sampled_from(NUMBERS) | st.integers()
data = st.sampled_from((b"{}", b"null", b'"\\ud800"', b"1e999", *NESTED)) | st.binary(max_size=20)
origins = st.sampled_from(ORIGINS)
bodies = st.builds(lambda o, n, d: BODY % (o.encode(), n, d), origins, numbers, data)
values = (
    st.none()
    | st.binary(max_size=60)
    | bodies
    | bodies.map(lambda body: body[:-9])
    | bodies.map(lambda body: body + b"\xff")
    | bodies.map(lambda body: body + b" " * 60_000)
)
texts = st.binary(max_size=8) | st.sampled_from((b"\xff\xfe", b"four", b"4", b" 4 ", b"9" * 5000))


@st.composite
def records(draw: st.DrawFn) -> Record:
    """A record of ours with one or two things wrong, or nothing, or everything."""
    origin, seq = draw(origins), draw(numbers)
    headers: dict[str, bytes] = {
        SOURCE: origin.encode(),
        LEDGER_SEQ: str(seq).encode(),
        SUBJECT: b"",
        PREVIOUS_HASH: b"",
    }
    value: Any = BODY % (origin.encode(), seq, draw(data))
    key: bytes | None = origin.split("/")[1].encode() if origin.count("/") == 2 else None
    match draw(st.integers(0, 5)):
        case 0:
            value = draw(values)
        case 1:
            headers[draw(st.sampled_from([*headers, "x"]))] = draw(texts)
        case 2:
            headers.pop(draw(st.sampled_from([*headers])))
        case 3:
            key = draw(st.none() | texts)
        case _:
            pass
    return Record(key, value, tuple(headers.items()))


batches = st.lists(records(), min_size=MESSAGES_AN_EXAMPLE, max_size=MESSAGES_AN_EXAMPLE)
RULES: Mapping[str, Any] = {
    "database": None,
    "phases": [Phase.generate],
    "suppress_health_check": list(HealthCheck),
}


def sorts(batch: list[Record]) -> None:
    arrived, strange = sort_records(batch)
    assert len(arrived) + len(strange) == len(batch)
    ours = {one.body for one in arrived}
    assert all((one.value or b"") in ours | {s.value for s in strange} for one in batch)
    for one in arrived:
        assert 0 < one.seq <= HIGHEST_SEQ, "a place that no ledger has"
        one.body.decode()


@settings(max_examples=SHORT_EXAMPLES, **RULES)
@given(batch=batches)
def test_thousands_of_strange_messages_are_sorted(batch: list[Record]) -> None:
    sorts(batch)


@pytest.mark.long
@settings(max_examples=LONG_EXAMPLES, **RULES)
@given(batch=batches)
def test_a_hundred_thousand_strange_messages_are_sorted(batch: list[Record]) -> None:
    sorts(batch)
