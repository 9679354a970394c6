"""What each value of a pack is called for people, in both languages, and what it is counted in."""

from dataclasses import dataclass

from shared.policy.pack import Pack

# 民法典 第1259条: 以上 and 以下 include the number, 超过 and 不满 do not.
OPERATOR_WORDS: dict[str, tuple[str, str]] = {
    ">": ("超过（不含本数）", "more than"),
    ">=": ("以上（含本数）", "at least"),
    "<": ("不满（不含本数）", "less than"),
    "<=": ("以下（含本数）", "at most"),
}
DAYS, HOURS, MINUTES = ("天", "days"), ("小时", "hours"), ("分钟", "minutes")
TIMES, PERCENT, PUPILS = ("次", "times"), ("%", "%"), ("名学生", "pupils")
SCHOOL_DAYS, POINTS, PERMILLE = ("个上学日", "school days"), ("分", "points"), ("‰", "‰")
NONE = ("", "")


@dataclass(frozen=True, slots=True)
class Words:
    zh: str
    en: str
    counted: tuple[str, str] = NONE
    # Where the operator stands that belongs to the value.
    operator: str = ""


STREAK = "absence.streak.operator"
PARAMETERS: dict[str, Words] = {
    "absence.streak.more_than_days": Words(
        "连续无故未到，到这么多天就预警", "Unexcused in a row, then flagged", SCHOOL_DAYS, STREAK
    ),
    "roll.cut_off": Words("点名截止", "Roll is due by"),
    "roll.recall_minutes": Words("点名可以撤回", "A roll can be recalled for", MINUTES),
    "report.cut_off": Words("辍学上报截止（不过夜）", "Dropouts are reported by"),
    "alert.verify_hours": Words("预警核实期限", "A flag is verified within", HOURS),
    "case.no_owner_days": Words("个案多久要有负责人", "A case has an owner within", DAYS),
    "case.next_attempt_days": Words("下次劝返最迟", "Next persuasion within", DAYS),
    "case.return_notice_days": Words("返校通知期限", "A return notice runs for", DAYS),
    "intervention.first_visit_days": Words("首次家访（尽快）", "First home visit within", DAYS),
    "intervention.heart_talk_days": Words("谈心（及时）", "A talk within", DAYS),
    "intervention.any_days": Words("有预警要有人管", "Somebody acts on a flag within", DAYS),
    "observation.days": Words("返校后观察", "Observation after the return", DAYS),
    "observation.follow_ups_per_term": Words("每学期跟踪调查", "Follow-ups a term", TIMES),
    "observation.homeroom_silent_days": Words("班主任多久没有记录", "Silent for", DAYS),
    "guardian.contact_days": Words("多久要联系家长", "Guardians are contacted every", DAYS),
    "late.hours": Words("补录算迟", "An entry is late after", HOURS),
    "risk.grade_weights": Words("各年级权重", "Weights of grades"),
    "risk.group_weights": Words("各群体权重", "Weights of groups"),
    "monitoring.primary_days": Words("小学监测周期", "Primary pupils are looked at every", DAYS),
    "monitoring.junior_days": Words("初中监测周期", "Junior pupils are looked at every", DAYS),
    "monitoring.tagged_days": Words("特殊群体监测周期", "Special groups are looked at every", DAYS),
    "monitoring.junior_from_grade": Words("从几年级起算初中", "Junior from grade"),
    "deadline.spring_notices": Words("春季通知书送达期限", "Spring notices by"),
    "deadline.autumn_notices": Words("秋季通知书送达期限", "Autumn notices by"),
    "deadline.spring_report": Words("春季报告期限", "Spring report by"),
    "deadline.autumn_report": Words("秋季报告期限", "Autumn report by"),
    "target.school_retention.percent": Words(
        "学校巩固率", "School retention", PERCENT, "target.school_retention.operator"
    ),
    "target.class_dropout.percent": Words(
        "班级辍学率目标", "Class dropout target", PERCENT, "target.class_dropout.operator"
    ),
    "target.class_veto.percent": Words(
        "班级一票否决线", "Class veto", PERCENT, "target.class_veto.operator"
    ),
    "call.first": Words("晚上的电话从几点起", "Evening calls from"),
    "call.last": Words("晚上的电话最迟", "Evening calls until"),
    "message.morning": Words("早上汇总", "Morning digest"),
    "message.evening": Words("晚上汇总", "Evening digest"),
    "message.quiet_from": Words("从几点起不打扰", "Quiet from"),
    "message.quiet_to": Words("到几点止不打扰", "Quiet until"),
    "score.policy": Words("考核办法", "How a year is judged"),
    "score.zero_loss_veto_pupils": Words("零流失否决", "Zero-loss veto at", PUPILS),
    "score.subject_teacher_points": Words("任课教师加减分", "Points of subject teachers", POINTS),
    "score.bottom_percent": Words("后段学生（定数、定名）", "Bottom list", PERCENT),
    "score.bottom_rounding": Words("后段人数怎样取整", "Rounding of the bottom list"),
    "score.conversion_percent": Words("转化线", "Conversion: enters the top", PERCENT),
    "score.ranking": Words("按成绩排名", "Ranking by score"),
    "grade_check.grade_9": Words("初三检查", "Check of grade 9"),
    "grade_check.grade_8": Words("初二检查", "Check of grade 8"),
    "grade_check.grade_7": Words("初一检查", "Check of grade 7"),
    "online.meeting_capacity": Words("网课人数上限", "Online meeting holds", PUPILS),
    "online.slot_minutes": Words("网课时间单位", "Online slots of", MINUTES),
    "counting.roll_forward": Words("期限遇假日顺延", "A last day on a holiday moves on"),
    "ceiling.primary_permille": Words("小学年辍学率上限", "Primary dropout ceiling", PERMILLE),
    "ceiling.junior_permille": Words("初中年辍学率上限", "Junior dropout ceiling", PERMILLE),
}
CHOICES: dict[str, tuple[str, str]] = {
    "zero_tolerance": ("零流失否决", "zero tolerance"),
    "percent": ("按比例", "by percentage"),
    "up": ("进位", "up"),
    "down": ("舍去", "down"),
    "half_up": ("四舍五入", "half up"),
    "all": ("普检", "all"),
    "sample": ("抽检", "a sample"),
    "confirm": ("确认", "confirmation"),
    "True": ("是", "yes"),
    "False": ("否", "no"),
}


def value_words(pack: Pack, path: str, lang: str) -> str:
    """A value as people read it, with its operator and what it is counted in."""
    words, place = PARAMETERS[path], 0 if lang == "zh" else 1
    value = pack.value(path)
    if isinstance(value, dict):
        return "　".join(f"{key} × {weight}" for key, weight in value.items())
    said = CHOICES.get(str(value), (str(value), str(value)))[place]
    operator = OPERATOR_WORDS[str(pack.value(words.operator))][place] if words.operator else ""
    gap = "" if words.counted == PERCENT else " "
    return f"{operator} {said}{gap}{words.counted[place]}".strip()


def paths_of(path: str) -> tuple[str, ...]:
    """The key paths that stand behind one line: the value's and its operator's."""
    operator = PARAMETERS[path].operator
    return (path, operator) if operator else (path,)
