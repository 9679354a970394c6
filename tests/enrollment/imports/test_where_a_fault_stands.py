"""Each fault names the column as the file does, also one that only the stored state shows."""

from datetime import date

import pytest

from services.enrollment.imports.findings import Findings
from services.enrollment.sheets.marks import Mark
from services.enrollment.sheets.parsed import Parsed, SheetReport
from services.enrollment.sheets.roll_rows import ChildDay

READ = SheetReport(
    name="考勤",
    read=True,
    columns={"name": "B", "date": "C"},
    recognised=(("B", "学生姓名", "name"), ("C", "日期", "date"), ("D", "缺勤名单", "absent")),
)


def found() -> Findings:
    return Findings(Parsed(kind="roll", sheets=(READ,)), {})


@pytest.mark.parametrize(
    ("where", "cell", "column"),
    [
        ({"at": "name"}, "B7", "学生姓名"),
        ({"cell": "D7"}, "D7", "缺勤名单"),
        ({"cell": "AC7"}, "AC7", ""),
        ({"at": "class"}, "A7", ""),
        ({"at": "name", "column": "姓名"}, "B7", "姓名"),
    ],
)
def test_the_column_of_a_refused_row_is_told(
    where: dict[str, str], cell: str, column: str, child_day: ChildDay
) -> None:
    gathered = found()
    gathered.refuse(child_day, "child_unknown", "没有这名学生", "改正姓名", **where)
    (fault,) = gathered.faults
    assert (fault.cell, fault.column) == (cell, column)


@pytest.fixture
def child_day() -> ChildDay:
    return ChildDay(
        sheet="考勤",
        row=7,
        cell="",
        day=date(2026, 11, 18),
        name="学生1",
        name_key="学生1",
        school_code="",
        school_name="",
        class_=None,
        mark=Mark.SICK,
    )
