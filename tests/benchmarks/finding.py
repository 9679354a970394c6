"""P10: from the answer of a command to its entry found in the audit trail, and to its seal."""

import contextlib
import json
import re
import statistics
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from time import perf_counter, sleep
from typing import Any

import httpx2
from uuid_utils.compat import uuid7

from baoxue.client import Client, Refused, obtain
from baoxue.sample import NOTE
from shared.event import SHANGHAI
from shared.settings import Settings
from tests.benchmarks.table import Row, Table

WRITER, READER = "banzhuren", "dudao"
FOUND_ROUNDS, SEALED_ROUNDS, WARMUP = 60, 10, 3
LIMIT_SECONDS, POLL_SECONDS, SEAL_POLL_SECONDS = 30.0, 0.005, 0.05
# Beside what is measured, as a county's schools would send them.
LOAD_PAUSE_SECONDS = 0.1
HAN = (0x4E00, 0x9000)
WORDS = 8


@dataclass(slots=True)
class Asking:
    """One account that writes down calls, one that searches; both outside, through the gateway."""

    writer: Client
    reader: Client
    child: str

    def write(self, note: str) -> None:
        asked_at = datetime.now(SHANGHAI) - timedelta(minutes=1)
        values = {"child": self.child, "asked_at": asked_at.isoformat(), "notes": note}
        wish = {"command_id": str(uuid7())} | values
        self.writer.post("/casework/commands/log_follow_up_survey", json=wish)

    def until_found(self, note: str) -> dict[str, Any]:
        """The entry that holds the note, as the search answers it."""
        until = perf_counter() + LIMIT_SECONDS
        while perf_counter() < until:
            lines = self.reader.get("/audit/search", {"text": note}).text.splitlines()
            if lines:
                return json.loads(lines[0])
            sleep(POLL_SECONDS)
        raise AssertionError(f"not found within {LIMIT_SECONDS} s")

    def until_sealed(self, entry: dict[str, Any]) -> None:
        """Until the newest published checkpoint of its log covers the entry."""
        logs = self.reader.get("/log").json()["logs"]
        place = f"{entry['ledger']}/casework"
        origin = next(one["origin"] for one in logs if f"/{place}" in one["origin"])
        until = perf_counter() + LIMIT_SECONDS
        while perf_counter() < until:
            text = self.reader.get(f"/log/{origin}/checkpoint").text
            if int(text.splitlines()[1]) >= entry["seq"]:
                return
            sleep(SEAL_POLL_SECONDS)
        raise AssertionError(f"not sealed within {LIMIT_SECONDS} s")


@contextmanager
def asking(settings: Settings) -> Iterator[Asking]:
    base = settings.url_of("gateway")
    with httpx2.Client(base_url=base) as one, httpx2.Client(base_url=base) as other:
        for http, account in ((one, WRITER), (other, READER)):
            http.headers["accept"] = "application/json"
            http.headers["authorization"] = f"Bearer {obtain(http, settings, account)}"
        made = Asking(Client(one), Client(other), "")
        made.child = _of_class(made, brink(settings.home))
        yield made


def _of_class(made: Asking, name: str) -> str:
    """The one of that name whom the writer may write about; others are called so too."""
    lines = made.reader.get("/audit/search", {"text": name}).text.splitlines()
    for child in dict.fromkeys(one["subject"] for one in map(json.loads, lines)):
        made.child = child
        with contextlib.suppress(Refused):
            made.write(name)
            return child
    raise AssertionError(f"nobody called {name} is of {WRITER}'s class")


def brink(home: Path) -> str:
    """A child of the writer's class: the one that the sample's note tells newcomers to mark."""
    said = re.search(r"点名：(\S+) 已", (home / NOTE).read_text(encoding="utf-8"))
    assert said, "the sample says whom to mark absent"
    return said[1]


def note(random: Random) -> str:
    """Words that stand nowhere else."""
    return "".join(chr(random.randrange(*HAN)) for _ in range(WORDS))


@contextmanager
def others(made: Asking) -> Iterator[Iterator[int]]:
    """Somebody else writes meanwhile; gives the number of commands so far."""
    stopped, sent = threading.Event(), count()
    random = Random("others")

    def write() -> None:
        while not stopped.wait(LOAD_PAUSE_SECONDS):
            made.write(note(random))
            next(sent)

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    try:
        yield sent
    finally:
        stopped.set()
        thread.join()


def run(settings: Settings, table: Table) -> None:
    """On a running system with its sample."""
    random = Random("found")
    with asking(settings) as made, others(made) as sent:
        began, before = perf_counter(), next(sent)
        found = [_found(made, note(random)) for _ in range(WARMUP + FOUND_ROUNDS)]
        rate = (next(sent) - before + len(found)) / (perf_counter() - began)
        sealed = [_sealed(made, note(random)) for _ in range(SEALED_ROUNDS)]
    what = "from the HTTP answer to found by an inspector's search"
    told = f"beside {rate:.0f} commands/s of one machine that does everything"
    milliseconds = [one * 1000 for one in found[WARMUP:]]
    p99 = statistics.quantiles(milliseconds, n=100)[-1]
    note_ = f"p99 {p99:.0f} ms; {told}"
    table.add(Row("P10", what, "p50 ≤ 80 ms", milliseconds, "", note=note_, unit=" ms"))
    what = "from the HTTP answer to a published checkpoint that covers it"
    table.add(Row("P10", what, "≤ 5 s", sealed, "", note=told, unit=" s"))


def _found(made: Asking, words: str) -> float:
    made.write(words)
    began = perf_counter()
    made.until_found(words)
    return perf_counter() - began


def _sealed(made: Asking, words: str) -> float:
    made.write(words)
    began = perf_counter()
    made.until_sealed(made.until_found(words))
    return perf_counter() - began
