"""The shape of a policy pack: every key that code may read, strict, so that a typo is refused."""

import operator
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from shared.policy.base_schema import (
    CodeName,
    CutOff,
    Days,
    Grade,
    Hours,
    Label,
    Minutes,
    Percent,
    Strict,
    Weight,
    YearDay,
)
from shared.policy.duty_schema import Body, Cited, DutyKind, Scheme, System

# 以上 and 以下 include the number, 超过 does not (民法典 第1259条).
Operator = Literal[">", ">=", "<", "<="]
COMPARE = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}


class Share(Strict, frozen=True):
    """A bound on a share of pupils, in percent."""

    operator: Operator
    percent: Percent

    def holds(self, part: int, whole: int) -> bool:
        """Whether `part` of `whole` pupils is within the bound; exact, for nothing is divided."""
        assert whole > 0, "a share of nobody"
        return COMPARE[self.operator](part * 100, self.percent * whole)


class Streak(Strict, frozen=True):
    """Unexcused school days in a row that make a suspicion: *more than* so many (超过)."""

    more_than_days: Annotated[int, Meta(ge=1, le=60)]
    operator: Literal[">"]


class Absence(Strict, frozen=True):
    streak: Streak


class Roll(Strict, frozen=True):
    cut_off: CutOff
    recall_minutes: Minutes


class Report(Strict, frozen=True):
    cut_off: CutOff


class Alert(Strict, frozen=True):
    verify_hours: Hours


class Case(Strict, frozen=True):
    no_owner_days: Days
    next_attempt_days: Days
    return_notice_days: Days


class Intervention(Strict, frozen=True):
    """Days after a flag within which something must have been done."""

    first_visit_days: Days
    heart_talk_days: Days
    any_days: Days


class Observation(Strict, frozen=True):
    days: Days
    follow_ups_per_term: Annotated[int, Meta(ge=0, le=20)]
    homeroom_silent_days: Days


class Guardian(Strict, frozen=True):
    contact_days: Days


class Late(Strict, frozen=True):
    hours: Hours


class Risk(Strict, frozen=True):
    grade_weights: dict[Grade, Weight]
    group_weights: dict[CodeName, Weight]


class Monitoring(Strict, frozen=True):
    """How often each child at risk is looked at, in days; the smallest that applies counts."""

    primary_days: Annotated[int, Meta(ge=1, le=366)]
    junior_days: Annotated[int, Meta(ge=1, le=366)]
    tagged_days: Annotated[int, Meta(ge=1, le=366)]
    junior_from_grade: Grade

    def days_for(self, grade: int, tagged: bool) -> int:
        by_stage = self.junior_days if grade >= self.junior_from_grade else self.primary_days
        return min(by_stage, self.tagged_days) if tagged else by_stage


class Deadline(Strict, frozen=True):
    """Yearly dates: `MM-DD`, or `MM-last` for a month's last day (2月29日 was written for 2020)."""

    spring_notices: YearDay
    autumn_notices: YearDay
    spring_report: YearDay
    autumn_report: YearDay


class Target(Strict, frozen=True):
    school_retention: Share
    class_dropout: Share
    class_veto: Share


class Call(Strict, frozen=True):
    """The evening call about a child on leave: when it is offered and until when it is due."""

    first: CutOff = "17:30"
    last: CutOff = "20:30"


class Message(Strict, frozen=True):
    """When digests go out, and the hours in which nothing but danger is told."""

    morning: CutOff = "07:00"
    evening: CutOff = "17:00"
    quiet_from: CutOff = "21:30"
    quiet_to: CutOff = "06:30"


class Score(Strict, frozen=True):
    """How a year is judged: the two policies of the plans, selected by a jurisdiction."""

    policy: Literal["zero_tolerance", "percent"] = "percent"
    zero_loss_veto_pupils: Annotated[int, Meta(ge=1, le=50)] = 1
    subject_teacher_points: Annotated[int, Meta(ge=0, le=100)] = 10
    bottom_percent: Percent = 20
    bottom_rounding: Literal["up", "down", "half_up"] = "half_up"
    conversion_percent: Percent = 80
    ranking: bool = False


class GradeCheck(Strict, frozen=True):
    """普检初三、抽检初二、确认初一: how much of a grade an inspection looks at."""

    grade_9: Literal["all", "sample", "confirm"] = "all"
    grade_8: Literal["all", "sample", "confirm"] = "sample"
    grade_7: Literal["all", "sample", "confirm"] = "confirm"


class Online(Strict, frozen=True):
    meeting_capacity: Annotated[int, Meta(ge=1, le=10_000)] = 300
    slot_minutes: Annotated[int, Meta(ge=5, le=240)] = 30


class Counting(Strict, frozen=True):
    """How periods count. `roll_forward`: a last day on a holiday moves to the next school day."""

    roll_forward: bool = False


class Ceiling(Strict, frozen=True):
    """Yearly dropout ceilings, in tenths of a percent (国家口径，第三方文本)."""

    primary_permille: Annotated[int, Meta(ge=0, le=1000)] = 6
    junior_permille: Annotated[int, Meta(ge=0, le=1000)] = 18


class Values(Strict, frozen=True):
    absence: Absence
    roll: Roll
    report: Report
    alert: Alert
    case: Case
    intervention: Intervention
    observation: Observation
    guardian: Guardian
    late: Late
    risk: Risk
    monitoring: Monitoring
    deadline: Deadline
    target: Target
    # Since format 2; an older pack is read with the defaults, which its basis need not name.
    call: Call = Call()
    message: Message = Message()
    score: Score = Score()
    grade_check: GradeCheck = GradeCheck()
    online: Online = Online()
    counting: Counting = Counting()
    ceiling: Ceiling = Ceiling()


class Code(Strict, frozen=True):
    """One entry of a code list: stable `code`, words, and what the software makes of it."""

    code: CodeName
    zh: Label
    en: Label
    # What a person is offered as the next step, a code of `next_actions`.
    next: CodeName | None = None
    # An absence reason's mark on the roll.
    mark: Literal["unexcused", "sick", "personal"] | None = None
    # Evidence without which a closing reason is refused, codes of `evidence_kinds`.
    evidence: tuple[CodeName, ...] = ()
    # Restricted labels are never shown in letters, exports and lists (学困, 厌学).
    restricted: bool = False


CodeList = Annotated[tuple[Code, ...], Meta(min_length=1, max_length=100)]
OptionalList = Annotated[tuple[Code, ...], Meta(max_length=100)]


class Codes(Strict, frozen=True):
    absence_reasons: CodeList
    causes: CodeList
    groups: CodeList
    whereabouts: CodeList
    methods: CodeList
    contact_channels: CodeList
    dispositions: CodeList
    outcomes: CodeList
    visit_purposes: CodeList
    people_met: CodeList
    signs: CodeList
    observation_kinds: CodeList
    serving_methods: CodeList
    verify_reasons: CodeList
    clear_reasons: CodeList
    reopen_reasons: CodeList
    closing_reasons: CodeList
    evidence_kinds: CodeList
    next_actions: CodeList
    # Since format 2; a pack without them has no such records to offer.
    leave_answers: OptionalList = ()
    difficulties: OptionalList = ()
    meetings: OptionalList = ()
    trainings: OptionalList = ()
    plans: OptionalList = ()
    publicity: OptionalList = ()
    documents: OptionalList = ()
    targets: OptionalList = ()
    departments: OptionalList = ()
    duty_ends: OptionalList = ()
    # What one may do without; everything else is told to everybody whom it concerns.
    optional_messages: OptionalList = ()


class PackFile(Strict, frozen=True):
    """The whole file. `basis` names, for each value by its key path, where it comes from."""

    format: Literal[1, 2]
    name: Label
    sources: dict[str, str | Cited]
    values: Values
    basis: dict[str, tuple[str, ...]]
    codes: Codes
    extends: str | None = None
    duties: dict[CodeName, DutyKind] = msgspec.field(default_factory=dict)
    schemes: dict[CodeName, Scheme] = msgspec.field(default_factory=dict)
    bodies: dict[CodeName, Body] = msgspec.field(default_factory=dict)
    systems: dict[CodeName, System] = msgspec.field(default_factory=dict)
