"""One whole system for all journeys: every process, a small sample, a Chromium.

With BAOXUE_SAMPLE_CHILDREN=2160 its classes are as large as real ones: 45 children.
"""

import json
import os
import re
from collections.abc import Iterator

import pytest

from baoxue.sample import NOTE, SIZE
from tests.journeys.running import Running, running
from tests.servers import Servers
from tests.web.conftest import browser

# The smallest sample in which somebody of the first county is called 李.
CHILDREN = "320"
__all__ = ["browser"]
SAMPLE_SECONDS = 600.0
BRINK = re.compile(r"：(\S+) 已连续三天无故未到")


@pytest.fixture(scope="session")
def system(engine_servers: Servers) -> Iterator[Running]:
    """Lived through until today; if nobody takes a roll today, moved on to a day they do."""
    more = {SIZE: os.environ.get(SIZE, CHILDREN)}
    with running(engine_servers, sample=True, seconds=SAMPLE_SECONDS, more=more) as found:
        yield found


@pytest.fixture(scope="session")
def brink(system: Running) -> str:
    """The child that the sample's own note says is one absence short of an alert."""
    lines = json.loads((system.home / NOTE).read_text(encoding="utf-8"))
    found = BRINK.search("\n".join(lines))
    assert found is not None, lines
    return found[1]
