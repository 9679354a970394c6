"""The map of requirements holds: every name loads, every test is there and speaks of its names."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.requirements import naming
from tests.requirements.naming import ROOT, Row, mentions, rows, sources

ROWS_A_TEST = 3
# The rows that this part of the work has to serve, all of them.
SPINE = """
1-04 2-06 2-19 3-05 3-07 3-08 3-20 4-15 4-16 4-26 4-34 5-16 5-17 8-30 8-31 8-53 8-56 8-60
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def collected() -> set[str]:
    """Node ids, without parameters, of all tests that the map names."""
    files = sorted({row.test.partition("::")[0] for row in rows().values()})
    words = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*words, *files], cwd=ROOT, capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return {line.partition("[")[0] for line in done.stdout.splitlines() if "::" in line}


def test_every_row_of_the_spine_is_mapped() -> None:
    assert set(SPINE.split()) - set(rows()) == set()


def test_every_test_named_is_collected(collected: set[str]) -> None:
    assert {row.test for row in rows().values()} <= collected


def test_no_test_answers_for_more_than_three_rows() -> None:
    counts = Counter(row.test for row in rows().values())
    assert {test: n for test, n in counts.items() if n > ROWS_A_TEST} == {}


@pytest.mark.parametrize(("row_id", "row"), rows().items(), ids=rows())
def test_every_name_of_a_row_loads(row_id: str, row: Row, home: Path) -> None:
    assert row.names, row_id
    for kind, name in row.pairs():
        assert kind in naming.KINDS
        assert name in naming.known(home)[kind](), f"{row_id}: no {kind} {name}"


@pytest.mark.parametrize(("row_id", "row"), rows().items(), ids=rows())
def test_the_test_of_a_row_speaks_of_its_names(row_id: str, row: Row) -> None:
    text = sources(row.test)
    silent = [(kind, name) for kind, name in row.pairs() if not mentions(text, kind, name)]
    assert silent == [], row_id
