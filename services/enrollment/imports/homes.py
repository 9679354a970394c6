"""The village that a roster's row names: by its own column, else in the addresses."""

import re
from collections.abc import Mapping, Sequence
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


@dataclass(frozen=True, slots=True)
class Called:
    """How texts call a village: its bare name, and how an address of its own begins."""

    village: Village
    core: str
    township: str
    starts: tuple[str, ...]
    inside: re.Pattern[str]


@dataclass(slots=True)
class Homes:
    """`held`: village by child, as recorded last; `today`: the day of the file."""

    today: date
    county: str = ""
    villages: Sequence[Village] = ()
    held: Mapping[UUID, str] = field(default_factory=dict[UUID, str])
    # Prepared once: a file has tens of thousands of addresses.
    _called: list[Called] = field(init=False)
    _unknown: set[str] = field(default_factory=set[str])

    def __post_init__(self) -> None:
        self._called = [_called(one) for one in self.villages]

    def new(self, found: Findings, row: RosterRow, child: UUID | None, path: str) -> Village | None:
        """The village that is to be recorded; None where none is named or nothing is new."""
        named = next(filter(None, (self._in(row, name, path) for name in FROM)), None)
        if named is None and row.village and row.village not in self._unknown:
            self._unknown.add(row.village)  # once a name, where it stands first
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
        fitting = [one for one in self._called if one.core in said and self._names(said, one)]
        if not fitting:
            return None
        # Where a township is named, no other one's village is meant.
        named = {one.village.township for one in self._called if one.township in said}
        fitting = [one for one in fitting if not named or one.village.township in named]
        longest = max((len(one.core) for one in fitting), default=0)
        some = [one.village for one in fitting if len(one.core) == longest]
        near = [one for one in some if one.township in path.split("/")]
        return next((them[0] for them in (some, near) if len(them) == 1), None)

    def _names(self, said: str, one: Called) -> bool:
        """A name that stands first, after its township, or somewhere in an address of the county.

        Every county has an 东村: another county's address says nothing of ours.
        """
        if said.startswith(one.starts):
            return True
        here = one.township in said or (bool(self.county) and self.county in said)
        return here and one.inside.search(said) is not None


def _called(one: Village) -> Called:
    core, township = OFFICE.sub("", tight(clean(one.name))), tight(clean(one.township_name))
    starts = (core, township + core, township[:-1] + core)
    return Called(one, core, township, starts, re.compile(BEFORE + re.escape(core)))


async def read_homes(conn: AsyncConnection, ledger: str, county: str, today: date) -> Homes:
    """`county`: the county's name."""
    villages = await villages_of(conn, ledger)
    if not villages:
        return Homes(today)
    rows = await conn.execute(HELD, {"ledger": ledger})
    held = {UUID(row.child): row.village for row in rows}
    return Homes(today, tight(clean(county)), villages, held)
