"""The sample's plan: two counties, people with short account names, a child on the brink."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from baoxue.simulation.county import Holders, Post, Staff, Term, Wish
from baoxue.simulation.customs import SAMPLE
from baoxue.simulation.names import staff_name
from baoxue.simulation.numbers import id_number
from baoxue.simulation.plan import Plan, make_plan, with_brink
from baoxue.simulation.year import school_days
from shared.rights import EVERYWHERE

SEED = "保学"
PASSWORD = "yanshi-2026"
FIRST, SECOND = ("990101", "青禾县"), ("990102", "白榆县")
# Schools, and of all children the part of each county.
SCHOOLS = (3, 1)
CHILDREN, FIRST_PART = 2000, 3 / 4
# With fewer, some class is empty and the stories have nobody to happen to.
FEWEST_CHILDREN = 120
# How many more classes wait for their roll on the last day, beside the one on the brink.
ALSO_LEFT_OUT = 2
RUNS = "系统管理员，管运行、导入和完整性，打不开学生资料"


@dataclass(frozen=True, slots=True)
class Account:
    """A person of the demonstration, and what the console shows them first."""

    account: str
    role: str
    where: str
    staff: int
    county: str


@dataclass(frozen=True, slots=True)
class Demo:
    """`left_out`: classes of the first county without a roll today, if today is in the plan."""

    plans: tuple[Plan, Plan]
    accounts: tuple[Account, ...]
    left_out: frozenset[int]
    brink: str


def make_demo(term: Term, last: date, *, today: bool, children: int = CHILDREN) -> Demo:
    """The term until `last`, included; `today`: that day is today, some rolls are left to take.

    `children` of both counties together, at least FEWEST_CHILDREN.
    """
    first = round(children * FIRST_PART)
    sizes = zip(SCHOOLS, (first, children - first), strict=True)
    wishes = [
        Wish(code=code, name=name, seed=SEED, schools=schools, children=children, terms=(term,))
        for (code, name), (schools, children) in zip((FIRST, SECOND), sizes, strict=True)
    ]
    plans = (make_plan(wish, term.opens_on, last) for wish in wishes)
    one, other = (replace(plan, customs=SAMPLE) for plan in plans)
    one = with_brink(one, after=1 if today else 0)
    one, accounts = _named(_operated(_inspected(one)))
    other, more = _named_officer(other)
    assert one.brink is not None, "made above"
    klass = one.brink.child.klass
    return Demo((one, other), (*accounts, more), _left_out(one, klass), one.brink.child.name)


def last_day(term: Term, today: date, *, morning_is_over: bool) -> tuple[date, bool]:
    """Until when the sample lives, and whether that is today."""
    path = f"{FIRST[0][:2]}0000/{FIRST[0][:4]}00/{FIRST[0]}"
    until = min(today, term.ends_on)
    if until == today and (not morning_is_over or not school_days(path, (term,), today, today)):
        return until - timedelta(days=1), False
    return until, until == today


def _left_out(plan: Plan, klass: int) -> frozenset[int]:
    others = [one.key for one in plan.county.classes if one.key != klass]
    return frozenset((klass, *others[5 : 5 + ALSO_LEFT_OUT]))


def _inspected(plan: Plan) -> Plan:
    """An inspector of the city, who sees both counties and acts in none."""
    return _with_one_more(plan, "dudao", Post(role="inspector", unit=plan.county.city), 1)


def _operated(plan: Plan) -> Plan:
    """Somebody who runs the machine for both counties and opens nothing."""
    return _with_one_more(plan, "xitong", Post(role="operator", unit=EVERYWHERE), 2)


def _with_one_more(plan: Plan, account: str, post: Post, number: int) -> Plan:
    """The plan with a person beside the county's own staff, the `number`-th of them."""
    county = plan.county
    name, sex = staff_name(Random(f"{county.seed} {post.role}"))
    person = Staff(
        key=len(county.staff),
        account=account,
        unit=county.code,
        staff_number=f"{county.code[4:]}{90000 + number}",
        name=name,
        idnumber=id_number(county.code, date(1975, 5, 17), 400 + number, sex),
        phone=f"{13800010000 - number}",
        posts=(post,),
    )
    return replace(plan, county=replace(county, staff=(*county.staff, person)))


def _named(plan: Plan) -> tuple[Plan, list[Account]]:
    """Short accounts for one person of each role, around the child on the brink."""
    assert plan.brink is not None, "the first county has one"
    county, holders, klass = plan.county, Holders(plan.county), plan.brink.child.klass
    school = next(one for one in county.schools if one.code == county.classes[klass].school)
    township = next(one for one in county.townships if one.code == school.township)
    room = f"{school.name}{county.classes[klass].name}"
    wanted = (
        ("banzhuren", "homeroom_teacher", f"班主任，{room}"),
        ("renke", "subject_teacher", f"任课教师，{room}"),
        ("nianji", "grade_leader", f"年级组长，{school.name}"),
        ("xiaozhang", "principal", f"校长，{school.name}"),
        ("xueji", "registrar", f"学籍管理员，{school.name}"),
        ("xiangzhen", "township_officer", f"乡镇干部，{township.name}"),
        ("xianju", "county_officer", f"县教育局学籍科，{county.name}"),
        ("zhengce", "policy_officer", f"政策管理员，{county.name}"),
    )
    found = [
        Account(account, role, where, holders.of_class(role, klass).key, county.code)
        for account, role, where in wanted
    ]
    beside = (("dudao", "inspector", "督导，看得到两个县"), ("xitong", "operator", RUNS))
    keys = {one.account: one.key for one in county.staff}
    found += [Account(name, role, where, keys[name], county.code) for name, role, where in beside]
    return renamed(plan, {one.staff: one.account for one in found}), found


def _named_officer(plan: Plan) -> tuple[Plan, Account]:
    officer = next(p for p in plan.county.staff if p.posts[0].role == "county_officer")
    where = f"另一个县的学籍科，{plan.county.name}"
    account = Account("linxian", "county_officer", where, officer.key, plan.county.code)
    return renamed(plan, {officer.key: account.account}), account


def renamed(plan: Plan, names: Mapping[int, str]) -> Plan:
    """The plan with other account names for some staff."""
    staff: Sequence[Staff] = [
        replace(one, account=names.get(one.key, one.account)) for one in plan.county.staff
    ]
    return replace(plan, county=replace(plan.county, staff=tuple(staff)))


def things_to_try(brink: str) -> tuple[str, ...]:
    roll = (
        f"用 banzhuren 登录点名：{brink} 已连续三天无故未到。标成未到再提交，"
        "按上方演示数据带的“下一个上学日”，预警就来了，时间先停在当天；"
        "选好“怎样核实的”，按“属实，立案”，就立了个案。"
    )
    replay = (
        "用 dudao 登录检索“李”或“跟表哥出去打工”，打开一件个案，"
        "拖动时间轴，看当时怎样、当时知道什么。"
    )
    walls = "用 xianju 看今天还没点名、待核实和超期的；再用 linxian 看：一个县看不到另一个县。"
    return roll, replay, walls
