"""manifest.json and seal.json: what a bundle says of itself, and what seals it."""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any

import msgspec

from services.audit.export.contents import Contents, LogPart, Seal
from services.audit.export.members import Written

FORMAT = "baoxue-bundle/1"


def manifest(contents: Contents, files: Iterable[Written]) -> bytes:
    """The manifest over these files, without blanks."""
    logs = [
        {
            "service": log.service,
            "ledger": log.ledger,
            "origin": log.origin,
            "size": log.size,
            "root": text_of(log.root),
            "entries": log.count,
            "class": log.kind,
        }
        for log in contents.logs
    ]
    return msgspec.json.encode(
        {
            "format": FORMAT,
            "class": contents.kind,
            "county": contents.county,
            "subject": contents.subject,
            "first": contents.first,
            "last": contents.last,
            "export": str(contents.export),
            "known_at": contents.known_at,
            "requester": dict(contents.requester),
            "purpose": contents.purpose,
            "approvals": [dict(one) for one in contents.approvals],
            "withheld": list(contents.withheld),
            "address": contents.address,
            "logs": logs,
            "selection": [list(place) for place in contents.selection],
            "keys": list(contents.keys),
            "files": {
                one.member.name: {"sha256": one.sha256, "bytes": one.member.size} for one in files
            },
        }
    )


def manifest_digest(data: bytes) -> str:
    """What `ExportMade` seals: SHA-256 of manifest.json in hex."""
    return sha256(data).hexdigest()


def seal_json(seal: Seal) -> bytes:
    """The only member that no digest covers: it holds what the others are checked by."""
    paths = [texts_of(seal.entry_path), texts_of(seal.heads_path)]
    return msgspec.json.encode(
        {
            "entry": seal.entry.decode(),
            "heads": None if seal.heads is None else seal.heads.decode(),
            "paths": paths,
            "checkpoint": seal.checkpoint,
        }
    )


def heads_line(number: int, log: LogPart) -> dict[str, Any]:
    """A line of proofs/heads.jsonl."""
    assert log.heads is not None, f"{log.origin} has no heads proof"
    lines = [
        {
            "subject": one.subject_hash.hex(),
            "stream": one.stream,
            "version": one.version,
            "seq": one.seq,
            "count": one.count,
        }
        for one in log.heads.lines
    ]
    left, right = texts_of(log.heads.left), texts_of(log.heads.right)
    return {"log": number, "first": log.heads.first, "lines": lines, "left": left, "right": right}


def text_of(raw: bytes) -> str:
    """Base64 as checkpoints write it."""
    return b64encode(raw).decode()


def texts_of(hashes: Sequence[bytes]) -> list[str]:
    """A proof in base64."""
    return [text_of(one) for one in hashes]
