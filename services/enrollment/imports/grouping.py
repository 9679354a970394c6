"""Groups that a roster names: its words as codes of the rules, and who is one of them already."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.domain.child_state import InGroup
from services.enrollment.imports.findings import Change, Findings
from services.enrollment.sheets.roster_rows import RosterRow

# Few children are in a group: the others are not even sent.
HELD = text(
    "select substr(stream, 7) as child, doc from current where ledger = :ledger"
    " and stream like 'child-%' and doc like '%\"groups\":[{%'"
)


class _Doc(msgspec.Struct):
    groups: tuple[InGroup, ...] = ()


@dataclass(slots=True)
class Grouping:
    """`codes` by the word that people read; `held`: codes by child, on the day of the file."""

    today: date
    codes: Mapping[str, str]
    held: Mapping[UUID, frozenset[str]] = field(default_factory=dict[UUID, frozenset[str]])

    def new(self, found: Findings, row: RosterRow, child: UUID | None) -> list[str]:
        """Codes that the child is not one of yet; a word that no rule has refuses the row."""
        there = self.held.get(child, frozenset()) if child else frozenset[str]()
        wanted = [self._code(found, row, word) for word in row.groups or ()]
        return [code for code in wanted if code and code not in there]

    def changes(self, found: Findings, row: RosterRow, child: UUID, new: list[str]) -> None:
        """The groups that a known child comes into, listed with the other changes."""
        words = {code: word for word, code in self.codes.items()}
        if new:
            found.changes.append(
                Change(
                    subject=str(child),
                    field="groups",
                    label="学生类别",
                    sheet=row.sheet,
                    cell=found.parsed.cell(row.sheet, row.row, "groups"),
                    was=None,
                    now=f"{'、'.join(words[code] for code in new)}（{self.today} 起）",
                )
            )

    def _code(self, found: Findings, row: RosterRow, word: str) -> str:
        if word in self.codes:
            return self.codes[word]
        known = "、".join(self.codes)
        found.refuse(
            row,
            "group_unknown",
            "规则里没有这一类学生（这一行不收）",
            f"写其中的：{known}",
            at="groups",
            column="学生类别",
            value=word,
        )
        return ""


async def read_grouping(
    conn: AsyncConnection, ledger: str, today: date, codes: Mapping[str, str]
) -> Grouping:
    held: dict[UUID, frozenset[str]] = {}
    for row in await conn.execute(HELD, {"ledger": ledger}):
        groups = msgspec.json.decode(row.doc, type=_Doc).groups
        held[UUID(row.child)] = frozenset(one.group for one in groups if one.on(today))
    return Grouping(today, codes, held)
