"""Targets of a scheme arranged as people look at them: units down the side, tiers across."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from services.casework.queries.coverage import Covered

CHILD_OR_GUARDIAN = frozenset(("child", "guardian"))


@dataclass(slots=True)
class Cell:
    """What stands under one tier in one line."""

    targets: list[Covered] = field(default_factory=list)

    @property
    def holes(self) -> list[Covered]:
        return [one for one in self.targets if one.hole]

    @property
    def overlaps(self) -> list[Covered]:
        return [one for one in self.targets if one.overlap]


@dataclass(frozen=True, slots=True)
class Gap:
    """Holes, or one overlap, that are looked at and mended together: a class's children."""

    tier: str
    at: str
    path: str
    targets: tuple[Covered, ...]
    double: bool = False


def living_in(one: Covered, unit: str) -> Covered | None:
    """The target as it stands under a unit: by its place, or where the child's household is.

    A village has no classes: its children stand in it class by class.
    """
    if f"{one.path}/".startswith(f"{unit}/"):
        return one
    if one.home == unit:  # above the villages children are found by their schools, once
        return replace(one, path=f"{unit}/{one.path.rpartition('/')[2]}")
    return None


def lines(all_: Iterable[Covered], unit: str) -> dict[str, dict[str, Cell]]:
    """Line → tier → cell for everything at `unit` (a path): its own line, then one a part of it.

    A grade and a class of a school have lines of their own.
    """
    depth = unit.count("/") + 1
    found: dict[str, dict[str, Cell]] = {}
    for one in all_:
        segments = one.path.split("/")
        if segments[:depth] != unit.split("/"):
            continue
        key = segments[depth] if len(segments) > depth else _own(one, segments[-1])
        found.setdefault(key, {}).setdefault(one.tier, Cell()).targets.append(one)
    return found


def _own(one: Covered, unit: str) -> str:
    return one.target if one.target_kind == "grade" else unit


def counts(all_: Iterable[Covered], depth: int) -> dict[str, tuple[int, int]]:
    """Path of a unit at the depth → how many holes and overlaps it has, in itself and below."""
    found: dict[str, tuple[int, int]] = {}
    for one in all_:
        path = "/".join(one.path.split("/")[: depth + 1])
        holes, doubles = found.get(path, (0, 0))
        found[path] = (holes + one.hole, doubles + one.overlap)
    return found


def gaps(all_: Sequence[Covered], tiers: Sequence[str]) -> list[Gap]:
    """Every hole, place after place, those of one class together; then every overlap."""
    holes: dict[tuple[str, str], list[Covered]] = {}
    for one in all_:
        if one.hole:
            holes.setdefault((one.tier, one.at), []).append(one)
    found = [Gap(tier, at, them[0].path, tuple(them)) for (tier, at), them in holes.items()]
    order = {tier: position for position, tier in enumerate(tiers)}
    found.sort(key=lambda gap: (gap.path, order.get(gap.tier, 0), gap.at))
    return found + [
        Gap(one.tier, one.target, one.path, (one,), double=True) for one in all_ if one.overlap
    ]
