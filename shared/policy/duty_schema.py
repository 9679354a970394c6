"""The shape of duties, responsibility schemes and bodies in a pack: mechanisms filled by data."""

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from shared.policy.base_schema import CodeName, Label, Strict, YearDay

Clock = Annotated[str, Meta(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$")]
# Hours, calendar days, or school days after something.
Span = Annotated[str, Meta(pattern=r"^[1-9]\d{0,2}[hdw]$")]
# What a breach is called where a plan has a name for it.
Outcome = Annotated[str, Meta(pattern=r"^[A-Z][A-Za-z]{2,40}$")]
RowId = Annotated[str, Meta(pattern=r"^[1-8]-\d{2}$|^extra-[a-z0-9-]{1,20}$")]
EventName = Annotated[
    str, Meta(pattern=r"^(enrollment|casework|notify|audit)\.[A-Z][A-Za-z]{2,60}$")
]
Year = Annotated[int, Meta(ge=2000, le=2100)]
Value: TypeAlias = str | int | bool | None
FieldName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Target = Literal[
    "child",
    "klass",
    "grade",
    "school",
    "group",
    "village",
    "township",
    "county",
    "case",
    "staff",
    "guardian",
]
Share = Literal["main", "direct", "supporting"]
Line = Literal["", "government", "education"]
Cadence = Literal["school_day", "week", "month", "term", "year"]


class When(Strict, frozen=True):
    """An event, and what its data must say: field → allowed values; any is enough of a list."""

    event: EventName
    where: dict[FieldName, tuple[Value, ...]] = msgspec.field(default_factory=dict)


class Arm(Strict, frozen=True):
    """What begins a duty: an event (or one of `also`), or a period.

    `groups`: only children of one of them. `once`: not while one of the kind is open.
    """

    event: EventName | None = None
    where: dict[FieldName, tuple[Value, ...]] = msgspec.field(default_factory=dict)
    also: tuple[When, ...] = ()
    groups: tuple[CodeName, ...] = ()
    once: bool = False
    every: Cadence | None = None


class Due(Strict, frozen=True):
    """When it must be done. Exactly one way; `count` belongs to `days`, `years` to `date`."""

    at: Clock | None = None
    days: Annotated[int, Meta(ge=0, le=366)] | None = None
    count: Literal["calendar", "school"] = "calendar"
    hours: Annotated[int, Meta(ge=1, le=24 * 366)] | None = None
    end: Literal["week", "month", "term"] | None = None
    date: YearDay | None = None
    # Dates of single years that differ, such as those that follow the Spring Festival.
    years: dict[Year, YearDay] = msgspec.field(default_factory=dict)
    field: FieldName | None = None
    after_opening: Annotated[str, Meta(pattern=r"^[1-9]\d{0,2}[dm]$")] | None = None

    @property
    def given(self) -> tuple[str, ...]:
        names = ("at", "days", "hours", "end", "date", "field", "after_opening")
        return tuple(name for name in names if getattr(self, name) is not None)


class Holder(Strict, frozen=True):
    """Who answers: a role at the target, or a tier of a scheme."""

    role: CodeName | None = None
    scheme: CodeName | None = None
    tier: CodeName | None = None


class Climb(Strict, frozen=True):
    """A step of escalation: so long after the breach, told to the holders of a role."""

    after: Span
    to: CodeName


class DutyKind(Strict, frozen=True):
    """Somebody does something by a time, shows it, and answers for it."""

    zh: Label
    en: Label
    rows: Annotated[tuple[RowId, ...], Meta(min_length=1)]
    basis: Annotated[tuple[str, ...], Meta(min_length=1)]
    target: Target
    arm: Arm
    due: Due
    holder: Holder
    evidence: Annotated[tuple[When, ...], Meta(min_length=1)]
    share: Share = "direct"
    window_from: Clock | None = None
    each_holder: bool = False
    needed: Annotated[int, Meta(ge=1, le=50)] = 1
    cancel: tuple[When, ...] = ()
    form: CodeName = "evidence"
    climb: tuple[Climb, ...] = ()
    in_school_time: bool = True
    breach: Outcome = "Overdue"
    # The number is the software's default, not the plan's.
    ours: bool = False

    @property
    def events(self) -> frozenset[str]:
        """The types of event that may begin it, count for it or end it."""
        whens = (*self.arm.also, *self.evidence, *self.cancel)
        return frozenset((*filter(None, (self.arm.event,)), *(when.event for when in whens)))


class Tier(Strict, frozen=True):
    """One level of a scheme. `derive`: holders that follow from other facts, else by hand.

    `everyone`: each member of a school's staff holds at least one (全员).
    """

    code: CodeName
    zh: Label
    en: Label
    target: Target
    line: Line = ""
    holder: Literal["staff", "office"] = "staff"
    exactly: Literal["one", "some"] = "some"
    share: Share = "direct"
    derive: Annotated[str, Meta(pattern=r"^(homeroom|teachers|role:[a-z_]{1,40})$")] | None = None
    everyone: bool = False


class Scheme(Strict, frozen=True):
    zh: Label
    en: Label
    basis: Annotated[tuple[str, ...], Meta(min_length=1)]
    tiers: Annotated[tuple[Tier, ...], Meta(min_length=1, max_length=20)]

    def tier(self, code: str) -> Tier | None:
        return next((tier for tier in self.tiers if tier.code == code), None)


class Post(Strict, frozen=True):
    """`derive`: its members follow from a role in the unit (各班班主任), else they are named."""

    code: CodeName
    zh: Label
    en: Label
    many: bool = False
    derive: Annotated[str, Meta(pattern=r"^(homeroom|role:[a-z_]{1,40})$")] | None = None


class Body(Strict, frozen=True):
    """A standing body such as a leading group; `inbox`: what is sent to it has one place.

    `receives`: kinds of duties whose evidence comes into its inbox.
    """

    zh: Label
    en: Label
    basis: Annotated[tuple[str, ...], Meta(min_length=1)]
    unit: Literal["school", "township", "county"]
    posts: Annotated[tuple[Post, ...], Meta(min_length=1, max_length=20)]
    inbox: bool = False
    receives: tuple[CodeName, ...] = ()


class System(Strict, frozen=True):
    """One of the eight systems (8 项制度): its owner, its document, what shows that it runs."""

    zh: Label
    en: Label
    basis: Annotated[tuple[str, ...], Meta(min_length=1)]
    owner: CodeName
    document: CodeName
    proof: Annotated[tuple[EventName, ...], Meta(min_length=1)]


class Cited(Strict, frozen=True):
    """An entry of the legal-basis register: who issued what, when, and which words count."""

    title: Annotated[str, Meta(min_length=1, max_length=300)]
    issuer: Label | None = None
    number: Label | None = None
    date: Annotated[str, Meta(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$")] | None = None
    article: Label | None = None
    scope: Label | None = None
