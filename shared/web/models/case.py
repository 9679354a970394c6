"""A case with its timeline in both times (templates `case.html`, `cases.html`, `alerts.html`)."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from shared.web.models.form import Form
from shared.web.models.layout import Link


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofMark:
    """`ledger` is its Chinese name (学籍, 个案, 消息, 审计, 访问); `href` opens the entry.

    `numbered`: only the place is known; whether it is sealed audit alone can say.
    """

    state: Literal["sealed", "unsealed", "broken", "numbered"]
    ledger: str
    seq: int
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEvent:
    """One entry. `late` marks 补录 (the span is computed); `by_day`: only the day is known."""

    happened: datetime
    recorded: datetime
    title: str
    who: str
    proof: ProofMark
    late: bool = False
    by_day: bool = False
    detail: str = ""
    quote: str = ""
    role: str = ""
    on_behalf_of: str = ""
    subject: Link | None = None
    unit: str = ""
    chosen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RailEvent:
    """One event on the rail; `label` only for what is worth a word, drawn where it fits."""

    happened: datetime
    recorded: datetime
    label: str = ""
    late: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Jump:
    label: str
    happened: datetime
    known: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Rail:
    """Both times. Asked by GET `action?happened=YYYY-MM-DDTHH:MM&known=…&linked=1` (business time);
    the answer is the whole page, of which the script takes the parts marked `data-replay`.
    """

    action: str
    start: datetime
    end: datetime
    happened_at: datetime
    known_at: datetime
    linked: bool
    events: tuple[RailEvent, ...]
    jumps: tuple[Jump, ...] = ()
    days_off: tuple[date, ...] = ()
    known_is_now: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineGroup:
    title: str
    events: tuple[TimelineEvent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What was thought then and is known now; `then` equal to `now` is not listed."""

    what: str
    then: str
    now: str
    because: Link | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDetail:
    """The facts of one entry: seal, times, source, rules, hash; as label and value."""

    title: str
    proof: ProofMark
    verdict: str
    rows: tuple[tuple[str, str], ...]
    close: str
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePage:
    """`actions` lead to the forms that the state and the viewer's role allow (none for inspectors).

    `groups` are the event list: 当时已知, 当时已发生，还不知道; or one when the times differ.
    """

    number: str
    name: str
    about: str
    crumbs: tuple[Link, ...]
    state: str
    owner: str
    # None where the viewer may not replay.
    rail: Rail | None
    groups: tuple[TimelineGroup, ...]
    known_count: int
    unknown_count: int
    later: Link | None
    differences: tuple[Difference, ...]
    state_rows: tuple[tuple[str, str], ...]
    rules: tuple[tuple[str, str], ...] = ()
    readers: tuple[tuple[str, str], ...] = ()
    reading: str = ""
    sealed: str = ""
    actions: tuple[Link, ...] = ()
    verify: Link | None = None
    export: Link | None = None
    detail: EventDetail | None = None
    notice: str = ""
    back: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertCard:
    """Fragment `parts/alert_card.html`. `verify` is a form whose options are reasons (one tap);
    `clear` is a form with a reason field. `days` are the last school days, oldest first, as
    (day, mark) with the marks of the strip. Both forms are None for who may not decide.
    """

    name: str
    href: str
    about: str
    due: str
    reason: str
    days: tuple[tuple[date, str], ...] = ()
    told: str = ""
    overdue: bool = False
    verify: Form | None = None
    clear: Form | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsPage:
    """Template `alerts.html`; `filters` are links with the chosen one's text equal to `chosen`."""

    title: str
    cards: tuple[AlertCard, ...]
    filters: tuple[Link, ...] = ()
    chosen: str = ""
    next_page: Link | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    number: str
    name: str
    href: str
    school: str
    state: str
    opened_on: date
    owner: str
    next_step: str = ""
    due: str = ""
    overdue: bool = False
    closed_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CasesPage:
    """Template `cases.html` (台账): open first, late first; `export` downloads the same."""

    title: str
    rows: tuple[CaseRow, ...]
    total: int
    filters: tuple[Link, ...] = ()
    chosen: str = ""
    export: Link | None = None
    next_page: Link | None = None
