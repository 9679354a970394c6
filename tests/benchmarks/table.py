"""How a benchmark is told: rounds of subject and yardstick in turn, medians, one table."""

import platform
import statistics
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

ROUNDS = 5
REPORT = Path(__file__).parents[2] / "docs" / "benchmarks.md"

# One round; answers how many a second.
Measure = Callable[[], Awaitable[float]]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `rates` are a second, one a round, taken in turn with `yardstick`."""

    number: str
    what: str
    goal: str
    rates: Sequence[float]
    yardstick_name: str
    yardstick: Sequence[float] = ()
    note: str = ""
    unit: str = "/s"
    higher_is_better: bool = True

    @property
    def ratio(self) -> float | None:
        """The median of the ratios round by round."""
        if not self.yardstick:
            return None
        pairs = zip(self.rates, self.yardstick, strict=True)
        return statistics.median(a / b for a, b in pairs)


async def in_turn(
    subject: Measure, yardstick: Measure, rounds: int = ROUNDS
) -> tuple[list[float], list[float]]:
    """A B A B …, after one round of each that is not counted."""
    await subject()
    await yardstick()
    a: list[float] = []
    b: list[float] = []
    for _ in range(rounds):
        a.append(await subject())
        b.append(await yardstick())
    return a, b


@dataclass(slots=True)
class Table:
    rows: list[Row] = field(default_factory=list)

    def add(self, row: Row) -> None:
        self.rows.append(row)
        print(line(row), flush=True)

    def write(self, path: Path = REPORT) -> None:
        path.write_text(page(self.rows), encoding="utf-8")


def line(row: Row) -> str:
    ratio = f"{row.ratio:.2f}×" if row.ratio is not None else "—"
    return (
        f"| {row.number} | {row.what} | {spread(row.rates, row.unit)} | {row.yardstick_name}"
        f" {spread(row.yardstick, row.unit) if row.yardstick else ''}"
        f" | {ratio} | {row.goal} | {row.note} |"
    )


def spread(values: Sequence[float], unit: str) -> str:
    """Median, and the least and the most of the rounds."""
    if not values:
        return "—"
    low, high = min(values), max(values)
    return f"{number(statistics.median(values))}{unit} ({number(low)}–{number(high)})"


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def page(rows: Sequence[Row]) -> str:
    """The whole of docs/benchmarks.md."""
    names = ("sqlalchemy", "asyncpg", "aiokafka", "faststream", "eventsourcing", "msgspec")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    head = [
        "# Benchmarks",
        "",
        "Written by `make bench`. Ratios are medians of rounds in which subject and yardstick",
        "took turns in one run, on PostgreSQL (fsync, synchronous_commit on) and Apache Kafka;",
        "absolute figures depend on the machine and are given with their spread.",
        "",
        machine(versions),
        "",
        "| # | what | measured | yardstick | ratio | goal | note |",
        "|---|---|---|---|---|---|---|",
    ]
    return "\n".join([*head, *(line(row) for row in rows), ""])


def machine(versions: str) -> str:
    python = platform.python_version()
    return f"Machine: {cores()} cores, {platform.machine()}; Python {python}; {versions}."


def cores() -> int:
    import os

    return len(os.sched_getaffinity(0))
