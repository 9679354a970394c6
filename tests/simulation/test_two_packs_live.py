"""Two counties live through the same days under two packs; each duty ends as it deserves."""

import json
from datetime import datetime
from typing import Any

import pytest

from shared.event import SHANGHAI
from tests.journeys.running import running
from tests.servers import Servers

pytestmark = [pytest.mark.long, pytest.mark.timeout(3600)]

BORN = datetime(2025, 8, 28, 9, tzinfo=SHANGHAI)
WORDS = ("--schools", "1", "--children", "60")
DAYS = {"four weeks": ("--from", "2025-09-01", "--to", "2025-09-26"), "a year": ("--year", "2025")}
PACKS = ("--pack", "seed", "--pack", "rhythm2024")


@pytest.mark.parametrize("days", DAYS)
def test_each_duty_ends_as_the_behaviour_deserves_under_either_pack(
    engine_servers: Servers, days: str
) -> None:
    with running(engine_servers, simulated_from=BORN) as system:
        done = system.cli("simulate", "--json", *WORDS, *DAYS[days], *PACKS, seconds=3000)
    assert done.returncode in (0, 1), done.stderr
    told = json.loads(done.stdout)
    assert not told["refused"]
    one, other = (_by_kind(told, county["code"]) for county in told["counties"])
    assert not [kind for kind in (*one.values(), *other.values()) if kind["unlike"]]
    assert sum(kind["armed"] for kind in one.values()) > 100
    assert other["school_monthly"]["armed"], "a duty that only the other pack knows"
    assert other["daily_roll"]["differs"] == {"due.at": ["09:00", "08:40"]}
    only_groups, everybody = one["leave_call"]["armed"], other["leave_call"]["armed"]
    assert only_groups < everybody, "under the seed only some groups are called"


def _by_kind(told: dict[str, Any], county: str) -> dict[str, dict[str, Any]]:
    return {kind["kind"]: kind for kind in told["duties"][county]}
