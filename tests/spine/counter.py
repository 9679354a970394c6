"""The smallest domain there is, for tests of the spine: a counter that can be refused."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from shared.decider import CommandRejected, Decider
from shared.event import SYSTEM, Circumstances
from shared.event_store import Aggregate, Order

LEDGER = "990101"
PATH = "990000/990100/990101"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    number: int
    by: int


@dataclass(frozen=True, slots=True)
class Count:
    number: int = 0


@dataclass(frozen=True, slots=True)
class Add:
    by: int = 1
    events: int = 1


class NotPositive(CommandRejected):
    code = "not_positive"


def decide(command: Add, count: Count) -> list[Counted]:
    if command.by < 1:
        raise NotPositive("只能加正数。", field="by")
    numbers = range(count.number + 1, count.number + command.events + 1)
    return [Counted(number=number, by=command.by) for number in numbers]


def evolve(count: Count, event: Counted) -> Count:
    return Count(event.number)


COUNTER = Aggregate(
    service="casework",
    prefix="counter-",
    decider=Decider(Count(), decide, evolve),
    events={"Counted": Counted},
    states={"Count": Count},
)


def circumstances(ledger: str = LEDGER, command_id: UUID | None = None) -> Circumstances:
    return Circumstances(
        ledger=ledger,
        actor=SYSTEM,
        via="system",
        policy_version="0" * 16,
        command_id=command_id or uuid7(),
        now=datetime.now(UTC),
    )


def order(
    stream: str = "counter-1",
    command: Add | None = None,
    *,
    ledger: str = LEDGER,
    command_id: UUID | None = None,
    expected: int | None = None,
) -> Order:
    return Order(
        aggregate=COUNTER,
        stream=stream,
        command=command or Add(),
        circumstances=circumstances(ledger, command_id),
        unitpath=PATH,
        subject="018f0000-0000-7000-8000-" + stream[-1:].rjust(12, "0"),
        expected=expected,
    )
