"""Events of every service's access ledger: who read what, opened which classes, and why."""
# msgspec inherits `frozen`, which the type checker does not know of.
# pyright: reportGeneralTypeIssues=false

from uuid import UUID

import msgspec

from shared.sealed import Sealed


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the data of every event here; unknown fields of a newer writer are ignored."""


class RecordViewed(Event):
    """One page: the subjects whose values were opened for it, and of which classes."""

    page: str
    purpose: str
    subjects: list[str]
    classes: list[str]
    obtained_by: str | None = None


class RestrictedFieldViewed(Event):
    page: str
    purpose: str
    subjects: list[str]
    classes: list[str]
    fields: list[str]
    obtained_by: str | None = None


class RecordSearched(Event):
    """`query` is sealed under the searcher's own key."""

    purpose: str
    query: Sealed
    found: int
    subjects: list[str]
    obtained_by: str | None = None


class ReplayPerformed(Event):
    purpose: str
    child: UUID | None
    stream: str | None
    at: str | None
    known_at: str | None
    subjects: list[str]
    classes: list[str]
    obtained_by: str | None = None


class ExportCreated(Event):
    purpose: str
    kind: str
    rows: int
    subjects: list[str]
    classes: list[str]
    obtained_by: str | None = None


class ServiceOpened(Event):
    """What a service opened for itself in an hour, by declared purpose."""

    purpose: str
    hour: str
    opened: int


# The publisher's name stands in the type: `enrollment.RecordViewed`.
EVENTS: dict[str, type[Event]] = {cls.__name__: cls for cls in Event.__subclasses__()}
