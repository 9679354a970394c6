"""The keyring: one random key per subject and sensitivity class, fetched many at a time."""

import os
from collections import Counter, OrderedDict
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any, Final, TypeAlias, TypeVar

import asyncpg  # pyright: ignore[reportMissingTypeStubs]
from sqlalchemy import exc
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.key_files import KeyFile, Wrapping
from shared.sealed import KEY_BYTES, NONCE_BYTES, SensitivityClass

CACHE_SECONDS = 600.0
# 50,000 keys with their names are about 20 MB.
CACHE_KEYS = 50_000
READ_SUBJECTS = 10_000
WRITE_KEYS = 10_000
# No county has this code: the key under which whole id numbers match across the deployment.
DEPLOYMENT = "deployment"

READ = """select subject::text, class, ledger, wrapped, epoch from subject_key
    where subject = any($1::uuid[]) and class = any($2::text[])"""
WRITE = """insert into subject_key (subject, class, ledger, wrapped, epoch)
    select * from unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::integer[])
    on conflict do nothing"""
READ_TOKEN = "select wrapped, epoch from token_key where ledger = $1 and class = $2"
WRITE_TOKEN = """insert into token_key (ledger, class, wrapped, epoch)
    values ($1, $2, $3, $4) on conflict do nothing"""

T = TypeVar("T")
Pair: TypeAlias = tuple[str, SensitivityClass]


class KeyringAway(Exception):
    """The keyring cannot be reached: personal data waits, everything else goes on. Try again."""


class KeyMissing(LookupError):
    """No key was ever made for this subject and class, or the keyring lost it."""


class KeyGone(LookupError):
    """The key was destroyed: what was sealed under it is erased for good."""


class KeyDestroyed:
    """Stands where a key was: the subject has been erased."""

    def __repr__(self) -> str:
        return "DESTROYED"


DESTROYED: Final = KeyDestroyed()
Key: TypeAlias = bytes | KeyDestroyed


class Keys(dict[Pair, Key]):
    """(subject, class) → key of 32 bytes or DESTROYED; a pair without a key is absent."""

    def of(self, subject: str, cls: SensitivityClass) -> bytes:
        """The key itself. Raises KeyMissing or KeyGone."""
        key = self.get((subject, cls))
        if key is None:
            raise KeyMissing(f"no key of class {cls} for {subject}")
        if isinstance(key, KeyDestroyed):
            raise KeyGone(f"the key of class {cls} of {subject} was destroyed")
        return key

    def __repr__(self) -> str:
        return f"Keys({len(self)})"


class Keyring:
    """One service's way to the keys it may hold; `engine` logs in with that service's role."""

    def __init__(self, engine: AsyncEngine, key_file: KeyFile) -> None:
        self._engine = engine
        self._wrapping = Wrapping(key_file)
        self._cache: OrderedDict[tuple[str, str], tuple[Key, float]] = OrderedDict()
        self._opened: Counter[str] = Counter()

    @property
    def classes(self) -> frozenset[SensitivityClass]:
        return self._wrapping.classes

    async def keys_for(
        self,
        subjects: Iterable[str],
        purpose: str,
        classes: Sequence[SensitivityClass],
        *,
        create: bool = False,
        ledger: str | None = None,
        counted: bool = True,
    ) -> Keys:
        """Keys of all `subjects` (bare uuids in lower case) in all `classes`, in one query.

        `create` makes and commits missing ones for the county `ledger`, so call it before the
        append: a key without a value is harmless, a value without a key is lost. `counted` adds to
        what the service opened for itself; a person's reading is recorded by `Reading` instead.
        Raises ClassNotHeld, KeyringAway, WrongMaster.
        """
        self._wrapping.require(classes)
        wanted: list[Pair] = [
            (subject, cls) for subject in dict.fromkeys(subjects) for cls in classes
        ]
        keys = Keys(self._cached(wanted))
        absent = [pair for pair in wanted if pair not in keys]
        if absent:
            async with self._connection() as conn:
                keys.update(await self._read(conn, absent))
                absent = [pair for pair in absent if pair not in keys]
                if create and absent:
                    keys.update(await self._create(conn, absent, ledger))
            self._remember(keys.items())
        if counted:
            self._opened[purpose] += len(keys)
        return keys

    async def token_key(self, ledger: str, cls: SensitivityClass) -> bytes:
        """The key of a county's search tokens of a class, made when first asked for."""
        self._wrapping.require([cls])
        pair = (f"tokens of {ledger}", cls)
        for _, key in self._cached([pair]):
            assert isinstance(key, bytes), "keys of tokens are never destroyed"
            return key
        async with self._connection() as conn:
            key = await self._read_token(conn, ledger, cls)
            if key is None:
                nonce, fresh = os.urandom(NONCE_BYTES), os.urandom(KEY_BYTES)
                wrapped = self._wrapping.wrap(fresh, ledger, pair[0], cls, nonce)
                epoch = self._wrapping.epoch(cls)
                await conn.exec_driver_sql(WRITE_TOKEN, (ledger, cls, wrapped, epoch))
                key = await self._read_token(conn, ledger, cls)
        assert key is not None, "a conflict means that another row is there"
        self._remember([(pair, key)])
        return key

    async def number_key(self) -> bytes:
        """The one key under which whole id numbers are matched in the whole deployment."""
        return await self.token_key(DEPLOYMENT, "identity")

    def take_counts(self) -> dict[str, int]:
        """Keys handed out by declared purpose since the last call, for `ServiceOpened`."""
        counts, self._opened = dict(self._opened), Counter()
        return counts

    def forget(self) -> None:
        """Drop every cached key: after an erasure, and at sign-out of a key's holder."""
        self._cache.clear()

    async def _read(self, conn: AsyncConnection, pairs: Sequence[Pair]) -> Keys:
        subjects = list(dict.fromkeys(subject for subject, _ in pairs))
        classes = list(dict.fromkeys(cls for _, cls in pairs))
        keys = Keys()
        for some in _in_batches(subjects, READ_SUBJECTS):
            for subject, cls, county, wrapped, epoch in await _rows(conn, READ, some, classes):
                keys[subject, cls] = (
                    DESTROYED
                    if wrapped is None
                    else self._wrapping.unwrap(wrapped, county, subject, cls, epoch)
                )
        return keys

    async def _create(
        self, conn: AsyncConnection, pairs: Sequence[Pair], county: str | None
    ) -> Keys:
        if county is None:
            raise ValueError("keys are made for a county: give its ledger")
        # One order for everybody: two imports of the same children would deadlock otherwise.
        for some in _in_batches(sorted(pairs), WRITE_KEYS):
            await conn.exec_driver_sql(WRITE, self._fresh(some, county))
        # Another service may have been first; its key is the one that counts.
        return await self._read(conn, pairs)

    def _fresh(self, pairs: Sequence[Pair], county: str) -> tuple[list[object], ...]:
        secrets = os.urandom((KEY_BYTES + NONCE_BYTES) * len(pairs))
        subjects: list[object] = []
        classes: list[object] = []
        wrapped: list[object] = []
        epochs: list[object] = []
        for number, (subject, cls) in enumerate(pairs):
            start = number * (KEY_BYTES + NONCE_BYTES)
            key = secrets[start : start + KEY_BYTES]
            nonce = secrets[start + KEY_BYTES : start + KEY_BYTES + NONCE_BYTES]
            subjects.append(subject)
            classes.append(cls)
            wrapped.append(self._wrapping.wrap(key, county, subject, cls, nonce))
            epochs.append(self._wrapping.epoch(cls))
        return subjects, classes, [county] * len(pairs), wrapped, epochs

    async def _read_token(
        self, conn: AsyncConnection, ledger: str, cls: SensitivityClass
    ) -> bytes | None:
        for wrapped, epoch in await _rows(conn, READ_TOKEN, ledger, cls):
            return self._wrapping.unwrap(wrapped, ledger, f"tokens of {ledger}", cls, epoch)
        return None

    def _cached(self, pairs: Iterable[Pair]) -> Iterator[tuple[Pair, Key]]:
        now = monotonic()
        for pair in pairs:
            found = self._cache.get(pair)
            if found and found[1] > now:
                self._cache.move_to_end(pair)
                yield pair, found[0]

    def _remember(self, keys: Iterable[tuple[Pair, Key]]) -> None:
        # What was cached keeps its own time: a key destroyed elsewhere is gone after CACHE_SECONDS.
        now = monotonic()
        for pair, key in keys:
            found = self._cache.get(pair)
            if not found or found[1] <= now:
                self._cache[pair] = (key, now + CACHE_SECONDS)
                self._cache.move_to_end(pair)
        while len(self._cache) > CACHE_KEYS:
            self._cache.popitem(last=False)

    @asynccontextmanager
    async def _connection(self) -> AsyncGenerator[AsyncConnection]:
        """One transaction of the keyring, committed at the end; a lost server is KeyringAway."""
        try:
            async with self._engine.begin() as conn:
                yield conn
        except (OSError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError) as error:
            raise KeyringAway(f"{type(error).__name__}: the keyring does not answer") from error
        except exc.TimeoutError as error:
            raise KeyringAway("no connection to the keyring came free") from error
        except exc.DBAPIError as error:
            if error.connection_invalidated or isinstance(error, exc.InterfaceError):
                raise KeyringAway("the keyring went away") from error
            raise


def _in_batches(items: Sequence[T], size: int) -> Iterator[list[T]]:
    for start in range(0, len(items), size):
        yield list(items[start : start + size])


async def _rows(conn: AsyncConnection, sql: str, *values: object) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await conn.exec_driver_sql(sql, values)]
