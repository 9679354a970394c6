"""People of one county about their duties: what is open is looked up, and done as they are."""

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from baoxue.simulation.accounts import Accounts, CommandRefused
from baoxue.simulation.diligence import intent
from baoxue.simulation.fulfilling import Owed, answer
from baoxue.simulation.ids import command_id
from baoxue.simulation.plan import Plan
from baoxue.simulation.world import World

# Rolls are sent by their own plan, cases are worked on by their stories.
FORMS = (
    "leave_call", "visit", "child", "survey", "evidence", "meeting", "self_check", "review",
    "publicity", "plan",
)  # fmt: skip
NOT_MINE = ("absence_streak",)
LATE_WITHIN = timedelta(days=5)
OPEN = text(
    "select duty, kind, target, child, period, window_at, starts_at, due_at, needed, got, holders,"
    " state, form from duty where ledger = :ledger and state in ('armed', 'breached')"
    " and form = any(:forms) and kind <> all(:but) and window_at <= :now and due_at > :since"
    " order by due_at, duty"
)


@dataclass(slots=True)
class Dutiful:
    """`sent`: how many commands this came to."""

    plan: Plan
    world: World
    accounts: Accounts
    sent: int = 0
    _people: dict[UUID, str] = field(init=False)
    _keys: dict[str, str] = field(init=False)
    _pupils: dict[str, list[UUID]] = field(init=False)

    def __post_init__(self) -> None:
        county, world = self.plan.county, self.world
        self._people = {
            staff: one.account for staff, one in zip(world.staff, county.staff, strict=True)
        }
        self._keys = {str(child): f"child {key}" for child, key in world.keys.items()}
        self._keys |= {str(klass): f"class {key}" for key, klass in enumerate(world.classes)}
        self._pupils = {one.code: [] for one in county.schools}
        for one in county.children:
            self._pupils[one.school].append(world.children[one.key])

    async def at(self, now: datetime, following: datetime) -> int:
        """Everything that is done at `now`; `following`: the next time for it. How much it was."""
        before, seen = self.sent, set[tuple[str, UUID, UUID]]()
        owed = [one for one in await self._open(now) if self._does(one, now, following)]
        async with self.accounts.together("casework"):
            for one in owed:
                await self._do(one, now, seen)
        return self.sent - before

    async def _open(self, now: datetime) -> Iterable[Owed]:
        params = {"ledger": self.plan.county.code, "now": now, "since": now - LATE_WITHIN}
        params |= {"forms": list(FORMS), "but": list(NOT_MINE)}
        async with self.accounts.edges["casework"].service.engine.connect() as conn:
            rows = (await conn.execute(OPEN, params)).all()
        return [Owed(**{**row._mapping, "holders": tuple(row.holders)}) for row in rows]

    def _does(self, owed: Owed, now: datetime, following: datetime) -> bool:
        if not owed.holders or owed.holders[0] not in self._people:
            return False
        target = self._keys.get(owed.target, owed.target)
        name = f"{target} {owed.starts_at.date()} {self._people[owed.holders[0]]}"
        meant = intent(
            f"{self.plan.county.seed} {self.plan.county.code}", owed.form, owed.kind, name
        )
        return meant.due_now(owed.window_at, owed.due_at, now, following)

    async def _do(self, owed: Owed, now: datetime, seen: set[tuple[str, UUID, UUID]]) -> None:
        """One visit answers for every duty that asks for it; it is not logged twice."""
        holder = owed.holders[0]
        form = answer(owed, holder, self._pupils.get(owed.target, []), now)
        if form is None:
            return
        name, values = form
        if owed.child is not None and (name, owed.child, holder) in seen:
            return
        if owed.child is not None:
            seen.add((name, owed.child, holder))
        own = command_id(self.plan.county, "duty", owed.duty, owed.got)
        with contextlib.suppress(CommandRefused):
            await self.accounts.send(
                "casework", name, self._people[holder], {**values, "command_id": own}
            )
            self.sent += 1
