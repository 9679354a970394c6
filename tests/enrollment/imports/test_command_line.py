"""`baoxue import` before anything is sent: scripts read the same shape whatever is wrong."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from baoxue.cli import app
from baoxue.cli_import import MAX_FILE_BYTES, answer_of

SHAPE = {
    *("kind", "accepted", "changed", "unchanged", "missing"),
    *("rejected", "warnings", "questions", "stored"),
}


def _absent(folder: Path) -> Path:
    return folder / "不在.xlsx"


def _folder(folder: Path) -> Path:
    return folder


def _large(folder: Path) -> Path:
    path = folder / "大.csv"
    with path.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    return path


@pytest.mark.parametrize(
    ("make", "code"),
    [(_absent, "file_unreadable"), (_folder, "file_unreadable"), (_large, "file_too_large")],
)
def test_a_file_that_cannot_be_sent_is_reported_like_any_other(
    make: Callable[[Path], Path], code: str, tmp_path: Path
) -> None:
    done = CliRunner().invoke(app, ["import", "roster", str(make(tmp_path)), "--json"])
    report = json.loads(done.stdout)
    assert done.exit_code == 2
    assert set(report) == SHAPE
    assert report["stored"] is False and report["accepted"] == 0
    (fault,) = report["rejected"]
    assert set(fault) == {"sheet", "cell", "column", "code", "reason"}
    assert fault["code"] == code


@pytest.mark.parametrize(
    ("given", "name", "key"),
    [
        ("rest=present", "rest", "present"),
        ("legend:△=sick", "legend:△", "sick"),
        ("legend:==sick", "legend:=", "sick"),
        ("child:三=1班:4=new", "child:三=1班:4", "new"),
        ("legend=○=病假,△=事假", "legend", "○=病假,△=事假"),
    ],
)
def test_an_answer_is_taken_apart_at_its_choice(given: str, name: str, key: str) -> None:
    assert answer_of(given) == (name, key)
