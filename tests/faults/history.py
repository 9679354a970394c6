"""The history checker: what was acknowledged, against what every reader saw."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from shared.event import Envelope, read

SHOWN_FAULTS = 12


class Place(NamedTuple):
    """Where an event stands: its ledger and its sequence there."""

    ledger: str
    seq: int


class Fault(NamedTuple):
    """`kind`: lost, doubled, inverted, hole, changed, jump."""

    kind: str
    reader: str
    ledger: str
    seq: int


def identity(stream: str, version: int, command: object) -> str:
    """What an event is, apart from its place."""
    return f"{stream}@{version}#{command}"


@dataclass(slots=True)
class History:
    """Collects both sides; `faults` compares them.

    A *lost* event was acknowledged and not seen; a *hole* is a sequence below the highest that no
    reader saw at that place; *jump*: a stream's versions are not 1, 2, 3 … as they stand.
    """

    acknowledged: dict[Place, str] = field(default_factory=dict)
    seen: dict[str, list[tuple[Place, str]]] = field(default_factory=lambda: defaultdict(list))
    reused: list[Fault] = field(default_factory=list)
    firsts: set[tuple[str, str, int]] = field(default_factory=set)

    def acknowledge(self, ledger: str, seq: int, what: str) -> None:
        place = Place(ledger, seq)
        if self.acknowledged.setdefault(place, what) != what:
            self.reused.append(Fault("changed", "writer", ledger, seq))

    def acknowledge_all(self, envelopes: Iterable[Envelope]) -> None:
        for one in envelopes:
            what = identity(one.stream, one.streamversion, one.commandid)
            self.acknowledge(one.ledger, one.ledgerseq, what)

    def saw(self, reader: str, body: str | bytes) -> Envelope:
        one = read(body)
        what = identity(one.stream, one.streamversion, one.commandid)
        self.seen[reader].append((Place(one.ledger, one.ledgerseq), what))
        return one

    def saw_first(self, reader: str, body: str | bytes) -> None:
        """Of a channel that may repeat: only the first appearance counts."""
        one = read(body)
        place = (reader, one.ledger, one.ledgerseq)
        if place not in self.firsts:
            self.firsts.add(place)
            self.saw(reader, body)

    def faults(self) -> list[Fault]:
        found = list(self.reused)
        for reader in self.seen:
            found += self._faults_of(reader)
        return found

    def kinds(self) -> set[str]:
        return {fault.kind for fault in self.faults()}

    def report(self) -> str:
        """How much was compared and what was found, for the test's output."""
        found = self.faults()
        read_by = {name: len(places) for name, places in self.seen.items()}
        kinds = dict(Counter(fault.kind for fault in found))
        return (
            f"acknowledged {len(self.acknowledged)}, seen {read_by}, faults {kinds or 0}"
            f" {found[:SHOWN_FAULTS] or ''}"
        )

    def _faults_of(self, reader: str) -> list[Fault]:
        seen = self.seen[reader]
        by_place = dict(seen)
        found = [
            Fault("lost" if place not in by_place else "changed", reader, *place)
            for place, what in self.acknowledged.items()
            if by_place.get(place) != what
        ]
        counted = Counter(place for place, _ in seen)
        found += [Fault("doubled", reader, *place) for place, n in counted.items() if n > 1]
        return found + _order(reader, seen) + _holes(reader, by_place) + _jumps(reader, by_place)


def _order(reader: str, seen: list[tuple[Place, str]]) -> list[Fault]:
    highest: dict[str, int] = defaultdict(int)
    found: list[Fault] = []
    for place, _ in seen:
        if place.seq < highest[place.ledger]:
            found.append(Fault("inverted", reader, *place))
        highest[place.ledger] = max(highest[place.ledger], place.seq)
    return found


def _holes(reader: str, by_place: dict[Place, str]) -> list[Fault]:
    highest: dict[str, int] = defaultdict(int)
    for place in by_place:
        highest[place.ledger] = max(highest[place.ledger], place.seq)
    return [
        Fault("hole", reader, ledger, seq)
        for ledger, last in highest.items()
        for seq in range(1, last + 1)
        if (ledger, seq) not in by_place
    ]


def _jumps(reader: str, by_place: dict[Place, str]) -> list[Fault]:
    at: dict[tuple[str, str], int] = defaultdict(int)
    found: list[Fault] = []
    for place in sorted(by_place):
        stream, _, rest = by_place[place].partition("@")
        version = int(rest.partition("#")[0])
        if version != at[place.ledger, stream] + 1:
            found.append(Fault("jump", reader, *place))
        at[place.ledger, stream] = version
    return found
