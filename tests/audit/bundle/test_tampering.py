"""Whatever is changed in a bundle is found, named and placed; and by which check."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from services.audit import verify
from tests.audit.bundle import mutants_attached, mutants_files, mutants_proofs
from tests.audit.bundle.mutants import KINDS, Kind, Mutant
from tests.audit.bundle.synthetic import Parts, case, county, parts, ranged, selection

SHORT, LONG = 2, 300
TWINS = 1
WRITERS = {"CASE": case, "RANGE": ranged, "SELECTION": selection}
assert mutants_attached and mutants_files and mutants_proofs


@pytest.fixture(scope="module")
def whole() -> dict[str, Parts]:
    """An untouched bundle of each class."""
    made = county()
    return {kind: parts(made, write(made)) for kind, write in WRITERS.items()}


def report_on(mutant: Mutant, folder: Path) -> verify.Report:
    path = folder / "b.zip"
    path.write_bytes(mutant.data)
    pins = []
    if mutant.pin:
        (folder / "pin.note").write_text(mutant.pin)
        pins.append(str(folder / "pin.note"))
    return verify.verify(str(path), verify.Options(pins=pins, **mutant.options))


@contextmanager
def without(names: tuple[str, ...]) -> Iterator[None]:
    """The verifier with these checks taken out."""
    kept = {name: getattr(verify, name) for name in (*names, "CHECKS", "ENTRY_CHECKS")}
    for name in names:
        setattr(verify, name, lambda *_: None)
    for listed in ("CHECKS", "ENTRY_CHECKS"):
        rest = [check for check in kept[listed] if check.__name__ not in names]
        setattr(verify, listed, rest)
    try:
        yield
    finally:
        for name, value in kept.items():
            setattr(verify, name, value)


def hunt(kind: Kind, whole: dict[str, Parts], folder: Path, count: int) -> None:
    """Every seeded mutant of a kind is found as it must be."""
    for seed in range(count):
        mutant = kind.make(Random(f"{kind.name} {seed}"), whole[kind.of].copy())
        report = report_on(mutant, folder)
        said = f"{kind.name} {seed}: {report.verdict} {report.worst.index} {report.worst.field}"
        assert report.verdict in kind.verdicts, said + f" {report.worst.reason}"
        if mutant.index is not None:
            assert mutant.index in {one.index for one in report.findings}, said
        if mutant.where is not None:
            assert mutant.where in {one.field for one in report.findings}, said


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_each_kind_is_found_and_placed(kind: Kind, whole: dict[str, Parts], tmp_path: Path) -> None:
    hunt(kind, whole, tmp_path, SHORT)


@pytest.mark.parametrize("kind", [k for k in KINDS if k.found_by], ids=lambda kind: kind.name)
def test_each_kind_is_not_found_without_its_check(
    kind: Kind, whole: dict[str, Parts], tmp_path: Path
) -> None:
    for seed in range(TWINS):
        mutant = kind.make(Random(f"{kind.name} {seed}"), whole[kind.of].copy())
        with without(kind.found_by):
            report = report_on(mutant, tmp_path)
        said = [f"{one.verdict} {one.field} {one.reason}" for one in report.findings]
        assert report.verdict == "VERIFIED", f"{kind.name} {seed}: {said}"


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_seed_of_each_kind_is_found(
    kind: Kind, whole: dict[str, Parts], tmp_path: Path
) -> None:
    hunt(kind, whole, tmp_path, LONG)


def test_there_are_ten_thousand_mutants() -> None:
    assert len(KINDS) * LONG >= 10_000
