"""P13: the offline verifier in a process of its own: a case of 500 events, a range of a million."""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from time import perf_counter

from services.audit import verify
from services.audit.export.bundle import draw_up
from services.audit.export.contents import LogPart
from services.audit.export.members import Members
from services.audit.proofs.tree import Edge, leaf_hash
from tests.audit.bundle.synthetic import CHILD, Log, b64, case, county, parts, ranged, seal
from tests.benchmarks.table import Row, Table

CASE_EVENTS = 500
RANGE_ENTRIES = 1_000_000
BATCH = 1000
RUNS = 3


def case_file(folder: Path) -> Path:
    """A child with 500 events among those of others."""
    made = county(entries=9)
    log = made.logs["casework"]
    for number in range(CASE_EVENTS):
        log.write(f"case-{number % 5}", CHILD, {"outcome": "away", "met": ["grandparent"]})
    made.commit_heads()
    path = folder / "case.zip"
    path.write_bytes(parts(made, case(made)).pack())
    return path


def range_file(folder: Path, count: int = RANGE_ENTRIES) -> Path:
    """A log of a million entries, all of it, written as an export writes it."""
    model = Log("casework")
    model.write("case-x", CHILD, {"outcome": "away", "met": ["grandparent"]}, "PersuasionAttempted")
    head, tail = model.bodies[0].split(b'"ledgerseq":1,')

    def entries() -> Iterator[tuple[int, bytes]]:
        for seq in range(1, count + 1):
            yield seq, b'%s"ledgerseq":%d,%s' % (head, seq, tail)

    edge, waiting = Edge(), list[bytes]()
    for _, body in entries():
        waiting.append(leaf_hash(body))
        if len(waiting) == BATCH:
            edge, waiting = edge.extended(waiting), []
    root = edge.extended(waiting).root()
    made = county()
    origin = made.origin("casework")
    wanted = ranged(made)
    note = made.signer.note(origin, count, root)
    part: LogPart = replace(
        wanted.logs[0],
        size=count,
        root=root,
        note=note,
        count=count,
        entries=entries,
        beside=((), ()),
    )
    wanted = replace(wanted, logs=[part], first=1, last=count, consistency=(), readable=False)
    path = folder / "range.zip"
    with Members(folder / "members") as members:
        members.folder.mkdir()
        draft = draw_up(wanted, members)
        found = {"manifest.json": draft.manifest}
        sealed = seal(made, "RANGE", found)
        _write(path, draft.files, found["manifest.json"], sealed, members)
    assert b64(root)
    return path


def _write(path: Path, files: list, manifest: bytes, sealed: bytes, members: Members) -> None:  # type: ignore[type-arg]
    from services.audit.export.zip import write_zip

    members.put("manifest.json", manifest)
    members.put("seal.json", sealed)
    whole = members.written
    ordered = [whole["manifest.json"], *files, whole["seal.json"]]
    with path.open("wb") as out:
        write_zip(out, ((one.member, one.chunks()) for one in ordered))


def seconds(path: Path) -> float:
    """Wall time of `python -I verify.py` on one core."""
    began = perf_counter()
    command = [sys.executable, "-I", verify.__file__, str(path)]
    found = subprocess.run(command, capture_output=True, check=False)
    assert found.returncode == 0, found.stdout.decode()[-500:]
    return perf_counter() - began


def run(table: Table) -> None:
    """Both files, each three times."""
    makers: tuple[tuple[Callable[[Path], Path], str, str], ...] = (
        (case_file, "verify a case of 500 events", "≤ 1 s"),
        (range_file, "verify a range of 1 M entries", "≤ 15 s"),
    )
    with tempfile.TemporaryDirectory() as home:
        for make, what, limit in makers:
            path = make(Path(home))
            rates = [seconds(path) for _ in range(RUNS)]
            table.add(Row("P13", what, limit, rates, "", unit=" s", higher_is_better=False))
