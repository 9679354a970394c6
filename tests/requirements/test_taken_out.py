"""Without a name that it answers for, each test of the map fails: otherwise it proves nothing."""

import os
import subprocess
import sys

import pytest

from tests.requirements.naming import ROOT, rows
from tests.requirements.taken_out import VARIABLE

PAIRS = sorted({(row.test, kind, name) for row in rows().values() for kind, name in row.pairs()})
FAILED = 1


@pytest.mark.long
@pytest.mark.parametrize(("test", "kind", "name"), PAIRS)
def test_it_fails_without_the_name(test: str, kind: str, name: str) -> None:
    words = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "tests.requirements.taken_out"]
    done = subprocess.run(
        [*words, "-p", "no:cacheprovider", test],
        cwd=ROOT,
        env={**os.environ, VARIABLE: f"{kind} {name}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
    assert done.returncode == FAILED, f"without {kind} {name}: {done.stdout[-2000:]}"
