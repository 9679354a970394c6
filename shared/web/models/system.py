"""The system page (template `system.html`): does every process work, what lags, what is parked?"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessRow:
    """`name` as the logs call it, `what` in words; lags in entries, None where none is counted."""

    name: str
    what: str
    ready: bool
    unpublished: int | None
    lag: int
    parked: int
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedRow:
    """Events of one object that a subscription could not apply, and why the first one failed."""

    subscription: str
    subject: str
    entries: int
    since: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemPage:
    """`said`: what became of the last wish to apply parked events again; `failed` if nothing."""

    title: str
    verdict: str
    about: str
    processes: tuple[ProcessRow, ...]
    parked: tuple[ParkedRow, ...]
    action: str
    said: str = ""
    failed: bool = False

    @property
    def well(self) -> bool:
        """Whether nothing here waits for somebody."""
        return not self.parked and all(row.ready and not row.parked for row in self.processes)
