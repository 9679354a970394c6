"""The village that a roster's row names: by its own column, else in the addresses."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.imports.findings import Change, Findings
from services.enrollment.queries.villages import Village, villages_of
from services.enrollment.sheets.cells import clean, tight
from services.enrollment.sheets.roster_rows import RosterRow

HELD = text(
    "select substr(stream, 7) as child, doc::json #>> '{home,village}' as village from current"
    ' where ledger = :ledger and stream like \'child-%\' and doc like \'%"home":{"village":"%\''
)
# 河湾村村民委员会, 河湾村委会 and 河湾村 are one; an address has the short form.
OFFICE = re.compile("(村民委员会|居民委员会|居委会|委会)$")
# 大东村 is not 东村: a name begins where the one of a higher unit ends.
BEFORE = "(?:[省市县区乡镇道处州盟旗]|[^\u4e00-\u9fff])"
# Where people live comes first: who lives elsewhere than the register says is visited there.
FROM = ("village", "address", "hukou")


@dataclass(slots=True)
class Homes:
    """`held`: village by child, as recorded last; `today`: the day of the file."""

    today: date
    county: str = ""
    villages: Sequence[Village] = ()
    held: Mapping[UUID, str] = field(default_factory=dict[UUID, str])

    def new(self, found: Findings, row: RosterRow, child: UUID | None, path: str) -> Village | None:
        """The village that is to be recorded; None where none is named or nothing is new."""
        named = next(filter(None, (self._in(row, name, path) for name in FROM)), None)
        if named is None and row.village:
            said = f"本县没有登记“{row.village}”这个村，学生照收，没有连到村"
            mend = "先在“单位”里登记这个村，再导入一次"
            found.warn(row, "village_unknown", said, mend, at="village", column="所在村")
        if named is None or (child and self.held.get(child) == named.code):
            return None
        return named

    def changes(self, found: Findings, row: RosterRow, child: UUID, new: Village | None) -> None:
        """The village that a known child comes to, listed with the other changes."""
        if new is None:
            return
        labels = {one.code: one.label for one in self.villages}
        column = next(name for name in FROM if getattr(row, name))
        found.changes.append(
            Change(
                subject=str(child),
                field="village",
                label="所在村",
                sheet=row.sheet,
                cell=found.parsed.cell(row.sheet, row.row, column),
                was=labels.get(self.held.get(child, "")),
                now=f"{new.label}（{self.today} 起）",
            )
        )

    def _in(self, row: RosterRow, name: str, path: str) -> Village | None:
        said = getattr(row, name)
        return self.find(said, path) if said else None

    def find(self, said: str, path: str) -> Village | None:
        """The one village that a text names; `path`: the school's, where names alone do not do."""
        said = tight(clean(said))
        named = {one.township for one in self.villages if tight(one.township_name) in said}
        fitting = [one for one in self._named(said) if not named or one.township in named]
        longest = max((len(_core(one.name)) for one in fitting), default=0)
        fitting = [one for one in fitting if len(_core(one.name)) == longest]
        near = [one for one in fitting if one.township in path.split("/")]
        for some in (fitting, near):
            if len(some) == 1:
                return some[0]
        return None

    def _named(self, said: str) -> Iterator[Village]:
        """A name that stands first, after its township, or somewhere in an address of the county.

        Every county has an 东村: another county's address says nothing of ours.
        """
        ours = bool(self.county) and self.county in said
        for one in self.villages:
            core, township = _core(one.name), tight(one.township_name)
            first = said.startswith((core, township + core, township[:-1] + core))
            here = ours or township in said
            if first or (here and re.search(BEFORE + re.escape(core), said)):
                yield one


def _core(name: str) -> str:
    return OFFICE.sub("", tight(clean(name)))


async def read_homes(conn: AsyncConnection, ledger: str, county: str, today: date) -> Homes:
    """`county`: the county's name."""
    villages = await villages_of(conn, ledger)
    if not villages:
        return Homes(today)
    rows = await conn.execute(HELD, {"ledger": ledger})
    held = {UUID(row.child): row.village for row in rows}
    return Homes(today, tight(clean(county)), villages, held)
