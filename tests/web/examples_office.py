"""Fictitious sign-in, import, accounts, calendar, lists and refusals."""

from dataclasses import replace
from datetime import date, timedelta

from shared.web.models.form import Field, Option
from shared.web.models.imports import (
    ChangeRow,
    Check,
    Done,
    FaultRow,
    ImportPage,
    PastImport,
    Progress,
    Question,
    Upload,
)
from shared.web.models.integrity import CheckRow, IntegrityPage, LogRow, Wrong
from shared.web.models.layout import Link
from shared.web.models.office import (
    AccountRow,
    AccountsPage,
    CalendarDay,
    CalendarPage,
    CodeSlip,
    CodesPage,
    DemoAccount,
    FoundingPage,
    NameRow,
    NamesPage,
    RefusalPage,
    SignInPage,
)
from tests.web.examples import at, form


def sign_in(mode: str = "password", error: str = "") -> SignInPage:
    people = (
        ("沈秀兰", "班主任，石桥镇初级中学 八（3）", "手机上点名、打电话"),
        ("周启明", "校长，石桥镇初级中学", "谁还没点名"),
        ("罗正华", "包村干部，石桥镇", "没网时家访"),
        ("马春梅", "县教体局学籍科", "全县今天"),
        ("顾清和", "省督导组，只读", "回放、核验"),
    )
    return SignInPage(
        county="云溪县控辍保学",
        mode=mode,
        form=form("/sign-in", "登录"),
        error=error,
        other_mode=Link(text="忘了密码：用一次性登录码", href="/page/sign-in-once"),
        demo=tuple(
            DemoAccount(name=n, role=r, tries=t, form=form("/sign-in", "用这个登录"))
            for n, r, t in people
        ),
        tries=(
            "用沈秀兰登录，给八（3）班点名，让同一个学生连着四天没来。",
            "用马春梅登录，看到新预警，点开核实。",
            "用顾清和登录，把时间拖到 11月8日 18:00，看县里当时知道什么。",
        ),
    )


def founding() -> FoundingPage:
    code = Field(
        name="code",
        label="县级行政区划代码",
        hint="六位数字",
        value=("99010",),
        error="只有 5 位。照民政部公布的代码写全 6 位。",
        required=True,
    )
    name = Field(name="name", label="县的名称", required=True)
    return FoundingPage(form=form("/found", "建县", fields=(code, name)))


def import_check(clean: bool = False) -> ImportPage:
    faults = (
        (
            "七年级",
            "D17",
            "身份证件号",
            "5.30699E+17",
            "表格把号码变成了数，后几位已丢",
            "把这一列设为“文本”，照证件重新输入",
        ),
        (
            "七年级",
            "D44",
            "身份证件号",
            "990101 **** 3X",
            "只有 17 位",
            "照证件补全 18 位；没有证件就留空",
        ),
        (
            "七年级",
            "C61、D61",
            "性别、身份证件号",
            "男；第 17 位是双数",
            "性别和号码对不上，这一行不收",
            "核对户口簿，改其中一个",
        ),
        ("八年级", "B29", "姓名", "（空）", "没有姓名", "补上姓名"),
    )
    question = Question(
        key="q1",
        where="八年级 B40",
        name="李梓涵",
        text="系统里有两个同名，生日都没填。是哪一个？",
        options=(
            Option(value="a", label="八（2）班，大坪村"),
            Option(value="b", label="八（4）班，龙树村"),
            Option(value="new", label="都不是，是新学生"),
        ),
        chosen="a",
    )
    asked = Question(
        key="q2",
        where="九年级 B66",
        name="马晓云",
        text="与系统里的“马晓芸”生日相同、同村。是同一个人吗？",
        options=(
            Option(value="y", label="是，按这份改名"),
            Option(value="n", label="不是，是新学生"),
        ),
    )
    typed = Question(
        key="month",
        where="",
        name="",
        text="这份考勤表是哪一年哪一月的？",
        options=(),
        hint="2026-09",
    )
    check = Check(
        kind="学生名册",
        file_name="石桥镇初中2026秋名册（终稿）.xlsx",
        read="表：七年级、八年级、九年级；“作废”是隐藏表，没有读；标题在第 3 行。",
        rows=1186,
        faulty=0 if clean else 12,
        good=1186 if clean else 1173,
        questions=() if clean else (question, asked, typed),
        faults=()
        if clean
        else tuple(
            FaultRow(sheet=a, cells=b, column=c, value=d, wrong=e, mend=f)
            for a, b, c, d, e, f in faults
        ),
        changes=(
            ChangeRow(
                name="陈思源",
                where="七年级 E5",
                what="现住址",
                was="大坪村 3 组",
                now="大坪村 4 组",
            ),
        ),
        missing=("彭秀英", "田甜"),
        warnings=("九年级 F12：学籍号校验不对",),
        new=38,
        changed=112,
        unchanged=1023,
        answer=form("/import/answer", "定"),
        accept=form("/import/accept", "收下") if clean else None,
        accept_part=None if clean else form("/import/part", "只收"),
        errors=None if clean else Link(text="下载", href="/page/import"),
        give_up=form("/import/drop", "放弃，不存"),
        columns=(("姓名", "姓名"), ("证件号码", "身份证件号")),
        all_faults=0 if clean else 312,
        all_changes=1,
        all_missing=2,
        all_warnings=1,
    )
    return ImportPage(step="check", check=check)


def import_upload() -> ImportPage:
    kinds = (
        ("roster", "学生名册"),
        ("staff", "教职工名册"),
        ("roll", "点名表"),
        ("calendar", "校历"),
    )
    past = PastImport(
        at=at(16, 2, 3),
        kind="学生名册",
        file_name="名册.xlsx",
        who="段晓芸",
        result="收下 1,186 行",
        href="/page/import-done",
    )
    upload = Upload(
        form=form("/import", "先看一遍"),
        kinds=tuple(Option(value=v, label=label) for v, label in kinds),
        chosen="roster",
        past=(past,),
    )
    return ImportPage(step="upload", upload=upload)


def import_progress() -> ImportPage:
    progress = Progress(kind="学生名册", done=600, total=1186, refresh="/page/import-done")
    return ImportPage(step="progress", progress=progress)


def import_done() -> ImportPage:
    done = Done(
        kind="学生名册",
        new=38,
        changed=112,
        unchanged=1023,
        errors=Link(text="下载没收的行", href="/page/import"),
        next=Link(text="看学生名册", href="/page/names"),
    )
    return ImportPage(step="done", done=done)


def accounts() -> AccountsPage:
    rows = (
        ("沈秀兰", "0031", "班主任 八（3）", "shenxiulan", "open", at(7, 50)),
        ("何立新", "0032", "班主任 八（1）", "helixin", "waiting", None),
        ("阿依努尔·麦麦提", "0040", "任课教师", "", "none", None),
    )
    acts = {"open": "停用账号", "waiting": "重印登录码", "none": "开账号"}
    return AccountsPage(
        title="账号",
        waiting=1,
        print_codes=form("/accounts/codes", "打印一次性登录码"),
        rows=tuple(
            AccountRow(
                name=n,
                number=no,
                roles=r,
                account=a,
                state=s,
                last_seen=seen,
                acts=(form("/accounts/act", acts[s]),),
            )
            for n, no, r, a, s, seen in rows
        ),
    )


def integrity_waiting() -> IntegrityPage:
    """One log of three has not been looked at yet."""
    page = integrity()
    first = replace(page.logs[0], state="waiting", checked_at=None, checked="")
    verdict = "还没有核对完：有的账等着第一次核对"
    return replace(page, verdict=verdict, logs=(first, *page.logs[1:]))


def integrity(*, tampered: bool = False) -> IntegrityPage:
    names = (("enrollment", "学籍", 20718), ("casework", "个案", 934), ("notify", "消息", 241))
    wrong = Wrong(
        name="个案",
        seq=918,
        place="审计存的记录",
        field="body",
        expected="8c0741fe" * 8,
        found="d1a490e3" * 8 + " /data/outcome",
        first_at=at(8, 40),
        fine_at=at(8, 39),
        entry="/audit/entries/casework/990101/918",
    )
    whole = "一致：所有账都与封存时相同"
    return IntegrityPage(
        title="完整性",
        verdict="被改动（TAMPERED）：个案账第 918 条，审计存的记录" if tampered else whole,
        about="最近一次核对尾部 08:41。最近一次全面核查 11-18 02:07，116,532 条，0 处不符。",
        logs=tuple(
            LogRow(
                name=name,
                origin=f"baoxue.local/990101/{service}/simulated",
                size=size,
                root="n2AS0hSFoq8Vt1sJvX4r9d0Zc3uQm5yH7eWkTgBpxLw=",
                sealed_size=size,
                sealed_at=at(8, 40),
                age="4 秒前",
                state="broken" if tampered and service == "casework" else "whole",
                wrong="第 918 条不符" if tampered and service == "casework" else "",
                checked_at=at(2, 7),
                checked="一致",
            )
            for service, name, size in names
        ),
        wrong=(wrong,) if tampered else (),
        checks=(CheckRow(at=at(8, 41), what="核对尾部，3 本账", state="whole", said="一致"),),
        action="/audit/integrity/check",
        running="正在全面核查：个案 512 / 934" if tampered else None,
    )


def codes() -> CodesPage:
    slips = tuple(
        CodeSlip(name=name, account=account, code=code)
        for name, account, code in (
            ("何立新", "helixin", "K7QD-2MPX"),
            ("田文彬", "tianwenbin", "9RHT-W4CF"),
            ("阿依努尔·麦麦提", "ayinuer", "3XNB-6VJK"),
        )
    )
    return CodesPage(
        title="一次性登录码",
        slips=slips,
        address="http://baoxue.example",
        expires_at=at(18, 0, 25),
        back="/page/accounts",
    )


def calendar() -> CalendarPage:
    first = date(2026, 9, 28)
    reasons = {date(2026, 10, n): ("国庆节", "国家") for n in range(1, 9)}
    reasons[date(2026, 10, 10)] = ("补课", "国家")
    reasons[date(2026, 10, 23)] = ("运动会，不上课", "学校")

    def day(on: date) -> CalendarDay:
        reason, layer = reasons.get(on, ("", ""))
        makeup = on == date(2026, 10, 10)
        school = makeup or (on.weekday() < 5 and not reason)
        return CalendarDay(
            on=on,
            school=school,
            reason=reason,
            layer=layer,
            provisional=on.day in {29, 30},
            in_month=on.month == 10,
        )

    weeks = tuple(tuple(day(first + timedelta(days=7 * w + d)) for d in range(7)) for w in range(5))
    return CalendarPage(
        title="校历",
        month=date(2026, 10, 1),
        weeks=weeks,
        school_days=17,
        term="2026 秋季学期，2026-09-01 至 2027-01-15",
        sources=("国家：2026 年放假安排，国办发明电〔2025〕7号", "县：云溪县 2026 秋校历，v2"),
        before=Link(text="上个月", href="/page/calendar"),
        after=Link(text="下个月", href="/page/calendar"),
        import_link=Link(text="导入校历", href="/page/import-upload"),
    )


def names() -> NamesPage:
    rows = (
        ("罗小军", "八（3）", "无故", "第 4 天", True),
        ("沙马木呷", "八（3）", "还不知道", "第 2 天", False),
    )
    return NamesPage(
        title="今天未到",
        about="石桥镇初级中学，11-18",
        heads=("学生", "班", "原因", "连续"),
        rows=tuple(
            NameRow(name=n, href="/page/child", cells=(c, r, d), urgent=u) for n, c, r, d, u in rows
        ),
        total=2,
        back="/page/principal",
    )


def refusal() -> RefusalPage:
    return RefusalPage(
        kind="不归你管",
        say="这名学生不在你的学校。",
        todo="需要看，请向县学籍科申请；申请会记录。",
        ask="县学籍科 0000-1234567",
        back=Link(text="回到今天", href="/page/teacher"),
        reference="7f3a",
    )
