"""One county as it runs: its rolls of a day, the leave that is entered, its stories."""

import asyncio
import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID

from baoxue.simulation.absence import Mark
from baoxue.simulation.accounts import THROUGH_GATEWAY_EVERY, Accounts, CommandRefused
from baoxue.simulation.county import Holders
from baoxue.simulation.customs_entered import enter_charges, enter_groups
from baoxue.simulation.dutiful import Dutiful
from baoxue.simulation.ids import command_id
from baoxue.simulation.memory import Corrected, CountyMemory
from baoxue.simulation.plan import Plan
from baoxue.simulation.rolls import Leave, RollDay, Rolls, Sheet
from baoxue.simulation.stories import Stories
from baoxue.simulation.world import World
from services.enrollment.bulk import rolls as bulk

PRESENT = "present"
REASONS = {"sick": "sick", "personal": "personal"}


@dataclass(slots=True)
class CountyRun:
    """`left_out`: classes (keys) whose roll of the last day waits for a person at the console."""

    plan: Plan
    world: World
    accounts: Accounts
    left_out: frozenset[int] = frozenset()
    rolls_sent: int = 0
    absences: int = 0
    stories: Stories = field(init=False)
    dutiful: Dutiful = field(init=False)
    _rolls: Rolls = field(init=False)
    _holders: Holders = field(init=False)
    _sent: dict[tuple[int, date], Sheet] = field(default_factory=dict)
    _today: RollDay | None = None
    _days: int = 0
    _corrections_made: list[Corrected] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._rolls = self.plan.rolls()
        self._holders = Holders(self.plan.county)
        self.stories = Stories(self.plan, self.world, self.accounts, self._holders)
        self.dutiful = Dutiful(self.plan, self.world, self.accounts)

    def memory(self) -> CountyMemory:
        """After a day: what `recall` needs beside the plan."""
        going, made = self.stories.memory(), self._corrections_made
        return CountyMemory(self._days, self.rolls_sent, self.absences, going, made)

    def recall(self, memory: CountyMemory) -> None:
        """Stand where another run of the same plan has come to; nothing is sent."""
        for place in range(memory.days):
            day = self._rolls.on(place)
            self._remember((*day.morning, *day.afternoon))
            made = [one for one in memory.corrected if one.place == place]
            self._remember(list(self._corrected(made)))
        self._days, self._corrections_made = memory.days, list(memory.corrected)
        self.rolls_sent, self.absences = memory.rolls_sent, memory.absences
        self.stories.recall(memory.going)

    async def morning(self, place: int) -> None:
        """Every roll that is sent in time, and the leave that was asked for."""
        day = self._today = self._rolls.on(place)
        self._days = place + 1
        if place == 0:
            # Nobody may act before their post begins, which is on the first day of the term.
            await enter_groups(self.accounts, self.plan, self.world)
            await enter_charges(self.accounts, self.plan)
        last = place == len(self.plan.days) - 1
        async with self.accounts.together("enrollment"):
            for sheet in day.mistaken:
                await self._mistake(sheet)
        left_out = self.left_out if last else frozenset()
        taken = [one for one in day.morning if one.klass not in left_out]
        await self.submit("morning", taken)
        async with self.accounts.together("enrollment"):
            for leave in day.leaves:
                await self._enter_leave(leave)

    async def act(self, place: int, now: datetime) -> int:
        """What people do about alerts and cases; returns the number of commands."""
        return await self.stories.day(place, now)

    async def afternoon(self) -> None:
        """Late rolls, corrections of the day, and those that stories ask for."""
        assert self._today is not None, "a day begins with its morning"
        await self.submit("afternoon", self._today.afternoon)
        made = [
            Corrected(self._days - 1, one.child, one.on, one.mark)
            for one in self.stories.corrections
        ]
        await self.submit("corrected", list(self._corrected(made)))
        self._corrections_made += made
        self.stories.corrections.clear()

    async def submit(self, part: str, sheets: Sequence[Sheet]) -> None:
        """Many rolls in a transaction; one of a hundred through the gateway."""
        if not sheets:
            return
        named = [(one, self._roll_id(part, n, one)) for n, one in enumerate(sheets)]
        numbered = list(enumerate(named, self.rolls_sent))
        through = [one for n, one in numbered if _gateway(n)]
        inside = [one for n, one in numbered if not _gateway(n)]
        await self.accounts.viewers({self._account(sheet) for sheet, _ in inside})
        entries = [await self._entry(sheet, id) for sheet, id in inside]
        answers = await bulk.submit_rolls(self.accounts.edges["enrollment"], entries, via="web")
        self.accounts.sent += len(entries)
        for answer, (sheet, _) in zip(answers, inside, strict=True):
            if answer.refused is None:
                self.accounts.did("submit_roll", self._account(sheet), self._told(sheet))
            else:
                key = f"submit_roll: {answer.refused.__class__.__name__}"
                self.accounts.refused[key] = self.accounts.refused.get(key, 0) + 1
        await asyncio.gather(*(self._through_gateway(sheet, id) for sheet, id in through))
        self._remember(sheets)

    def _roll_id(self, part: str, number: int, sheet: Sheet) -> UUID:
        return command_id(self.plan.county, self._days, part, number, sheet.klass, sheet.on)

    async def _entry(self, sheet: Sheet, id: UUID) -> bulk.RollEntry:
        return bulk.RollEntry(
            viewer=await self.accounts.viewer(self._account(sheet)),
            klass=self.world.classes[sheet.klass],
            on=sheet.on,
            command_id=id,
            absent=tuple(
                bulk.Absent(child=self._child(key), mark=mark.mark, reason=mark.reason)  # pyright: ignore[reportArgumentType]
                for key, mark in sheet.absent.items()
            ),
        )

    async def _through_gateway(self, sheet: Sheet, id: UUID) -> None:
        with contextlib.suppress(CommandRefused):
            await self.accounts.through_gateway(
                "enrollment", "submit_roll", self._account(sheet), self._form(sheet, id)
            )

    def _told(self, sheet: Sheet) -> dict[str, object]:
        """What answers for duties: of which class and day, and who was marked how."""
        marks = {str(self._child(key)): mark.mark for key, mark in sheet.absent.items()}
        return {"klass": self.world.classes[sheet.klass], "on": sheet.on, "marks": marks}

    def _form(self, sheet: Sheet, id: UUID) -> dict[str, object]:
        """The roll as the page's form sends it."""
        absent = [
            {"child": str(self._child(key)), "mark": mark.mark, "reason": mark.reason}
            for key, mark in sheet.absent.items()
        ]
        klass = self.world.classes[sheet.klass]
        return {"klass": klass, "on": sheet.on, "absent": absent, "command_id": id}

    async def _mistake(self, sheet: Sheet) -> None:
        """A slip of the finger: sent, seen, recalled."""
        account = self._account(sheet)
        klass = self.world.classes[sheet.klass]
        with contextlib.suppress(CommandRefused):
            slip = self._form(sheet, self._roll_id("mistake", 0, sheet))
            await self.accounts.send("enrollment", "submit_roll", account, slip)
            recalled = self._roll_id("recall", 0, sheet)
            wish = {"klass": klass, "on": sheet.on, "recalls": 1, "command_id": recalled}
            await self.accounts.send("enrollment", "recall_roll", account, wish)

    async def _enter_leave(self, leave: Leave) -> None:
        klass = self.plan.county.children[leave.child].klass
        account = self._holders.of_class("homeroom_teacher", klass).account
        values = {
            "child": self._child(leave.child),
            "kind": leave.kind,
            "first_on": leave.on,
            "last_on": leave.on,
            "command_id": command_id(self.plan.county, "leave", leave.child, leave.on),
        }
        with contextlib.suppress(CommandRefused):
            await self.accounts.send("enrollment", "grant_leave", account, values)

    def _corrected(self, wanted: Iterable[Corrected]) -> Iterable[Sheet]:
        """The roll of that day once more, with one mark changed."""
        for one in wanted:
            klass = self.plan.county.children[one.child].klass
            sheet = self._sent.get((klass, one.on))
            if sheet is None:
                continue
            absent = {key: mark for key, mark in sheet.absent.items() if key != one.child}
            if one.mark != PRESENT:
                absent[one.child] = Mark(one.mark, REASONS.get(one.mark, "not_known"))
            yield replace(sheet, absent=absent, by="homeroom_teacher")

    def _remember(self, sheets: Sequence[Sheet]) -> None:
        self.rolls_sent += len(sheets)
        for sheet in sheets:
            self.absences += len(sheet.absent)
            self._sent[sheet.klass, sheet.on] = sheet

    def _account(self, sheet: Sheet) -> str:
        return self._holders.of_class(sheet.by, sheet.klass).account

    def _child(self, key: int) -> UUID:
        return self.world.children[key]


def _gateway(number: int) -> bool:
    return number % THROUGH_GATEWAY_EVERY == THROUGH_GATEWAY_EVERY - 1
