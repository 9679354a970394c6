"""Rolls of classes: one from a teacher's hand, or hundreds from a file, with their timers."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from services.enrollment.aggregates import ROLL, roll_stream
from services.enrollment.bulk.writing import (
    Step,
    boards_caught_up,
    chunks,
    circumstances,
    decide,
    transact,
)
from services.enrollment.domain.roll import Absent, SubmitDailyRoll, Taken, settles_at
from services.enrollment.queries.homerooms import homerooms
from services.enrollment.queries.ledgers import ledger_heads
from services.enrollment.queries.places import ClassPlace, NoSuchRecord, class_places
from services.enrollment.queries.rules import pack_on
from services.enrollment.queries.sheets import sheets
from services.enrollment.timers import settle_timer
from shared.access_words import Right
from shared.decider import CommandRejected
from shared.edge import Edge, Moment
from shared.event import SYSTEM, Circumstances, Via
from shared.event_store import Batch, Conflict, is_race, unanswered
from shared.rights import NotAllowed, Viewer
from shared.timer import Timer, arm_many

# One event each; small enough that a roll typed beside them waits milliseconds for the ledger.
ROLLS_A_TRANSACTION = 200
# Who takes a roll for a class that is not theirs does it on the homeroom teacher's behalf.
OWN_HANDS = frozenset(("homeroom_teacher", "subject_teacher"))

Refusal = CommandRejected | Conflict | NotAllowed


@dataclass(frozen=True, slots=True, kw_only=True)
class RollEntry:
    """A class's sheet of a day as somebody sends it.

    `present` None: everybody else on the sheet. `seen`: the version that the form was drawn from; a
    submission since then is a Conflict, a mere missing mark is none.
    """

    viewer: Viewer
    klass: UUID
    on: date
    absent: tuple[Absent, ...]
    present: tuple[UUID, ...] | None = None
    command_id: UUID = field(default_factory=uuid7)
    seen: int | None = None

    @property
    def stream(self) -> str:
        return roll_stream(self.klass, self.on)


@dataclass(slots=True)
class RollAnswer:
    """What an entry came to: `version` of the submission that stands, or why it was refused."""

    entry: RollEntry
    version: int = 0
    children: int = 0
    changed: bool = False
    corrected: bool = False
    repeated: bool = False
    refused: Refusal | None = None


async def submit_rolls(edge: Edge, entries: Sequence[RollEntry], *, via: Via) -> list[RollAnswer]:
    """Submit many rolls, each its own command, in the order given; refusals are answers.

    Rights: `import.run` for files, else `roll.submit`. Raises StoreClosed, RulesMissing. When a
    transaction loses a race, its rolls are repeated one by one.
    """
    answers: list[RollAnswer] = []
    for chunk in chunks(entries, ROLLS_A_TRANSACTION):
        try:
            answers += await _written(edge, chunk, via)
        except IntegrityError as error:
            if not is_race(error):
                raise
            for one in chunk:
                answers.append(await submit_roll(edge, one, via=via, wait=False))
    await _wait(edge, answers)
    return answers


async def submit_roll(edge: Edge, entry: RollEntry, *, via: Via, wait: bool = True) -> RollAnswer:
    """One roll, repeated until it wins its race; a refusal is in the answer."""

    async def act(conn: AsyncConnection) -> list[RollAnswer]:
        return await _Writing(conn, await edge.moment(conn), via).run([entry])

    (answer,) = await transact(edge, entry.stream, act)
    if wait:
        await _wait(edge, [answer])
    return answer


async def _written(edge: Edge, chunk: Sequence[RollEntry], via: Via) -> list[RollAnswer]:
    edge.service.opening.require()
    async with edge.service.engine.begin() as conn:
        answers = await _Writing(conn, await edge.moment(conn), via).run(chunk)
    edge.service.waking.wake()
    return answers


async def _wait(edge: Edge, answers: Sequence[RollAnswer]) -> None:
    if not any(answer.changed for answer in answers):
        return
    async with edge.service.engine.connect() as conn:
        places = await class_places(conn, [a.entry.klass for a in answers if a.changed])
        heads = await ledger_heads(conn, sorted({place.ledger for place in places.values()}))
    for ledger, seq in heads.items():
        if len(answers) == 1:
            await edge.wait_for_boards(ledger, seq)
        else:
            await boards_caught_up(edge, ledger, seq)


@dataclass(slots=True)
class _Writing:
    """One transaction's rolls."""

    conn: AsyncConnection
    moment: Moment
    via: Via
    teachers: dict[UUID, UUID] = field(default_factory=dict)

    async def run(self, entries: Sequence[RollEntry]) -> list[RollAnswer]:
        answers = [RollAnswer(entry) for entry in entries]
        places = await class_places(self.conn, [entry.klass for entry in entries])
        rows = await sheets(self.conn, [(entry.klass, entry.on) for entry in entries])
        self.teachers = await homerooms(self.conn, list(places), self.moment.today)
        by_ledger: dict[str, list[tuple[RollAnswer, tuple[UUID, ...]]]] = defaultdict(list)
        for answer, sheet in zip(answers, rows, strict=True):
            place = places.get(answer.entry.klass)
            if place is None or not place.open_on(answer.entry.on):
                answer.refused = NoSuchRecord("那一天没有这个班。请核对班级和日期。", field="klass")
            else:
                by_ledger[place.ledger].append((answer, sheet))
        for ledger in sorted(by_ledger):
            await self._ledger(ledger, by_ledger[ledger], places)
        return answers

    async def _ledger(
        self,
        ledger: str,
        work: Sequence[tuple[RollAnswer, tuple[UUID, ...]]],
        places: dict[UUID, ClassPlace],
    ) -> None:
        batch = Batch(_nobody(ledger, self.moment))
        await batch.load(self.conn, ROLL, [answer.entry.stream for answer, _ in work])
        ids = [answer.entry.command_id for answer, _ in work]
        open_ids = await unanswered(self.conn, ledger, ids)
        timers: dict[str, Timer] = {}
        for answer, sheet in work:
            answer.children = len(sheet)
            try:
                if answer.entry.command_id not in open_ids:
                    # What a command came to is told to whoever might have sent it.
                    self._told(answer.entry, places[answer.entry.klass])
                    answer.repeated = True
                    answer.version = _standing(batch, answer.entry)
                    continue
                timer = self._decide(batch, answer, sheet, places[answer.entry.klass])
            except (CommandRejected, Conflict, NotAllowed) as refusal:
                answer.refused = refusal
                continue
            timers |= {timer.key: timer} if timer else {}
        await batch.append(self.conn)
        await arm_many(self.conn, list(timers.values()))

    def _decide(
        self, batch: Batch, answer: RollAnswer, sheet: tuple[UUID, ...], place: ClassPlace
    ) -> Timer | None:
        entry = answer.entry
        told = self._told(entry, place)
        seen = _standing(batch, entry)
        if entry.seen is not None and seen > entry.seen:
            raise Conflict(entry.stream, entry.seen, seen)
        command = self._command(entry, sheet, place, told)
        due = settles_at(command)
        events = decide(
            batch,
            Step(
                aggregate=ROLL,
                stream=entry.stream,
                command=command,
                path=place.path,
                subject=str(entry.klass),
                settles_at=due,
            ),
            told,
        )
        answer.version, answer.changed = _standing(batch, entry), bool(events)
        answer.corrected = bool(events) and seen > 0
        if not events:
            return None
        return settle_timer(place.ledger, place.path, entry.klass, entry.on, answer.version, due)

    def _told(self, entry: RollEntry, place: ClassPlace) -> Circumstances:
        right: Right = "import.run" if self.via == "import" else "roll.submit"
        told = circumstances(
            self.moment,
            entry.viewer,
            right,
            place.ledger,
            place.path,
            command_id=entry.command_id,
            via=self.via,
        )
        teacher = self.teachers.get(entry.klass)
        if self.via == "import" or teacher is None or told.actor.role in OWN_HANDS:
            return told
        return circumstances(
            self.moment,
            entry.viewer,
            right,
            place.ledger,
            place.path,
            command_id=entry.command_id,
            via=self.via,
            on_behalf_of=str(teacher),
        )

    def _command(
        self, entry: RollEntry, sheet: tuple[UUID, ...], place: ClassPlace, told: Circumstances
    ) -> SubmitDailyRoll:
        pack = pack_on(self.moment.rules, place.path, entry.on, self.moment.today)
        kind = self.moment.rules.school_calendar().is_school_day(entry.on, place.path)
        away = {one.child for one in entry.absent}
        others = tuple(child for child in sheet if child not in away)
        return SubmitDailyRoll(
            klass=entry.klass,
            on=entry.on,
            sheet=sheet,
            present=others if entry.present is None else entry.present,
            absent=entry.absent,
            author=told.actor.id,
            via=self.via,
            school_day=kind.school,
            no_school_reason=kind.reason,
            recall_minutes=pack.values.roll.recall_minutes,
            now=self.moment.now,
        )


def _standing(batch: Batch, entry: RollEntry) -> int:
    state = batch.held(entry.stream).state
    return state.latest.version if isinstance(state, Taken) else 0


def _nobody(ledger: str, moment: Moment) -> Circumstances:
    """A batch begins with some circumstances; every roll brings its own, so none is written."""
    return Circumstances(
        ledger=ledger,
        actor=SYSTEM,
        via="system",
        policy_version="",
        command_id=UUID(int=0),
        now=moment.now,
    )
