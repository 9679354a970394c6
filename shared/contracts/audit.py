"""Events of audit's own log (审计): heads, incidents, exports; names and fields only ever grow.

Roots are base64 as in a checkpoint; `manifest` is hex, as `sha256sum` prints it.
"""
# msgspec inherits `frozen`, which the type checker does not know of.
# pyright: reportGeneralTypeIssues=false

from uuid import UUID

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the data of every event here; unknown fields of a newer writer are ignored."""


class HeadsOf(msgspec.Struct, frozen=True, kw_only=True):
    """What stood in one producer's log at `size`: its root, and the root over its head lines."""

    service: str
    ledger: str
    origin: str
    size: int
    root: str
    heads_root: str
    streams: int


class LogAt(msgspec.Struct, frozen=True, kw_only=True):
    """A log at one of its sizes."""

    origin: str
    size: int
    root: str


class HeadsCommitted(Event):
    """Every subject's streams in the county's producer logs, as of these sizes."""

    logs: list[HeadsOf]


class IncidentRecorded(Event):
    """What was found wrong with a log: at `seq` its `field` is `found` and not `expected`.

    `log_frozen`: `seq` and `expected` are the last signed size and root, `found` is the operator's
    reason, and `successor` is the origin that goes on.
    """

    kind: str
    origin: str
    seq: int | None
    field: str | None
    expected: str | None
    found: str | None
    found_by: str
    successor: str | None


class ExportMade(Event):
    """A bundle that was handed out: the digest of its manifest and the logs it speaks of."""

    export: UUID
    kind: str
    subject: str | None
    purpose: str
    manifest: str
    entries: int
    logs: list[LogAt]


EVENTS: dict[str, type[Event]] = {f"audit.{cls.__name__}": cls for cls in Event.__subclasses__()}
