"""A sample broken off is taken up where it stands, and a finished one is found again."""

import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy.engine import make_url

from baoxue.sample import NOTE, PROGRESS, SIZE, planned
from baoxue.simulation import memory
from baoxue.simulation.demo import FEWEST_CHILDREN, Demo
from tests.journeys import running as journeys
from tests.servers import Servers

BROKEN_OFF_AFTER_DAYS = 3
WAIT_SECONDS, READY_SECONDS = 300.0, 900.0
ROLLS = "select distinct stream from events where type = 'enrollment.DailyRollSubmitted'"
CHILDREN = "select count(*) from child"
TWICE = (
    "select count(*) from (select school, name from klass group by 1, 2 having count(*) > 1) as t"
)
HEAD = "select sum(last_seq) from ledger where ledger not like '%-access'"


@contextlib.contextmanager
def started(environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """`baoxue up --sample`, ended like by Ctrl-C when the block ends."""
    words = [sys.executable, "-m", "baoxue.cli", "up", "--sample"]
    process = subprocess.Popen(
        words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield process
    finally:
        journeys._stop(process)
        if process.stdout is not None:
            process.stdout.close()


def wait_for_days(file: Path, process: subprocess.Popen[str]) -> int:
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until and process.poll() is None:
        begun = memory.read(file)
        if begun is not None and begun.days >= BROKEN_OFF_AFTER_DAYS:
            return begun.days
        time.sleep(0.1)
    raise AssertionError("the sample did not come to its third day")


def asked(servers: Servers, name: str, query: str) -> list[Any]:
    url = make_url(servers.database_url).set(drivername="postgresql", database=f"{name}_enrollment")
    with psycopg.connect(url.render_as_string(hide_password=False)) as conn:
        return [row[0] for row in conn.execute(query.encode()).fetchall()]


def rolls_of(streams: list[str]) -> set[tuple[str, date]]:
    return {(one[5:41], date.fromisoformat(one[-10:])) for one in streams}


def days_with_rolls(demo: Demo, before: datetime) -> set[date]:
    days = {day for plan in demo.plans for day in plan.days}
    return {day for day in days if day < before.date()}


@pytest.mark.long
@pytest.mark.timeout(2400)
def test_a_sample_broken_off_is_made_whole_and_kept(engine_servers: Servers) -> None:
    folder = Path(tempfile.mkdtemp(prefix="baoxue-sample-"))
    home = folder / "home"
    environment = journeys._environment(engine_servers, home, {SIZE: str(FEWEST_CHILDREN)})
    name = environment["BAOXUE_NAME"]
    try:
        with started(environment) as process:
            come = wait_for_days(home / PROGRESS, process)
        begun = memory.read(home / PROGRESS)
        assert begun is not None and begun.days >= come
        assert not (home / NOTE).exists()

        with started(environment) as process:
            said = journeys._until_ready(process, READY_SECONDS)
        assert "接着做" in said
        assert "演示账号" in said
        assert not (home / PROGRESS).exists()
        demo = planned(begun.now, begun.children)
        rolls = rolls_of(asked(engine_servers, name, ROLLS))
        assert days_with_rolls(demo, begun.now) <= {day for _, day in rolls}
        assert asked(engine_servers, name, CHILDREN) == [FEWEST_CHILDREN]
        assert asked(engine_servers, name, TWICE) == [0]

        (before,) = asked(engine_servers, name, HEAD)
        with started(environment) as process:
            again = journeys._until_ready(process, READY_SECONDS)
        assert json.loads((home / NOTE).read_text(encoding="utf-8"))[0] in again
        assert rolls <= rolls_of(asked(engine_servers, name, ROLLS))
        assert asked(engine_servers, name, HEAD)[0] >= before
    finally:
        journeys.forget_databases(engine_servers.database_url, name)
        shutil.rmtree(folder, ignore_errors=True)


def test_what_a_run_remembers_is_read_back_whole(tmp_path: Path) -> None:
    county = memory.CountyMemory(
        days=2,
        rolls_sent=7,
        absences=3,
        going=[(None, 0), (4, 2)],
        corrected=[memory.Corrected(place=1, child=5, on=date(2026, 9, 2), mark="present")],
    )
    told = memory.Memory(now=datetime.fromisoformat("2026-11-24T03:00:00+00:00"), children=120)
    memory.write(tmp_path / PROGRESS, told)
    assert memory.read(tmp_path / PROGRESS) == told
    memory.write(tmp_path / PROGRESS, memory.Memory(told.now, 120, 2, [county, county]))
    found = memory.read(tmp_path / PROGRESS)
    assert found is not None and found.counties == [county, county]
    assert memory.read(tmp_path / "none.json") is None
