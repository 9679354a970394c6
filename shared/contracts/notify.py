"""Events that notify (通知与文书) publishes: names and fields are stored, only grown."""
# msgspec inherits `frozen`, which the type checker does not know of.
# pyright: reportGeneralTypeIssues=false

from datetime import date, datetime
from uuid import UUID

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the data of every event here; unknown fields of a newer writer are ignored."""


class NotificationQueued(Event):
    """A notice in the inbox of one account; `persons` are those it was resolved to at that time."""

    notice: UUID
    account: str
    staff: UUID
    kind: str
    child: UUID | None
    about: str
    persons: list[UUID]


class NotificationRead(Event):
    notice: UUID
    account: str


class EscalationSent(Event):
    """Somebody above was told of a duty that was not done; its notice stands before it."""

    duty: UUID
    step: int
    account: str


class PreferenceSet(Event):
    """`what`: a kind of notice, or digest_morning, digest_evening; `on` false: not wanted."""

    account: str
    what: str
    on: bool


class DigestItem(msgspec.Struct, frozen=True, kw_only=True):
    """One duty as it stood when the digest was made; `state`: armed or breached."""

    duty: UUID
    kind: str
    child: UUID | None
    due_at: datetime
    state: str


# digest-<account>
class DigestSent(Event):
    """`part`: morning or evening; a digest of more than 100 items is several events."""

    account: str
    staff: UUID
    part: str
    on: date
    items: list[DigestItem]


EVENTS: dict[str, type[Event]] = {f"notify.{cls.__name__}": cls for cls in Event.__subclasses__()}
