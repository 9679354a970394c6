"""Sign-in, founding, accounts, calendar, lists of names, refusals: the office's own pages."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from shared.web.models.form import Form
from shared.web.models.layout import Link


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoAccount:
    """A demo account; its button posts the hidden fields of `form` to sign in."""

    name: str
    role: str
    tries: str
    form: Form


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInPage:
    """Template `sign_in.html`. `form` posts `account` and `password` (`mode` password), `account`
    and `code` (once), or `password` and `again` (set, after a code). `back` rides as hidden.
    """

    county: str
    mode: Literal["password", "once", "set"]
    form: Form
    account: str = ""
    error: str = ""
    other_mode: Link | None = None
    demo: tuple[DemoAccount, ...] = ()
    tries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundingPage:
    """Template `founding.html`: the first page of an empty system; posts `code` and `name`."""

    form: Form


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """A member of staff; `state` is the account's. `act` opens, closes or renews it."""

    name: str
    number: str
    roles: str
    account: str
    state: Literal["none", "waiting", "open", "closed"]
    last_seen: datetime | None = None
    acts: tuple[Form, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountsPage:
    """Template `accounts.html`. `print_codes` makes one-time codes for who has none used yet."""

    title: str
    rows: tuple[AccountRow, ...]
    print_codes: Form | None = None
    waiting: int = 0
    next_page: Link | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeSlip:
    name: str
    account: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CodesPage:
    """Template `codes.html`: printed, cut, handed out. Codes are shown once and never again."""

    title: str
    slips: tuple[CodeSlip, ...]
    address: str
    expires_at: datetime
    back: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarDay:
    """One day. `layer` is who decided (国家, 县, 学校); `provisional` marks the fallback (暂定)."""

    on: date
    school: bool
    reason: str = ""
    layer: str = ""
    provisional: bool = False
    in_month: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarPage:
    """Template `calendar.html`: whole weeks from Monday. `school_days` counts the month's."""

    title: str
    month: date
    weeks: tuple[tuple[CalendarDay, ...], ...]
    school_days: int
    term: str = ""
    sources: tuple[str, ...] = ()
    before: Link | None = None
    after: Link | None = None
    import_link: Link | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NameRow:
    name: str
    href: str
    cells: tuple[str, ...]
    urgent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NamesPage:
    """Template `names.html`: the names behind any count (students, absent, classes, staff)."""

    title: str
    about: str
    heads: tuple[str, ...]
    rows: tuple[NameRow, ...]
    total: int
    empty: str = ""
    filters: tuple[Link, ...] = ()
    chosen: str = ""
    next_page: Link | None = None
    back: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalPage:
    """Template `refusal.html`: what happened, what to do, whom to ask; never a code alone."""

    kind: str
    say: str
    todo: str
    ask: str = ""
    back: Link | None = None
    reference: str = ""
