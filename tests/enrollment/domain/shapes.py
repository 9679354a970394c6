"""Random values of any event, command or state, small enough that they meet each other."""

import types
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from hypothesis import strategies as st

from shared.sealed import Sealed, SensitivityClass

IDS = tuple(UUID(int=n) for n in range(1, 4))
WORDS = ("name", "phone", "2199010001", "990101", "principal", "expelled", "moved", "roster", "")
MOMENTS = tuple(datetime(2026, 3, day, hour, tzinfo=UTC) for day in (2, 3) for hour in (0, 9))


def sealed(word: str, cls: SensitivityClass = "identity") -> Sealed:
    return Sealed(sealed=1, cls=cls, nonce="bm9uY2U=", box=word, commit=word)


SIMPLE: dict[object, st.SearchStrategy[Any]] = {
    UUID: st.sampled_from(IDS),
    str: st.sampled_from(WORDS),
    int: st.integers(1, 3),
    bool: st.booleans(),
    date: st.dates(date(2026, 2, 27), date(2026, 3, 6)),
    datetime: st.sampled_from(MOMENTS),
    type(None): st.none(),
    Sealed: st.builds(
        sealed, st.sampled_from(["a", "b"]), st.sampled_from(["identity", "contact"])
    ),
}


@cache
def values(kind: Any) -> st.SearchStrategy[Any]:
    """A strategy for a type that events, commands and states are made of."""
    if kind in SIMPLE:
        return SIMPLE[kind]
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        known = {f.name: values(hints[f.name]) for f in fields(kind) if f.init}
        return st.builds(kind, **known)
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        return st.sampled_from(inner)
    if origin in (Union, types.UnionType):
        return st.one_of(*(values(each) for each in inner))
    if origin is tuple:
        return st.lists(values(inner[0]), max_size=4).map(tuple)
    assert issubclass(origin, types.MappingProxyType | dict) or origin.__name__ == "Mapping", kind
    return st.dictionaries(values(inner[0]), values(inner[1]), max_size=3)
