"""Events that notify (通知与文书) publishes: names and fields are stored, only grown."""
# msgspec inherits `frozen`, which the type checker does not know of.
# pyright: reportGeneralTypeIssues=false

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


EVENTS: dict[str, type[Event]] = {f"notify.{cls.__name__}": cls for cls in Event.__subclasses__()}
