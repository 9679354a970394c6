"""A process that the others do without may fall as often as it likes."""

import sys
from pathlib import Path

import pytest

from baoxue.engines.child import Launch, never
from baoxue.engines.outcome import EngineFailed
from baoxue.supervisor import RESTARTS_ALLOWED, Supervisor


def falling(home: Path, *, vital: bool) -> Launch:
    return Launch(
        name="spare",
        argv=(sys.executable, "-c", "raise SystemExit('it was rolled back')"),
        log=home / "log" / "spare.log",
        ready=never,
        vital=vital,
    )


def test_the_system_starts_and_goes_on_without_one_that_is_not_vital(home: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(said.append)
    supervisor.start_group([falling(home, vital=False)])
    assert "it was rolled back" in said[0] and said[0].endswith("其余照常。")
    [watched] = supervisor.all()
    for _ in range(RESTARTS_ALLOWED + 3):
        watched.child.process.wait(60)
        supervisor.restart(watched)
    # Then it is tried at a slower pace, and nothing more is said meanwhile.
    assert len(said) == 1 + RESTARTS_ALLOWED
    supervisor.stop()


def test_a_vital_one_stops_the_start(home: Path) -> None:
    supervisor = Supervisor(lambda _line: None)
    with pytest.raises(EngineFailed, match="it was rolled back"):
        supervisor.start_group([falling(home, vital=True)])
    supervisor.stop()
