"""What strangers send: values that nobody expects, in every place of a request that takes one."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from hypothesis import strategies as st

from tests.guard.asking import Header

BLANKS = ("", " ", "\u3000", "\t\n", "null", "undefined")
BROKEN = ("\0", "甲\0乙", "\ud800", "甲\udfff", "\ufffe", "\u202e乙", "e\u0301", "\x1b[31m", "\x7f")
SPELT = ("=1+1", "<script>alert(1)</script>", "../../etc/passwd", "..", ".", "%00", "' or 1=1 --")
NUMBERS = ("-1", "0", "1e999", "NaN", "٣", "９", "2147483648", "9223372036854775808", "1" * 5000)
DAYS = ("0001-01-01", "9999-12-31", "2026-02-30", "2026-11-19", "2026-11-16", "1900-01-01")
TIMES = (
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "2026-11-19T25:00:00+08:00",
    "2026-11-19T09:00:00",
    "1969-12-31T23:59:59.999999+08:00",
)
IDS = ("00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "case-", "x")
LONG = ("长" * 300, "x" * 40_000, "😀" * 10_000)
WORDS = (*BLANKS, *BROKEN, *SPELT, *NUMBERS, *DAYS, *TIMES, *IDS, *LONG)
INTEGERS = (0, -1, 1, 2**31, -(2**31) - 1, 2**63, -(2**63) - 1, 10**30)
DEPTH = 3000

texts = st.sampled_from(WORDS) | st.text(max_size=12)
leaves = texts | st.sampled_from(INTEGERS) | st.sampled_from((None, True, 1.5, -0.0, 1e308))
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=4,
)
RAW = (
    b"",
    b"{}",
    b"[]",
    b"null",
    b"{",
    b'{"a":1e999}',
    b'{"a":NaN}',
    b"\xff\xfe{\x00}\x00",
    b"\xef\xbb\xbf{}",
    b'{"a":"\xed\xa0\x80"}',
    b'{"command_id":"\\ud800"}',
    b"[" * DEPTH,
    b'{"a":' * DEPTH + b"1" + b"}" * DEPTH,
    b"x" * 300_000,
    b"a=1&a=2&%ff=%00&=&&",
    b"--x\r\ncontent-disposition: form-data; name=a",
    b'--x\r\ncontent-disposition: form-data; name="kind"\r\n\r\nroster\r\n--x--\r\n',
)
KINDS = (
    b"application/json",
    b"application/json; charset=utf-16",
    b"application/x-www-form-urlencoded",
    b"multipart/form-data; boundary=x",
    b"multipart/form-data",
    b"text/plain",
    b"\xff",
    b"",
)
COOKIES = (b"baoxue_session=", b"baoxue_session=a.b.c; lang=\xff", b"lang=en", b"=;;;", b"\x00")
HEADERS: tuple[Header, ...] = (
    (b"authorization", b"Bearer"),
    (b"authorization", b"Bearer a.b.c"),
    (b"authorization", b"Bearer \xff\xfe"),
    (b"authorization", b"Basic Og=="),
    (b"hx-request", b"true"),
    (b"content-length", b"-1"),
    (b"content-length", b"999999999999"),
    (b"accept-language", b"\xff" * 50),
    (b"x-forwarded-host", b"evil\x00"),
    (b"x-forwarded-proto", b"https\xff"),
    (b"range", b"bytes=9-1"),
    (b"accept", b"text/html"),
)


@dataclass(frozen=True, slots=True)
class Strange:
    """One request; `signed` whether a session comes with it."""

    service: str
    method: str
    target: bytes
    headers: tuple[Header, ...] = ()
    body: bytes = b""
    by: int = 0
    signed: bool = True

    def __repr__(self) -> str:
        body = self.body[:300]
        return f"{self.service} {self.method} {self.target[:300]!r} {self.headers} {body!r}"


def as_json(given: Mapping[str, Any]) -> bytes:
    """Lone surrogates stand as escapes, as a careless program would write them."""
    return json.dumps(given).encode()


def as_form(given: Mapping[str, Any]) -> bytes:
    pairs = [
        (name, one if isinstance(one, str) else json.dumps(one))
        for name, value in given.items()
        for one in (value if isinstance(value, list) else [value])
    ]
    return urlencode(pairs, errors="surrogatepass").encode()


@st.composite
def commands(draw: st.DrawFn, known: Sequence[tuple[str, str, Mapping[str, Any]]]) -> Strange:
    """A command that would do, with some fields replaced, left out or added."""
    service, name, given = draw(st.sampled_from(known))
    fields = dict(msgspec.to_builtins(given)) | {"command_id": str(draw(st.uuids()))}
    for _ in range(draw(st.integers(1, 3))):
        field = draw(st.sampled_from([*fields, "version", "via", "on", "command_id"]))
        match draw(st.integers(0, 9)):
            case 0:
                fields.pop(field, None)
            case 1:
                fields[draw(st.sampled_from(("absent", "clear", "甲", "")))] = draw(values)
            case 2 | 3:
                fields[field] = draw(st.sampled_from((*DAYS, *TIMES)))
            case _:
                fields[field] = draw(values)
    json_body = draw(st.booleans())
    kind = b"application/json" if json_body else b"application/x-www-form-urlencoded"
    body = as_json(fields) if json_body else as_form(fields)
    target = f"/{service}/commands/{name}".encode()
    return Strange(
        service, "POST", target, ((b"content-type", kind),), body, draw(st.integers(0, 9))
    )


@st.composite
def raw_bodies(draw: st.DrawFn, posts: Sequence[tuple[str, str]]) -> Strange:
    """Any bytes under any content type, to whatever takes a POST."""
    service, target = draw(st.sampled_from(posts))
    kind, body = draw(st.sampled_from(KINDS)), draw(st.sampled_from(RAW) | st.binary(max_size=60))
    headers = ((b"content-type", kind), *draw(st.lists(st.sampled_from(HEADERS), max_size=1)))
    return Strange(service, "POST", target.encode(), headers, body, draw(st.integers(0, 9)))


def quoted(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


@st.composite
def gets(draw: st.DrawFn, pages: Sequence[tuple[str, str, Sequence[str]]]) -> Strange:
    """A page with strange words in its path and its query. `pages`: service, template, queries."""
    service, template, queries = draw(st.sampled_from(pages))
    parts = []
    for part in template.split("/"):
        strange = part.startswith("{") or draw(st.integers(0, 30)) == 0
        parts.append(quoted(draw(texts))[:3000] if strange else part)
    query = [(draw(st.sampled_from(queries)), draw(texts)) for _ in range(draw(st.integers(0, 2)))]
    tail = "&".join(f"{name}={quoted(value)}" for name, value in query)
    raw = draw(st.sampled_from((b"", b"&%ff=%fe", b"&a", b"&x=%00")))
    target = "/".join(parts).encode() + b"?" + tail.encode() + raw
    return Strange(service, "GET", target, (), b"", draw(st.integers(0, 9)))


@st.composite
def heads(draw: st.DrawFn, pages: Sequence[tuple[str, str, Sequence[str]]]) -> Strange:
    """An ordinary address with strange cookies and headers, and another method now and then."""
    service, template, _ = draw(st.sampled_from(pages))
    headers = list(draw(st.lists(st.sampled_from(HEADERS), max_size=3)))
    headers += [(b"cookie", one) for one in draw(st.lists(st.sampled_from(COOKIES), max_size=2))]
    method = draw(st.sampled_from(("GET", "GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "X")))
    signed = draw(st.booleans())
    return Strange(service, method, template.encode(), tuple(headers), b"", 0, signed)
