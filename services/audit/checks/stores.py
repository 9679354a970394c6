"""The producers' side of a check: their bodies byte for byte, and what they find in themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import httpx2
import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import feed
from shared.event import UNREADABLE
from shared.event_store import Aggregate
from shared.feed import FeedClient
from shared.integrity import Checked, check_page

PATH_LIMIT = 3


class StoreAway(Exception):
    """The producer does not answer: its side of the check was not made."""


class Store(Protocol):
    """Where a producer's exact bodies come from."""

    async def bodies(self, ledger: str, after: int) -> Sequence[bytes]: ...

    async def check(self, ledger: str, after: int, *, tail: bool) -> Checked: ...


@dataclass(frozen=True, slots=True)
class OwnStore:
    """Audit's own events."""

    engine: AsyncEngine
    service: str
    aggregates: Sequence[Aggregate[Any, Any, Any]]

    async def bodies(self, ledger: str, after: int) -> Sequence[bytes]:
        found = await feed.page(self.engine, ledger, after, feed.PAGE_LIMIT_EVENTS)
        return [body.encode() for body in found]

    async def check(self, ledger: str, after: int, *, tail: bool) -> Checked:
        return await check_page(
            self.engine, self.service, self.aggregates, ledger, after, tail=tail
        )


@dataclass(frozen=True, slots=True)
class OtherStore:
    """Another service's, asked over its feed. Raises StoreAway."""

    client: FeedClient

    async def bodies(self, ledger: str, after: int) -> Sequence[bytes]:
        try:
            return await self.client.bodies(ledger, after)
        except httpx2.HTTPError as error:
            raise StoreAway(f"{self.client.service}: {type(error).__name__}") from error

    async def check(self, ledger: str, after: int, *, tail: bool) -> Checked:
        try:
            return await self.client.check(ledger, after, tail=tail)
        except httpx2.HTTPError as error:
            raise StoreAway(f"{self.client.service}: {type(error).__name__}") from error


async def stored(store: Store, ledger: str, after: int, upto: int) -> list[bytes | None]:
    """Bodies after+1..upto at their places; None where the store has none. Raises StoreAway."""
    found: list[bytes | None] = [None] * (upto - after)
    at = after
    while at < upto:
        bodies = await store.bodies(ledger, at)
        if not bodies:
            break
        for body in bodies:
            # A row taken out moves those behind it up: each says itself where it stands.
            at = max(at + 1, _seq_of(body))
            if after < at <= upto:
                found[at - after - 1] = body
    return found


class _Seq(msgspec.Struct, frozen=True):
    ledgerseq: int = 0


_seq_decoder = msgspec.json.Decoder(_Seq)


def _seq_of(body: bytes) -> int:
    try:
        return _seq_decoder.decode(body).ledgerseq
    except UNREADABLE:
        return 0


def pointers(one: bytes, other: bytes) -> str:
    """Where two bodies differ, as JSON pointers: names of fields, never what stands in them."""
    try:
        paths = list(_differing(msgspec.json.decode(one), msgspec.json.decode(other), ""))
    except UNREADABLE:
        return ""
    return " " + " ".join(paths[:PATH_LIMIT]) if paths else ""


def _differing(one: Any, other: Any, path: str) -> list[str]:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        names = [*one, *(name for name in other if name not in one)]
        return [
            found
            for name in names
            for found in _differing(one.get(name), other.get(name), f"{path}/{name}")
        ]
    return [path] if one != other else []
