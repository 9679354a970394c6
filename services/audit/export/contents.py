"""What a bundle is made of, before it has bytes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple
from uuid import UUID

from services.audit.proofs.heads import SubjectProof

BundleClass = Literal["CASE", "RANGE", "SELECTION"]


class Disclosure(NamedTuple):
    """The clear text of a sealed value: `path` is a JSON pointer inside `data`."""

    path: str
    salt: bytes
    text: str


class Erasure(NamedTuple):
    """Which `ErasureCompleted` (log number, sequence) explains that a value cannot be opened."""

    subject: str
    cls: str
    log: int
    seq: int


class Consistency(NamedTuple):
    """The proof that a log of the new size continues its checkpoint of the old size."""

    origin: str
    old: int
    new: int
    hashes: Sequence[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPart:
    """One log: its signed checkpoint, and what the bundle holds of it.

    `entries` yields (sequence, body) in order and may be asked for more than once; `path` is the
    inclusion path of a sequence (CASE, SELECTION); `beside` are the hashes left and right of the
    range (RANGE); `heads` the subject's head lines (CASE).
    """

    service: str
    ledger: str
    origin: str
    size: int
    root: bytes
    note: str
    kind: BundleClass
    count: int
    entries: Callable[[], Iterable[tuple[int, bytes]]]
    path: Callable[[int], Sequence[bytes]] | None = None
    beside: tuple[Sequence[bytes], Sequence[bytes]] | None = None
    heads: SubjectProof | None = None

    @property
    def name(self) -> str:
        """How files and columns call it: the service, `<service>.access` for its access ledger."""
        return f"{self.service}.access" if self.ledger.endswith("-access") else self.service


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """Everything of a bundle but its seal.

    `disclose(log number, sequence)` gives what the requester may see of an entry. `selection` are
    the places (log number, sequence) in a CASE that are not the subject's own.
    """

    kind: BundleClass
    county: str
    subject: str | None
    first: int | None
    last: int | None
    export: UUID
    known_at: str
    requester: Mapping[str, str]
    purpose: str
    withheld: Sequence[str]
    address: str
    keys: Sequence[str]
    logs: Sequence[LogPart]
    approvals: Sequence[Mapping[str, str]] = ()
    selection: Sequence[tuple[int, int]] = ()
    disclose: Callable[[int, int], Sequence[Disclosure]] = lambda _log, _seq: ()
    erasures: Sequence[Erasure] = ()
    consistency: Sequence[Consistency] = ()
    readable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """The export's own entry in audit's log, the heads it rests on, and the proofs of both."""

    entry: bytes
    heads: bytes | None
    entry_path: Sequence[bytes]
    heads_path: Sequence[bytes] = field(default=())
    checkpoint: str
