"""The first page of each role (template `today.html`) and the parts that services answer."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from shared.web.models.case import AlertCard
from shared.web.models.form import Form
from shared.web.models.layout import Link


@dataclass(frozen=True, slots=True, kw_only=True)
class PartSlot:
    """A place on a first page. The browser gets `href` and puts the answer here; `what` names it in
    the sentence that stands here when it does not answer. On a phone `first` parts precede the
    others. `html` is set when it is known already.
    """

    key: str
    what: str
    href: str
    column: Literal["left", "right"] = "left"
    first: bool = False
    html: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TodayPage:
    """`wide_left` makes the left column the wide one (principal); officers have it on the right."""

    title: str
    unit: str
    parts: tuple[PartSlot, ...]
    wide_left: bool = False
    sentence: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RollDuty:
    """Part `parts/roll_duty.html`: a teacher's own roll. `reason` says why there is none."""

    class_name: str
    state: Literal["due", "late", "sent", "none"]
    href: str
    enrolled: int = 0
    on_leave: int = 0
    absent: int = 0
    cut_off: datetime | None = None
    sent_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """One duty, one tap from its form. `late` is the overdue text (1 天); `act` is its button."""

    title: str
    href: str
    detail: str = ""
    note: str = ""
    due: str = ""
    late: str = ""
    who: str = ""
    act: Link | None = None
    remind: Form | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyGroup:
    """`kind` orders and says what is meant; `until` is the end of the week."""

    kind: Literal["overdue", "today", "week", "next"]
    duties: tuple[Duty, ...]
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DutiesPart:
    """Part `parts/duties.html`; empty groups are not drawn."""

    groups: tuple[DutyGroup, ...]
    done: tuple[Duty, ...] = ()
    nothing: str = ""
    more: tuple[Link, ...] = ()

    @property
    def overdue(self) -> int:
        return sum(len(group.duties) for group in self.groups if group.kind == "overdue")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitCount:
    """How many flags and overdue things a unit has: fills the columns of the townships' table."""

    unit: str
    flags: int
    flags_href: str
    overdue: int
    overdue_href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsPart:
    """Part `parts/alerts.html`: new flags as cards (school) or lines (officers)."""

    cards: tuple[AlertCard, ...]
    total: int
    all_href: str
    as_lines: bool = False
    counts: tuple[UnitCount, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    name: str
    href: str
    note: str
    urgent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassRow:
    """One class today; `sent_at` is None while it has no roll, `due_at` once that is overdue."""

    class_name: str
    href: str
    teacher: str
    enrolled: int
    absent: int | None
    on_leave: int | None
    sent_at: datetime | None
    away: tuple[Away, ...] = ()
    note: str = ""
    remind: Form | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassesPart:
    """Part `parts/classes.html`: a school's classes today. `reason` says why there is no school."""

    rows: tuple[ClassRow, ...]
    cut_off: datetime | None = None
    reason: str = ""
    remind_all: Form | None = None

    @property
    def missing(self) -> tuple[ClassRow, ...]:
        return tuple(row for row in self.rows if row.sent_at is None and row.due_at is None)

    @property
    def waiting(self) -> tuple[ClassRow, ...]:
        """Whose roll is not due yet."""
        return tuple(row for row in self.rows if row.sent_at is None and row.due_at)

    @property
    def taken(self) -> tuple[ClassRow, ...]:
        return tuple(row for row in self.rows if row.sent_at is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingRow:
    title: str
    href: str
    detail: str
    remind: Form | None = None
    waiting: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingPart:
    """Part `parts/missing.html`: classes that lack a roll, a row a school. `total` counts them,
    `waiting` those whose roll is not due yet, the last of these at `due_at`.
    """

    rows: tuple[MissingRow, ...]
    total: int
    href: str
    remind_all: Form | None = None
    waiting: int = 0
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitDay:
    """A township's (or school's) day. `per_thousand` is None where no roll was taken; `waiting`
    counts classes whose roll is not due yet, the last of these at `due_at`.
    """

    unit: str
    name: str
    href: str
    taken: int
    due: int
    pupils: int
    absent: int
    absent_href: str
    unexcused: int
    unexcused_href: str
    missing_href: str
    per_thousand: float | None
    waiting: int = 0
    due_at: datetime | None = None

    @property
    def missing(self) -> int:
        return self.due - self.taken - self.waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class SchoolDays:
    """A school's last days, oldest first: unexcused per thousand, None where a roll lacks."""

    name: str
    href: str
    days: tuple[float | None, ...]
    latest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitsPart:
    """Part `parts/units.html`: divisions today, worst first, and small multiples of schools."""

    title: str
    unit_word: str
    rows: tuple[UnitDay, ...]
    total: UnitDay
    schools: tuple[SchoolDays, ...] = ()
    all_schools: Link | None = None
    importing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    name: str
    source: str
    entries: int
    last_at: datetime | None
    state: Literal["whole", "behind", "broken"]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgersPart:
    """Part `parts/ledgers.html`: is every ledger whole, for an inspector."""

    rows: tuple[LedgerRow, ...]
    checked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One notice. `read` is drawn plain; an unread one bold."""

    title: str
    href: str
    at: datetime
    detail: str = ""
    read: bool = False
    urgent: bool = False
    acknowledge: Form | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxPart:
    """Part `parts/inbox.html`."""

    messages: tuple[Message, ...]
    unread: int
    all_href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxDigest:
    """The latest digest, every item of it."""

    title: str
    duties: tuple[Duty, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxPage:
    """Template `inbox.html`."""

    title: str
    messages: tuple[Message, ...]
    unread: int
    next_page: Link | None = None
    digest: InboxDigest | None = None
