"""verify.html and verify.py say the same of every bundle, and the page stands by itself."""

import hashlib
import json
import re
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.audit import verify
from tests.audit.bundle import wild
from tests.audit.bundle.javascript import (
    ALONE,
    BROWSER,
    FIELDS,
    PAGE,
    Core,
    comparable,
    findings_of,
    python_report,
    started,
)
from tests.audit.bundle.mutants import KINDS, Mutant, rows_again
from tests.audit.bundle.mutants_attached import files
from tests.audit.bundle.synthetic import CHILD, Parts, case, county, parts, ranged, selection
from tests.audit.bundle.test_alone import hostile

SHORT, PART, PARTS = 300, 1_000, 100  # bundles: in `make test`; in one long test; long tests
ALONE_EVERY = 10  # the page's own Ed25519 takes ten times as long as the browser's
HOSTILE_SECONDS = 20.0  # of both verifiers together, on a busy machine
WRITERS = {"CASE": case, "RANGE": ranged, "SELECTION": selection}


@pytest.fixture(scope="module")
def whole() -> dict[str, Parts]:
    made = county()
    return {kind: parts(made, write(made)) for kind, write in WRITERS.items()}


@pytest.fixture(scope="module")
def core() -> Iterator[Core]:
    with started() as found:
        yield found


@pytest.fixture(autouse=True)
def known_signatures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most bundles share their signatures: verify.py checks each of them once."""
    monkeypatch.setattr(verify, "is_signed", cache(verify.is_signed))


def compare(core: Core, mutant: Mutant, folder: Path, which: str, said: str) -> str:
    """Both reports are the same in everything but wording; the verdict."""
    path = folder / "b.zip"
    path.write_bytes(mutant.data)
    report = python_report(path, mutant)
    found = core.report(path, mutant, which)
    assert comparable(found) == comparable(json.loads(report.as_json())), said
    ours = [[one[name] for name in FIELDS] for one in found["findings"]]
    assert ours == findings_of(report), said
    return report.verdict


def compare_many(core: Core, whole: dict[str, Parts], folder: Path, seeds: range) -> Counter[str]:
    verdicts: Counter[str] = Counter()
    for seed in seeds:
        mutant = wild.sample(Random(f"both {seed}"), whole)
        which = ALONE if seed % ALONE_EVERY == 0 else BROWSER
        verdicts[compare(core, mutant, folder, which, f"seed {seed}")] += 1
    return verdicts


@pytest.mark.parametrize("which", [BROWSER, ALONE])
@pytest.mark.parametrize("kind", list(WRITERS))
def test_an_untouched_bundle_is_verified(
    kind: str, which: str, whole: dict[str, Parts], core: Core, tmp_path: Path
) -> None:
    assert compare(core, Mutant(whole[kind].pack()), tmp_path, which, kind) == "VERIFIED"


def test_a_simulated_bundle_needs_the_tick(core: Core, tmp_path: Path) -> None:
    made = county(simulated=True)
    data = parts(made, case(made)).pack()
    told = Mutant(data, options={"simulated": True})
    assert compare(core, Mutant(data), tmp_path, BROWSER, "untold") == "MALFORMED"
    assert compare(core, told, tmp_path, BROWSER, "told") == "VERIFIED"


def test_both_say_the_same_of_each_kind_of_tampering(
    whole: dict[str, Parts], core: Core, tmp_path: Path
) -> None:
    for kind in KINDS:
        mutant = kind.make(Random(f"{kind.name} html"), whole[kind.of].copy())
        assert compare(core, mutant, tmp_path, BROWSER, kind.name) in kind.verdicts


def test_both_say_the_same_of_random_bundles(
    whole: dict[str, Parts], core: Core, tmp_path: Path
) -> None:
    verdicts = compare_many(core, whole, tmp_path, range(SHORT))
    assert sum(verdicts.values()) == SHORT
    assert len(verdicts) >= 6, verdicts


@pytest.mark.long
@pytest.mark.parametrize("part", range(PARTS))
def test_both_say_the_same_of_a_hundred_thousand_bundles(
    part: int, whole: dict[str, Parts], core: Core, tmp_path: Path
) -> None:
    seeds = range(SHORT + part * PART, SHORT + (part + 1) * PART)
    assert sum(compare_many(core, whole, tmp_path, seeds).values()) == PART


def test_whatever_wants_too_much_gets_the_same_answer_soon(
    whole: dict[str, Parts], core: Core, tmp_path: Path
) -> None:
    for name, data in hostile(whole["CASE"]).items():
        before = time.monotonic()
        compare(core, Mutant(data), tmp_path, BROWSER, name)
        assert time.monotonic() - before < HOSTILE_SECONDS, name


def erased(whole: dict[str, Parts], **changes: Any) -> Mutant:
    """A note no longer disclosed, and a line that says which erasure explains it."""
    made = whole["CASE"].copy()
    made.members["disclosures.jsonl"] = b""
    for name in files(made):
        del made.members[name]
    line = {"subject": CHILD, "class": "narrative", "log": 0, "seq": 2} | changes
    made.members["erasures.jsonl"] = json.dumps(line).encode() + b"\n"
    rows_again(made)
    return Mutant(made.reseal().pack())


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [({}, "UNEXPLAINED ERASURE"), ({"seq": "2"}, "MALFORMED"), ({"class": 7}, "MALFORMED")],
)
def test_an_erasure_line_is_of_strict_shape(
    changes: dict[str, Any], verdict: str, whole: dict[str, Parts], core: Core, tmp_path: Path
) -> None:
    assert compare(core, erased(whole, **changes), tmp_path, BROWSER, verdict) == verdict


def test_a_recorded_erasure_explains_what_is_closed(core: Core, tmp_path: Path) -> None:
    made = county()
    erasure = made.logs["casework"].write(
        "case-c41d", CHILD, {"classes": ["narrative"]}, "ErasureCompleted"
    )
    made.commit_heads()
    found = {"CASE": parts(made, case(made, disclose=lambda _log, _seq: ()))}
    true, other = erased(found, log=1, seq=erasure), erased(found, log=1, seq=erasure - 1)
    assert compare(core, true, tmp_path, BROWSER, "recorded") == "VERIFIED"
    assert compare(core, other, tmp_path, BROWSER, "not there") == "UNEXPLAINED ERASURE"


@pytest.mark.parametrize("name", ["path", "salt", "text"])
def test_a_disclosure_is_of_strict_shape(
    name: str, whole: dict[str, Parts], core: Core, tmp_path: Path
) -> None:
    made = whole["CASE"].copy()
    first, rest = made.members["disclosures.jsonl"].split(b"\n", 1)
    changed = json.dumps(json.loads(first) | {name: None}).encode()
    made.members["disclosures.jsonl"] = changed + b"\n" + rest
    found = Mutant(made.reseal().pack())
    assert compare(core, found, tmp_path, BROWSER, name) == "MALFORMED"


@pytest.mark.parametrize(
    ("told", "instead"),
    [(b'"seq":', b'"sep":'), (b'"subject":"', b'"subject":"g'), (b'"left":', b'"lefu":')],
)
def test_what_cannot_be_read_in_altered_head_lines_is_an_alteration(
    core: Core, whole: dict[str, Parts], tmp_path: Path, told: bytes, instead: bytes
) -> None:
    made = whole["CASE"].copy()
    lines = made.members["proofs/heads.jsonl"]
    assert told in lines
    made.members["proofs/heads.jsonl"] = lines.replace(told, instead, 1)
    assert compare(core, Mutant(made.pack()), tmp_path, BROWSER, told.decode()) == "TAMPERED"


@pytest.mark.parametrize("version", [b'"2"', b"-2", b"null"])
def test_versions_that_are_no_places_are_no_reason_to_stop(
    core: Core, whole: dict[str, Parts], tmp_path: Path, version: bytes
) -> None:
    made = whole["CASE"].copy()
    told, instead = b'"streamversion":2', b'"streamversion":' + version
    made.members["entries.jsonl"] = made.members["entries.jsonl"].replace(told, instead, 1)
    found = Mutant(made.pack())
    assert compare(core, found, tmp_path, BROWSER, version.decode()) == "TAMPERED"
    assert python_report(tmp_path / "b.zip", found).worst.field == "body"


@pytest.mark.parametrize("size", ["1_0", " 5", "+5", "05", "٥", ""])
def test_sizes_of_a_consistency_proof_are_written_in_one_way(
    size: str, whole: dict[str, Parts], core: Core, tmp_path: Path
) -> None:
    made = whole["CASE"].copy()
    text = made.members["consistency.txt"].decode()
    made.members["consistency.txt"] = text.replace("\n5\n", f"\n{size}\n", 1).encode()
    pinned = Mutant(made.reseal().pack(), pin=made.made.note("casework", 5))
    assert compare(core, pinned, tmp_path, BROWSER, size) == "MALFORMED"


def test_a_range_without_its_proof_is_named(
    whole: dict[str, Parts], core: Core, tmp_path: Path
) -> None:
    made = whole["RANGE"].copy()
    made.members["proofs/range.jsonl"] = b""
    mutant = Mutant(made.reseal().pack())
    assert compare(core, mutant, tmp_path, BROWSER, "empty") == "MALFORMED"
    assert python_report(tmp_path / "b.zip", mutant).worst.field == "proofs/range.jsonl"


def test_the_pages_own_digests_are_those_of_the_standard(core: Core) -> None:
    random = Random(6)
    for length in (*range(260), 4096, 100_001):
        data = random.randbytes(length)
        wanted = [hashlib.sha256(data).hexdigest(), hashlib.sha512(data).hexdigest()]
        assert core.digests(data) == wanted, length


def _signatures(random: Random) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Right and wrong ones, and points and scalars that implementations disagree about."""
    for length in range(8):
        private = Ed25519PrivateKey.from_private_bytes(random.randbytes(32))
        key, text = private.public_key().public_bytes_raw(), random.randbytes(40 * length)
        good = private.sign(text)
        yield key, text, good
        yield key, text + b"x", good
        yield key, text, good[:-1]
        yield key, text, wild.turn(random, good)[0]
        more = int.from_bytes(good[32:], "little") + verify.ORDER
        yield key, text, good[:32] + more.to_bytes(32, "little")
    small = [0, 1, verify.P - 1, verify.P, verify.P + 1, 2**255 - 1, 2**255, 2**255 + 1]
    for one in small:
        for other in small:
            point, r = one.to_bytes(32, "little"), other.to_bytes(32, "little")
            yield point, b"text", r + bytes(32)


def test_both_take_the_same_signatures(core: Core) -> None:
    verdicts = Counter(
        verify.is_signed(*parts)
        for parts in _signatures(Random(7))
        for which in (BROWSER, ALONE)
        if core.is_signed(which, parts) == verify.is_signed(*parts)
    )
    assert sum(verdicts.values()) == 2 * len(list(_signatures(Random(7))))
    assert verdicts[True] >= 16


def test_the_page_needs_nothing_and_may_load_nothing() -> None:
    text = PAGE.read_text(encoding="utf-8")
    rule = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert rule is not None and rule[1].startswith("default-src 'none'; base-uri 'none';")
    inline = re.findall(
        r"<(?:script|style)(?: id=\"\w+\")?>(.*?)</(?:script|style)>", text, re.DOTALL
    )
    digests = [b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in inline]
    assert re.findall(r"'sha256-([^']+)'", rule[1]) == [*digests[1:], digests[0]], (
        f"write into the policy: scripts {digests[1:]}, style {digests[0]}"
    )
    assert "unsafe" not in rule[1]
    assert not re.findall(r"https?:|\bsrc=|\bhref=|@import|url\(|fetch\(|innerHTML|eval\(", text)


def test_it_is_in_every_bundle(whole: dict[str, Parts]) -> None:
    for made in whole.values():
        assert made.members["verify.html"] == PAGE.read_bytes()
        assert "verify.html" in made.manifest["files"]
