"""The table of published events, out of the contracts: `python -m tests.documents.events`."""

import types
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec

from shared.contracts import access
from shared.contracts.decode import EVENTS
from shared.contracts.upcast import newest_version
from shared.sealed import Sealed
from tests.stored import examples

FILE = Path(__file__).parents[2] / "docs" / "events.md"
PLAIN = {str: "string", int: "integer", bool: "boolean", UUID: "uuid", Sealed: "sealed"}
TIMES = {date: "date", datetime: "time"}
SECTIONS = ("enrollment", "casework", "notify", "audit")
OPENING = """\
# Published events

Made by `python -m tests.documents.events` from `shared/contracts`; a test compares. What the words
of the envelope mean stands in [integrators.md](integrators.md).

`sealed` is an object of ciphertext: `{"sealed":1,"class","nonce","box","commit"[,"subject"]}`.
`time` is UTC with six digits and `Z`, `date` is `YYYY-MM-DD` in Asia/Shanghai, `?` may be `null`.
Fields are only ever added, never renamed.
"""
ACCESS = """\
## Access ledgers

In `<county>-access` of every service (topics `….access`); the service's name stands in the type,
as in `audit.RecordSearched`.
"""


def page() -> str:
    """The whole file."""
    parts = [OPENING, *(section(name) for name in SECTIONS)]
    named = {f"enrollment.{name}" for name in access.EVENTS}
    parts.append(ACCESS + "\n" + "\n".join(table(sorted(named, key=_place))) + "\n")
    return "\n".join(parts)


def section(service: str) -> str:
    of_access = {f"{service}.{name}" for name in access.EVENTS}
    names = [name for name in EVENTS if name.startswith(f"{service}.") and name not in of_access]
    return f"## {service}\n\n" + "\n".join(table(names)) + "\n"


def table(names: list[str]) -> Iterator[str]:
    yield "| event | version | stream | data |"
    yield "|---|---|---|---|"
    streams = streams_told()
    for name in names:
        where = ", ".join(f"`{prefix}-…`" for prefix in streams.get(bare(name), ()))
        yield f"| `{bare(name)}` | {newest_version(name)} | {where} | {fields(EVENTS[name])} |"


def streams_told() -> dict[str, tuple[str, ...]]:
    """Kinds of stream that each event stands in, out of the stored examples."""
    found: dict[str, tuple[str, ...]] = {}
    for one in examples():
        prefix = one.stream.partition("-")[0]
        before = found.get(one.name, ())
        found[one.name] = before if prefix in before else (*before, prefix)
    return found


def bare(name: str) -> str:
    return name.partition(".")[2]


def fields(struct: type[msgspec.Struct]) -> str:
    hints = get_type_hints(struct)
    return ", ".join(f"`{name}` {shown(hints[name])}" for name in struct.__struct_fields__)


def shown(hint: Any) -> str:
    """A field's type as a reader of JSON knows it."""
    if hint in PLAIN or hint in TIMES:
        return (PLAIN | TIMES)[hint]
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        return " \\| ".join(f"`{one}`" for one in inner)
    if origin in (Union, types.UnionType):
        return " \\| ".join(shown(one) for one in inner if one is not type(None)) + "?"
    if origin is list:
        return f"[{shown(inner[0])}]"
    if origin is dict:
        return f"{{{shown(inner[0])}: {shown(inner[1])}}}"
    assert issubclass(hint, msgspec.Struct), hint
    return "{" + fields(hint) + "}"


def _place(name: str) -> int:
    return list(access.EVENTS).index(bare(name))


def main() -> None:
    FILE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
