"""Plain bodies for logs: true envelopes with their place, and nothing that needs a key."""

import json
from collections.abc import Iterable
from hashlib import sha256

from shared.subscription import Entry

SUBJECTS = tuple(f"0198c5b0-0000-7000-8000-{number:012d}" for number in range(7))


def body(service: str, ledger: str, seq: int, *, salt: str = "") -> bytes:
    """The stored bytes of an event at this place; `salt` makes it another event."""
    stream, version = f"case-{seq % 7}", (seq - 1) // 7 + 1
    envelope = {
        "specversion": "1.0",
        "id": f"0198c5b0-0000-7000-8001-{seq:012d}",
        "type": f"{service}.NoticeDrafted",
        "dataversion": 1,
        "source": f"/{ledger}/{service}",
        "subject": SUBJECTS[seq % 7],
        "occurredat": "2026-11-18T00:41:00.000000Z",
        "stream": stream,
        "unitpath": f"990000/990100/{ledger[:6]}",
        "actorid": "system",
        "actorrole": "system",
        "actorunit": "",
        "via": "system",
        "policyversion": "0" * 16,
        "correlationid": "0198c5b0-0000-7000-8002-000000000001",
        "commandid": f"0198c5b0-0000-7000-8003-{seq:012d}",
        "ledgerseq": seq,
        "time": f"2026-11-18T00:41:{seq % 60:02d}.000000Z",
        "streamversion": version,
        "data": {"words": f"第 {seq} 条" + "，云溪" * (seq % 5) + salt},
    }
    return json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode()


def entries(source: str, ledger: str, seqs: Iterable[int]) -> list[Entry]:
    """Entries of a source as Kafka brings them, each with the hash of the one before."""
    service = source.partition(".")[0]
    return [
        Entry(source, ledger, seq, body(service, ledger, seq), _before(service, ledger, seq))
        for seq in seqs
    ]


def _before(service: str, ledger: str, seq: int) -> str:
    return sha256(body(service, ledger, seq - 1)).hexdigest()[:16] if seq > 1 else ""
