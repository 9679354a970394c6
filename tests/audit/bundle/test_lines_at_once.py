"""Lines of a bundle that are parsed together are parsed as each would be alone."""

import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.audit.verify import ENTRY_DEPTH, ERRORS, parse, parse_many

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)
WRITTEN = VALUES.map(lambda value: json.dumps(value, ensure_ascii=False).encode())
PIECES = st.lists(
    st.sampled_from(
        [b"{", b"}", b"[", b"]", b",", b":", b'"', b"1", b'"a":1', b"\\", b" ", b"\xe6"]
    ),
    max_size=6,
).map(b"".join)


@given(st.lists(WRITTEN | PIECES, min_size=1, max_size=5))
def test_together_is_as_alone(lines: list[bytes]) -> None:
    together = parse_many(lines, ENTRY_DEPTH)
    if together != [None] * len(lines):
        assert [json.dumps(one) for one in together] == [
            json.dumps(parse(line.decode().strip())) for line in lines
        ]


@pytest.mark.parametrize(
    "lines",
    [
        [b"1,2", b"[3", b"4]"],
        [b'{"a":"x', b'y"}', b"1,2"],
        [b"{},0,{}", b'{"c":[{}', b"{}]}"],
        [b'{"a":1}', None],
        [b'{"a":1,"a":2}', b"{}"],
        [b"[" * 40 + b"]" * 40, b"{}"],
        [b'"\\ud800"', b"{}"],
        [b'"\xff"', b"{}"],
    ],
)
def test_no_line_reaches_into_the_next(lines: list[bytes]) -> None:
    assert parse_many(lines, ENTRY_DEPTH) == [None] * len(lines)


def test_not_even_one_that_knows_an_earlier_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mark is drawn anew each time: with a known one two lines could pass for two others."""
    lines = [b'{"a":[1', b"2]},7,{}"]
    assert parse_many(lines, ENTRY_DEPTH) == [None, None]
    monkeypatch.setattr(os, "urandom", lambda count: (7).to_bytes(count, "big"))
    assert parse_many(lines, ENTRY_DEPTH) == [{"a": [1, 7, 2]}, {}], "what a known mark would allow"
    with pytest.raises(ERRORS):
        parse(lines[0].decode())
