"""From the commands that were accepted to what was done: about whom, when, by whom."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from baoxue.simulation.accounts import Deed
from baoxue.simulation.counties import CountyRun
from baoxue.simulation.deserving import Behaviour, Done, Marked, attended, month_end
from shared.event import SHANGHAI

STREAMS = text("select stream, child from child_stream where ledger = :ledger")
TIMES = ("visited_at", "called_at", "talked_at", "contacted_at", "attempted_at", "held_at")
# What is told by kind: a huddle is no special meeting.
KINDS = frozenset(("hold_meeting", "log_publicity"))
NOON, RECALL = time(12), timedelta(minutes=10)


@dataclass(slots=True)
class _Sheets:
    """Rolls of a class as they were sent; one that was recalled never was."""

    sent: dict[str, list[tuple[date, Mapping[str, str], datetime]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def take(self, deed: Deed) -> None:
        klass = str(deed.values["klass"])
        if deed.name == "recall_roll":
            self.sent[klass].pop()
            return
        marks = deed.values.get("marks")
        if marks is None:
            marks = {one["child"]: one["mark"] for one in deed.values["absent"]}
        self.sent[klass].append((deed.values["on"], marks, deed.at))

    def of_children(self) -> Iterator[Done]:
        """Of each child that was ever away."""
        for sheets in self.sent.values():
            for child in sorted({child for _, marks, _ in sheets for child in marks}):
                told = [Marked(on, marks.get(child), at + RECALL) for on, marks, at in sheets]
                yield from attended(child, told)


async def behaviour_of(conn: AsyncConnection, run: CountyRun) -> Behaviour:
    """Everything that was done in the county in this run."""
    rows = await conn.execute(STREAMS, {"ledger": run.plan.county.code})
    children = {row.stream.partition("-")[2]: str(row.child) for row in rows}
    county, world = run.plan.county, run.world
    people = {one.account: id for one, id in zip(county.staff, world.staff, strict=True)}
    own = [deed for deed in run.accounts.deeds if deed.account in people]
    behaviour, sheets = Behaviour(), _Sheets()
    for deed in own:
        if deed.name in ("submit_roll", "recall_roll"):
            sheets.take(deed)
    behaviour.add(_done(own, children, people))
    behaviour.add(sheets.of_children())
    return behaviour


def _done(
    deeds: Sequence[Deed], children: Mapping[str, str], people: Mapping[str, UUID]
) -> Iterator[Done]:
    for deed in deeds:
        about = _about(deed.values, children)
        if about:
            name = f"{deed.name} {deed.values['kind']}" if deed.name in KINDS else deed.name
            by = people[deed.account]
            yield Done(name=name, about=about, at=_at(deed), told=deed.at, by=by)


def _about(values: Mapping[str, Any], children: Mapping[str, str]) -> str:
    """The duty, child, class or unit that a command names."""
    for name in ("duty", "child", "klass", "unit"):
        if values.get(name) is not None:
            return str(values[name])
    return children.get(str(values.get("case") or values.get("alert")), "")


def _at(deed: Deed) -> datetime:
    values = deed.values
    for name in TIMES:
        if values.get(name) is not None:
            return values[name]
    if deed.name == "submit_roll":
        return min(deed.at, datetime.combine(values["on"], NOON, SHANGHAI))
    if values.get("month"):
        return min(deed.at, month_end(values["month"]))
    return deed.at
