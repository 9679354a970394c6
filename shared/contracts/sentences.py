"""One line about each kind of event, in Chinese and English, never with a personal value."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import msgspec

from shared.contracts import audit as a
from shared.contracts import casework as c
from shared.contracts import duties as d
from shared.contracts import enrollment as e
from shared.contracts import notify as n
from shared.contracts.decode import Unknown
from shared.contracts.duty_sentences import DUTY_SENTENCES
from shared.contracts.entry import Entry
from shared.contracts.words import day_words, listed, time_words, word

# {field} is put in as words; counts of lists as {field_n}. Only fields that can hold no personal
# value are named here: accounts, numbers of staff and sealed values never are.
SENTENCES: dict[str, tuple[str, str]] = {
    **DUTY_SENTENCES,
    "CountyFounded": ("建账：{name}（{code}）", "Ledger founded: {name} ({code})"),
    "UnitRegistered": ("登记{kind}：{name}", "{kind} registered: {name}"),
    "UnitMoved": ("单位改隶：{unit} 归 {parent}", "Unit {unit} moved under {parent}"),
    "UnitRenamed": ("单位改名：{was} → {name}", "Unit renamed: {was} → {name}"),
    "UnitClosed": ("单位撤销：{unit}", "Unit closed: {unit}"),
    "TermOpened": ("开学：{name}，{opens_on}—{ends_on}", "Term: {name}, {opens_on}–{ends_on}"),
    "ClassOpened": ("开班：{name}", "Class opened: {name}"),
    "ClassClosed": ("撤班，{on}", "Class closed, {on}"),
    "HomeroomTeacherAssigned": ("任班主任，{valid_from} 起", "Homeroom teacher from {valid_from}"),
    "HomeroomTeacherEnded": ("卸任班主任，{on}", "No longer homeroom teacher, {on}"),
    "StaffRegistered": ("登记教职工", "Member of staff registered"),
    "StaffChanged": ("更改教职工信息：{fields}", "Staff record changed: {fields}"),
    "RoleGranted": ("授予职责：{role}，{valid_from} 起", "Role granted: {role}, {valid_from}"),
    "RoleEnded": ("职责终止：{role}，{on}", "Role ended: {role}, {on}"),
    "AccountOpened": ("开通账号", "Account opened"),
    "AccountClosed": ("关闭账号", "Account closed"),
    "ChildRegistered": ("登记学生", "Child registered"),
    "ChildChanged": ("更改学生信息：{fields}", "Child's record changed: {fields}"),
    "StudentEnrolled": ("编入{grade}年级班级，{on}", "Enrolled in a class of grade {grade}, {on}"),
    "StudentLeftClass": ("离开班级，{on}：{reason}", "Left the class, {on}: {reason}"),
    # Which group is a restricted label: who may read it sees it on the child's page.
    "StudentGroupTagged": ("归入一类学生，{since} 起", "Put in a group from {since}"),
    "StudentGroupUntagged": ("移出一类学生，{on} 起", "Out of a group from {on}"),
    "ChildVillageRecorded": ("登记所在村，{on} 起", "Village recorded from {on}"),
    "DailyRollSubmitted": (
        "点名：到校 {present_n}，未到 {absent_n}",
        "Roll: {present_n} present, {absent_n} absent",
    ),
    "DailyRollSubmitted/correction": (
        "更正点名：到校 {present_n}，未到 {absent_n}",
        "Roll corrected: {present_n} present, {absent_n} absent",
    ),
    "DailyRollRecalled": ("撤回点名", "Roll recalled"),
    "DailyRollMissing": ("缺点名，{cut_off_at} 还没交", "No roll by {cut_off_at}"),
    "StudentAbsent": ("点名：{mark}", "Roll: {mark}"),
    "AbsenceEnded": ("点名：到校", "Roll: present"),
    "AttendanceCorrected": ("更正点名：{was} → {now}", "Roll corrected: {was} → {now}"),
    "AbsenceStreakExceeded": (
        "到预警线：连续 {days} 个上学日无故未到，{first_on}—{last_on}",
        "Over the line: {days} unexcused school days, {first_on}–{last_on}",
    ),
    "LeaveGranted": ("准假：{kind}，{first_on}—{last_on}", "{kind}, {first_on}–{last_on}"),
    "LeaveEnded": ("销假，{on}", "Leave ended, {on}"),
    "ImportStarted": ("开始导入：{kind}，{rows} 行", "Import begun: {kind}, {rows} rows"),
    "ImportFinished": (
        "导入完成：新增 {new}，更改 {changed}，不变 {unchanged}",
        "Import done: {new} new, {changed} changed, {unchanged} unchanged",
    ),
    "RiskFlagged": ("预警：{kind}", "Alert: {kind}"),
    "RiskFlagged/streak": (
        "预警：连续 {days} 个上学日无故未到",
        "Alert: {days} unexcused school days in a row",
    ),
    "RiskFlagged/sign": ("预警：{sign}", "Alert: {sign}"),
    "RiskExtended": (
        "预警延续：到 {last_on} 共 {days} 个上学日",
        "Alert goes on: {days} school days until {last_on}",
    ),
    "RiskVerified": ("核实属实，立案", "Verified, case to be opened"),
    "RiskCleared": ("不属实：{reason}", "Cleared: {reason}"),
    "AttendanceChanged": (
        "所据出勤有更正：{on} {was} → {now}",
        "Attendance behind it corrected: {on} {was} → {now}",
    ),
    "ReportOverdue": ("上报超期，应在 {due_at} 前", "Report overdue, was due by {due_at}"),
    "CaseOpened": ("立案", "Case opened"),
    "CaseAssigned": ("指定负责人：{role}", "Owner named: {role}"),
    "DropoutReported": ("报{level}", "Reported to the {level}"),
    "CauseRecorded": ("写明原因：{causes}", "Causes: {causes}"),
    "DropoutConfirmed": ("确认辍学：{cause}", "Dropout confirmed: {cause}"),
    "WhereaboutsUnknown": ("去向不明，{since} 起", "Whereabouts unknown since {since}"),
    "WhereaboutsReported": ("查清去向：{whereabouts}", "Whereabouts: {whereabouts}"),
    "HomeVisitLogged": ("家访：见到{met}，{outcome}", "Home visit: met {met}, {outcome}"),
    "HomeVisitLogged/nobody": ("家访：没见到人，{outcome}", "Home visit: nobody met, {outcome}"),
    "PhoneFollowUpLogged": ("电话跟进：{disposition}", "Phone follow-up: {disposition}"),
    "HeartTalkLogged": ("谈心：和{with_whom}", "Heart talk with {with_whom}"),
    "GuardianContactLogged": (
        "联系家长：{channel}，{outcome}",
        "Guardian contacted: {channel}, {outcome}",
    ),
    "PersuasionAttempted": ("劝返：{methods}，{outcome}", "Persuasion: {methods}, {outcome}"),
    "ReturnNoticeRecorded": (
        "开返校通知书 {number}，限 {return_by} 返校",
        "Return notice {number}, to return by {return_by}",
    ),
    "ReturnNoticeRecorded/served": (
        "送达返校通知书 {number}，{served_on}，{receiver}签收，限 {return_by} 返校",
        "Return notice {number} served {served_on} to {receiver}, to return by {return_by}",
    ),
    "Reinstated": (
        "复学，观察到 {observe_until}",
        "Back at school, observed until {observe_until}",
    ),
    "ObservationLogged": ("观察：{kind}", "Observed: {kind}"),
    "RelapseDetected": ("复辍：{on} 又没来", "Relapse: away again on {on}"),
    "CaseClosed": ("销号：{reason}，依据 {evidence}", "Closed: {reason}, by {evidence}"),
    "CaseReopened": ("重新立案：{reason}", "Case reopened: {reason}"),
    "PolicyVersionActivated": (
        "启用规则，{valid_from} 起，依据 {basis}",
        "Rules in force from {valid_from}, by {basis}",
    ),
    "CalendarPublished": (
        "发布{layer}校历，{valid_from} 起",
        "Calendar of the {layer}, from {valid_from}",
    ),
    "NotificationQueued": ("发出提醒：{kind}", "Notice sent: {kind}"),
    "NotificationRead": ("读了提醒", "Notice read"),
    "EscalationSent": (
        "任务超期，已告知第 {step_nth} 级的人",
        "Overdue duty: those of level {step_nth} were told",
    ),
    "PreferenceSet": ("要收消息：{what}", "Messages wanted: {what}"),
    "PreferenceSet/off": ("不收消息：{what}", "Messages not wanted: {what}"),
    "DigestSent": (
        "{part}清单：{items_n} 件，逐件列出",
        "{part} digest, {items_n} items named",
    ),
    "RecordViewed": ("查看，为“{purpose}”", "Viewed, for “{purpose}”"),
    "RestrictedFieldViewed": (
        "打开{fields}，为“{purpose}”",
        "Opened {fields}, for “{purpose}”",
    ),
    "RecordSearched": (
        "检索，为“{purpose}”，{found} 条",
        "Searched, for “{purpose}”, {found} found",
    ),
    "ReplayPerformed": ("回放，为“{purpose}”", "Replayed, for “{purpose}”"),
    "ExportCreated": (
        "导出{kind}，{rows} 行，为“{purpose}”",
        "Exported {kind}, {rows} rows, for “{purpose}”",
    ),
    "ServiceOpened": (
        "系统为“{purpose}”打开 {opened} 个值",
        "The system opened {opened} values for “{purpose}”",
    ),
    "HeadsCommitted": (
        "登记全部流的末位：{logs_n} 本账",
        "Heads of all streams committed: {logs_n} logs",
    ),
    "IncidentRecorded": (
        "记下异常：{kind}，{origin} 第 {seq} 条，由{found_by}发现",
        "Incident: {kind}, {origin} at {seq}, found by {found_by}",
    ),
    "IncidentRecorded/frozen": (
        "封存账本 {origin}，止于第 {seq} 条，由 {successor} 接续",
        "Log {origin} frozen at {seq}, continued as {successor}",
    ),
    "ExportMade": (
        "交出{kind}：{entries} 条，为“{purpose}”",
        "Handed out {kind}: {entries} entries, for “{purpose}”",
    ),
}


def sentence(entry: Entry, lang: str = "zh") -> str:
    """What happened, in one line; `lang` is zh or en."""
    if isinstance(entry.data, Unknown):
        return f"还不认识的事件 {entry.type}" if lang == "zh" else f"Unknown event {entry.type}"
    name = entry.type.partition(".")[2]
    template = SENTENCES[_variant(name, entry.data)][lang != "zh"]
    return template.format_map(_Words(entry.data, lang))


def _variant(name: str, data: msgspec.Struct) -> str:
    match data:
        case e.DailyRollSubmitted(corrects=int()):
            return f"{name}/correction"
        case c.RiskFlagged(kind="streak"):
            return f"{name}/streak"
        case c.RiskFlagged(sign=str()):
            return f"{name}/sign"
        case d.DutySatisfied(late=True):
            return f"{name}/late"
        case c.HomeVisitLogged(met=[]):
            return f"{name}/nobody"
        case c.ReturnNoticeRecorded(served_on=date()):
            return f"{name}/served"
        case n.PreferenceSet(on=False):
            return f"{name}/off"
        case a.IncidentRecorded(kind="log_frozen"):
            return f"{name}/frozen"
        case _:
            return name


class _Words(dict[str, str]):
    """The words of one event's fields, made when a sentence asks for them."""

    def __init__(self, data: msgspec.Struct, lang: str) -> None:
        super().__init__()
        self._data = data
        self._lang = lang

    def __missing__(self, key: str) -> str:
        if key.endswith("_n"):
            return str(len(getattr(self._data, key.removesuffix("_n"))))
        if key.endswith("_nth"):
            # Stored from 0 on; people count from 1.
            return str(getattr(self._data, key.removesuffix("_nth")) + 1)
        return _in_words(getattr(self._data, key), self._lang)


def _in_words(value: Any, lang: str) -> str:
    for kind, words in _WORDS:
        if isinstance(value, kind):
            return words(value, lang)
    raise TypeError(f"no words for {type(value).__name__}")


# The first that fits; a datetime is a date too, so it stands before it.
_WORDS: tuple[tuple[type, Callable[[Any, str], str]], ...] = (
    (str, word),
    (datetime, time_words),
    (date, day_words),
    (int, lambda value, _: str(value)),
    (list, lambda value, lang: listed([word(code, lang) for code in value], lang)),
    (dict, lambda value, lang: listed([word(field, lang) for field in value], lang)),
    (type(None), lambda _, lang: "没写" if lang == "zh" else "not given"),
)
