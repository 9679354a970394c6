"""What a pack says, as lines of a register: values, duties, sources, each with where it is from."""

from collections.abc import Iterable, Iterator

from shared.policy.duty_schema import Cited, Due, DutyKind, Holder
from shared.policy.pack import Pack
from shared.policy.parameter_words import PARAMETERS, paths_of, value_words
from shared.roles import ROLES
from shared.web.models.tables import Cell, Section

HOUSE = "house"
OURS = "软件默认，方案没有写，县里可以改"
SPANS = {"h": "小时", "d": "天", "w": "个上学日"}
ENDS = {"week": "本周末", "month": "月末", "term": "学期末"}
CADENCES = {
    "school_day": "每个上学日",
    "week": "每周",
    "month": "每月",
    "term": "每学期",
    "year": "每年",
}
COUNTED = {"calendar": "天", "school": "个上学日"}


def values_section(pack: Pack, lang: str) -> Section:
    """Every value that code reads, with its operator and source."""
    return Section(
        title="参数",
        columns=("参数", "值", "来源"),
        rows=tuple(_value(pack, path, lang) for path in PARAMETERS),
    )


def _value(pack: Pack, path: str, lang: str) -> tuple[Cell, ...]:
    words, paths = PARAMETERS[path], paths_of(path)
    sources = dict.fromkeys(id for one in paths for id in pack.file.basis.get(one, ()))
    return (
        Cell(text=words.zh if lang == "zh" else words.en, soft="　".join(paths)),
        Cell(text=value_words(pack, path, lang)),
        source_cell(pack, sources),
    )


def source_cell(pack: Pack, sources: Iterable[str]) -> Cell:
    """Plan rows and laws by their words; a number of our own is said to be one."""
    ids = list(sources)
    texts = pack.cited(id for id in ids if id != HOUSE)
    return Cell(text="；".join(texts) or OURS, soft=OURS if HOUSE in ids and texts else "")


def duties_section(pack: Pack) -> Section:
    """Every duty kind: who does it by when, who is told when it is not done, and why."""
    return Section(
        title="任务",
        columns=("任务", "谁", "期限", "超期告知", "来源"),
        rows=tuple(_duty(pack, code, kind) for code, kind in pack.file.duties.items()),
    )


def _duty(pack: Pack, code: str, kind: DutyKind) -> tuple[Cell, ...]:
    climbs = (f"{span_words(one.after)}后 {role_words(one.to)}" for one in kind.climb)
    every = CADENCES[kind.arm.every] if kind.arm.every else "有事即办"
    needed = f"，{kind.needed} 次" if kind.needed > 1 else ""
    return (
        Cell(text=kind.zh, soft=code),
        Cell(text=holder_words(pack, kind.holder)),
        Cell(text=due_words(kind.due), soft=every + needed),
        Cell(text="，".join(climbs) or "—"),
        source_cell(pack, kind.basis),
    )


def role_words(role: str) -> str:
    return ROLES[role].zh if role in ROLES else "负责人"


def holder_words(pack: Pack, holder: Holder) -> str:
    if holder.role is not None:
        return role_words(holder.role)
    scheme = pack.file.schemes[holder.scheme or ""]
    tier = scheme.tier(holder.tier or "")
    return f"{scheme.zh}：{tier.zh}" if tier else scheme.zh


def span_words(span: str) -> str:
    return f"{span[:-1]} {SPANS[span[-1]]}"


def due_words(due: Due) -> str:
    """A due time in words; exactly one way is given."""
    if due.at is not None:
        return f"当天 {due.at} 前"
    if due.days is not None:
        return f"{due.days} {COUNTED[due.count]}内"
    if due.hours is not None:
        return f"{due.hours} 小时内"
    if due.end is not None:
        return f"{ENDS[due.end]}前"
    if due.date is not None:
        return f"每年 {due.date.replace('-last', ' 月最后一天')} 前"
    if due.after_opening is not None:
        number, unit = due.after_opening[:-1], due.after_opening[-1]
        return f"开学后 {number} {'天' if unit == 'd' else '个月'}内"
    return "按写明的日期"


def mechanisms_section(pack: Pack) -> Section:
    """Schemes, bodies and systems: what else a pack fills."""
    return Section(
        title="责任制、机构和制度",
        columns=("名称", "内容", "来源"),
        rows=tuple(_mechanisms(pack)),
    )


def _mechanisms(pack: Pack) -> Iterator[tuple[Cell, ...]]:
    for code, scheme in pack.file.schemes.items():
        tiers = "、".join(tier.zh for tier in scheme.tiers)
        name = Cell(text=scheme.zh, soft=code)
        yield name, Cell(text=tiers), source_cell(pack, scheme.basis)
    for code, body in pack.file.bodies.items():
        posts = "、".join(post.zh for post in body.posts)
        yield Cell(text=body.zh, soft=code), Cell(text=posts), source_cell(pack, body.basis)
    for code, system in pack.file.systems.items():
        name = Cell(text=system.zh, soft=code)
        owner = Cell(text=f"由{role_words(system.owner)}负责")
        yield name, owner, source_cell(pack, system.basis)


def rests_on(pack: Pack, source: str) -> list[str]:
    """What a source is cited for: values, duties, schemes, bodies and systems, by their words."""
    found = [PARAMETERS[path].zh for path in PARAMETERS if _cites(pack, path, source)]
    for part in (pack.file.duties, pack.file.schemes, pack.file.bodies, pack.file.systems):
        found += [one.zh for one in part.values() if source in one.basis]
    return found


def _cites(pack: Pack, path: str, source: str) -> bool:
    return any(source in pack.file.basis.get(one, ()) for one in paths_of(path))


def source_words(entry: str | Cited) -> str:
    return entry if isinstance(entry, str) else entry.title
