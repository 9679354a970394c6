"""Facts: what an event says to duties, whatever service it comes from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from services.casework.domain.alert_events import Cause
from shared.event import Envelope
from shared.policy.duty_schema import Arm, When
from shared.policy.pack import Pack

EVIDENCE = "casework.EvidenceFiled"
CALENDAR = "casework.CalendarPublished"
UNTAGGED = "enrollment.StudentGroupUntagged"
# The province, city and county of a path come first; then township or school.
COUNTY = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """`at`: when it happened; `data`: the event's data as plain JSON; `path` of its unit."""

    type: str
    cause: Cause
    at: datetime
    recorded_at: datetime
    path: str
    subject: str | None
    stream: str
    actor: str
    data: Mapping[str, Any]
    envelope: Envelope

    @property
    def child(self) -> str | None:
        """The child it is about: named in the data, else the subject of a child's stream."""
        named = self.data.get("child")
        if isinstance(named, str):
            return named
        return self.subject if self.stream.startswith(CHILD_STREAMS) else None

    @property
    def klass(self) -> str | None:
        named = self.data.get("klass")
        return named if isinstance(named, str) else None

    @property
    def duty(self) -> str | None:
        """The duty that a plain piece of evidence was filed for."""
        named = self.data.get("duty")
        return named if isinstance(named, str) else None


CHILD_STREAMS = ("child-", "attendance-", "alert-", "case-", "calls-")


def fact_of(envelope: Envelope) -> Fact:
    """The fact that an event is."""
    return Fact(
        type=envelope.type,
        cause=Cause(service=envelope.service, ledger=envelope.ledger, seq=envelope.ledgerseq),
        at=datetime.fromisoformat(envelope.occurredat),
        recorded_at=envelope.recorded_at,
        path=envelope.unitpath,
        subject=envelope.subject,
        stream=envelope.stream,
        actor=envelope.actorid,
        data=msgspec.json.decode(envelope.data),
        envelope=envelope,
    )


@dataclass(slots=True)
class Interest:
    """The event types that some duty of some pack begins with, counts or ends by."""

    _known: dict[frozenset[str], frozenset[str]] = field(
        default_factory=dict[frozenset[str], frozenset[str]]
    )

    def of(self, packs: Mapping[str, Pack]) -> frozenset[str]:
        """`packs` by SHA-256; the same packs are looked through once."""
        names = frozenset(packs)
        if names not in self._known:
            self._known = {names: interesting(packs.values())}
        return self._known[names]


def interesting(packs: Iterable[Pack]) -> frozenset[str]:
    """As `Interest.of`, looked through anew."""
    found = {EVIDENCE, CALENDAR}
    for pack in packs:
        for kind in pack.file.duties.values():
            found |= {*kind.events, UNTAGGED if kind.arm.groups else EVIDENCE}
    return frozenset(found)


def fits(fact: Fact, event: str | None, where: Mapping[str, Iterable[Any]]) -> bool:
    """Whether a fact is of the type and its data holds one of the values of every field."""
    return fact.type == event and all(
        _holds(fact.data.get(name), tuple(values)) for name, values in where.items()
    )


def fits_any(fact: Fact, whens: Iterable[When]) -> bool:
    return any(fits(fact, when.event, when.where) for when in whens)


def arms(fact: Fact, arm: Arm) -> bool:
    """Whether a fact begins a duty; groups and open duties are the caller's to look up."""
    return fits(fact, arm.event, arm.where) or fits_any(fact, arm.also)


def _holds(found: object, allowed: tuple[Any, ...]) -> bool:
    """A list in the data holds when one of its members does (causes, groups)."""
    if isinstance(found, list):
        return any(one in allowed for one in found)
    return found in allowed and (type(found) is not bool or any(one is found for one in allowed))
