"""Single steps of casework as accounts enter them, with the codes of the shipped rules."""

from baoxue.simulation.story import At, Number, OnDay, Person, Step

TEACHER, PRINCIPAL, LEADER = "homeroom_teacher", "principal", "grade_leader"
TOWNSHIP, COUNTY = "township_officer", "county_officer"
NOTES = {
    "visit": "在家里见到祖母，孩子说功课跟不上，想跟表哥出去打工。答应再想一想。",
    "nobody": "家门锁着，邻居说前几天还看见灯亮。留了纸条。",
    "call": "父亲在外地，电话里说孩子不愿去，已托村里的叔叔劝。",
    "talk": "谈了四十分钟，主要是数学听不懂，和同桌也闹了矛盾。",
    "contact": "转告了返校时间和免费住宿的安排。",
    "persuade": "宣讲义务教育法，说明可以申请寄宿补助和课后辅导。",
    "found": "在邻县亲戚家帮忙看店，身体平安。",
    "lost": "三次上门没有人，电话停机，亲戚都说不知道。",
    "observe": "按时到校，作业能交，下课和同学在一起。",
    "mood": "上课走神，几次说不想读了。",
}


def verify(day: int, reason: str = "called", by: str = TEACHER) -> Step:
    return Step(day, "verify_risk", {"reason": reason}, by)


def clear(day: int, reason: str, by: str = TEACHER) -> Step:
    return Step(day, "clear_risk", {"reason": reason}, by)


def flag(day: int, sign: str, by: str = TEACHER) -> Step:
    return Step(day, "flag_risk", {"kind": "manual", "sign": sign, "note": NOTES["mood"]}, by)


def seen(day: int, kind: str = "mood", by: str = TEACHER) -> Step:
    """An observation of a child without a case."""
    values = {"observed_at": At(0, "08:05"), "kind": kind, "notes": NOTES["mood"]}
    return Step(day, "log_observation", values, by)


def observe(day: int, ago: int = 0, by: str = TEACHER) -> Step:
    """An observation after the return, in the case."""
    values = {
        "observed_at": At(ago, "08:03"),
        "kind": "return",
        "present": True,
        "notes": NOTES["observe"],
        "in_case": True,
    }
    return Step(day, "log_observation", values, by)


def visit(day: int, ago: int = 0, outcome: str = "undecided", by: str = TEACHER) -> Step:
    nobody = outcome == "away"
    values = {
        "visited_at": At(ago, "18:40" if ago else "07:20"),
        "purpose": "first_visit",
        "met": ["nobody"] if nobody else ["grandparent", "child"],
        "outcome": outcome,
        "notes": NOTES["nobody" if nobody else "visit"],
    }
    return Step(day, "log_home_visit", values, by)


def call(day: int, disposition: str = "will_return", ago: int = 0, by: str = TEACHER) -> Step:
    values = {
        "called_at": At(ago, "19:10" if ago else "07:40"),
        "disposition": disposition,
        "notes": NOTES["call"],
    }
    return Step(day, "log_phone_follow_up", values, by)


def talk(day: int, who: str = "child", ago: int = 0, by: str = TEACHER) -> Step:
    values = {"talked_at": At(ago, "07:30"), "with_whom": [who], "notes": NOTES["talk"]}
    return Step(day, "log_heart_talk", values, by)


def contact(day: int, channel: str = "message", ago: int = 0, by: str = TEACHER) -> Step:
    values = {
        "contacted_at": At(ago, "20:15" if ago else "07:50"),
        "channel": channel,
        "outcome": "will_return",
        "notes": NOTES["contact"],
    }
    return Step(day, "log_guardian_contact", values, by)


def persuade(day: int, outcome: str = "undecided", ago: int = 0, by: str = TOWNSHIP) -> Step:
    values = {
        "attempted_at": At(ago, "17:30" if ago else "08:00"),
        "methods": ["publicise", "convince", "guide"],
        "by": ["township_officer", "homeroom_teacher"],
        "outcome": outcome,
        "next_attempt_on": OnDay(day, plus=7),
        "notes": NOTES["persuade"],
    }
    return Step(day, "attempt_persuasion", values, by)


def notice(day: int, issued: int, *, served: bool = False, by: str = PRINCIPAL) -> Step:
    values = {
        "number": Number("返"),
        "issued_on": OnDay(issued),
        "return_by": OnDay(issued, plus=15),
    }
    if served:
        values |= {"served_on": OnDay(day), "receiver": "grandparent", "method": "direct"}
    return Step(day, "record_return_notice", values, by)


def cause(day: int, *causes: str, by: str = TEACHER) -> Step:
    return Step(day, "record_cause", {"causes": list(causes)}, by)


def confirm(day: int, why: str = "weary_of_school", by: str = PRINCIPAL) -> Step:
    return Step(day, "confirm_dropout", {"on": OnDay(day), "cause": why}, by)


def lose(day: int, since: int = -3, by: str = TOWNSHIP) -> Step:
    values = {"since": OnDay(since), "note": NOTES["lost"]}
    return Step(day, "report_whereabouts_unknown", values, by)


def find(day: int, whereabouts: str = "with_kin", by: str = TOWNSHIP) -> Step:
    return Step(day, "report_whereabouts", {"whereabouts": whereabouts, "note": NOTES["found"]}, by)


def assign(day: int, role: str, by: str = PRINCIPAL) -> Step:
    return Step(day, "assign_case", {"owner": Person(role), "role": role}, by)


def report(day: int, level: str = "school", by: str = TEACHER) -> Step:
    return Step(day, "report_dropout", {"level": level}, by)


def reinstate(day: int, by: str = TEACHER) -> Step:
    return Step(day, "reinstate", {"on": OnDay(day)}, by)


def close(day: int, reason: str, *evidence: str) -> Step:
    return Step(day, "close_case", {"reason": reason, "evidence": list(evidence)}, COUNTY)


def reopen(day: int, reason: str = "closed_in_error") -> Step:
    return Step(day, "reopen_case", {"reason": reason}, COUNTY)


def leave(day: int, first: int, last: int, kind: str = "sick") -> Step:
    """Entered late: it excuses what was recorded as unexcused."""
    values = {"kind": kind, "first_on": OnDay(first), "last_on": OnDay(last)}
    return Step(day, "grant_leave", values)


def correct(day: int, of: int, mark: str = "sick") -> Step:
    """The roll of the script's school day `of` is sent again with another mark for the child."""
    return Step(day, "correct_roll", {"of": OnDay(of), "mark": mark})


def stable(day: int) -> tuple[Step, ...]:
    """Two observations and, after the thirty days, the closing: the child came back on `day`."""
    shown = close(day + 24, "returned", "attendance_record", "home_visit")
    return observe(day + 4), observe(day + 12, ago=1), shown
