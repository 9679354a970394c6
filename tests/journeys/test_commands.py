"""The command line on a running system: what programs read, and under whose name."""

import json
from datetime import datetime
from typing import Any

import pytest

from baoxue.cli_edge import EXIT_REFUSED, EXIT_UNUSABLE
from tests.journeys.running import Running

PHRASE = "跟表哥出去打工"
pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


def read(system: Running, *words: str) -> Any:
    """The JSON that a command writes; it ends with 0 and says nothing else."""
    done = system.cli(*words, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def found(system: Running, words: str, account: str) -> list[dict[str, Any]]:
    done = system.cli("search", words, "--as", account, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_search_writes_one_entry_a_line(system: Running) -> None:
    entries = found(system, PHRASE, "dudao")
    assert entries
    assert {"ledger", "seq", "type", "occurred_at", "recorded_at", "actor"} <= set(entries[0])


def test_another_county_finds_nothing_of_it(system: Running) -> None:
    ledgers = {one["ledger"][:6] for one in found(system, PHRASE, "linxian")}
    assert ledgers <= {"990102"}


def test_replay_gives_the_state_and_its_events(system: Running) -> None:
    subject = found(system, PHRASE, "dudao")[0]["stream"]
    told = read(system, "replay", subject, "--as", "dudao")
    assert told["events"]
    assert told["state"]
    early = told["events"][0]["recorded_at"]
    then = read(system, "replay", subject, "--known-at", early, "--as", "dudao")
    assert 0 < len(then["events"]) < len(told["events"])


def test_replay_of_nobody_is_refused_with_a_sentence(system: Running) -> None:
    done = system.cli("replay", "case-nobody", "--as", "dudao", "--json")
    assert done.returncode in (EXIT_REFUSED, EXIT_UNUSABLE)
    assert json.loads(done.stdout)["say"]


def test_a_login_code_is_made_for_an_account_by_whoever_manages_it(system: Running) -> None:
    (made,) = read(system, "account", "code", "renke")
    assert made["account"] == "renke" and made["code"] and made["expires_at"]
    for wrong in (("nobody",), ("renke", "--as", "linxian")):
        done = system.cli("account", "code", *wrong, "--json")
        assert done.returncode == EXIT_REFUSED
        assert json.loads(done.stdout)["say"]


def test_status_is_well(system: Running) -> None:
    told = read(system, "status")
    assert told["ok"] is True
    assert set(told["services"]) == {"enrollment", "casework", "notify", "audit", "sealer"}


def test_the_clock_is_told_with_its_zone(system: Running) -> None:
    told = read(system, "clock")
    assert datetime.fromisoformat(told["now"]).utcoffset() is not None
    said = system.cli("clock")
    assert said.returncode == 0
    assert datetime.fromisoformat(said.stdout.strip()) >= datetime.fromisoformat(told["now"])


def test_what_is_parked_is_listed_and_redriven(system: Running) -> None:
    name, subject = "notify.risk_to_inbox", "0198c5b0-0000-7000-8000-00000000beef"
    park(system, name, subject)
    rows = [json.loads(line) for line in system.cli("redrive", "--json").stdout.splitlines()]
    assert [(one["subscription"], one["entries"]) for one in rows] == [(name, 1)]
    assert read(system, "redrive", name, subject)["applied"] == 1
    assert "没有搁置" in system.cli("redrive").stdout
    again = system.cli("redrive", name, subject)
    assert again.returncode == 1 and "没有搁置的事件" in again.stderr
    assert system.cli("redrive", "nobody.follows", subject).returncode == 2
    assert system.cli("redrive", name).returncode == 2


def park(system: Running, name: str, subject: str) -> None:
    """An event that tells nobody anything, parked under a subject of its own."""
    import psycopg

    prefix, admin = system.environment["BAOXUE_NAME"], system.environment["BAOXUE_DATABASE_URL"]
    with psycopg.connect(f"{admin.rpartition('/')[0]}/{prefix}_casework") as conn:
        of_nobody = "type like '%.PolicyVersionActivated'"
        row = conn.execute(
            f"select ledger, seq, body from events where {of_nobody} limit 1"
        ).fetchone()
    assert row is not None
    statement = (
        "insert into parked (subscription, source, ledger, seq, subject, body, reason)"
        " values (%s, 'casework', %s, %s, %s, %s, 'tried')"
    )
    with psycopg.connect(f"{admin.rpartition('/')[0]}/{prefix}_notify") as conn:
        conn.execute(statement, (name, row[0], row[1], subject, row[2]))
