"""A fictitious child, its case in both times, lists, a search."""

from datetime import date, datetime, timedelta

from shared.web.models.case import (
    AlertsPage,
    CasePage,
    CaseRow,
    CasesPage,
    Difference,
    EventDetail,
    Jump,
    ProofMark,
    Rail,
    RailEvent,
    TimelineEvent,
    TimelineGroup,
)
from shared.web.models.child import ChildPage, Strip, StripDay
from shared.web.models.form import Field, FormPage, Option
from shared.web.models.layout import Link
from shared.web.models.masked import Masked
from shared.web.models.search import Facet, FacetValue, Hit, SearchPage
from shared.web.models.today import Duty
from tests.web.examples import TODAY, at, form, some_id
from tests.web.examples_today import alert_card

CRUMBS = (
    Link(text="石桥镇", href="/page/names"),
    Link(text="石桥镇初级中学", href="/page/names"),
    Link(text="八年级（3）班", href="/page/names"),
)
OFF = (date(2026, 11, 7), date(2026, 11, 8), date(2026, 11, 14), date(2026, 11, 15))
# (day, hour, minute) happened; the same recorded, or None; title; who; role; ledger; seq; label
STORY = (
    ((3, 8, 6), None, "点名：无故未到", "沈秀兰", "班主任", "学籍", 20411, ""),
    ((4, 8, 5), None, "点名：无故未到", "沈秀兰", "班主任", "学籍", 20459, ""),
    ((5, 8, 7), None, "点名：无故未到", "沈秀兰", "班主任", "学籍", 20502, ""),
    ((6, 8, 4), None, "点名：无故未到", "沈秀兰", "班主任", "学籍", 20547, ""),
    ((6, 8, 14), None, "预警：连续 4 个上学日无故未到", "系统", "连旷规则 v3", "个案", 911, "预警"),
    ((6, 10, 12), None, "核实属实，立案", "沈秀兰", "班主任", "个案", 912, "立案"),
    (
        (4, 8, 5),
        (9, 10, 22),
        "更正点名：无故未到 → 病假",
        "沈秀兰",
        "班主任",
        "学籍",
        20604,
        "更正",
    ),
    (
        (7, 15, 20),
        (10, 9, 5),
        "家访：只见到祖母，随父在外",
        "罗正华",
        "包村干部",
        "个案",
        918,
        "家访",
    ),
    ((11, 16, 10), None, "送达返校通知书", "罗正华", "包村干部", "消息", 233, "送达返校通知"),
    ((16, 7, 58), None, "复学，由父亲送到校", "沈秀兰", "班主任", "个案", 931, "复学"),
)


def _when(part: tuple[int, int, int]) -> datetime:
    return at(part[1], part[2], part[0])


def story() -> tuple[TimelineEvent, ...]:
    quotes = {
        912: "母亲电话不通，同学说跟父亲走了。",
        918: "孩子跟父亲住在邻县采石场边，帮着做饭。",
    }
    return tuple(
        TimelineEvent(
            happened=_when(happened),
            recorded=_when(recorded or happened),
            late=recorded is not None,
            title=title,
            who=who,
            role=role,
            quote=quotes.get(seq, ""),
            proof=ProofMark(
                state="unsealed" if seq == 931 else "sealed",
                ledger=ledger,
                seq=seq,
                href="/page/case-proof#proof",
            ),
        )
        for happened, recorded, title, who, role, ledger, seq, _ in STORY
    )


def rail(happened: datetime, known: datetime, linked: bool) -> Rail:
    def jump(label: str, moment: datetime) -> Jump:
        return Jump(label=label, happened=moment, known=moment)

    return Rail(
        action="/page/case",
        start=at(0, 0, 2),
        end=at(8, 41),
        happened_at=happened,
        known_at=known,
        linked=linked,
        events=tuple(
            RailEvent(
                happened=_when(happened),
                recorded=_when(recorded or happened),
                label=label,
                late=recorded is not None,
            )
            for happened, recorded, *_, label in STORY
        ),
        jumps=(
            jump("预警时", at(8, 15, 6)),
            jump("立案时", at(10, 13, 6)),
            jump("通知送达前", at(16, 9, 11)),
            jump("现在", at(8, 41)),
        ),
        days_off=OFF,
        known_is_now=not linked,
    )


def case(
    happened: datetime | None = None,
    known: datetime | None = None,
    linked: bool = True,
    detail: bool = False,
) -> CasePage:
    happened, known = happened or at(18, 0, 8), known or at(18, 0, 8)
    events = story()
    seen = tuple(e for e in events if e.happened <= happened and e.recorded <= known)
    unseen = tuple(e for e in events if e.happened <= happened and e.recorded > known)
    groups = (TimelineGroup(title="当时已知", events=seen),)
    if unseen:
        groups += (TimelineGroup(title="当时已发生，还不知道", events=unseen),)
    return CasePage(
        number="990101-2026-0137",
        name="吉克阿依",
        about="女，14 岁　石桥镇初级中学 八年级（3）班　班主任 沈秀兰",
        crumbs=(Link(text="个案", href="/page/cases"), Link(text="990101-2026-0137", href="")),
        state="复学观察",
        owner="石桥镇初级中学",
        rail=rail(happened, known, linked),
        groups=groups,
        known_count=len(seen),
        unknown_count=len(unseen),
        later=Link(
            text="11-09 以后还有 2 件，当时尚未发生",
            href="/page/case?happened=2026-11-18T08:41&known=2026-11-18T08:41&linked=1",
        ),
        differences=(
            Difference(
                what="连续无故",
                then="4 天，11-03 至 11-06",
                now="3 天，11-04 是病假",
                because=Link(text="学籍 20604", href="/page/case-proof"),
            ),
            Difference(
                what="家访",
                then="没有",
                now="11-07 已去，祖母在家",
                because=Link(text="个案 918", href="/page/case-proof"),
            ),
        ),
        state_rows=(("个案状态", "疑似辍学，已立案"), ("责任单位", "石桥镇初级中学")),
        rules=(
            ("连旷", "超过 3 个上学日（v3，2026-09-01 起）"),
            ("校历", "2026 秋 v2，含 10-10 补课"),
        ),
        readers=(("11-06 10:20", "马春梅，县学籍科，为核查疑似辍学"),),
        reading="你这次回放也已记录：访问账 5127，目的“督导抽查”。",
        actions=tuple(
            Link(text=text, href=f"/page/{href}")
            for text, href in (
                ("登记家访", "form-visit"),
                ("登记电话", "form-call"),
                ("劝返", "form-visit"),
                ("返校通知", "form-visit"),
                ("确认辍学", "form-visit"),
                ("已复学", "form-visit"),
            )
        ),
        detail=proof_detail() if detail else None,
        back="/page/cases",
    )


def proof_detail() -> EventDetail:
    return EventDetail(
        title="这一条的证明",
        proof=ProofMark(state="unsealed", ledger="个案", seq=918),
        verdict="待封存：已记录，还没有封进检查点",
        rows=(
            ("账", "个案 990101/casework"),
            ("序号", "918"),
            ("事情发生", "2026-11-07 15:20　罗正华填的"),
            ("系统记录", "2026-11-10 09:05:04　晚 2 天 17 时"),
            ("来源", "手机离线填写"),
            ("规则", "规则包 2026-09 v2"),
        ),
        close="/page/case",
    )


def strip() -> Strip:
    first, last = date(2026, 9, 1), date(2027, 7, 9)
    marks = {
        date(2026, 9, 16): "sick", date(2026, 9, 17): "sick", date(2026, 9, 28): "personal",
        date(2026, 9, 30): "missing", date(2026, 10, 9): "personal", date(2026, 10, 16): "missing",
        date(2026, 10, 23): "sick", date(2026, 11, 4): "sick",
    }  # fmt: skip
    marks |= {date(2026, 11, n): "unexcused" for n in (3, 5, 6, 9, 10, 11, 12, 13)}
    span = (first + timedelta(days=n) for n in range((last - first).days + 1))
    breaks = (date(2027, 1, 18), date(2027, 2, 26))
    school = [d for d in span if d.weekday() < 5 and not breaks[0] <= d <= breaks[1]]
    school = [d for d in school if not date(2026, 10, 1) <= d <= date(2026, 10, 8)]
    return Strip(
        title="2026—2027 学年出勤",
        first_on=first,
        last_on=last,
        today=TODAY,
        days=tuple(
            StripDay(on=d, mark="ahead" if d > TODAY else marks.get(d, "present")) for d in school
        ),
        steps=(
            (date(2026, 11, 6), "立案"),
            (date(2026, 11, 11), "通知"),
            (date(2026, 11, 16), "复学"),
        ),
    )


PURPOSES = (("call", "电话联系"), ("visit", "家访"), ("identity", "核对身份"), ("other", "其他"))


def masked(label: str, shown: str, **more: object) -> Masked:
    return Masked(
        field=label,
        label=label,
        masked=shown,
        action="/open",
        command_id=some_id(77),
        purposes=PURPOSES,
        **more,
    )


def opened_phone() -> Masked:
    return masked(
        "祖母 阿*",
        "137 **** 4413",
        note="同住，实际照料",
        value="13700004413",
        kind="phone",
        opened_at=at(8, 41),
        purpose="电话联系",
    )


def child() -> ChildPage:
    return ChildPage(
        name="吉克阿依",
        about="女，彝族，2012-09-03 生（14 岁）",
        crumbs=CRUMBS,
        tags=("复学观察，到 11-30",),
        cases=(Link(text="个案 2026-0137", href="/page/case"),),
        strip=strip(),
        identity=(
            masked("身份证号", "990101 **** **** ****", kind="idnumber"),
            masked("学籍号", "G 990101 **** **** ****"),
        ),
        rows=(
            ("户籍", "云溪县石桥镇大坪村"),
            ("现住", "大坪村 4 组，与祖母同住"),
            ("就读", "走读，2025-09-01 入学"),
        ),
        guardians=(
            masked("祖母 阿*", "137 **** 4413", note="同住，实际照料", kind="phone"),
            masked("父 吉克**", "138 **** 6027", note="在邻县务工", kind="phone"),
            masked("母", ""),
        ),
        responsible=(("班主任", "沈秀兰，2026-09-01 起"), ("包村领导", "罗正华，2026-03-01 起")),
        duties=(
            Duty(
                title="交通困难补助答复",
                href="/page/case",
                late="超期 1 天，11-17",
                who="石桥镇 民政办",
                remind=form("/remind", "催办"),
            ),
            Duty(
                title="返校观察第 3 天，记一句",
                href="/page/form-visit",
                due="今天 17:00",
                who="沈秀兰",
                act=Link(text="登记", href="/page/form-visit"),
            ),
            Duty(
                title="观察期满，决定是否销号",
                href="/page/case",
                due="11-30 周一",
                who="沈秀兰、县学籍科",
                note="到期前不可办",
            ),
        ),
        events=tuple(reversed(story()))[:4],
        event_total=31,
        replay=Link(text="回放", href="/page/case"),
        actions=(Link(text="打印学生台账", href="/page/child"),),
        back="/page/names",
    )


def alerts_page() -> AlertsPage:
    return AlertsPage(
        title="预警",
        cards=(alert_card(),),
        filters=(
            Link(text="要核实", href="/page/alerts"),
            Link(text="已核实", href="/page/alerts"),
        ),
        chosen="要核实",
    )


def cases_page() -> CasesPage:
    rows = (
        (
            "0137",
            "吉克阿依",
            "石桥镇初级中学 八（3）",
            "复学观察",
            "返校观察",
            "11-30",
            False,
            None,
        ),
        ("0142", "田家乐", "清水乡中学 八（1）", "疑似辍学", "家访", "超期 2 天", True, None),
        (
            "0091",
            "阿依努尔·麦麦提",
            "石桥镇初级中学 八（3）",
            "已销号",
            "",
            "",
            False,
            date(2026, 10, 9),
        ),
    )
    return CasesPage(
        title="个案台账",
        total=3,
        filters=(Link(text="在办", href="/page/cases"), Link(text="已销号", href="/page/cases")),
        chosen="在办",
        export=Link(text="导出", href="/page/cases"),
        rows=tuple(
            CaseRow(
                number=f"2026-{n}",
                name=name,
                href="/page/case",
                school=school,
                state=state,
                opened_on=date(2026, 11, 6),
                owner="沈秀兰",
                next_step=step,
                due=due,
                overdue=late,
                closed_on=closed,
            )
            for n, name, school, state, step, due, late, closed in rows
        ),
    )


def search() -> SearchPage:
    def hit(event: TimelineEvent, before: str, after: str) -> Hit:
        return Hit(event=event, excerpt=((before, False), ("采石场", True), (after, False)))

    events = [e for e in story() if e.proof.seq in {918, 233, 912}]
    texts = (
        ("“母亲电话不通，同学说去了", "。”"),
        ("“家里只有祖母。孩子跟父亲住在邻县", "边，帮着做饭。祖母愿意联系。”"),
        ("送达地点：邻县某", "工棚，父亲本人签收。"),
    )
    facets = (
        (
            "ledger",
            "账",
            (
                ("casework", "个案", 9, True),
                ("enrollment", "学籍", 3, True),
                ("access", "访问", 14, False),
            ),
        ),
        (
            "type",
            "事件",
            (("HomeVisitLogged", "家访", 6, False), ("PhoneFollowUpLogged", "电话回访", 2, False)),
        ),
        ("late", "记录得晚", (("24h", "超过 24 小时", 4, False), ("7d", "超过 7 天", 1, False))),
    )
    return SearchPage(
        action="/page/search",
        text="采石场",
        from_on=date(2026, 9, 1),
        to_on=TODAY,
        purpose="督导抽查",
        recorded="这次检索已记录：访问账 5131",
        scope="范围：云溪县全部账，到 11-18 08:41 为止，各账序号连续无缺",
        total=14,
        facets=tuple(
            Facet(
                name=name,
                title=title,
                values=tuple(
                    FacetValue(value=v, label=word, count=c, chosen=on) for v, word, c, on in values
                ),
            )
            for name, title, values in facets
        ),
        hits=tuple(hit(e, *t) for e, t in zip(events, texts, strict=True)),
        people=(
            Link(text="吉克阿依", href="/page/child"),
            Link(text="阿依努尔·麦麦提", href="/page/child"),
        ),
        export=Link(text="导出这 14 件", href="/page/search"),
        next_page=Link(text="下一页", href="/page/search"),
    )


def _answers(text: str) -> tuple[Option, ...]:
    return tuple(Option(value=word, label=word) for word in text.split())


def visit_form(error: bool = False) -> FormPage:
    when = Field(
        name="visited",
        label="什么时候去的",
        hint="按实际到访填；晚交会标“补录”",
        kind="moment",
        value=("2026-11-18", "15:20") if error else ("2026-11-18", "08:41"),
        required=True,
        latest="2026-11-18",
        error="到访时间不能晚于现在（08:41）。改成实际到访时间。" if error else "",
    )
    fields = (
        when,
        Field(
            name="met",
            label="见到了谁",
            hint="可多选",
            kind="choices",
            options=_answers("本人 父亲 母亲 祖辈 邻居 没人"),
        ),
        Field(
            name="whereabouts",
            label="孩子现在",
            kind="choice",
            options=_answers("在家 外出务工 随父母外出 不清楚"),
        ),
        Field(
            name="outcome",
            label="结果",
            kind="choice",
            options=_answers("愿意返校 还在犹豫 不愿意 要再去"),
            required=True,
        ),
        Field(name="notes", label="说一句", kind="area"),
    )
    return FormPage(
        title="家访记录",
        about="罗正华　石桥镇包村干部",
        back="/page/case",
        child="吉克阿依",
        detail="女，14 岁　大坪村 4 组",
        explain=(("住址", "石桥镇大坪村 4 组 17 号"),),
        guardians=(masked("祖母 阿*", "137 **** 4413"),),
        form=form(
            "/form/visit",
            "存下，有网自动提交",
            fields=fields,
            keeps="家访记录 11-18",
            check="/roll/check",
        ),
    )


def call_form() -> FormPage:
    help_options = (
        Option(value="no", label="没有"),
        Option(value="yes", label="需要帮忙", consequence="会记一条困难，转给年级组长。"),
    )
    again = (
        Option(value="yes", label="能"),
        Option(value="no", label="不能", consequence="明晚会再提醒你打一次。"),
        Option(value="unsure", label="说不准"),
    )
    fields = (
        Field(
            name="well",
            label="病好了吗？",
            kind="choice",
            options=_answers("好了 好些 没好"),
            required=True,
        ),
        Field(
            name="tomorrow",
            label="明天能上学吗？",
            kind="choice",
            options=again,
            required=True,
            value=("no",),
        ),
        Field(
            name="matter",
            label="事情办好了吗？",
            kind="choice",
            options=_answers("办好了 还没有 没有事"),
            required=True,
        ),
        Field(
            name="help",
            label="有什么要帮忙的吗？",
            kind="choice",
            options=help_options,
            required=True,
        ),
        Field(name="notes", label="要帮什么", kind="area", shown_when=("help", "yes")),
    )
    return FormPage(
        title="今晚电话",
        about="第 1 个，共 3 个，20:30 前",
        back="/page/teacher",
        child="杨雨桐",
        detail="病假第 2 天　母亲 王女士　138 **** 6027",
        dial=Link(text="拨打", href="tel:13800006027"),
        form=form(
            "/form/call",
            "记下，下一个",
            fields=fields,
            keeps="今晚电话 11-18",
            check="/roll/check",
            second=Option(value="unreached", label="没打通"),
        ),
    )


def report_form() -> FormPage:
    """Of a record that others change too: drawn from its third version."""
    fields = (
        Field(name="owner", label="负责人", required=True),
        Field(name="since", label="从哪天起", kind="date", required=True),
        Field(name="notes", label="说明", kind="area"),
    )
    hidden = (("case", some_id(70)),)
    return FormPage(
        title="上报辍学",
        back="/page/case",
        child="吉克阿依",
        form=form("/casework/commands/report_dropout", "上报", fields=fields, hidden=hidden),
    )


def export_form() -> FormPage:
    """Answered by a page or a file of its own, and not by a command."""
    fields = (Field(name="purpose", label="用途", required=True),)
    return FormPage(
        title="导出证据包", back="/page/case", form=form("/form/visit", "导出", fields=fields)
    )


def evidence_form() -> FormPage:
    fields = (
        Field(name="note", label="做了什么", kind="area", required=True),
        Field(name="attachment", label="照片或扫描件", kind="file"),
    )
    action = f"/casework/duties/{some_id(71)}/evidence"
    return FormPage(title="登记办理", back="/page/case", form=form(action, "登记", fields=fields))
