"""A small county lives through a fortnight on real servers, and a streak becomes a case."""

import json
from datetime import date, datetime

import pytest

from baoxue.simulation.year import birth, terms_of
from tests.journeys.running import running
from tests.servers import Servers

pytest.importorskip("services.enrollment.commands")

TERM = terms_of(2025)[0]
FORTNIGHT = date(2025, 9, 12)


@pytest.mark.timeout(300)
def test_a_fortnight_of_a_small_county_ends_with_cases(engine_servers: Servers) -> None:
    with running(engine_servers, simulated_from=birth(TERM)) as system:
        words = ("--schools", "1", "--children", "200", "--year", "2025", "--to", str(FORTNIGHT))
        done = system.cli("simulate", "--json", *words)
        assert done.returncode in (0, 1) and done.stdout, done.stderr
        told = json.loads(done.stdout)
        again = system.cli("simulate", "--json", *words)
        now = datetime.fromisoformat(json.loads(system.cli("clock", "--json").stdout)["now"])
    assert told["refused"] == {}
    (county,) = told["counties"]
    assert county["children"] == 200
    assert county["school_days"] == 10
    assert county["rolls"] > 50
    assert told["through_gateway"] > 0
    assert sum(told["states"]["case"].values()) > 0
    assert told["reached"]["alert"]["unflagged"]["FlagRisk"]
    assert told["reached"]["case"]["unopened"]["OpenCase"]
    # A fortnight is too short for all of it, and that is said by the exit code.
    assert (done.returncode == 1) == bool(told["missing"])
    assert again.returncode == 1, "those days have passed"
    assert now.date() == FORTNIGHT
