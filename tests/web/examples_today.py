"""Fictitious first pages: teacher, principal, township, county, inspector."""

from dataclasses import replace
from datetime import date

from shared.web.models.case import AlertCard
from shared.web.models.form import Field, Option
from shared.web.models.layout import Link
from shared.web.models.today import (
    AlertsPart,
    Away,
    ClassesPart,
    ClassRow,
    DutiesPart,
    Duty,
    DutyGroup,
    InboxPage,
    InboxPart,
    LedgerRow,
    LedgersPart,
    Message,
    MissingPart,
    MissingRow,
    PartSlot,
    RollDuty,
    SchoolDays,
    TodayPage,
    UnitCount,
    UnitDay,
    UnitsPart,
)
from tests.web.examples import at, form


def slot(
    key: str, what: str, column: str = "left", part: str = "", first: bool = False
) -> PartSlot:
    return PartSlot(key=key, what=what, href=f"/part/{part or key}", column=column, first=first)


def teacher_today() -> TodayPage:
    parts = (slot("roll-duty", "点名"), slot("duties", "要办的事"), slot("inbox", "消息"))
    return TodayPage(title="八年级（3）班", unit="沈秀兰老师", parts=parts, sentence=False)


def principal_today() -> TodayPage:
    parts = (
        slot("classes", "各班点名"),
        slot("alert", "新预警", "right", first=True),
        slot("duties-school", "超期和要办的事", "right"),
    )
    return TodayPage(title="石桥镇初级中学", unit="周启明校长", parts=parts, wide_left=True)


def county_today(broken: bool = False) -> TodayPage:
    parts = (
        slot("alerts", "新预警", part="silent" if broken else ""),
        slot("overdue", "超期的事"),
        slot("missing", "还没点名的班"),
        slot("units", "各乡镇", "right"),
    )
    return TodayPage(title="云溪县", unit="县教体局学籍科", parts=parts)


def township_today() -> TodayPage:
    parts = (slot("duties", "要办的事"), slot("alerts", "新预警"), slot("missing", "还没点名的班"))
    return TodayPage(title="石桥镇", unit="包村干部 罗正华", parts=parts)


def inspector_today() -> TodayPage:
    parts = (slot("ledgers", "各账"), slot("alerts", "新预警", "right", part="alerts-seen"))
    return TodayPage(title="云溪县", unit="省督导组", parts=parts, wide_left=True)


def roll_duty() -> RollDuty:
    return RollDuty(
        class_name="八年级（3）班",
        state="due",
        href="/page/roll",
        enrolled=45,
        on_leave=3,
        cut_off=at(9),
    )


def duties() -> DutiesPart:
    late = Duty(
        title="家访 罗小军",
        href="/page/form-visit",
        late="1 天",
        due="应在 11月17日 前，已过 1 天",
        note="年级组长昨晚已收到提醒",
    )
    calls = Duty(
        title="今晚打电话 3 人",
        href="/page/form-call",
        detail="杨雨桐、周若兰、韩雨泽",
        note="17:30—20:30",
    )
    watch = Duty(title="登记返校观察 吉克阿依", href="/page/case", detail="复学第 3 天，每天一句")
    visits = Duty(
        title="家访 3 人",
        href="/page/cases",
        detail="马俊杰、曾梦琪、吉克阿依",
        note="本周已访 2 人",
    )
    done = (
        Duty(title="点名", href="/page/roll-sent"),
        Duty(title="谈心 韩雨泽", href="/page/case"),
    )
    return DutiesPart(
        groups=(
            DutyGroup(kind="overdue", duties=(late,)),
            DutyGroup(kind="today", duties=(calls, watch)),
            DutyGroup(kind="week", duties=(visits,), until=date(2026, 11, 22)),
        ),
        done=done,
    )


def duties_school() -> DutiesPart:
    late = Duty(
        title="家访 罗小军",
        href="/page/case",
        who="沈秀兰",
        late="2 天",
        detail="镇里今天 10:00 会知道",
        remind=form("/remind", "催办"),
    )
    meeting = Duty(
        title="碰头会",
        href="/page/form-visit",
        due="11-20 周五前",
        act=Link(text="写记录", href="/page/form-visit"),
    )
    return DutiesPart(
        groups=(
            DutyGroup(kind="overdue", duties=(late,)),
            DutyGroup(kind="next", duties=(meeting,)),
        )
    )


def overdue() -> DutiesPart:
    rows = (
        ("家访 罗小军", "沈秀兰，石桥镇初级中学", "1 天"),
        ("疑似辍学报告 田家乐", "卢海燕，清水乡中学", "2 天"),
        ("核实预警 木呷尔布", "杨光明，清水乡中学", "1 天"),
        ("查找 沙马尔古", "派出所，白岩彝族乡", "3 天"),
        ("返校通知 曾小梅", "李桂花，白岩中心学校", "1 天"),
    )
    late = tuple(
        Duty(title=t, href="/page/case", detail=d, late=n, remind=form("/remind", "催办"))
        for t, d, n in rows
    )
    return DutiesPart(groups=(DutyGroup(kind="overdue", duties=late),))


def overdue_many() -> DutiesPart:
    """Twelve: more than a first page lists at once."""
    (one,) = overdue().groups
    return DutiesPart(groups=(replace(one, duties=one.duties * 2 + one.duties[:2]),))


LAST_DAYS = tuple((date(2026, 11, day), "present") for day in (6, 9, 10, 11, 12, 13)) + tuple(
    (date(2026, 11, day), "unexcused") for day in (16, 17, 18, 19)
)
VERIFY = form(
    "/verify",
    "属实，立案",
    hidden=(("reason", "unreachable"),),
)
CLEAR = form(
    "/clear",
    "不属实，结束预警",
    fields=(
        Field(
            name="reason",
            label="为什么不属实",
            kind="choice",
            required=True,
            options=(
                Option(value="leave", label="有假，补假条"),
                Option(value="mark", label="点名点错"),
                Option(value="moved", label="已转学"),
            ),
        ),
        Field(name="note", label="说一句", kind="area"),
    ),
)


def alert_card() -> AlertCard:
    return AlertCard(
        name="罗小军",
        href="/page/child",
        about="八（3）班，男，13 岁",
        due="新预警，今天内核实",
        reason="11-16 起无故未到 4 个上学日，超过 3 天（连旷规则 v3）。",
        told="08:16 已告诉班主任、石桥镇、县学籍科。",
        days=LAST_DAYS,
        verify=VERIFY,
        clear=CLEAR,
    )


def alert() -> AlertsPart:
    return AlertsPart(cards=(alert_card(),), total=1, all_href="/page/alerts")


def _line(name: str, about: str, reason: str) -> AlertCard:
    return AlertCard(
        name=name, href="/page/alerts", about=about, due="今天", reason=reason, verify=VERIFY
    )


def alerts() -> AlertsPart:
    flagged = {"u1": (1, 1), "u3": (1, 2), "u4": (1, 2), "all": (3, 5)}
    return AlertsPart(
        cards=(
            _line("阿木石布", "白岩中心学校 七（2）班", "连续 4 天无故"),
            _line("田家乐", "清水乡中学 八（1）班", "连续 4 天无故"),
            _line("冯小燕", "石桥镇初级中学 九（4）班", "去向不明（村里报）"),
        ),
        total=3,
        all_href="/page/alerts",
        as_lines=True,
        counts=tuple(
            UnitCount(
                unit=unit,
                flags=flagged.get(unit, (0, 0))[0],
                flags_href="/page/alerts",
                overdue=flagged.get(unit, (0, 0))[1],
                overdue_href="/page/cases",
            )
            for unit in ("u1", "u2", "u3", "u4", "u5", "u6", "u7", "u8", "all")
        ),
    )


def alerts_seen() -> AlertsPart:
    """The same flags for who only looks."""
    part = alerts()
    return replace(part, cards=tuple(replace(card, verify=None) for card in part.cards))


def classes() -> ClassesPart:
    rows = (
        ("七（1）", "杨志刚", 47, 0, 1, 2),
        ("七（2）", "陈晓莉", 46, 1, 0, 5),
        ("七（3）", "田文彬", 46, 0, 2, 8),
        ("七（4）", "罗永芳", 45, 0, 0, 1),
        ("八（1）", "何立新", 44, 1, 1, 4),
        ("八（2）", "龙雪琴", 45, 0, 1, 10),
        ("八（3）", "沈秀兰", 45, 2, 3, 6),
        ("八（4）", "蒋明辉", 44, 0, 0, 7),
        ("九（1）", "袁丽", 43, None, None, None),
        ("九（2）", "谭志勇", 42, None, None, None),
        ("九（3）", "范春华", 44, 0, 1, 3),
        ("九（4）", "邹建平", 43, 1, 0, 9),
    )
    away = {
        "七（2）": (Away(name="吴家豪", href="/page/child", note="第 1 天"),),
        "八（1）": (Away(name="曹小龙", href="/page/child", note="第 2 天"),),
        "八（3）": (
            Away(name="罗小军", href="/page/child", note="第 4 天，新预警", urgent=True),
            Away(name="沙马木呷", href="/page/child", note="第 2 天"),
        ),
        "九（4）": (Away(name="冯小燕", href="/page/child", note="去向不明，镇里在找"),),
    }
    return ClassesPart(
        cut_off=at(9),
        rows=tuple(
            ClassRow(
                class_name=name,
                href="/page/names",
                teacher=teacher,
                enrolled=enrolled,
                absent=absent,
                on_leave=leave,
                sent_at=None if minute is None else at(8, minute),
                away=away.get(name, ()),
                note="昨天 08:03 交的" if minute is None else "",
                remind=form("/remind", "提醒") if minute is None else None,
            )
            for name, teacher, enrolled, absent, leave, minute in rows
        ),
    )


def missing() -> MissingPart:
    rows = (
        ("清水乡中学 七（1）七（3）八（2）", "3 位班主任", ""),
        ("石桥镇初级中学 九（1）九（2）", "2 位班主任", ""),
        ("白岩中心学校 六（1）", "昨天也缺", ""),
        ("大垭小学 三（1）", "上交在途：手机 08:06 已存，无网络", "等待"),
    )
    return MissingPart(
        total=7,
        href="/page/names",
        remind_all=form("/remind", "全部提醒"),
        rows=tuple(
            MissingRow(
                title=title,
                href="/page/names",
                detail=detail,
                waiting=wait,
                remind=None if wait else form("/remind", "提醒"),
            )
            for title, detail, wait in rows
        ),
    )


def _unit(unit: str, name: str, figures: tuple[int, int, int, int, int]) -> UnitDay:
    taken, due, pupils, absent, unexcused = figures
    return UnitDay(
        unit=unit,
        name=name,
        href="/page/names",
        taken=taken,
        due=due,
        pupils=pupils,
        absent=absent,
        absent_href="/page/names",
        unexcused=unexcused,
        unexcused_href="/page/names",
        missing_href="/page/names",
        per_thousand=1000 * unexcused / pupils if pupils else None,
    )


def units() -> UnitsPart:
    rows = (
        ("白岩彝族乡", (44, 45, 1876, 37, 14)),
        ("大垭乡", (37, 38, 1402, 19, 8)),
        ("清水乡", (48, 51, 2015, 33, 11)),
        ("石桥镇", (82, 84, 3618, 47, 12)),
        ("龙潭镇", (63, 63, 2655, 24, 6)),
        ("马鞍镇", (76, 76, 3204, 28, 5)),
        ("南坪镇", (71, 71, 3010, 26, 4)),
        ("云溪镇", (168, 168, 7642, 61, 9)),
    )
    schools = (
        ("白岩中心学校", 9.2, 13),
        ("清水乡中学", None, 8),
        ("大垭小学", 5.7, None),
        ("石桥镇初级中学", None, None),
        ("大垭中学", 3.4, None),
        ("石桥镇中心小学", 2.4, None),
        ("龙潭中学", 12.3, 4),
        ("云溪一中", 1.3, None),
    )
    return UnitsPart(
        title="各乡镇今天",
        unit_word="乡镇",
        rows=tuple(_unit(f"u{n}", name, figures) for n, (name, figures) in enumerate(rows, 1)),
        total=_unit("all", "全县", (589, 596, 25422, 275, 69)),
        schools=tuple(_school(*each) for each in schools),
        all_schools=Link(text="全部 38 所", href="/page/names"),
    )


def _school(name: str, last: float | None, gap: int | None) -> SchoolDays:
    base = last or 3.0
    days = [round(base * (0.5 + 0.5 * ((n * 7) % 20) / 20), 1) for n in range(19)]
    marked = tuple(None if n == gap else value for n, value in enumerate(days))
    latest = "缺 2 班" if last is None else f"{last:.1f}"
    return SchoolDays(name=name, href="/page/names", days=(*marked, last), latest=latest)


def ledgers() -> LedgersPart:
    rows = (
        ("学籍", "enrollment", 20718, "whole"),
        ("个案", "casework", 934, "whole"),
        ("消息", "notify", 241, "whole"),
        ("访问：学籍", "enrollment", 88402, "whole"),
        ("访问：个案", "casework", 5131, "behind"),
    )
    return LedgersPart(
        checked_at=at(8, 41),
        rows=tuple(
            LedgerRow(
                name=name,
                source=f"yunxi.example/990101/{service}",
                entries=count,
                last_at=at(8, 40),
                state=state,
            )
            for name, service, count, state in rows
        ),
    )


def messages() -> tuple[Message, ...]:
    return (
        Message(
            title="罗小军 连续 4 个上学日无故未到，请今天内核实",
            href="/page/alerts",
            at=at(8, 16),
            detail="连旷规则 v3；石桥镇、县学籍科同时收到",
            urgent=True,
            acknowledge=form("/ack", "知道了"),
        ),
        Message(title="吉克阿依 复学观察到 11-30", href="/page/case", at=at(7, 30, 17), read=True),
    )


def inbox() -> InboxPart:
    return InboxPart(messages=messages(), unread=1, all_href="/page/inbox")


def inbox_page() -> InboxPage:
    return InboxPage(title="消息", messages=messages(), unread=1)
