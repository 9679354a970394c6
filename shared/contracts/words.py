"""Words of the codes in events, in Chinese and English; a code without words is shown as it is."""

from datetime import date, datetime, timedelta

from shared.contracts.duty_words import DUTY_WORDS
from shared.contracts.state_names import STATE_NAMES
from shared.policy.day import SHANGHAI

WORDS: dict[str, tuple[str, str]] = {
    **DUTY_WORDS,
    # marks
    "present": ("到校", "present"),
    "unexcused": ("无故未到", "unexcused absence"),
    "sick": ("病假", "sick leave"),
    "personal": ("事假", "personal leave"),
    # units, layers and levels
    "school": ("学校", "school"),
    "township": ("乡镇", "township"),
    "county": ("县教体局", "county bureau"),
    "division": ("行政区划", "division"),
    "national": ("国家", "national"),
    # alerts
    "streak": ("连续无故未到", "unexcused streak"),
    "whereabouts": ("去向不明", "whereabouts unknown"),
    "manual": ("人工登记", "flagged by a person"),
    "imported": ("导入的疑似名单", "imported suspicion"),
    "near_dropout": ("接近辍学", "near dropping out"),
    "dropout_signs": ("有辍学苗头", "signs of dropping out"),
    "mood": ("思想波动", "troubled mood"),
    "weary_of_school": ("厌学", "weary of school"),
    # reasons of clearing and closing
    "data_error": ("数据有误", "data error"),
    "at_school": ("已到校", "at school"),
    "on_leave": ("已请假", "on leave"),
    "transferred": ("已转学", "transferred"),
    "home_teaching": ("送教上门", "taught at home"),
    "duplicate": ("重复", "duplicate"),
    "returned": ("复学稳定", "back for good"),
    "deceased": ("死亡", "deceased"),
    "left_country": ("已出国", "left the country"),
    "completed": ("完成义务教育", "completed compulsory education"),
    "suspension_approved": ("经批准休学或延缓入学", "suspension approved"),
    # roles
    "homeroom_teacher": ("班主任", "homeroom teacher"),
    "principal": ("校长", "principal"),
    "township_officer": ("乡镇干部", "township officer"),
    "county_officer": ("县教体局", "county officer"),
    "inspector": ("督导", "inspector"),
    "system": ("系统", "system"),
    # people met, channels, outcomes
    "child": ("本人", "the child"),
    "guardian": ("监护人", "guardian"),
    "father": ("父亲", "father"),
    "mother": ("母亲", "mother"),
    "grandparent": ("祖辈", "grandparent"),
    "nobody": ("没见到人", "nobody"),
    "phone": ("电话", "phone"),
    "message": ("信息", "message"),
    "visit": ("见面", "in person"),
    "reached": ("接通", "reached"),
    "not_reached": ("没接通", "not reached"),
    "will_return": ("答应返校", "will return"),
    "refused": ("不愿返校", "refused"),
    "undecided": ("还没定", "undecided"),
    "away": ("不在家", "not at home"),
    # whereabouts and causes
    "whereabouts_unknown": ("不明", "unknown"),
    "with_parent_elsewhere": ("随父母在外", "with a parent elsewhere"),
    "working": ("在外务工", "working elsewhere"),
    "at_home": ("在家", "at home"),
    "other_school": ("在别校就读", "at another school"),
    "poverty": ("家庭困难", "poverty"),
    "illness": ("疾病", "illness"),
    "family": ("家庭变故", "family"),
    # the seven methods of persuasion
    "publicise": ("宣传", "publicity"),
    "mobilise": ("动员", "mobilising"),
    "convince": ("说服", "convincing"),
    "guide": ("引导", "guiding"),
    "urge": ("敦促", "urging"),
    "criticise": ("批评", "criticising"),
    "educate": ("教育", "educating"),
    # how a notice is served
    "direct": ("直接送达", "in person"),
    "mail": ("邮寄送达", "by mail"),
    "public": ("公告送达", "by public notice"),
    "left_at_home": ("留置送达", "left at home"),
    # evidence and reasons
    "attendance_record": ("出勤记录", "attendance record"),
    "home_visit": ("家访记录", "record of a home visit"),
    "enrollment_proof": ("学籍证明", "proof of enrollment"),
    "approval": ("批准文件", "approval"),
    "certificate": ("证明材料", "certificate"),
    "id_check": ("证件核对", "check of the id"),
    "visited": ("家访核实", "seen on a visit"),
    "called": ("电话核实", "confirmed by phone"),
    "away_again": ("又不来了", "away again"),
    "not_known": ("还不知道", "not known yet"),
    "left_school": ("离职", "left the school"),
    # kinds of notices
    "risk_flagged": ("新预警", "new alert"),
    "report_overdue": ("上报超期", "report overdue"),
    "case_opened": ("已立案", "case opened"),
    "relapse_detected": ("复辍", "relapse"),
    "reminder": ("催办", "reminder"),
    "roll_reminder": ("提醒点名", "reminder of a roll"),
    "escalation": ("任务超期", "overdue duty"),
    "digest_morning": ("早上的清单", "morning digest"),
    "digest_evening": ("傍晚的清单", "evening digest"),
    "morning": ("早上", "morning"),
    "evening": ("傍晚", "evening"),
    # observations
    "return": ("返校情况", "after the return"),
    # purposes of reading
    "inspection": ("督导抽查", "inspection"),
    "CASE": ("一名学生的全部记录", "everything about one child"),
    "RANGE": ("一段账", "a range of a log"),
    "SELECTION": ("选出的记录", "a selection"),
    "body_changed": ("条目与封存的不符", "an entry differs from what was sealed"),
    "fsck": ("全面核对", "fsck"),
    # kinds of files
    "roster": ("学籍名册", "roster"),
    "staff": ("教职工名册", "staff list"),
    "roll": ("点名表", "rolls"),
    "calendar": ("校历", "calendar"),
    # fields of a child or a member of staff
    "name": ("姓名", "name"),
    "sex": ("性别", "sex"),
    "born": ("出生日期", "date of birth"),
    "ethnic": ("民族", "ethnic group"),
    "idtype": ("证件类型", "kind of id"),
    "idnumber": ("证件号", "id number"),
    "studentnumber": ("学籍号", "student number"),
    "hukou": ("户口所在地", "registered residence"),
    "address": ("现住址", "address"),
    "guardianrelation": ("监护人关系", "relation of the guardian"),
    "guardian2": ("第二监护人", "second guardian"),
    "phone2": ("第二电话", "second phone"),
    "leftbehind": ("留守", "left behind"),
    "migrant": ("随迁", "migrant"),
    "orphan": ("孤儿", "orphan"),
    "poor": ("贫困", "poor"),
    "boarding": ("住校", "boarding"),
    "disability": ("残疾", "disability"),
    # what else the code lists of the shipped rules offer
    "truant": ("旷课", "truant"),
    "unreachable": ("联系不上", "cannot be reached"),
    "struggling": ("学习困难", "struggling"),
    "with_kin": ("随亲友外出务工", "taken along by working kin"),
    "farming": ("在家务农", "farming at home"),
    "trading": ("经商", "trading"),
    "early_marriage": ("早婚", "early marriage"),
    "early_pregnancy": ("早孕", "early pregnancy"),
    "distance": ("路远", "too far away"),
    "bullying": ("同学欺凌", "bullying"),
    "lost_in_games": ("沉迷网络", "lost in games"),
    "other": ("其他", "other"),
    "abroad": ("出国", "abroad"),
    "meeting": ("到校面谈", "at school"),
    "letter": ("书信", "letter"),
    "via_village": ("经村委", "through the village"),
    "confirmed_sick": ("确认生病", "illness confirmed"),
    "confirmed_personal": ("确认有事", "errand confirmed"),
    "wrong_number": ("号码有误", "wrong number"),
    "moved_away": ("已搬走", "moved away"),
    "came_back": ("当天返校", "came back"),
    "guardian_refuses": ("家长不同意", "guardian refuses"),
    "needs_aid": ("需要资助", "needs aid"),
    "needs_assessment": ("需要评估", "needs assessment"),
    "first_visit": ("首次家访", "first visit"),
    "persuasion": ("宣传劝返", "persuasion"),
    "follow_up": ("跟踪回访", "follow-up"),
    "weekly_visit": ("每周家访", "weekly visit"),
    "notice_served": ("送达通知书", "serving a notice"),
    "village": ("村干部", "village official"),
    "neighbour": ("邻居", "neighbour"),
    "home_life": ("家庭情况", "family"),
    "peers": ("同学关系", "peers"),
    "confirmed_by_village": ("村委核实", "confirmed by the village"),
    "closed_in_error": ("误销号", "closed in error"),
    "new_evidence": ("新的证据", "new evidence"),
    "placement_opinion": ("安置意见", "placement opinion"),
    "graduation": ("毕业材料", "graduation papers"),
    "exit_proof": ("出境证明", "proof of departure"),
    "death_proof": ("死亡证明", "death certificate"),
    "registry_check": ("学籍核查记录", "registry check"),
    "pledge": ("责任书", "pledge"),
    "photo": ("照片", "photograph"),
}

_WEEKDAYS = "一二三四五六日"
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def word(code: str, lang: str = "zh") -> str:
    """The words of a code, the code itself if it has none."""
    if code in STATE_NAMES:
        return STATE_NAMES[code]["zh" if lang == "zh" else "en"]
    named = WORDS.get(code)
    return code if named is None else named[lang != "zh"]


def day_words(day: date, lang: str = "zh") -> str:
    """11月18日 or 18 Nov."""
    if lang == "zh":
        return f"{day.month}月{day.day}日"
    return f"{day.day} {_MONTHS[day.month - 1]}"


def time_words(at: datetime, lang: str = "zh") -> str:
    """11月18日 08:06 or 18 Nov 08:06, in Asia/Shanghai; a midnight as in `until_words`."""
    day, time = _day_and_time(at)
    return f"{day_words(day, lang)} {time}"


def until_words(at: datetime) -> str:
    """11月18日 周三 08:06; a midnight is 24:00 of the day that ends, which is how people say it."""
    day, time = _day_and_time(at)
    return f"{day_words(day)} 周{_WEEKDAYS[day.weekday()]} {time}"


def _day_and_time(at: datetime) -> tuple[date, str]:
    local = at.astimezone(SHANGHAI)
    if (local.hour, local.minute, local.second) == (0, 0, 0):
        return local.date() - timedelta(days=1), "24:00"
    return local.date(), f"{local:%H:%M}"


def listed(words: list[str], lang: str = "zh") -> str:
    return ("、" if lang == "zh" else ", ").join(words)
