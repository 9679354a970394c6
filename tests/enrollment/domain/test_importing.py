"""Imports: started once, finished once."""

from datetime import UTC, datetime

import pytest

from services.enrollment.domain import importing
from tests.scenario import given

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)


DIGEST = "a" * 64
STARTED = importing.ImportStarted(kind="roster", digest=DIGEST, rows=3)
FINISHED = importing.ImportFinished(new=1, changed=1, unchanged=1)


def start(kind: str = "roster", digest: str = DIGEST, rows: int = 3) -> importing.StartImport:
    return importing.StartImport(kind=kind, digest=digest, rows=rows, now=NOW)


def finish(new: int = 1, changed: int = 1, unchanged: int = 1) -> importing.FinishImport:
    return importing.FinishImport(new=new, changed=changed, unchanged=unchanged, now=NOW)


def test_an_import_starts_once_and_finishes_once() -> None:
    none, running = given(importing.IMPORT), given(importing.IMPORT, STARTED)
    done = given(importing.IMPORT, STARTED, FINISHED)
    none.when(start()).then(STARTED)
    running.when(start()).then_nothing()
    running.when(start(rows=4)).then_rejected(importing.ImportStartedOtherwise)
    running.when(finish()).then(FINISHED)
    done.when(finish()).then_nothing()
    done.when(finish(new=2)).then_rejected(importing.ImportNotRunning)
    none.when(finish()).then_rejected(importing.ImportNotRunning)


@pytest.mark.parametrize(
    "command",
    [start(kind="photos"), start(rows=0), start(rows=importing.MAX_ROWS + 1), start(digest="a")],
)
def test_an_unfit_import_is_refused(command: importing.StartImport) -> None:
    given(importing.IMPORT).when(command).then_rejected(importing.ImportInvalid)


def test_negative_counts_are_refused() -> None:
    given(importing.IMPORT, STARTED).when(finish(new=-1)).then_rejected(importing.ImportInvalid)
