"""`baoxue import` before anything is sent: scripts read the same shape whatever is wrong."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from baoxue.cli import app
from baoxue.cli_import import MAX_FILE_BYTES, MAX_SHOWN, NOT_OPENED, answer_of, print_report

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


REPORT = {"accepted": 60, "changed": 0, "unchanged": 60, "stored": False}


def test_what_stands_in_a_file_is_shown_and_never_obeyed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = {"column": "民族", "value": "[/red]", "reason": "没有这个民族", "mend": "改"}
    fault = {"sheet": "[bold]一", "cell": "F2", "row": 2, **words}
    report = {**REPORT, "rejected": [fault], "warnings": [], "questions": []}
    print_report({"report": report, "faults": [fault]}, {}, dry_run=True, written=None)
    shown = capsys.readouterr().out
    assert "[/red]" in shown and "[bold]一" in shown


def test_who_is_missing_is_counted_where_the_list_ends(capsys: pytest.CaptureFixture[str]) -> None:
    report = {**REPORT, "rejected": [], "warnings": [], "questions": []}
    more = {"changes": [], "missing": [NOT_OPENED] * (MAX_SHOWN + 1)}
    report["missing"] = len(more["missing"])
    print_report({"report": report, "faults": []}, more, dry_run=True, written=None)
    shown = capsys.readouterr().out.replace("\n", "")
    assert f"共 {MAX_SHOWN + 1} 人" in shown and "--as" in shown
