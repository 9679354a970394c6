"""Rolls of a file against classes and days: whole sheets, by number or name, or clear refusals."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.aggregates import roll_stream
from services.enrollment.imports.deeds import Away, PutRoll
from services.enrollment.imports.findings import Findings, RowLike
from services.enrollment.imports.places import Founding
from services.enrollment.imports.pupils import HERE, Marks, Pupils, read_pupils, standing_rolls
from services.enrollment.imports.stored import Klass, People, class_key
from services.enrollment.sheets.marks import Mark
from services.enrollment.sheets.parsed import Question
from services.enrollment.sheets.roll_rows import Absentee, ChildDay, ClassDay
from services.enrollment.sheets.values import mask
from shared.edge import Moment

AWAY: dict[Mark, Literal["unexcused", "sick", "personal"]] = {
    Mark.UNEXCUSED: "unexcused",
    Mark.SICK: "sick",
    Mark.PERSONAL: "personal",
    Mark.LEAVE: "personal",
}
# What a grid's column of one day is called.
DAY_COLUMN = "日期"
REST, UNSURE = "rest", "unknown"


@dataclass(slots=True)
class Sheet:
    """The roll of one class on one day as the file gives it."""

    klass: Klass
    on: date
    rows: list[ChildDay | ClassDay] = field(default_factory=list)
    marks: Marks = field(default_factory=dict)
    whole: bool = False
    faulty: bool = False
    open: bool = False


@dataclass(slots=True)
class Rolls:
    """One file being compared."""

    found: Findings
    founding: Founding
    children: People
    moment: Moment
    pupils: Pupils = field(default_factory=Pupils)
    sheets: dict[tuple[UUID, date], Sheet] = field(default_factory=dict)
    # What has been refused already, by sheet, row and (in a grid) cell: one reason is enough.
    told: set[tuple[str, int, str]] = field(default_factory=set)
    # A child whom the class does not know is one fault, not one for each day of the month.
    said: set[tuple[str, str, str, str]] = field(default_factory=set)

    async def compare(self, conn: AsyncConnection, rows: Sequence[ChildDay | ClassDay]) -> None:
        """Everything that the rows come to, noted in the findings."""
        self.pupils = await read_pupils(conn, self.founding.scope.ledger, self.children)
        for row in rows:
            self._row(row)
        bad_sheets = {sheet for sheet, _ in self.found.parsed.bad_rows}
        for sheet in self.sheets.values():
            self._complete(sheet, bad_sheets)
        good = [one for one in self.sheets.values() if one.whole and not one.faulty]
        streams = [roll_stream(one.klass.klass, one.on) for one in good]
        standing = await standing_rolls(conn, self.founding.scope.ledger, streams)
        for sheet in sorted(good, key=lambda one: (one.on, one.klass.path)):
            self._count(sheet, standing.get(roll_stream(sheet.klass.klass, sheet.on)))

    def _row(self, row: ChildDay | ClassDay) -> None:
        school = self.founding.school(row, row.school_code, row.school_name)
        if school is None:
            return
        if row.class_ is None:
            klass = self._class_of_child(row, school.code) if isinstance(row, ChildDay) else None
        else:
            klass = self.founding.places.classes.get(class_key(school.code, row.class_))
            if klass is None:
                label, mend = row.class_.label, "先导入花名册，或改正班级"
                reason = f"{school.name}没有{label}"
                self._refuse(row, "class_unknown", reason, mend, at="class", value=label)
        if klass is None:
            return
        sheet = self.sheets.setdefault((klass.klass, row.day), Sheet(klass, row.day))
        sheet.rows.append(row)
        if not self._day_is_good(row, klass):
            sheet.faulty = True
        elif isinstance(row, ClassDay):
            self._class_day(row, sheet)
        else:
            self._child_day(row, sheet)

    def _class_of_child(self, row: ChildDay, school: str) -> Klass | None:
        """The class that day of a child named without one."""
        known = self.founding.places.by_id
        ids = self.pupils.anywhere(row, school)
        homes = {k for child in ids for k in self.pupils.classes_on(child, row.day) if k in known}
        homes = {k for k in homes if known[k].school == school}
        if len(homes) == 1:
            return known[homes.pop()]
        many = len(homes) > 1
        reason = "几个班有同名的学生，看不出是哪一个" if many else "那天本校没有这名学生"
        code = "child_namesakes" if many else "child_unknown"
        mend = "补上班级，或身份证件号、学籍号"
        self._refuse(row, code, reason, mend, at="name", value=mask(row.name))
        return None

    def _refuse(
        self, row: RowLike, code: str, reason: str, mend: str, *, cell: str = "", **where: str
    ) -> None:
        """`where`: `at`, the field, and the masked `value`. Said once of a cell.

        The field's own cell is named where the file has such a column, else that of the mark.
        """
        own = getattr(row, "cell", "")
        self.told.add((row.sheet, row.row, own))
        there = self.found.parsed.cell(row.sheet, row.row, where.get("at", ""))
        cell = cell or (there if there[:1].isalpha() else own)
        if (row.sheet, cell, code, reason) in self.said:
            return
        self.said.add((row.sheet, cell, code, reason))
        if cell == own and self._is_grid(row.sheet):
            where["column"] = DAY_COLUMN
        self.found.refuse(row, code, reason, mend, cell=cell, **where)

    def _is_grid(self, sheet: str) -> bool:
        return any(one.layout == "grid" for one in self.found.parsed.sheets if one.name == sheet)

    def _day_is_good(self, row: ChildDay | ClassDay, klass: Klass) -> bool:
        kind = self.moment.rules.school_calendar().is_school_day(row.day, klass.path)
        if row.day > self.founding.today:
            code, reason, mend = "roll_in_future", f"{row.day} 还没有到", "改正日期"
        elif not kind.school:
            why = f"（{kind.reason}）" if kind.reason else ""
            code, reason = "no_school_that_day", f"{row.day} 不上课{why}"
            mend = "日期无误的话，先导入校历"
        else:
            return True
        self._refuse(row, code, reason, mend, at="date", value=row.day.isoformat())
        return False

    def _class_day(self, row: ClassDay, sheet: Sheet) -> None:
        there = self.pupils.sheet(sheet.klass.klass, row.day)
        if row.expected != len(there):
            early = f"，{row.day} 这个班还没有学生" if not there else ""
            reason = f"应到 {row.expected}，系统里那天这个班是 {len(there)} 人{early}"
            mend = "核对人数；名册变了的话先导入花名册"
            shown = str(row.expected)
            self._refuse(row, "expected_differs", reason, mend, at="expected", value=shown)
            sheet.faulty = True
            return
        for absentee in row.absentees:
            child = self._absentee(row, sheet, absentee)
            if child is None:
                sheet.faulty = True
            elif absentee.mark in AWAY:
                sheet.marks[child] = AWAY[absentee.mark]
        for child in there:
            sheet.marks.setdefault(child, HERE)

    def _absentee(self, row: ClassDay, sheet: Sheet, absentee: Absentee) -> UUID | None:
        alike = self.pupils.named(sheet.klass.klass, row.day, absentee.name_key)
        alike = [child for child in alike if child not in sheet.marks]
        if len(alike) == 1:
            return alike[0]
        if not alike:
            reason = "本班那天没有叫这个名字的学生"
            mend = "改正姓名；新来的学生先导入花名册"
            shown = mask(absentee.name)
            self._refuse(row, "child_unknown", reason, mend, cell=absentee.cell, value=shown)
            return None
        return self._ask_which(row, absentee.cell, alike, sheet)

    def _ask_which(
        self, row: RowLike, cell: str, alike: Iterable[UUID], sheet: Sheet
    ) -> UUID | None:
        key = f"namesake:{row.sheet}:{cell}"
        answer = self.found.answer(key)
        some = list(alike)
        for child in some:
            if answer == str(child):
                return child
        sheet.open = True
        self.found.ask(
            Question(
                id=key,
                text="本班有同名的学生，是哪一个？",
                option=key,
                choices=tuple((str(child), self.pupils.described(child)) for child in some),
                sheet=row.sheet,
                cell=cell,
            )
        )
        return None

    def _child_day(self, row: ChildDay, sheet: Sheet) -> None:
        alike = self.pupils.matching(row, sheet.klass.klass)
        if not alike:
            ever = self.pupils.ever(row, sheet.klass.klass)
            reason = "那天还没有入学，或已不在本班" if ever else "本班那天没有这名学生"
            code = "before_enrollment" if ever else "child_unknown"
            mend = "改正姓名或日期；新来的学生先导入花名册"
            by_day = row.cell if ever and self._is_grid(row.sheet) else ""
            self._refuse(row, code, reason, mend, at="name", cell=by_day, value=mask(row.name))
            sheet.faulty = not ever
            return
        child = alike[0] if len(alike) == 1 else self._ask_which(row, row.cell, alike, sheet)
        if child is None:
            return
        if row.mark is Mark.UNMARKED:
            self._refuse(row, "roll_unmarked", "没有记录到没到", "补上记号", at="mark")
            sheet.faulty = True
            return
        sheet.marks[child] = AWAY.get(row.mark, HERE)

    def _complete(self, sheet: Sheet, bad_sheets: set[str]) -> None:
        """A roll speaks of every child of the class: who is not named is asked about, not taken."""
        there = self.pupils.sheet(sheet.klass.klass, sheet.on)
        lacking = [child for child in there if child not in sheet.marks]
        if sheet.open or not there:
            return
        if not lacking and not sheet.faulty:
            sheet.whole = True
            return
        unsure = sheet.faulty or any(row.sheet in bad_sheets for row in sheet.rows)
        answer = self.found.answer(REST)
        if not unsure and answer == HERE:
            sheet.marks |= dict.fromkeys(lacking, HERE)
            sheet.whole = True
        elif not unsure and answer is None and not self._from_grid(sheet):
            self._ask_rest()
        else:
            self._refuse_rest(sheet, len(lacking))

    def _from_grid(self, sheet: Sheet) -> bool:
        """In a grid an unmarked child is one whose cell says nothing, not one left out."""
        return any(
            self._is_grid(row.sheet) and self._on_other_days(sheet, row.sheet) for row in sheet.rows
        )

    def _on_other_days(self, sheet: Sheet, name: str) -> bool:
        lacking = set(self.pupils.sheet(sheet.klass.klass, sheet.on)) - set(sheet.marks)
        return any(
            lacking & set(other.marks)
            for other in self.sheets.values()
            if other.klass is sheet.klass and any(row.sheet == name for row in other.rows)
        )

    def _ask_rest(self) -> None:
        self.found.ask(
            Question(
                id=REST,
                text="有的班那天只写了一部分学生。没有写到的学生，当天都到了吗？",
                option=REST,
                choices=((HERE, "都到了"), (UNSURE, "不一定，这些天不收")),
            )
        )

    def _refuse_rest(self, sheet: Sheet, lacking: int) -> None:
        sheet.faulty = True
        reason = (
            f"{sheet.klass.name} {sheet.on} 还有 {lacking} 名学生没有记号"
            if lacking
            else f"{sheet.klass.name} {sheet.on} 这一天有别的行不收"
        )
        for row in sheet.rows:
            if (row.sheet, row.row, getattr(row, "cell", "")) not in self.told:
                self._refuse(row, "roll_not_whole", reason, "补全这一天再传")

    def _count(self, sheet: Sheet, standing: Marks | None) -> None:
        """Child-days: new ones, those that a correction changes, those said before."""
        if standing == sheet.marks:
            self.found.unchanged += len(sheet.marks)
            return
        held = standing or {}
        same = sum(held.get(child) == mark for child, mark in sheet.marks.items())
        if standing is None:
            self.found.new += len(sheet.marks)
        else:
            self.found.unchanged += same
            self.found.changed += len(sheet.marks) - same
            reason = f"{sheet.klass.name} {sheet.on} 已点过名，这次算更正"
            self.found.warn(sheet.rows[0], "roll_correction", reason)
        away = [
            Away(child=child, mark=mark)  # type: ignore[arg-type]
            for child, mark in sheet.marks.items()
            if mark != HERE
        ]
        deed = PutRoll(klass=sheet.klass.klass, on=sheet.on, away=away)
        self.found.deeds.append(deed)
