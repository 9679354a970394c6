"""Fictitious frames and rolls that the gallery draws; no person here exists."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from shared.web.filters import BUSINESS_ZONE
from shared.web.models.form import Form, Option
from shared.web.models.layout import DemoBand, Layout, Link, NavItem
from shared.web.models.roll import Pupil, ReasonRow, RollPage, RollSentPage

TODAY = date(2026, 11, 18)
NAMES = [
    "陈思源",
    "杨雨桐",
    "李梓萱",
    "王浩宇",
    "张一鸣",
    "赵文静",
    "刘家豪",
    "周若兰",
    "吴志远",
    "郑晓敏",
    "孙嘉怡",
    "吉克阿依",
    "马俊杰",
    "朱丽娟",
    "胡天佑",
    "林雪梅",
    "何明轩",
    "高子涵",
    "阿依努尔·麦麦提",
    "罗雨欣",
    "梁国栋",
    "宋佳琪",
    "谢永康",
    "韩雨泽",
    "唐诗雅",
    "冯志强",
    "董小雪",
    "沙马木呷",
    "程思远",
    "曹文博",
    "潘子轩",
    "彭秀英",
    "曾梦琪",
    "肖建华",
    "田甜",
    "罗小军",
    "袁春燕",
    "蔡宇航",
    "蒋欣怡",
    "余立群",
    "杜明月",
    "叶子豪",
    "魏小兰",
    "苏日格",
    "丁一凡",
]
LEAVE = {2: "sick", 8: "sick", 24: "personal"}


def at(hour: int, minute: int = 0, day: int = 18, month: int = 11) -> datetime:
    """A business time of the example's autumn."""
    return datetime(2026, month, day, hour, minute, tzinfo=BUSINESS_ZONE).astimezone(UTC)


def some_id(number: int) -> str:
    return str(UUID(int=0x0198_0000_0000_7000_8000_0000_0000_0000 + number))


def form(action: str, submit: str, **more: object) -> Form:
    return Form(action=action, command_id=some_id(900), version=7, submit=submit, **more)


def _items(text: str, counts: dict[str, int] | None = None) -> tuple[NavItem, ...]:
    pairs = [word.split("=") for word in text.split()]
    found = counts or {}
    return tuple(NavItem(key=k, title=t, href=f"/page/{k}", count=found.get(k)) for t, k in pairs)


ITEMS = {
    "teacher": _items("今天=today 班级=classes 消息=inbox", {"inbox": 2}),
    "principal": _items("今天=today 班级=classes 学生=students 个案=cases 文书=papers 导入=import"),
    "county": _items(
        "今天=today 学生=students 个案=cases 责任=duties 文书=papers"
        " 检索=search 导入=import 完整性=whole 规则=rules 账号=accounts 校历=calendar 消息=inbox"
    ),
}
PEOPLE = {
    "teacher": ("沈秀兰", "石桥镇初级中学", "班主任"),
    "principal": ("周启明", "石桥镇初级中学", "校长"),
    "county": ("马春梅", "云溪县", "县教育局工作人员"),
    "inspector": ("顾清和", "省督导组", "督导"),
    "township": ("罗正华", "石桥镇", "包村干部"),
}


def layout(role: str = "county", active: str = "today", here: str = "/", **more: object) -> Layout:
    name, unit, title = PEOPLE[role]
    defaults: dict[str, object] = {
        "now": at(8, 41),
        "here": here,
        "viewer_name": name,
        "viewer_account": name,
        "unit_name": unit,
        "role_name": title,
        "read_only": role == "inspector",
        "items": ITEMS.get(role, ITEMS["county"]),
        "active": active,
        "search": "/page/search" if role not in {"teacher", "township"} else None,
        "sign_out": "/sign-out",
        "demo": None,
    }
    return Layout(**(defaults | more))


def demo() -> DemoBand:
    return DemoBand(
        county="云溪县",
        next_school_day=TODAY + timedelta(days=1),
        action="/clock",
        command_id=some_id(1),
    )


def pupils() -> tuple[Pupil, ...]:
    return tuple(
        Pupil(child=some_id(100 + seat), seat=seat, name=name, leave=LEAVE.get(seat))
        for seat, name in enumerate(NAMES, 1)
    )


def roll() -> RollPage:
    return RollPage(
        title="八年级（3）班 点名",
        class_name="八年级（3）班",
        on=TODAY,
        cut_off=at(9),
        pupils=pupils(),
        form=form("/roll", "提交", keeps="八年级（3）班 点名 11-18", check="/roll/check"),
        back="/page/teacher",
        draft_key="c83:2026-11-18",
    )


REASONS = tuple(
    Option(value=value, label=label)
    for value, label in (
        ("unknown", "还不知道"),
        ("sick", "病假"),
        ("personal", "事假"),
        ("truant", "旷课"),
    )
)


def reason(seat: int, chosen: str = "unknown", warning: str = "", who: str = "祖母") -> ReasonRow:
    return ReasonRow(
        child=some_id(100 + seat),
        seat=seat,
        name=NAMES[seat - 1],
        reasons=REASONS,
        chosen=chosen,
        action=f"/reason/{seat}",
        command_id=some_id(seat),
        version=8,
        warning=warning,
        dial=Link(text=f"打给{who}", href="/page/form-call"),
    )


def roll_sent() -> RollSentPage:
    warning = "连续第 3 个上学日没来。明天再不来，到预警线。"
    return RollSentPage(
        title="八年级（3）班 点名",
        on=TODAY,
        sent_at=at(8, 40),
        enrolled=45,
        present=40,
        on_leave=3,
        absent=2,
        settles_at=at(8, 50),
        recall=form("/roll/recall", "撤回重点"),
        reasons=(reason(28), reason(36, "truant", warning, "母亲")),
        back="/page/teacher",
    )
