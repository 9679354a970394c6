"""Who answers for whom, as pages show it: coverage, sheets, handovers, a year's proposal."""

from dataclasses import dataclass

from shared.web.models.form import Form, Option
from shared.web.models.layout import Link


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitGaps:
    """A unit of the list at the left with its holes and overlaps."""

    name: str
    href: str
    holes: int
    doubles: int
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CellView:
    """One tier of one line. `state`: hole, double or empty; `lead` stands before the holders."""

    text: str
    state: str = ""
    lead: str = ""
    lacking: str = ""
    note: str = ""
    href: str = ""
    chosen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LineView:
    """A unit, grade or class with a cell for each tier; `href` looks into it."""

    name: str
    cells: tuple[CellView, ...]
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GapPanel:
    """One hole or overlap: since when, whom it affects, and the form that mends it.

    `targets` are ticked for one holder; `holders` empty: an office is written by hand.
    """

    title: str
    head: str
    facts: tuple[tuple[str, str], ...]
    form: Form | None
    targets: tuple[Option, ...]
    holders: tuple[Option, ...]
    since: str
    office: bool
    endings: tuple[Form, ...] = ()
    next: Link | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GapLine:
    """A line of the list of all holes and overlaps."""

    title: str
    where: str
    said: str
    href: str
    double: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CoveragePage:
    """Template `coverage.html`."""

    title: str
    place: str
    holes: int
    children: int
    doubles: int
    about: str
    schemes: tuple[Link, ...]
    chosen: str
    scheme: str
    unit: str
    on: str
    before: str
    after: str
    print: Link
    all_gaps: Link
    up: Link | None
    units: tuple[UnitGaps, ...]
    tiers: tuple[str, ...]
    lines: tuple[LineView, ...]
    panel: GapPanel | None
    gaps: tuple[GapLine, ...] | None
    more: str
    idle: tuple[str, ...]
    others: tuple[Link, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetRow:
    """One numbered row of a 责任分解表; `count` people where there may be many, else 0."""

    number: int
    tier: str
    line: str
    share: str
    target: str
    where: str
    holders: str
    since: str
    basis: str
    count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentSheetPage:
    """Template `assignment_sheet.html`, for A4: the same number stands on the same content.

    Unless `spelled` there are too many people to name; the sheets of the `parts` name them.
    """

    title: str
    number: str
    place: str
    on: str
    rules: str
    rows: tuple[SheetRow, ...]
    holes: int
    back: str
    xlsx: str
    parts: tuple[Link, ...] = ()
    spelled: bool = True

    @property
    def lined(self) -> bool:
        """Whether any row is of a line; else no column is drawn for it."""
        return any(row.line for row in self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRow:
    """Somebody who answered for the child; `source`: the event that it rests on; `end`: the page
    that ends it, for who may.
    """

    title: str
    line: str
    share: str
    target: str
    holder: str
    since: str
    until: str
    source: str
    hole: bool = False
    end: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswersPage:
    """Template `answers.html`: every holder of every scheme on the day, and every post."""

    title: str
    child: str
    back: str
    on: str
    about: str
    groups: tuple[tuple[str, tuple[AnswerRow, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HandRow:
    """What somebody still answers for; `name`: how the form calls the row."""

    title: str
    target: str
    since: str
    name: str
    end: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandPost:
    """A post from which responsibilities follow, and the form that gives it to somebody else."""

    title: str
    form: Form | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverPage:
    """Template `handover.html`: each responsibility of a leaver with a choice of who takes it."""

    title: str
    about: str
    back: str
    rows: tuple[HandRow, ...]
    posts: tuple[HandPost, ...]
    holders: tuple[Option, ...]
    form: Form | None
    since: str


@dataclass(frozen=True, slots=True, kw_only=True)
class YearRow:
    """A proposed holder of the new year; `was`: who held it last; `name`: the form's row."""

    target: str
    where: str
    was: str
    note: str
    name: str
    chosen: str
    instead: str
    hole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class YearPage:
    """Template `year.html`."""

    title: str
    about: str
    back: str
    schemes: tuple[Link, ...]
    chosen: str
    scheme: str
    unit: str
    since: str
    tiers: tuple[tuple[str, tuple[YearRow, ...]], ...]
    holders: tuple[Option, ...]
    form: Form | None
    units: tuple[Link, ...]
