"""The loop: looks, reads, compares, remembers, signs; or refuses and says so."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import httpx2
import structlog
from sqlalchemy.exc import SQLAlchemyError

from services.audit.sealer import notes
from services.audit.sealer.books import AnotherSealer, Books, Row, shown
from services.audit.sealer.keys import KeyFile, SealerKeyError, load_key_file, write_trust
from services.audit.sealer.reading import Reader
from services.audit.sealer.refusals import NotYet, Refused, RolledBack
from services.audit.sealer.report import Report
from services.audit.sealer.state import Known, State, StateMoved
from shared.contracts.topics import SERVICES
from shared.feed import FeedClient, Head

log = structlog.get_logger()

# A rolled-back store must end it within a second, so it looks more often than it need sign.
LOOK_SECONDS, SEALING_LOOKS = 0.5, 4
REFUSED_PAUSE_SECONDS = 3.0
IDLE_SECONDS = 24 * 60 * 60.0
# What an exit may take; a database that does not answer must not keep us.
LAST_WORDS_SECONDS = 0.3

Heads = Mapping[tuple[str, str], Head]


@dataclass(slots=True)
class Sealer:
    """One process. `now`: seconds since 1970 of the machine's clock."""

    home: Path
    key_path: Path
    state: State
    books: Books
    feeds: Mapping[str, FeedClient]
    now: Callable[[], float] = time.time
    report: Report = field(default_factory=Report)
    # Sizes and roots that notes in the database say were signed, beyond what the state knows.
    floors: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    _keys: KeyFile | None = None
    _key_stamp: int = 0
    _paused: dict[str, float] = field(default_factory=dict)

    async def run(self) -> None:
        """For ever. Raises RolledBack, after which nothing may be signed."""
        for turn in count():
            loop = asyncio.get_running_loop()
            began = loop.time()
            try:
                await self.look(sealing=turn % SEALING_LOOKS == 0)
                self.report.waits("")
            except RolledBack as error:
                await self._last_words(error)
                raise
            except AnotherSealer:
                self.report.waits("another sealer holds the lock")
            except (httpx2.HTTPError, SQLAlchemyError, OSError, SealerKeyError) as error:
                self.report.waits(f"{type(error).__name__}: {error}"[:200])
                log.warning("sealer_waits", reason=self.report.waiting)
            await asyncio.sleep(max(0.0, LOOK_SECONDS - (loop.time() - began)))

    async def look(self, *, sealing: bool = True) -> None:
        """Once over all heads; if `sealing`, logs that moved are read, compared and signed."""
        keys = self._load_keys()
        fresh = await self.books.hold()
        rows, heads = await asyncio.gather(self.books.logs(), self._heads())
        if fresh:
            await self._recall(keys)
        self._require_whole(rows, heads)
        if fresh:
            await self._repeat_last_notes()
        if sealing:
            await self._advance_all(rows, heads, keys)

    async def _advance_all(self, rows: Sequence[Row], heads: Heads, keys: KeyFile) -> None:
        known = self.state.logs()
        # Audit's own logs last: their heads entries speak of the others.
        for row in sorted(rows, key=lambda one: (one.service == "audit", one.origin)):
            await self._advance(row, known.get(row.origin), heads, keys)
        self._tell(rows, keys)

    async def _heads(self) -> Heads:
        """The producers' heads; a service that is away has none, and is said to be."""
        found = await asyncio.gather(
            *(self.feeds[name].heads() for name in SERVICES), return_exceptions=True
        )
        heads: dict[tuple[str, str], Head] = {}
        for service, one in zip(SERVICES, found, strict=True):
            if isinstance(one, httpx2.HTTPError):
                self.report.away(service, self.now())
            elif isinstance(one, BaseException):
                raise one
            else:
                self.report.here(service)
                heads |= {(service, head.ledger): head for head in one}
        return heads

    async def _recall(self, keys: KeyFile) -> None:
        """What the database says we signed counts also where our own state was lost."""
        known = self.state.logs()
        for row in await self.books.newest():
            found = notes.ours(row.note, row.origin, keys)
            if found is None:
                log.warning("strange_note", origin=row.origin, size=row.size)
                continue
            state = known.get(row.origin)
            if state is None or found.size >= state.signed_size:
                self.floors[row.origin] = (found.size, found.root)

    def _require_whole(self, rows: Sequence[Row], heads: Heads) -> None:
        """Raises RolledBack when producer or audit ends below what was signed."""
        here = {service for service in SERVICES if not self.report.is_away(service)}
        sizes = {row.origin: row.size for row in rows}
        for origin, (service, ledger, signed) in self._signed(rows).items():
            if service in here:
                head = heads.get((service, ledger))
                _require(origin, signed, head.seq if head else 0, f"{service} 的账本")
            _require(origin, signed, sizes.get(origin, 0), "审计库的总账")

    def _signed(self, rows: Sequence[Row]) -> dict[str, tuple[str, str, int]]:
        """Service, ledger and greatest signed size of each origin that goes on."""
        known = self.state.logs().values()
        found = {
            one.origin: (one.service, one.ledger, one.signed_size)
            for one in known
            if not one.frozen
        }
        ended = {one.origin for one in known if one.frozen}
        for row in rows:
            size = self.floors.get(row.origin, (0, b""))[0]
            going_on = row.frozen_at is None and row.origin not in ended
            if going_on and size > found.get(row.origin, ("", "", 0))[2]:
                found[row.origin] = (row.service, row.ledger, size)
        return found

    async def _repeat_last_notes(self) -> None:
        """A note that was remembered and did not arrive: a crash between the two."""
        sealed = {row.origin: row.size for row in await self.books.newest()}
        for one in self.state.logs().values():
            if one.signed_size > sealed.get(one.origin, -1):
                await self.books.add_note(one.origin, one.signed_size, one.signed_root, one.note)
                log.info("note_repeated", origin=one.origin, size=one.signed_size)

    async def _advance(self, row: Row, known: Known | None, heads: Heads, keys: KeyFile) -> None:
        if self.now() < self._paused.get(row.origin, 0.0):
            return
        try:
            await self._seal(row, known, heads, keys)
            self.report.sound(row.origin)
        except NotYet as error:
            self.report.not_yet(row.origin, str(error), self.now())
        except StateMoved as error:
            log.warning("state_moved", origin=row.origin, reason=str(error))
        except Refused as error:
            self._paused[row.origin] = self.now() + REFUSED_PAUSE_SECONDS
            await self._refuse(error)

    async def _seal(self, row: Row, known: Known | None, heads: Heads, keys: KeyFile) -> None:
        head = heads.get((row.service, row.ledger))
        idle = row.frozen_at or (known and known.frozen) or row.size == 0
        if idle or self.report.is_away(row.service):
            return
        if head is None:
            raise Refused("no_such_ledger", row.origin, row.size, found="no ledger")
        _check_origin(row, head)
        if known is None:
            known = self.state.find(row.origin, row.service, row.ledger)
        if head.seq == known.size and head.hash != known.digest:
            raise self._reader().rewritten(known)
        if row.size > known.size:
            known = await self._reader().read_to(known, row.size)
        self._check_root(row, known)
        if row.size == known.size and self._due(known, keys):
            await self._sign(known, keys)

    def _reader(self) -> Reader:
        return Reader(self.state, self.feeds, {name: one[0] for name, one in self.floors.items()})

    def _check_root(self, row: Row, known: Known) -> None:
        """Audit's root is ours, and what was signed before is the beginning of it."""
        at_end = row.size == known.size
        own = known.edge.root() if at_end else self.state.root_at(known, row.size)
        if own != row.root:
            words = {"expected": shown(own), "found": shown(row.root)}
            raise Refused("other_root", row.origin, row.size, **words)
        if row.origin in self.floors:
            self._check_floor(known, *self.floors[row.origin])

    def _check_floor(self, known: Known, size: int, root: bytes) -> None:
        if size > known.size:
            raise NotYet(f"{known.origin} is read up to {known.size} of {size}, signed before")
        before = self.state.root_at(known, size)
        if before != root:
            words = {"expected": shown(root), "found": shown(before)}
            raise Refused("not_an_extension", known.origin, size, **words)
        if known.signed_size >= size:
            del self.floors[known.origin]

    def _due(self, known: Known, keys: KeyFile) -> bool:
        """New leaves, a day without a note, or other keys than those of the last note."""
        return (
            known.size > known.signed_size
            or self.now() - known.signed_at >= IDLE_SECONDS
            or not notes.by_all_keys(known.note, known.origin, keys)
        )

    async def _sign(self, known: Known, keys: KeyFile) -> None:
        size, root = known.size, known.edge.root()
        note = notes.signed(known.origin, size, root, keys)
        self.state.sign(known, size, root, note, self.now())
        await self.books.add_note(known.origin, size, root, note)
        log.info("sealed", origin=known.origin, size=size)

    async def _refuse(self, refused: Refused) -> None:
        if self.report.refuse(refused):
            log.error("sealing_refused", **refused.fields())
            await self.books.add_refusal(refused)

    async def _last_words(self, error: RolledBack) -> None:
        """Store why we end, if the database takes it in time; the exit does not wait for it."""
        self.report.refuse(error)
        try:
            async with asyncio.timeout(LAST_WORDS_SECONDS):
                await self.books.add_refusal(error)
        except (TimeoutError, SQLAlchemyError, OSError, AssertionError):
            log.warning("refusal_not_stored", **error.fields())

    def _load_keys(self) -> KeyFile:
        """The key file as it is now: a rotation needs no restart."""
        stamp = self.key_path.stat().st_mtime_ns
        if self._keys is None or stamp != self._key_stamp:
            self._keys, self._key_stamp = load_key_file(self.key_path), stamp
        return self._keys

    def _tell(self, rows: Sequence[Row], keys: KeyFile) -> None:
        known = self.state.logs()
        self.report.logs(rows, known, self.now())
        write_trust(self.home, notes.verifier_keys(known, keys))


def _require(origin: str, signed: int, found: int, whose: str) -> None:
    if found < signed:
        words = {"expected": str(signed), "found": f"{found} ({whose})"}
        raise RolledBack("rolled_back", origin, signed, **words)


def _check_origin(row: Row, head: Head) -> None:
    """A log is the producer's ledger of this origin, or a successor of it (`…/2`)."""
    rest = row.origin.removeprefix(head.origin)
    successor = rest.startswith("/") and rest[1:].isdecimal() and int(rest[1:]) > 1
    if not row.origin.startswith(head.origin) or (rest and not successor):
        raise Refused("other_origin", row.origin, row.size, expected=head.origin, found=row.origin)
