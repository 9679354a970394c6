"""The shape of a policy pack: every key that code may read, strict, so that a typo is refused."""

import operator
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Days = Annotated[int, Meta(ge=0, le=366)]
Hours = Annotated[int, Meta(ge=1, le=24 * 366)]
Minutes = Annotated[int, Meta(ge=0, le=24 * 60)]
Percent = Annotated[int, Meta(ge=0, le=100)]
Grade = Annotated[int, Meta(ge=1, le=9)]
Weight = Annotated[int, Meta(ge=0, le=100)]
CutOff = Annotated[str, Meta(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$")]
# No 29th to 31st: a last day is written "last", so that no deadline is lost in a common year.
YearDay = Annotated[str, Meta(pattern=r"^(0[1-9]|1[0-2])-(last|0[1-9]|1\d|2[0-8])$")]
CodeName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Label = Annotated[str, Meta(min_length=1, max_length=60)]

# 以上 and 以下 include the number, 超过 does not (民法典 第1259条).
Operator = Literal[">", ">=", "<", "<="]
COMPARE = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}


class Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every part of a pack: an unknown key is refused."""


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


class PackFile(Strict, frozen=True):
    """The whole file. `basis` names, for each value by its key path, where it comes from."""

    format: Literal[1]
    name: Label
    sources: dict[str, str]
    values: Values
    basis: dict[str, tuple[str, ...]]
    codes: Codes
