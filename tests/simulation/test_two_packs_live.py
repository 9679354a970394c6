"""Two counties live through the same weeks under two packs; each duty ends as it deserves."""

import json
from datetime import datetime

import pytest

from shared.event import SHANGHAI
from tests.journeys.running import running
from tests.servers import Servers

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]

BORN = datetime(2025, 8, 28, 9, tzinfo=SHANGHAI)
WORDS = ("--schools", "1", "--children", "60", "--from", "2025-09-01", "--to", "2025-09-26")
DIGEST = "daily_digest"
PACKS = ("--pack", "seed", "--pack", "rhythm2024")


def test_each_duty_ends_as_the_behaviour_deserves_under_either_pack(
    engine_servers: Servers,
) -> None:
    with running(engine_servers, simulated_from=BORN) as system:
        done = system.cli("simulate", "--json", *WORDS, *PACKS, seconds=1200)
    assert done.returncode in (0, 1), done.stderr
    told = json.loads(done.stdout)
    assert not told["refused"]
    one, other = (told["duties"][county["code"]] for county in told["counties"])
    unlike = [kind for kind in (*one, *other) if kind["unlike"] and kind["kind"] != DIGEST]
    assert not unlike
    # A county's first morning may pass before notify has looked for new counties.
    assert all(kind["unlike"] <= 1 for kind in (*one, *other) if kind["kind"] == DIGEST)
    assert sum(kind["armed"] for kind in one) > 100
    by_kind = {kind["kind"]: kind for kind in other}
    assert by_kind["school_monthly"]["armed"], "a duty that only the other pack knows"
    assert by_kind["daily_roll"]["differs"] == {"due.at": ["09:00", "08:40"]}
    assert by_kind["leave_call"]["armed"] > sum(
        kind["armed"] for kind in one if kind["kind"] == "leave_call"
    ), "under the seed only some groups are called"
