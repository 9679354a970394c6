"""Stories as they go: each child's next steps, sent by whoever is responsible for it."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from baoxue.simulation.accounts import Accounts, CommandRefused
from baoxue.simulation.county import Holders
from baoxue.simulation.ids import command_id
from baoxue.simulation.plan import Plan
from baoxue.simulation.story import At, Episode, Number, OnDay, Person, Step, Value
from baoxue.simulation.world import World
from shared.event import SHANGHAI

# What a case's page or an alert's row would show: the child's records, the newest last.
RECORDS = text(
    "select s.child, s.stream, c.state from child_stream s"
    " join current c on c.ledger = s.ledger and c.stream = s.stream"
    " where s.child = any(cast(:children as uuid[])) order by c.seq"
)
# Alerts that no story has: somebody was away by chance for as long as it takes.
STRAYS = text(
    "select child, stream from alert_row where ledger = :ledger and state = 'open'"
    " and flagged_at < :before"
)
STRAY_HOURS = 20
ENROLLMENT = frozenset(("grant_leave",))
OF_ALERT = frozenset(("verify_risk", "clear_risk"))
OF_CHILD = frozenset(("flag_risk", "log_observation", "grant_leave"))


@dataclass(slots=True)
class Going:
    """An episode under way: `day0` is the place of the day on which its alert came up."""

    episode: Episode
    day0: int | None = None
    alert: UUID | None = None
    case: UUID | None = None
    done: int = 0

    @property
    def steps(self) -> Sequence[Step]:
        return self.episode.script.steps


@dataclass(frozen=True, slots=True)
class Correction:
    """The roll of `on` says `mark` of the child now."""

    child: int
    on: date
    mark: str


@dataclass(slots=True)
class Stories:
    """All stories of one county; `day` runs what is due on a school day."""

    plan: Plan
    world: World
    accounts: Accounts
    holders: Holders
    corrections: list[Correction] = field(default_factory=list)
    _going: list[Going] = field(init=False)

    def __post_init__(self) -> None:
        self._going = [Going(episode) for episode in self.plan.episodes]

    def memory(self) -> list[tuple[int | None, int]]:
        return [(one.day0, one.done) for one in self._going]

    def recall(self, memory: Sequence[tuple[int | None, int]]) -> None:
        for one, (day0, done) in zip(self._going, memory, strict=True):
            one.day0, one.done = day0, done

    async def day(self, place: int, now: datetime) -> int:
        """Send every step that is due; returns how many. Steps of one child keep their order."""
        near = [one for one in self._going if self._may_act(one, place)]
        await self._look(near, place)
        due = [one for one in near if one.day0 is not None]
        async with self.accounts.together("casework"):
            sent = [await self._act(going, place, now) for going in due]
            return sum(sent) + await self._clear_strays(now)

    async def _clear_strays(self, now: datetime) -> int:
        """Their teachers find them in class the next day."""
        storied = {self.world.children[one.episode.child.key] for one in self._going}
        params = {"ledger": self.plan.county.code, "before": now - timedelta(hours=STRAY_HOURS)}
        async with self.accounts.edges["casework"].service.engine.connect() as conn:
            rows = [row for row in await conn.execute(STRAYS, params) if row.child not in storied]
        for row in rows:
            klass = self.plan.county.children[self.world.keys[row.child]].klass
            account = self.holders.of_class("homeroom_teacher", klass).account
            values = {
                "alert": row.stream.removeprefix("alert-"),
                "reason": "at_school",
                "command_id": command_id(self.plan.county, "stray", row.stream),
            }
            with contextlib.suppress(CommandRefused):
                await self.accounts.send("casework", "clear_risk", account, values)
        return len(rows)

    def _may_act(self, going: Going, place: int) -> bool:
        return going.done < len(going.steps) and place >= going.episode.first

    async def _look(self, near: Sequence[Going], place: int) -> None:
        """Find each child's alert and case, as its teacher does on the first page."""
        by_child = {self.world.children[one.episode.child.key]: one for one in near}
        async with self.accounts.edges["casework"].service.engine.connect() as conn:
            rows = await conn.execute(RECORDS, {"children": list(by_child)})
            for child, stream, _state in rows:
                kind, _, name = stream.partition("-")
                setattr(by_child[child], kind, UUID(name))
        for going in near:
            begins = going.alert is not None or not going.episode.script.away
            if going.day0 is None and begins:
                going.day0 = place

    async def _act(self, going: Going, place: int, now: datetime) -> int:
        assert going.day0 is not None, "only stories that have begun act"
        sent = 0
        while going.done < len(going.steps):
            step = going.steps[going.done]
            if going.day0 + step.day > place:
                break
            going.done += 1
            sent += await self._step(going, step, now)
        return sent

    async def _step(self, going: Going, step: Step, now: datetime) -> int:
        if step.action == "correct_roll":
            self._correct(going, step, now)
            return 0
        service = "enrollment" if step.action in ENROLLMENT else "casework"
        values = self._values(going, step, now)
        key = going.episode.child.key
        values["command_id"] = command_id(self.plan.county, "story", key, going.done)
        try:
            told = await self.accounts.send(
                service, step.action, self._account(going, step), values
            )
        except CommandRefused:
            return 0  # counted; the story goes on as it would for people
        if step.action == "verify_risk":
            going.case = UUID(told["next"].rpartition("case-")[2])
        return 1

    def _correct(self, going: Going, step: Step, now: datetime) -> None:
        on = self._value(going, step.values["of"], now)
        mark = str(step.values["mark"])
        self.corrections.append(Correction(going.episode.child.key, on, mark))

    def _values(self, going: Going, step: Step, now: datetime) -> dict[str, Any]:
        values = {name: self._value(going, one, now) for name, one in step.values.items()}
        in_case = values.pop("in_case", False)
        if step.action in OF_CHILD:
            values["child"] = self.world.children[going.episode.child.key]
        if step.action in OF_ALERT:
            values["alert"] = going.alert
        elif in_case or step.action not in OF_CHILD:
            values["case"] = going.case
        return values

    def _value(self, going: Going, value: Value, now: datetime) -> Any:
        match value:
            case OnDay(day=day, plus=plus):
                return self._day(going, day) + timedelta(days=plus)
            case At(ago=ago, clock=clock):
                day = now.astimezone(SHANGHAI).date() - timedelta(days=ago)
                return datetime.combine(day, time.fromisoformat(clock), SHANGHAI)
            case Person(role=role):
                holder = self.holders.of_class(role, going.episode.child.klass)
                return self.world.staff[holder.key]
            case Number(kind=kind):
                year = self.plan.days[0].year
                return f"{self.plan.county.name[:2]}{kind}〔{year}〕{going.episode.child.key + 1}号"
            case _:
                return value

    def _day(self, going: Going, day: int) -> date:
        place = (going.day0 or 0) + day
        return self.plan.days[max(0, min(place, len(self.plan.days) - 1))]

    def _account(self, going: Going, step: Step) -> str:
        return self.holders.of_class(step.by, going.episode.child.klass).account
