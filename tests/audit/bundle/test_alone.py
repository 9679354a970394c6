"""verify.py by itself: an empty folder, any Python from 3.8 on, hostile files, little memory."""

import ast
import json
import os
import resource
import shutil
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from services.audit import verify
from services.audit.export.readable import workbook
from tests.audit.bundle.synthetic import Parts, case, county, pack, parts, ranged

VERIFY = Path(verify.__file__)
MEMORY_BYTES = 200 << 20
SECONDS = 5.0
NEWER_SYNTAX = (ast.Match, ast.TryStar) if sys.version_info >= (3, 11) else (ast.Match,)


def pythons() -> list[str]:
    """Every Python from 3.8 on that this machine has."""
    names = [f"python3.{minor}" for minor in range(8, 15)]
    roots = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = [str(path) for path in roots.glob("3.*/bin/python")] if roots.exists() else []
    found += [path for name in names if (path := shutil.which(name))]
    good = [path for path in found if _minor(path) >= 8]
    return [sys.executable, *good]


def _minor(path: str) -> int:
    command = [path, "-c", "import sys; print(sys.version_info[1])"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return int(answer.stdout) if answer.returncode == 0 else 0


def run(
    python: str, bundle: Path, *more: str, limit: Callable[[], None] | None = None
) -> tuple[int, str]:
    empty = bundle.parent / "empty"
    empty.mkdir(exist_ok=True)
    command = [python, "-I", str(VERIFY), str(bundle), *more]
    found = subprocess.run(
        command, cwd=empty, capture_output=True, check=False, preexec_fn=limit, timeout=60
    )
    return found.returncode, found.stdout.decode()


@pytest.fixture(scope="module")
def whole() -> Parts:
    made = county()
    return parts(made, case(made))


def test_every_python_at_hand_verifies_it(whole: Parts, tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    path.write_bytes(whole.pack())
    for python in pythons():
        code, said = run(python, path)
        assert (code, said.splitlines()[-1]) == (0, "VERIFIED"), f"{python}: {said}"
        assert "nobody has vouched" in said and "验证通过" in said


def test_nothing_in_it_is_newer_than_python_3_8() -> None:
    tree = ast.parse(VERIFY.read_text(), feature_version=(3, 8))
    imported = {
        name.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }
    assert imported <= set(sys.stdlib_module_names)
    assert not [node for node in ast.walk(tree) if isinstance(node, NEWER_SYNTAX)]
    newer = (
        "removeprefix",
        "removesuffix",
        "bit_count",
        "zip(strict",
        "functools.cache",
        "math.lcm",
    )
    assert not [name for name in newer if name in VERIFY.read_text()]


def test_it_is_short_enough_to_be_read() -> None:
    lines = VERIFY.read_text().splitlines()
    assert len(lines) <= 800
    assert max(map(len, lines)) <= 100


def test_json_names_each_service(whole: Parts, tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    path.write_bytes(whole.pack())
    code, said = run(sys.executable, path, "--json")
    found = json.loads(said)
    assert (code, found["code"], found["verdict"]) == (0, 0, "VERIFIED")
    assert {one["service"] for one in found["services"]} == {
        "enrollment",
        "casework",
        "notify",
        "audit",
    }
    assert found["key"]["vouched"] is None and len(found["key"]["fingerprints"]) == 1


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def _manifest(whole: Parts, **changes: Any) -> bytes:
    return whole.copy().reseal(**changes).pack()


def _sized(whole: Parts, name: str, data: bytes) -> bytes:
    made = whole.copy()
    made.members[name] = data
    return made.refile().pack()


def hostile(whole: Parts) -> dict[str, bytes]:
    """Files that want too much: sizes, counts, depths, numbers, ranges."""
    deep = b'{"a":' * 200_000 + b"1" + b"}" * 200_000
    data = bytearray(whole.pack())
    lying = bytes(data[:18]) + b"\xff" * 8 + bytes(data[26:])
    made = county()
    long_range = parts(made, ranged(made)).reseal(last=1 << 52).pack()
    logs = whole.manifest["logs"]
    huge = [one | {"size": 10**40} for one in logs]
    many = {f"m{number}": b"" for number in range(65_535)}
    return {
        "empty": b"",
        "zeros": bytes(1 << 20),
        "sizes that lie": lying,
        "deep manifest": pack({"manifest.json": deep, "seal.json": b"{}"}),
        "deep seal": _sized(whole, "seal.json", deep),
        "deep proofs": _sized(whole, "proofs/heads.jsonl", b'{"a":' + b"[" * (4 << 20)),
        "one line without an end": _sized(whole, "proofs/inclusion.jsonl", b"[" * (64 << 20)),
        "long entry": _sized(whole, "entries.jsonl", b"x" * (64 << 20)),
        "large manifest": pack({"manifest.json": b'"' + b"a" * (64 << 20)}),
        "digits": pack({"manifest.json": b'{"a":' + b"9" * (4 << 20 - 9) + b"}"}),
        "sizes": _manifest(whole, logs=huge),
        "range": long_range,
        "members": pack(many),
        "lines": _sized(whole, "disclosures.jsonl", b'{"log":0,"seq":1}\n' * 1_000_000),
        "deflated": _deflated(),
    }


def _deflated() -> bytes:
    import io
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("manifest.json", bytes(64 << 20))
    assert zlib.crc32(b"") == 0
    return out.getvalue()


def test_whatever_wants_too_much_is_malformed_soon(whole: Parts, tmp_path: Path) -> None:
    for name, data in hostile(whole).items():
        path = tmp_path / "hostile.zip"
        path.write_bytes(data)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        code, said = run(sys.executable, path, limit=_limited)
        assert code in (2, 10), f"{name}: {code} {said}"
        assert (
            name in ("deep proofs", "one line without an end", "long entry", "lines") or code == 2
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        assert spent < SECONDS, f"{name}: {spent:.1f} s"


def test_a_workbook_has_text_only_and_goes_on_with_a_new_sheet(tmp_path: Path) -> None:
    import openpyxl

    rows = [("=1+1", "530624201209010012", *[""] * 13), *[("@x", "1", *[""] * 13)] * 6]
    workbook(tmp_path / "w.xlsx", rows, limit=5)
    book = openpyxl.load_workbook(tmp_path / "w.xlsx")
    assert len(book.sheetnames) == 3
    first = book.worksheets[0]
    assert first["A3"].value == "'=1+1" and first["A3"].data_type == "s"
    assert first["B3"].value == "530624201209010012" and first["B3"].data_type == "s"
