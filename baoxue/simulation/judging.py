"""A run's duties, kind by kind: how they ended, what was deserved, what the pack makes of them."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from baoxue.simulation.behaving import behaviour_of
from baoxue.simulation.counties import CountyRun
from baoxue.simulation.deserving import Owing
from shared.event import read
from shared.policy.duty_schema import DutyKind
from shared.policy.pack import Pack, seed_pack

# So many of a kind's duties that ended otherwise than deserved are named; all are counted.
NAMED_LIMIT = 5
DUTIES = text(
    "select duty, kind, target, period, starts_at, due_at, needed, holders, state from duty"
    " where ledger = :ledger order by due_at, duty"
)
WITHDRAWN = text(
    "select stream, body from events where ledger = :ledger and type = 'casework.DutyCancelled'"
)
# Which value of the rules decides how often an event that arms duties comes at all.
DECIDING = {
    "casework.RiskFlagged": ("absence.streak.more_than_days",),
    "enrollment.DailyRollSubmitted": ("roll.cut_off",),
}


@dataclass(slots=True)
class Judged:
    """One kind: `deserved` by state, `unlike` how many ended otherwise, `nobody`: without holder"""

    kind: str
    zh: str = ""
    rows: tuple[str, ...] = ()
    armed: int = 0
    states: Counter[str] = field(default_factory=Counter[str])
    deserved: Counter[str] = field(default_factory=Counter[str])
    withdrawn: Counter[str] = field(default_factory=Counter[str])
    nobody: int = 0
    unlike: int = 0
    named: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    # What is other than in the seed: field → (there, here).
    differs: dict[str, tuple[Any, Any]] = field(default_factory=dict[str, tuple[Any, Any]])

    def told(self) -> dict[str, Any]:
        """For JSON."""
        counted = ("states", "deserved", "withdrawn")
        plain = {one.name: getattr(self, one.name) for one in fields(self)}
        return plain | {name: dict(plain[name]) for name in counted}

    def take(self, owing: Owing, deserved: str) -> None:
        self.armed += 1
        self.states[owing.state] += 1
        self.deserved[deserved] += 1
        self.nobody += not owing.holders
        if owing.reason:
            self.withdrawn[owing.reason] += 1
        if deserved != owing.state:
            self.unlike += 1
            if len(self.named) < NAMED_LIMIT:
                told = {"duty": str(owing.duty), "target": owing.target, "period": owing.period}
                self.named.append(told | {"state": owing.state, "deserved": deserved})


async def judge(
    conn: AsyncConnection, run: CountyRun, pack: Pack, until: datetime
) -> tuple[Judged, ...]:
    """Every kind of the pack and of the seed, in the order of the pack."""
    behaviour = await behaviour_of(conn, run)
    found = {kind: _of_pack(kind, pack) for kind in {**pack.file.duties, **seed_pack().file.duties}}
    async for owing in _owing(conn, run.plan.county.code):
        one = found.setdefault(owing.kind, Judged(owing.kind))
        one.take(owing, behaviour.deserved(owing, until))
    return tuple(found.values())


async def _owing(conn: AsyncConnection, ledger: str) -> AsyncIterator[Owing]:
    reasons: dict[str, str] = {}
    for row in await conn.execute(WITHDRAWN, {"ledger": ledger}):
        reasons[row.stream] = msgspec.json.decode(read(row.body).data)["reason"]
    for row in (await conn.execute(DUTIES, {"ledger": ledger})).all():
        reason = reasons.get(f"duty-{row.duty}", "")
        yield Owing(**{**row._mapping, "holders": tuple(row.holders), "reason": reason})


def _of_pack(kind: str, pack: Pack) -> Judged:
    here, there = pack.file.duties.get(kind), seed_pack().file.duties.get(kind)
    shown = here or there
    assert shown is not None, "a kind of one of the two"
    return Judged(kind, zh=shown.zh, rows=shown.rows, differs=dict(_differences(here, there, pack)))


def _differences(
    here: DutyKind | None, there: DutyKind | None, pack: Pack
) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """What of the kind, and of the values that decide how often it comes, the seed has not."""
    if here is None or there is None:
        yield "duty", ("", "only here") if there is None else ("only there", "")
        return
    old, new = _flat(msgspec.to_builtins(there)), _flat(msgspec.to_builtins(here))
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            yield name, (old.get(name), new.get(name))
    for event in _events(here):
        for name in DECIDING.get(event, ()):
            pair = _value(seed_pack(), name), _value(pack, name)
            if pair[0] != pair[1]:
                yield name, pair


def _events(kind: DutyKind) -> Sequence[str]:
    begun = [kind.arm.event, *(when.event for when in kind.arm.also)]
    return [event for event in begun if event]


def _value(pack: Pack, name: str) -> Any:
    found: Any = pack.file.values
    for part in name.split("."):
        found = getattr(found, part)
    return found


def _flat(tree: Any, above: str = "") -> dict[str, Any]:
    if not isinstance(tree, Mapping):
        return {above: tree}
    flat: dict[str, Any] = {}
    for name, value in tree.items():
        flat |= _flat(value, f"{above}.{name}" if above else str(name))
    return flat
