"""The duty table of the source plans, row by row: what arms, what ends, when it is breached.

Times are written out, so that a due time that is computed otherwise is a failure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from tests.county import MONDAY, at

# The evidence form with words, or an event with what its data says.
FORM: Literal["form"] = "form"
TODAY = MONDAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """`cause`: the event, or None for a period, which begins on `begins`; `due` as 24:00 or a time.

    `breach`: what the plans call it; `evidence`: (event, data), or FORM; `needed` times.
    """

    row: str
    target: Literal["child", "klass", "school", "township", "county"]
    due: datetime
    breach: str = "Overdue"
    begins: date = TODAY
    cause: tuple[str, Mapping[str, Any]] | None = None
    evidence: tuple[str, Mapping[str, Any]] | Literal["form", "visit", "review"] = FORM
    needed: int = 1


def end_of(year: int, month: int, day: int) -> datetime:
    """24:00 of the day."""
    return at(date(year, month, day) + timedelta(days=1), 0, 0)


FLAGGED = ("casework.RiskFlagged", {"kind": "streak"})
OPENING = date(2027, 2, 22)
TABLE: dict[str, Line] = {
    "daily_roll": Line(
        row="4-16",
        target="klass",
        due=at(TODAY, 9, 0),
        breach="DailyRollMissing",
        evidence=("enrollment.DailyRollSubmitted", {"on": TODAY}),
    ),
    "dropout_report": Line(
        row="4-15",
        target="child",
        due=end_of(2026, 11, 16),
        breach="ReportOverdue",
        cause=FLAGGED,
        evidence=("casework.DropoutReported", {}),
    ),
    "daily_digest": Line(
        row="6-16",
        target="school",
        due=at(TODAY, 9, 0),
        evidence=("notify.DigestSent", {"part": "morning", "on": TODAY}),
    ),
    "leave_call": Line(
        row="5-19",
        target="child",
        due=at(TODAY, 20, 30),
        breach="FollowUpOverdue",
        cause=("enrollment.LeaveGranted", {"kind": "sick"}),
        evidence=("casework.EveningCallLogged", {"tomorrow": True}),
    ),
    "call_again": Line(
        row="5-20",
        target="child",
        due=end_of(2026, 11, 17),
        breach="FollowUpOverdue",
        cause=("casework.EveningCallLogged", {"tomorrow": False}),
        evidence=("casework.PhoneFollowUpLogged", {}),
    ),
    "absence_streak": Line(
        row="8-53",
        target="child",
        due=end_of(2026, 11, 19),
        breach="AbsenceStreakExceeded",
        cause=("enrollment.StudentAbsent", {"mark": "unexcused"}),
        evidence=("enrollment.AbsenceEnded", {}),
    ),
    "first_visit": Line(
        row="6-38",
        target="child",
        due=end_of(2026, 11, 18),
        breach="InterventionOverdue",
        cause=("casework.ObservationLogged", {"kind": "mood"}),
        evidence=("casework.HomeVisitLogged", {"outcome": "undecided"}),
    ),
    "weekly_visit": Line(
        row="6-20",
        target="child",
        due=end_of(2026, 11, 22),
        breach="HomeVisitMissed",
        evidence="visit",
    ),
    "weekly_meeting": Line(
        row="6-19",
        target="school",
        due=end_of(2026, 11, 22),
        evidence=("casework.MeetingHeld", {"kind": "huddle"}),
    ),
    "self_check": Line(
        row="3-67",
        target="school",
        due=end_of(2026, 12, 31),
        begins=date(2026, 12, 1),
        breach="SelfCheckOverdue",
        evidence=("casework.SelfCheckSubmitted", {"month": "2026-12"}),
    ),
    "grade_review": Line(
        row="6-22",
        target="school",
        due=end_of(2026, 12, 31),
        begins=date(2026, 12, 1),
        evidence="review",
    ),
    "township_meeting": Line(
        row="8-08",
        target="township",
        due=end_of(2026, 12, 31),
        begins=date(2026, 12, 1),
        evidence=("casework.MeetingHeld", {"kind": "special"}),
    ),
    "bulletin": Line(
        row="3-26", target="county", due=end_of(2026, 12, 31), begins=date(2026, 12, 1)
    ),
    "inspection_rounds": Line(
        row="3-66",
        target="township",
        due=end_of(2027, 7, 9),
        begins=OPENING,
        breach="InspectionOverdue",
        needed=2,
    ),
    "dropout_follow_ups": Line(
        row="6-21",
        target="child",
        due=end_of(2027, 1, 20),
        cause=("casework.DropoutConfirmed", {}),
        evidence=("casework.FollowUpSurveyLogged", {}),
        needed=2,
    ),
    "baseline_survey": Line(row="5-03", target="klass", due=end_of(2027, 3, 22), begins=OPENING),
    "registration_count": Line(
        row="8-46",
        target="school",
        due=end_of(2027, 3, 4),
        begins=OPENING,
        breach="ReportOverdue",
    ),
    "spring_report": Line(
        row="8-49",
        target="school",
        due=end_of(2027, 3, 15),
        begins=date(2027, 2, 13),
        breach="ReportOverdue",
        needed=2,
    ),
    "autumn_report": Line(
        row="8-49",
        target="school",
        due=end_of(2027, 9, 15),
        begins=date(2027, 8, 16),
        breach="ReportOverdue",
        needed=2,
    ),
    "spring_notices": Line(
        row="8-36",
        target="school",
        due=end_of(2027, 2, 28),
        begins=date(2027, 1, 29),
        breach="NoticesUnserved",
    ),
    "autumn_notices": Line(
        row="8-36",
        target="school",
        due=end_of(2027, 8, 31),
        begins=date(2027, 8, 1),
        breach="NoticesUnserved",
    ),
    "return_notice_term": Line(
        row="6-32",
        target="child",
        due=end_of(2026, 11, 30),
        breach="NoticeDeadlineExpired",
        cause=("casework.ReturnNoticeRecorded", {"return_by": date(2026, 11, 30)}),
        evidence=("casework.Reinstated", {}),
    ),
    "campaign_march": Line(
        row="6-26",
        target="school",
        due=end_of(2027, 3, 31),
        begins=date(2027, 3, 1),
        evidence=("casework.PublicityLogged", {"kind": "school"}),
    ),
    "campaign_september": Line(
        row="6-26",
        target="school",
        due=end_of(2027, 9, 30),
        begins=date(2027, 8, 31),
        evidence=("casework.PublicityLogged", {"kind": "school"}),
    ),
    "publicity_plan": Line(
        row="8-14",
        target="township",
        due=end_of(2027, 1, 20),
        begins=date(2026, 12, 21),
        evidence=("casework.PublicityPlanSubmitted", {}),
    ),
    "work_plan": Line(
        row="8-02",
        target="township",
        due=end_of(2027, 2, 3),
        begins=date(2027, 1, 4),
        evidence=("casework.WorkPlanSubmitted", {}),
    ),
    # The eve of the festival moves: 2027 has its own date.
    "spring_festival": Line(
        row="8-18", target="township", due=end_of(2027, 2, 22), begins=date(2027, 1, 23)
    ),
    "open_letter": Line(
        row="8-23", target="township", due=end_of(2027, 2, 10), begins=date(2027, 1, 11)
    ),
    "stations_publicity": Line(
        row="8-25",
        target="township",
        due=end_of(2027, 2, 10),
        begins=date(2027, 1, 11),
        evidence=("casework.PublicityLogged", {"kind": "stations"}),
    ),
    "special_roster": Line(
        row="8-32", target="township", due=end_of(2027, 2, 16), begins=date(2027, 1, 17)
    ),
    "expert_assessment": Line(
        row="8-34",
        target="child",
        due=end_of(2026, 11, 30),
        cause=("casework.HomeVisitLogged", {"outcome": "needs_assessment"}),
    ),
    "search": Line(
        row="8-55",
        target="child",
        due=end_of(2026, 11, 21),
        breach="SearchOverdue",
        cause=("casework.WhereaboutsUnknown", {}),
        evidence=("casework.WhereaboutsReported", {}),
    ),
    "handover_answer": Line(
        row="8-57",
        target="child",
        due=end_of(2026, 11, 30),
        breach="HandoverUnanswered",
        cause=("casework.CaseHandoverRequested", {}),
        evidence=("casework.CaseHandoverAccepted", {}),
    ),
    "aid_decision": Line(
        row="3-55",
        target="child",
        due=end_of(2026, 11, 30),
        breach="AidOverdue",
        cause=("casework.DifficultyRecorded", {"kind": "money"}),
    ),
    "risk_intervention": Line(
        row="3-56",
        target="child",
        due=end_of(2026, 11, 21),
        breach="InterventionOverdue",
        cause=FLAGGED,
        evidence=("casework.HeartTalkLogged", {}),
    ),
    "year_evaluation": Line(
        row="4-48", target="county", due=end_of(2027, 7, 31), begins=date(2027, 7, 1)
    ),
    "rewards": Line(row="3-69", target="school", due=end_of(2027, 8, 31), begins=date(2027, 8, 1)),
}
# The 35 timers of the table and the kinds that stand for them; the campaign is one of two months.
ROWS: tuple[tuple[str, ...], ...] = (
    *(
        (kind,)
        for kind in TABLE
        if kind not in {"call_again", "campaign_march", "campaign_september"}
    ),
    ("campaign_march", "campaign_september"),
)
