"""The sealer's own parse: exactly the place that it asked for, strictly JSON, or a refusal."""

import json
from hashlib import sha256

import pytest

from services.audit.sealer.body import BODY_LIMIT_BYTES, Place, read
from services.audit.sealer.refusals import Refused
from tests.stored import examples

PLACE = Place("d/990101/casework", "casework", "990101", 7)
GOOD = (
    b'{"type":"casework.X","source":"/990101/casework","subject":"c1","stream":"case-1",'
    b'"ledgerseq":7,"streamversion":2,"data":{"n":1}}'
)


def changed(old: str, new: str) -> bytes:
    assert old in GOOD.decode()
    return GOOD.decode().replace(old, new, 1).encode("utf-8", "surrogatepass")


def test_a_leaf_keeps_place_stream_and_the_subjects_hash() -> None:
    leaf = read(GOOD, PLACE)
    assert (leaf.seq, leaf.stream, leaf.version) == (7, "case-1", 2)
    assert leaf.subject == sha256(b"c1").digest()
    assert read(changed('"subject":"c1",', ""), PLACE).subject is None


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("wrong_source", changed("/990101/casework", "/990102/casework")),
        ("wrong_source", changed("/990101/casework", "/990101/notify")),
        ("wrong_source", changed('"/990101/casework"', "null")),
        ("wrong_ledgerseq", changed('"ledgerseq":7', '"ledgerseq":8')),
        ("wrong_ledgerseq", changed('"ledgerseq":7', '"ledgerseq":"7"')),
        ("wrong_ledgerseq", changed('"ledgerseq":7', '"ledgerseq":true')),
        ("malformed_body", changed('"ledgerseq":7', '"ledgerseq":7,"ledgerseq":7')),
        ("malformed_body", changed('{"n":1}', '{"n":1,"n":2}')),
        ("malformed_body", changed('{"n":1}', '{"n":1.0}')),
        ("malformed_body", changed('{"n":1}', '{"n":NaN}')),
        ("malformed_body", changed('{"n":1}', "[1]")),
        ("malformed_body", changed('"c1"', '"\\ud800"')),
        ("malformed_body", changed('"c1"', "17")),
        ("malformed_body", changed('"case-1"', '""')),
        ("malformed_body", changed('"streamversion":2', '"streamversion":0')),
        ("malformed_body", changed('"c1"', '"\ud800"')),
        ("malformed_body", GOOD[:-1]),
        ("malformed_body", b"[" * 30_000),
        ("malformed_body", b"[1]"),
        ("malformed_body", b" " * BODY_LIMIT_BYTES + GOOD),
        ("malformed_body", changed('{"n":1}', '{"n":' + "9" * 9000 + "}")),
    ],
)
def test_what_is_not_that_body_is_refused_with_its_place(kind: str, body: bytes) -> None:
    with pytest.raises(Refused) as refused:
        read(body, PLACE)
    assert (refused.value.kind, refused.value.origin, refused.value.seq) == (kind, PLACE.origin, 7)


@pytest.mark.parametrize("body", [one.body for one in examples()])
def test_every_shape_ever_stored_is_read(body: bytes) -> None:
    head = json.loads(body)
    _, ledger, service = head["source"].split("/")
    leaf = read(body, Place("x", service, ledger, head["ledgerseq"]))
    assert (leaf.stream, leaf.version, leaf.type) == (
        head["stream"],
        head["streamversion"],
        head["type"],
    )
