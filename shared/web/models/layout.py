"""What surrounds every page: who looks, where they can go, and what must be said on each page."""

from dataclasses import dataclass
from datetime import date, datetime

from shared.web.filters import day_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A text that leads somewhere; `urgent` draws it in 朱 and means that somebody must act."""

    text: str
    href: str
    urgent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NavItem:
    """A word of the navigation. `key` is compared with `Layout.active`; `count` follows."""

    key: str
    title: str
    href: str
    count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoBand:
    """The band over simulated data. Its button posts `command_id` to `action`.

    `action` is None for who may not move the clock; `next_school_day` is None when none is known.
    `stopped`: it waits for an alert that has to be reported before that day.
    """

    county: str
    next_school_day: date | None
    action: str | None
    command_id: str
    stopped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The frame of a page.

    `viewer_account` marks what a browser keeps unsent, so that another person's sign-in on the same
    phone neither sees nor sends it. `language_path` gets `?to=zh|en&back=PATH`; `here` is this
    page's own path with its query.
    """

    now: datetime
    here: str
    viewer_name: str = ""
    viewer_account: str = ""
    unit_name: str = ""
    role_name: str = ""
    read_only: bool = False
    items: tuple[NavItem, ...] = ()
    active: str = ""
    home: str = "/"
    demo: DemoBand | None = None
    tampered: Link | None = None
    search: str | None = None
    sign_out: str | None = None
    sign_in: str = "/sign-in"
    unsent: str = "/unsent"
    language_path: str = "/language"

    @property
    def today(self) -> date:
        return day_of(self.now)
