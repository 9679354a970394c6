"""The integrity page (template `integrity.html`): is every log what was sealed?"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shared.web.models.layout import Link


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRow:
    """One log. `root` is base64 in full; `age` since its last seal in words; `wrong` where."""

    name: str
    origin: str
    size: int
    root: str
    sealed_size: int | None
    sealed_at: datetime | None
    age: str
    state: Literal["whole", "waiting", "broken"]
    wrong: str = ""
    refusals: int = 0
    incidents: int = 0
    checked_at: datetime | None = None
    checked: str = ""

    @property
    def short_root(self) -> str:
        return f"{self.root[:5]}…{self.root[-5:]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """One place that differs: sealed against stored; digests or names, never personal values."""

    name: str
    seq: int
    place: str
    field: str
    expected: str
    found: str
    first_at: datetime
    fine_at: datetime | None
    entry: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRow:
    """A check that has ended."""

    at: datetime
    what: str
    state: Literal["whole", "broken", "waiting"]
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrityPage:
    """`running`: what the full check is at, in words; None while none runs."""

    title: str
    verdict: str
    about: str
    logs: tuple[LogRow, ...]
    wrong: tuple[Wrong, ...]
    checks: tuple[CheckRow, ...]
    action: str
    running: str | None = None
    guide: Link | None = None
    more: int = 0

    @property
    def state(self) -> Literal["whole", "waiting", "broken"]:
        """Whole only when every log there is has been looked at."""
        if self.wrong:
            return "broken"
        waits = not self.logs or any(row.state == "waiting" for row in self.logs)
        return "waiting" if waits else "whole"
