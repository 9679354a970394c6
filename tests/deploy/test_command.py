"""`make run` leaves a program `baoxue` in .venv/bin that works from any folder."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

ENVIRONMENT = Path(__file__).parents[2] / "deploy" / "local" / "environment.py"


def test_the_program_runs_from_anywhere_and_is_written_once(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("environment", ENVIRONMENT)
    assert spec is not None and spec.loader is not None
    environment = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(environment)
    folder = tmp_path / ".venv" / "bin"
    folder.mkdir(parents=True)
    environment.VENV, environment.PROGRAM = str(folder.parent), sys.executable
    environment.put_command()
    command = folder / "baoxue"
    told = subprocess.run(
        [command, "redrive", "--help"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr
    assert "重新处理搁置的事件" in told.stdout
    before = os.stat(command).st_ino
    environment.put_command()
    assert os.stat(command).st_ino == before
