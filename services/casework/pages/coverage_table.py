"""The table of coverage drawn: lines and cells, units with their gaps, the list of all gaps."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from services.casework.pages.coverage_look import Looked, Named
from services.casework.pages.ending import end_href
from services.casework.queries.matrix import Cell, Gap, counts
from shared.policy.duty_schema import Scheme
from shared.rights import covers
from shared.web.models.responsibility import CellView, GapLine, LineView, UnitGaps

HERE = "/casework/coverage"
# The list of all gaps shows so many; of a county without any assignment there are thousands.
GAPS_SHOWN = 300
IDLE_SHOWN = 40
# With the panel beside it the page stays below what one reading names.
PEOPLE_SHOWN = 220
HOLDERS_SHOWN = 3
PERSONS = frozenset(("child", "guardian", "staff"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the address says: `hole` is `TIER:PLACE`; `all` lists every gap.

    `assigns`: where the viewer may say who answers for what; not of the address.
    """

    scheme: str
    on: date | None = None
    unit: str = ""
    hole: str = ""
    all: bool = False
    assigns: tuple[str, ...] = ()

    def href(self, **change: Any) -> str:
        known = {"scheme": self.scheme, "on": self.on, "unit": self.unit} | change
        return f"{HERE}?{urlencode({k: v for k, v in known.items() if v})}"


def people_of(
    table: dict[str, dict[str, Cell]], listed: Sequence[Gap], idle: Sequence[str]
) -> set[str]:
    """Whom the page names: holders of single targets, single holes of people, the idle."""
    people: set[str] = set()
    for cells in table.values():
        for cell in cells.values():
            if len(cell.targets) == 1:
                people |= set(cell.targets[0].holders[:HOLDERS_SHOWN]) | {cell.targets[0].target}
    for gap in listed[:GAPS_SHOWN]:
        if gap.double:
            people.add(gap.targets[0].target)
    return set(sorted(people)[:PEOPLE_SHOWN]) | set(idle[:IDLE_SHOWN])


def lines_of(
    table: dict[str, dict[str, Cell]],
    scheme: Scheme,
    unit: str,
    names: Named,
    asked: Asked,
    chosen: Gap | None,
) -> tuple[LineView, ...]:
    tiers = [tier.code for tier in scheme.tiers if shown_in(table, tier.code)]
    own = unit.rpartition("/")[2]
    drawn: list[LineView] = []
    called = {key: names.of("grade" if _is_grade(key) else "", key) for key in table}
    rank = names.order()

    def place(key: str) -> tuple[bool, bool, int, str]:
        return key != own, not _is_grade(key), rank.get(key, len(rank)), called[key]

    for key in sorted(table, key=place):
        cells, name = table[key], called[key]
        inside = key != own and not _is_grade(key) and key.isdigit()
        drawn.append(
            LineView(
                name=name,
                href=asked.href(unit=key) if inside else "",
                cells=tuple(_cell(cells.get(t), t, key, names, asked, chosen) for t in tiers),
            )
        )
    return tuple(drawn)


def _is_grade(key: str) -> bool:
    head, dash, number = key.partition("-")
    return bool(dash) and head.isdigit() and number.isdigit()


def _cell(
    cell: Cell | None, tier: str, key: str, names: Named, asked: Asked, chosen: Gap | None
) -> CellView:
    if cell is None or not cell.targets:
        return CellView(text="")
    gap = next(iter([*cell.holes, *cell.overlaps]), None)
    at = (gap.target if gap.overlap else gap.at) if gap else ""
    href = asked.href(hole=f"{tier}:{at}") if gap else _ended(cell, asked)
    state = "hole" if cell.holes else "double" if cell.overlaps else ""
    here = chosen is not None and (chosen.tier, chosen.at) == (tier, at)
    if len(cell.targets) > 1:
        held = len(cell.targets) - len(cell.holes)
        kind = cell.targets[0].target_kind
        counter = "人" if kind in PERSONS else "处"
        lacking = f"缺 {len(cell.holes)} {counter}" if cell.holes else ""
        lacking = lacking or (f"{len(cell.overlaps)} 处重复" if cell.overlaps else "")
        text = f"{held}/{len(cell.targets)}"
        return CellView(text=text, state=state, lacking=lacking, href=href, chosen=here)
    one = cell.targets[0]
    holders = "、".join(names.holder(who) for who in one.holders[:HOLDERS_SHOWN])
    more = len(one.holders) - HOLDERS_SHOWN
    text = "无人" if one.hole else holders + (f"等 {len(one.holders)} 人" if more > 0 else "")
    return CellView(
        text=text,
        lead=names.target(one) if one.target != key else "",
        state=state,
        lacking=f"{len(one.holders)} 人" if one.overlap else "",
        note="随任职" if one.derived else "",
        href=href,
        chosen=here,
    )


def _ended(cell: Cell, asked: Asked) -> str:
    """The page that ends the one holding of a cell, where the viewer assigns it."""
    one = cell.targets[0]
    alone = len(cell.targets) == 1 and len(one.holders) == 1 and not one.derived
    if not alone or asked.on or not any(covers(path, one.path) for path in asked.assigns):
        return ""
    return end_href(asked.scheme, one.tier, one.target, one.holders[0], asked.href())


def units_of(looked: Looked, unit: str, names: Named, asked: Asked) -> tuple[UnitGaps, ...]:
    """The parts of the viewer's whole, and the whole; a school has no such list."""
    root = looked.root
    known = {path for one in looked.sheets for path in one.holding.paths.values()}
    below = {p: n for p, n in counts(looked.all, root.count("/") + 1).items() if p in known}
    if not [path for path in below if path != root]:
        return ()
    whole = (sum(one.hole for one in looked.all), sum(one.overlap for one in looked.all))
    listed = sorted(path for path in below if path != root)
    found = [(path, below[path]) for path in listed]
    return tuple(
        UnitGaps(
            name=names.places.get(path.rpartition("/")[2], ""),
            href=asked.href(unit=path.rpartition("/")[2]),
            holes=holes,
            doubles=doubles,
            chosen=path == unit or (path != root and unit.startswith(f"{path}/")),
        )
        for path, (holes, doubles) in [*found, (root, whole)]
    )


def gap_lines(
    listed: Sequence[Gap], scheme: Scheme, names: Named, asked: Asked
) -> tuple[GapLine, ...]:
    drawn: list[GapLine] = []
    for gap in listed[:GAPS_SHOWN]:
        tier = scheme.tier(gap.tier)
        one = gap.targets[0]
        alone = len(gap.targets) == 1 and one.target_kind not in PERSONS
        title = names.target(one) if alone or gap.double else names.where(gap.path)
        counter = "人" if one.target_kind in PERSONS else "处"
        many = "" if alone else f"，{len(gap.targets)} {counter}"
        doubled = f"{len(one.holders)} 人重复"
        drawn.append(
            GapLine(
                title=f"{title}　{tier.zh if tier else gap.tier}",
                where=names.where(gap.path.rpartition("/")[0] if alone else gap.path),
                said=doubled if gap.double else f"无人{many}",
                href=asked.href(hole=f"{gap.tier}:{gap.at}"),
                double=gap.double,
            )
        )
    return tuple(drawn)


def shown_in(table: dict[str, dict[str, Cell]], tier: str) -> bool:
    return any(tier in cells for cells in table.values())
