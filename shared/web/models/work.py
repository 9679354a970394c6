"""What units do and set themselves: bodies, activities, targets, cases that wait above."""

from dataclasses import dataclass

from shared.web.models.form import Form, Option
from shared.web.models.layout import Link


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyLine:
    """A unit's body, formed or still to be formed."""

    name: str
    unit: str
    href: str
    formed_on: str
    form: Form | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BodiesPage:
    """Template `bodies.html`."""

    title: str
    about: str
    back: str
    lines: tuple[BodyLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRow:
    post: str
    name: str
    since: str
    until: str
    derived: bool
    remove: Form | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRow:
    """Something that came in for the body."""

    title: str
    unit: str
    day: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyPage:
    """Template `body.html`: who was accountable on a day, and what came in."""

    title: str
    about: str
    back: str
    on: str
    members: tuple[MemberRow, ...]
    appoint: Form | None
    inbox: tuple[InboxRow, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityRow:
    title: str
    unit: str
    day: str
    said: str
    who: str
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivitiesPage:
    """Template `activities.html`."""

    title: str
    about: str
    back: str
    filters: tuple[Link, ...]
    chosen: str
    rows: tuple[ActivityRow, ...]
    record: tuple[Link, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRow:
    """A target; `sum` of its parts where it has some, `short` where the sum is not the value."""

    name: str
    value: str
    depth: int
    sum: str
    short: bool
    lacking: tuple[str, ...]
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetsPage:
    """Template `targets.html`; with `parent` the form that breaks one down."""

    title: str
    about: str
    back: str
    years: tuple[Link, ...]
    chosen: str
    metrics: tuple[tuple[str, tuple[TargetRow, ...]], ...]
    parent: str
    parts: tuple[Option, ...]
    form: Form | None
    set: Link | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRow:
    number: str
    name: str
    href: str
    level: str
    unit: str
    since: str
    days: int
    back: Form | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingPage:
    """Template `escalated.html`: cases that wait at an upper level."""

    title: str
    about: str
    back: str
    rows: tuple[WaitingRow, ...]
