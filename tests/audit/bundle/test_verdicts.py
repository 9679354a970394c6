"""Untouched bundles of each class are verified, by the file alone, under every Python at hand."""

from pathlib import Path

import pytest

from services.audit import verify
from tests.audit.bundle.synthetic import case, county, parts, ranged, selection

WRITERS = {"CASE": case, "RANGE": ranged, "SELECTION": selection}


@pytest.mark.parametrize("kind", list(WRITERS))
def test_an_untouched_bundle_is_verified(kind: str, tmp_path: Path) -> None:
    made = county()
    path = tmp_path / "b.zip"
    path.write_bytes(parts(made, WRITERS[kind](made)).pack())
    report = verify.verify(str(path), verify.Options())
    assert [f"{one.verdict} {one.field} {one.reason}" for one in report.findings] == []
    assert report.verdict == "VERIFIED"
