"""P10, P19: a simulated year and the sample of `make run`, through the whole running system."""

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from baoxue.sample import NOTE
from baoxue.simulation.year import birth, terms_of
from tests.benchmarks import finding
from tests.benchmarks.table import Row, Table
from tests.journeys.running import Running, running
from tests.servers import Servers

TERMS = terms_of(2025)
GOAL_SECONDS, SAMPLE_GOAL_SECONDS = 300.0, 45.0
WHATIF_GOAL_SECONDS = 30.0
OTHER_PACK = Path("shared/policy/packs/rhythm2024.yaml")
SCHOOLS, CHILDREN = 20, 15_000
# Unless the whole is asked for: as many days, a tenth of the schools and children.
PART = 10
START_SECONDS, YEAR_SECONDS, SAMPLE_SECONDS = 300.0, 7200.0, 1800.0


@dataclass(frozen=True, slots=True)
class Lived:
    """What `simulate` told, and what it took of time and of all processes' processor time."""

    told: Mapping[str, Any]
    seconds: float
    cpu_seconds: float


def year(servers: Servers, table: Table, *, whole: bool) -> None:
    """Adds its row; every state and action of the alert and case tables must be reached."""
    part = 1 if whole else PART
    with running(servers, simulated_from=birth(TERMS[0]), seconds=START_SECONDS) as system:
        lived = _live(system, SCHOOLS // part, CHILDREN // part)
        if whole:
            whatif(system, table)
    county = lived.told["counties"][0]
    rolls, absences = county["rolls"], county["absences"]
    assert not lived.told["refused"], f"commands were refused: {lived.told['refused']}"
    size = "whole" if whole else f"1/{part} of the county"
    table.add(
        Row(
            "P19",
            f"a school year, {size}: {rolls:,} rolls, {absences:,} absences",
            f"≤ {GOAL_SECONDS / part:.0f} s",
            [lived.seconds],
            "—",
            unit=" s",
            higher_is_better=False,
            note=f"{lived.cpu_seconds:.0f} s of processor time; {_reached(lived.told)}",
        )
    )


def sample(servers: Servers, table: Table) -> None:
    """From ready services to the whole sample: two counties, 2,000 children, a term."""
    began = time.monotonic()
    with running(servers, seconds=START_SECONDS):
        empty = time.monotonic() - began
    began = time.monotonic()
    with running(servers, sample=True, seconds=SAMPLE_SECONDS) as system:
        seconds = time.monotonic() - began - empty
        assert (system.home / NOTE).exists(), "the sample is not whole"
        whatif(system, table)
        finding.run(system.settings, table)
    table.add(
        Row(
            "P19",
            "the sample of make run: 4 schools, 2,000 children, a term",
            f"≤ {SAMPLE_GOAL_SECONDS:.0f} s",
            [seconds],
            "—",
            unit=" s",
            higher_is_better=False,
            note=f"beside {empty:.0f} s that the services need to start",
        )
    )


def whatif(system: Running, table: Table) -> None:
    """The last term of the first county, lived through under two packs; the rules differ."""
    began = time.monotonic()
    done = system.cli("whatif", "--pack", str(OTHER_PACK), "--json", seconds=YEAR_SECONDS)
    seconds = time.monotonic() - began
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["total"]["duties"]["added"], "the other pack asks for other duties"
    table.add(
        Row(
            "P19",
            f"whatif over a term: {told['facts']:,} facts under two packs",
            f"≤ {WHATIF_GOAL_SECONDS:.0f} s",
            [seconds],
            "—",
            unit=" s",
            higher_is_better=False,
            note=f"{told['total']['duties']['now']:,} duties now",
        )
    )


def _live(system: Running, schools: int, children: int) -> Lived:
    words = ("--schools", str(schools), "--children", str(children), "--year", "2025")
    began, used = time.monotonic(), processor_seconds(system)
    done = system.cli("simulate", "--json", *words, seconds=YEAR_SECONDS)
    seconds, cpu = time.monotonic() - began, processor_seconds(system) - used
    assert done.returncode in (0, 1), done.stderr
    return Lived(json.loads(done.stdout), seconds, cpu)


def _reached(told: Mapping[str, Any]) -> str:
    """A small county has too few stories for some; the whole one reaches all."""
    missing = told["missing"]
    if not missing:
        return "every state and action reached"
    return f"{len(missing)} actions not reached"


def processor_seconds(system: Running) -> float:
    """User and system time of the services, the servers beside us and the children that ended."""
    ours = psutil.Process(os.getpid())
    found = {one.pid: one for one in ours.children(recursive=True)}
    total = sum(os.times()[2:4])
    for one in found.values():
        try:
            times = one.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    assert system.process.pid in found, "the system runs below us"
    return total
