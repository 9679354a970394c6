"""A school's 责任分解表 of many rows."""

from shared.web.models.layout import Link
from shared.web.models.responsibility import AssignmentSheetPage, SheetRow

ROWS = 60
HELD_EVERY = 3


def assignment_sheet() -> AssignmentSheetPage:
    return AssignmentSheetPage(
        title="全员管理责任分解表",
        number="3199010003-quanyuan-20261118-E649FA",
        place="石桥镇 石桥镇初级中学",
        on="2026-11-18",
        rules="f6aba1d4",
        rows=tuple(_row(number) for number in range(1, ROWS + 1)),
        holes=ROWS - ROWS // HELD_EVERY,
        back="/casework/coverage",
        xlsx="/casework/coverage/sheet.xlsx",
        parts=(Link(text="七年级（1）班", href="/casework/coverage/sheet"),),
        spelled=False,
    )


def _row(number: int) -> SheetRow:
    held = number % HELD_EVERY == 0
    return SheetRow(
        number=number,
        tier="教职工包学生",
        line="",
        share="直接责任",
        target="",
        count=42,
        where="石桥镇 石桥镇初级中学 七年级（1）班",
        holders="沈秀兰" if held else "无人",
        since="2026-09-01" if held else "",
        basis="由人指定" if held else "",
    )
