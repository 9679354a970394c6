"""The shipped packs say what the plans' tables say: every value, duty, role, scheme and default."""

from typing import Any

import pytest

from shared.policy.merging import shipped_pack
from shared.policy.pack import Pack, load_pack, seed_pack
from shared.roles import ROLES


def second() -> Pack:
    content = shipped_pack("rhythm2024")
    assert content is not None
    return load_pack(content)


# The table of policy parameters: (value, operator, where it is from).
PARAMETERS = [
    ("target.school_retention.percent", 98, ">=", "4-05"),
    ("target.class_dropout.percent", 2, "<=", "4-06"),
    ("target.class_veto.percent", 4, ">", "4-21"),
    ("score.zero_loss_veto_pupils", 1, None, "3-64"),
    ("score.subject_teacher_points", 10, None, "4-18"),
    ("score.subject_teacher_points", 10, None, "4-19"),
    ("score.bottom_percent", 20, None, "3-62"),
    ("score.bottom_rounding", "half_up", None, "3-62"),
    ("score.conversion_percent", 80, None, "3-63"),
    ("absence.streak.more_than_days", 3, ">", "8-53"),
    ("observation.follow_ups_per_term", 2, None, "6-21"),
    ("grade_check.grade_9", "all", None, "6-39"),
    ("grade_check.grade_8", "sample", None, "6-39"),
    ("grade_check.grade_7", "confirm", None, "6-39"),
    ("online.meeting_capacity", 300, None, "7-02"),
    ("online.slot_minutes", 30, None, "7-08"),
    ("ceiling.primary_permille", 6, None, "ceiling-2020"),
    ("ceiling.junior_permille", 18, None, "ceiling-2020"),
]


@pytest.mark.parametrize(("path", "value", "operator", "source"), PARAMETERS)
def test_a_parameter_of_the_table(
    path: str, value: object, operator: str | None, source: str
) -> None:
    pack = seed_pack()
    assert pack.value(path) == value
    assert source in pack.file.basis[path]
    if operator:
        assert pack.value(f"{path.rpartition('.')[0]}.operator") == operator


# The duty table: rows → (kind, how it begins, due, how often, what ends it), as the plans say.
DUTIES: dict[str, tuple[str, dict[str, Any], dict[str, Any], int, str]] = {
    "4-16": ("daily_roll", {"every": "school_day"}, {}, 1, "enrollment.DailyRollSubmitted"),
    "4-15": ("dropout_report", {}, {"at": "24:00"}, 1, "casework.DropoutReported"),
    "5-18": (
        "leave_call",
        {"event": "enrollment.LeaveGranted"},
        {},
        1,
        "casework.PhoneFollowUpLogged",
    ),
    "8-53": ("absence_streak", {}, {"days": 3, "count": "school"}, 1, "casework.CaseOpened"),
    "6-38": (
        "first_visit",
        {"event": "casework.ObservationLogged"},
        {"days": 2},
        1,
        "casework.HomeVisitLogged",
    ),
    "6-20": (
        "weekly_visit",
        {"every": "week", "groups": ("key_pupil",)},
        {"end": "week"},
        1,
        "casework.HomeVisitLogged",
    ),
    "6-19": ("weekly_meeting", {"every": "week"}, {"end": "week"}, 1, "casework.MeetingHeld"),
    "3-67": ("self_check", {"every": "month"}, {"end": "month"}, 1, "casework.SelfCheckSubmitted"),
    "6-22": (
        "grade_review",
        {"every": "month"},
        {"end": "month"},
        1,
        "casework.SupportRecordReviewed",
    ),
    "8-08": ("township_meeting", {"every": "month"}, {"end": "month"}, 1, "casework.MeetingHeld"),
    "3-26": ("bulletin", {"every": "month"}, {"end": "month"}, 1, "casework.EvidenceFiled"),
    "3-66": ("inspection_rounds", {"every": "term"}, {"end": "term"}, 2, "casework.EvidenceFiled"),
    "6-21": (
        "dropout_follow_ups",
        {"event": "casework.DropoutConfirmed"},
        {"end": "term"},
        2,
        "casework.FollowUpSurveyLogged",
    ),
    "5-03": (
        "baseline_survey",
        {"every": "term"},
        {"after_opening": "1m"},
        1,
        "casework.EvidenceFiled",
    ),
    "8-46": (
        "registration_count",
        {"every": "term"},
        {"after_opening": "10d"},
        1,
        "casework.EvidenceFiled",
    ),
    "6-32": (
        "return_notice_term",
        {"event": "casework.ReturnNoticeRecorded"},
        {"field": "return_by"},
        1,
        "casework.Reinstated",
    ),
    "8-14": (
        "publicity_plan",
        {"every": "year"},
        {"date": "01-20"},
        1,
        "casework.PublicityPlanSubmitted",
    ),
    "8-02": ("work_plan", {"every": "year"}, {"date": "02-03"}, 1, "casework.WorkPlanSubmitted"),
    "8-18": ("spring_festival", {"every": "year"}, {"date": "02-10"}, 1, "casework.EvidenceFiled"),
    "8-23": ("open_letter", {"every": "year"}, {"date": "02-10"}, 1, "casework.EvidenceFiled"),
    "8-25": (
        "stations_publicity",
        {"every": "year"},
        {"date": "02-10"},
        1,
        "casework.PublicityLogged",
    ),
    "8-32": ("special_roster", {"every": "year"}, {"date": "02-16"}, 1, "casework.EvidenceFiled"),
    "8-34": ("expert_assessment", {}, {"days": 10, "count": "school"}, 1, "casework.EvidenceFiled"),
    "8-55": (
        "search",
        {"event": "casework.WhereaboutsUnknown"},
        {"days": 5},
        1,
        "casework.WhereaboutsReported",
    ),
    "8-57": (
        "handover_answer",
        {"event": "casework.CaseHandoverRequested"},
        {"days": 10},
        1,
        "casework.CaseHandoverAccepted",
    ),
    "3-55": ("aid_decision", {}, {"days": 10, "count": "school"}, 1, "casework.EvidenceFiled"),
    "3-56": (
        "risk_intervention",
        {"event": "casework.RiskFlagged"},
        {"days": 5},
        1,
        "casework.HomeVisitLogged",
    ),
    "4-48": ("year_evaluation", {"every": "year"}, {}, 1, "casework.EvidenceFiled"),
    "3-69": ("rewards", {"every": "year"}, {}, 1, "casework.EvidenceFiled"),
}
# Two of one row: spring and autumn, March and September.
TWICE = {
    "8-49": {"spring_report": ("03-15", 2), "autumn_report": ("09-15", 2)},
    "8-36": {"spring_notices": ("02-last", 1), "autumn_notices": ("08-last", 1)},
    "6-26": {"campaign_march": ("03-last", 1), "campaign_september": ("09-last", 1)},
}


@pytest.mark.parametrize(("row", "said"), DUTIES.items(), ids=DUTIES)
def test_a_duty_of_the_table(
    row: str, said: tuple[str, dict[str, Any], dict[str, Any], int, str]
) -> None:
    code, arm, due, needed, evidence = said
    kind = seed_pack().file.duties[code]
    assert row in kind.rows
    assert {name: getattr(kind.arm, name) for name in arm} == arm
    assert {name: getattr(kind.due, name) for name in due} == due
    assert kind.needed == needed
    assert evidence in {one.event for one in kind.evidence}


@pytest.mark.parametrize(("row", "said"), TWICE.items(), ids=TWICE)
def test_a_duty_that_comes_twice_a_year(row: str, said: dict[str, tuple[str, int]]) -> None:
    for code, (date, needed) in said.items():
        kind = seed_pack().file.duties[code]
        assert (row in kind.rows, kind.due.date, kind.needed) == (True, date, needed)


def test_no_duty_stands_in_the_pack_that_no_table_has() -> None:
    known = {said[0] for said in DUTIES.values()} | {one for said in TWICE.values() for one in said}
    # 5-20 asks again the next day; 6-16, the daily digest, is notify's own.
    assert set(seed_pack().file.duties) - known <= {"call_again", "daily_digest"}


ROLES_OF_THE_PLANS = {
    "校长": "principal",
    "主任（副组长）": "vice_principal",
    "班主任": "homeroom_teacher",
    "任课教师": "subject_teacher",
    "包级部领导": "grade_leader",
    "班子成员": "school_leader",
    "学籍管理员": "registrar",
    "中心学校人员": "central_school",
    "乡镇（街道）": "township_officer",
    "乡镇（街道）领导": "township_leader",
    "乡镇第一书记": "first_secretary",
    "村两委": "village_officer",
    "村委教育组织": "village_education",
    "驻村工作队": "village_team",
    "相关部门": "department",
    "县教体局": "county_officer",
    "县领导": "county_leader",
    "督导": "inspector",
}


@pytest.mark.parametrize("role", ROLES_OF_THE_PLANS.values(), ids=ROLES_OF_THE_PLANS)
def test_a_role_of_the_plans_has_rights_of_its_own(role: str) -> None:
    assert ROLES[role].rights


SCHEMES = {
    "sibao": 4,  # 3-13: school, grade, child, guardian
    "sanbao_yigua": 4,  # 6-03: named, never defined: three charges and a link, without names
    "shuangxian_siji": 8,  # 8-05: two lines, four levels each
    "baobao": 5,  # 8-06
    "guagou": 1,  # 8-04
    "quanyuan": 1,  # 1-10
    "quanyuan_banzhuren": 1,  # 4-12
}


def test_the_schemes_and_their_tiers() -> None:
    found = {code: len(scheme.tiers) for code, scheme in seed_pack().file.schemes.items()}
    assert found == SCHEMES
    lines = [tier.line for tier in seed_pack().file.schemes["shuangxian_siji"].tiers]
    assert (lines.count("government"), lines.count("education")) == (4, 4)


def test_the_eight_systems_have_an_owner_a_document_and_proof() -> None:
    systems = seed_pack().file.systems
    assert len(systems) == 8
    assert all(one.owner in ROLES and one.proof and "3-15" in one.basis for one in systems.values())


# Contradictions and gaps of the plans: number → the parameter that decides it, and its default.
CONTRADICTIONS = [
    (1, "score.policy", "percent"),
    (2, "target.school_retention.percent", 98),
    (2, "target.class_dropout.percent", 2),
    (6, "absence.streak.operator", ">"),
    (8, "counting.roll_forward", False),
    (9, "report.cut_off", "24:00"),
    (11, "intervention.first_visit_days", 2),
    (11, "intervention.heart_talk_days", 5),
    (16, "score.ranking", False),
]


@pytest.mark.parametrize(("number", "path", "default"), CONTRADICTIONS)
def test_a_contradiction_is_a_parameter_with_its_default(
    number: int, path: str, default: object
) -> None:
    assert number
    assert seed_pack().value(path) == default


def test_contradictions_that_duties_and_schemes_decide() -> None:
    duties = seed_pack().file.duties
    assert duties["spring_notices"].due.date == "02-last", "5: the last day of February"
    arms = (one.arm for one in duties.values())
    assert any(arm.event == "casework.WhereaboutsUnknown" for arm in arms), "7: at once, by a role"
    assert duties["registration_count"].due.after_opening == "10d", "8: calendar days"
    assert duties["return_notice_term"].due.field == "return_by", "10: stands on each notice"
    for code in ("first_visit", "risk_intervention", "expert_assessment", "aid_decision", "search"):
        assert duties[code].ours, f"11: {code} is said not to be from the plan"
    assert duties["weekly_visit"].each_holder, "12: once a week for each teacher and pupil"
    festival = duties["spring_festival"].due.years
    assert festival[2027] == "02-22", "17: follows the Spring Festival of its year"


def test_the_second_pack_reports_by_month_quarter_term_and_year() -> None:
    duties = second().file.duties
    assert duties["school_monthly"].arm.every == "month"
    quarters = [duties[f"county_quarter_{n}"].due.date for n in (1, 2, 3, 4)]
    assert quarters == ["03-last", "06-last", "09-last", "12-last"]
    assert duties["city_term"].arm.every == "term"
    assert duties["province_year"].arm.every == "year"
    assert "spring_report" not in duties
    assert second().values.absence.streak.more_than_days == 2
    assert second().values.score.policy == "zero_tolerance"
