"""What the rows of one roster must agree on: one number one child, one child one class."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from services.enrollment.sheets.parsed import Refusal
from services.enrollment.sheets.roster_rows import RosterRow
from services.enrollment.sheets.table import RawRow, Table
from services.enrollment.sheets.values import mask

MAX_OTHERS_NAMED = 5


def check_together(rows: list[RosterRow], tables: Mapping[str, Table]) -> None:
    """Notes a fault on every row concerned; takes the second of two equal rows out of `rows`."""
    repeated = _repeats(rows, tables)
    if repeated:
        rows[:] = [r for i, r in enumerate(rows) if i not in repeated]
    refused: set[tuple[str, int]] = set()
    for field in ("id_number", "student_number"):
        for group in _groups(rows, lambda r, f=field: getattr(r, f)):
            _check_number(group, field, tables, refused)
    for group in _groups(rows, _likeness):
        _check_likeness(group, tables, refused)
    _check_school_names(rows, tables)


def _groups(
    rows: Iterable[RosterRow], key: Callable[[RosterRow], object]
) -> Iterator[list[RosterRow]]:
    """Rows that share a key, where at least two do."""
    groups: dict[object, list[RosterRow]] = defaultdict(list)
    for row in rows:
        value = key(row)
        if value:
            groups[value].append(row)
    return (g for g in groups.values() if len(g) > 1)


def _repeats(rows: list[RosterRow], tables: Mapping[str, Table]) -> set[int]:
    """Places of rows that say again exactly what an earlier row said of an identified child."""
    seen: dict[RosterRow, RosterRow] = {}
    repeated: set[int] = set()
    ids = {g[0].name_key for g in _groups(rows, lambda r: r.name_key)}
    for place, row in enumerate(rows):
        if row.name_key not in ids or not (row.id_number or row.student_number or row.birth_date):
            continue
        bare = replace(row, sheet="", row=0)
        first = seen.setdefault(bare, row)
        if first is not row:
            repeated.add(place)
            problem = Refusal("row_repeated", f"与 {_where(first)} 完全相同，只算一次", "可以收")
            _warn(row, problem, "name", tables)
    return repeated


def _where(row: RosterRow) -> str:
    return f"“{row.sheet}”第 {row.row} 行"


def _others(group: list[RosterRow], row: RosterRow) -> str:
    others = [_where(r) for r in group if r is not row]
    more = f"等 {len(others)} 行" if len(others) > MAX_OTHERS_NAMED else ""
    return "、".join(others[:MAX_OTHERS_NAMED]) + more


def _check_number(
    group: list[RosterRow], field: str, tables: Mapping[str, Table], refused: set[tuple[str, int]]
) -> None:
    if len({r.name_key for r in group}) > 1:
        code, reason = f"{field}_two_names", "同一号码，两个姓名（都不收）"
        mend = "查清是谁的号码，另一个留空或改正"
    elif len({(r.school_code, r.school_name, r.class_) for r in group}) > 1:
        code, reason = "child_in_two_classes", "同一学生重复，一人在两个班（都不收）"
        mend = "只在现在的班里留一行"
    else:
        code, reason = "child_twice", "同一学生写了两行，内容不一样（都不收）"
        mend = "只留对的一行"
    for row in group:
        if (row.sheet, row.row) not in refused:
            problem = Refusal(code, f"与{_others(group, row)}是{reason}", mend)
            _fault(row, problem, field, mask(getattr(row, field)), tables)
    refused.update((r.sheet, r.row) for r in group)


def _likeness(row: RosterRow) -> tuple[object, ...]:
    """Children of one school with the same name and birth date are held for one."""
    school = row.school_code or row.school_name
    return (school, row.name_key, row.birth_date or row.class_)


def _check_likeness(
    group: list[RosterRow], tables: Mapping[str, Table], refused: set[tuple[str, int]]
) -> None:
    """Refuses alike rows unless each has a number of its own, as twins and namesakes do."""
    open_rows = [r for r in group if (r.sheet, r.row) not in refused]
    numbers = [r.id_number or r.student_number for r in open_rows]
    if len(open_rows) < 2 or (all(numbers) and len(set(numbers)) == len(numbers)):
        return
    two_classes = len({r.class_ for r in open_rows}) > 1
    code = "child_in_two_classes" if two_classes else "same_name_same_class"
    reason = (
        "同名同生日，一人在两个班（都不收）" if two_classes else "同班同名，分不清是一人还是两人"
    )
    mend = "一个人就只留一行；是两个人就都填上身份证件号或学籍号"
    for row in open_rows:
        problem = Refusal(code, f"与{_others(open_rows, row)}{reason}", mend)
        _fault(row, problem, "name", mask(row.name), tables)
    refused.update((r.sheet, r.row) for r in open_rows)


def _check_school_names(rows: list[RosterRow], tables: Mapping[str, Table]) -> None:
    """A code with two names is worth a look; the first name counts."""
    names: dict[str, str] = {}
    told: set[tuple[str, str]] = set()
    for row in rows:
        if not row.school_code or not row.school_name:
            continue
        first = names.setdefault(row.school_code, row.school_name)
        if first != row.school_name and (row.school_code, row.school_name) not in told:
            told.add((row.school_code, row.school_name))
            reason = f"同一学校标识码，前面写的是“{first}”"
            _warn(row, Refusal("school_two_names", reason, "核对学校名称"), "school_name", tables)


def _raw(row: RosterRow) -> RawRow:
    return RawRow(row.sheet, row.row, {}, [])


def _fault(
    row: RosterRow, problem: Refusal, field: str, shown: str, tables: Mapping[str, Table]
) -> None:
    tables[row.sheet].fault(_raw(row), problem, field, value=shown)


def _warn(row: RosterRow, problem: Refusal, field: str, tables: Mapping[str, Table]) -> None:
    tables[row.sheet].warn(_raw(row), problem, field, value=mask(row.name))
