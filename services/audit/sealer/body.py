"""The sealer's own reading of a body: its place and its stream, and nothing taken on trust."""

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NoReturn

from services.audit.sealer.refusals import Refused

BODY_LIMIT_BYTES = 32 * 1024


@dataclass(frozen=True, slots=True)
class Leaf:
    """What is remembered of an entry. `subject` is the SHA-256 of its text, None without one."""

    seq: int
    type: str
    stream: str
    version: int
    subject: bytes | None
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a body must say that it stands."""

    origin: str
    service: str
    ledger: str
    seq: int

    @property
    def source(self) -> str:
        return f"/{self.ledger}/{self.service}"

    def refuse(self, kind: str, expected: object, found: object) -> NoReturn:
        words = {"expected": str(expected)[:200], "found": str(found)[:200]}
        raise Refused(kind, self.origin, self.seq, **words)


def read(body: bytes, place: Place) -> Leaf:
    """The leaf that a body is at its place. Raises Refused when it is anything else."""
    found = _parsed(body, place)
    if found.get("source") != place.source:
        place.refuse("wrong_source", place.source, found.get("source"))
    seq = found.get("ledgerseq")
    if type(seq) is not int or seq != place.seq:
        place.refuse("wrong_ledgerseq", place.seq, seq)
    stream, version, subject = (found.get(k) for k in ("stream", "streamversion", "subject"))
    if not isinstance(stream, str) or not 0 < len(stream.encode()) < 1 << 16:
        place.refuse("malformed_body", "stream", stream)
    if type(version) is not int or not 0 < version < 1 << 63:
        place.refuse("malformed_body", "streamversion", version)
    if "subject" in found and not isinstance(subject, str):
        place.refuse("malformed_body", "subject", subject)
    kind, data = found.get("type"), found.get("data")
    if not isinstance(kind, str) or not isinstance(data, dict):
        place.refuse("malformed_body", "type and data", kind)
    hashed = sha256(subject.encode()).digest() if isinstance(subject, str) else None
    return Leaf(seq, kind, stream, version, hashed, data)


def _parsed(body: bytes, place: Place) -> dict[str, Any]:
    if len(body) > BODY_LIMIT_BYTES:
        place.refuse("malformed_body", f"at most {BODY_LIMIT_BYTES} bytes", len(body))
    try:
        found = json.loads(
            body.decode(),
            object_pairs_hook=_no_key_twice,
            parse_float=_no_float,
            parse_constant=_no_float,
        )
        # A lone surrogate would be text that nobody can write back.
        json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        place.refuse("malformed_body", "strict JSON", error)
    if not isinstance(found, dict):
        place.refuse("malformed_body", "an object", type(found).__name__)
    return found


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key stands twice")
    return made


def _no_float(text: str) -> NoReturn:
    raise ValueError(f"a number that is no integer: {text[:20]}")
