"""Under which township a founded school hangs: the one its rows name, else one to be mended."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from services.enrollment.domain.codes import MAX_NAME_CHARACTERS
from services.enrollment.imports.deeds import FoundTownship, MoveSchool
from services.enrollment.imports.findings import Findings, RowLike
from services.enrollment.imports.scope import Scope
from services.enrollment.imports.stored import Places, School, Township
from services.enrollment.sheets.cells import clean, tight

# Codes of the last three digits that GB/T 10114 gives to no township: the first is the unit where
# schools wait whose township no file has named, the others stand until the real code is known.
WAITING_CODE, WAITING_NAME = "900", "未定乡镇"
PROVISIONAL = range(901, 1000)
NAMED = re.compile(r"(\d{12}|\d{9})?\s*(.*)")
SCHOOLS_SAID = 20


@dataclass(slots=True)
class Townships:
    """What the file's rows say of each school's township, and what is founded for it."""

    found: Findings
    places: Places
    scope: Scope
    said: dict[str, set[str]] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)

    def hear(self, rows: Iterable[RowLike]) -> None:
        """Rows that name a township beside a school's code or name."""
        for row in rows:
            named = getattr(row, "township", None)
            school = getattr(row, "school_code", "") or getattr(row, "school_name", "")
            if named and school:
                self.said.setdefault(school, set()).add(tight(clean(named)))

    def parent(self, row: RowLike, code: str, name: str, opens: date) -> str:
        """The path that a new school is founded under."""
        named = self._named(row, code, name)
        if named:
            return self._found(row, named, opens).path
        self.waiting.append(name)
        unit = f"{self.scope.county.code}{WAITING_CODE}"
        return self._township(unit, WAITING_NAME, opens).path

    def mend(self, row: RowLike, school: School, today: date) -> None:
        """A school that waits for its township goes there once a file names it."""
        waits = f"{self.scope.county.path}/{self.scope.county.code}{WAITING_CODE}/{school.code}"
        if school.path != waits or not self.scope.founds:
            return
        if any(isinstance(d, MoveSchool) and d.code == school.code for d in self.found.deeds):
            return
        named = self._named(row, school.code, school.name)
        if named:
            parent = self._found(row, named, today)
            to = parent.path
            move = MoveSchool(code=school.code, path=school.path, parent_path=to, on=today)
            self.found.deeds.append(move)
            said = f"学校“{school.name}”改挂到“{parent.name}”"
            self.found.warn(row, "school_moved", said, at="township")

    def close(self) -> None:
        """Schools whose township nobody has named are said once; they move after all else."""
        moves = [deed for deed in self.found.deeds if isinstance(deed, MoveSchool)]
        self.found.deeds = [d for d in self.found.deeds if not isinstance(d, MoveSchool)] + moves
        if self.waiting:
            names = "、".join(self.waiting[:SCHOOLS_SAID])
            more = f" 等 {len(self.waiting)} 所" if len(self.waiting) > SCHOOLS_SAID else ""
            said = f"没有写属于哪个乡镇，先挂在“{WAITING_NAME}”下：{names}{more}"
            mend = "在表里加一列“所属乡镇”再导入一次，就改挂过去"
            self.found.warn_file("township_missing", said, mend)

    def _named(self, row: RowLike, code: str, name: str) -> str:
        """What all rows of a school say; where they differ they speak of the children's homes."""
        said = self.said.get(code, set()) | self.said.get(name, set())
        if len(said) > 1:
            reason = f"学校“{name}”写了几个乡镇，看不出属于哪一个"
            self.found.warn(row, "township_unclear", reason, "每所学校只写一个乡镇", at="township")
        return next(iter(said)) if len(said) == 1 else ""

    def _found(self, row: RowLike, named: str, opens: date) -> Township:
        match = NAMED.fullmatch(named)
        code, name = (match[1] or "", match[2].strip()) if match else ("", named)
        known = self.places.townships.get(code) or self._by_name(name)
        if known:
            return known
        name = (name or code)[:MAX_NAME_CHARACTERS]
        made = self._township(code or self._provisional(), name, opens)
        told = "" if code else f"，先用临时代码 {made.code}"
        reason = f"新建乡镇“{name}”{told}"
        self.found.warn(row, "township_founded", reason, at="township")
        return made

    def _by_name(self, name: str) -> Township | None:
        return next((t for t in self.places.townships.values() if tight(t.name) == name), None)

    def _provisional(self) -> str:
        county, held = self.scope.county.code, self.places.townships
        return next(code for n in PROVISIONAL if (code := f"{county}{n}") not in held)

    def _township(self, code: str, name: str, opens: date) -> Township:
        if known := self.places.townships.get(code):
            return known
        parent = self.scope.county.path
        made = self.places.townships[code] = Township(code, name, f"{parent}/{code}")
        self.found.deeds.append(
            FoundTownship(code=code, name=name, parent_path=parent, valid_from=opens)
        )
        return made
