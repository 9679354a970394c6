"""A county's logs made up in memory, signed with a key of the test's own, and bundles of them."""

import os
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from io import BytesIO
from random import Random
from typing import Any
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.audit.export.bundle import draw_up
from services.audit.export.contents import Consistency, Contents, Disclosure, LogPart, Seal
from services.audit.export.manifest import seal_json
from services.audit.export.members import Members
from services.audit.export.zip import Member, write_zip
from services.audit.proofs import tree
from services.audit.proofs.checkpoint import Checkpoint
from services.audit.proofs.heads import HeadLine, heads_tree, in_order, prove_subject, subject_hash
from services.audit.proofs.note import NoteSigner, sign, verifier_key

COUNTY, DOMAIN = "990101", "demo.example"
PRODUCERS = ("enrollment", "casework", "notify")
CHILD = "0198c5b0-0000-7000-8000-00000000c41d"
OTHERS = tuple(f"0198c5b0-0000-7000-8000-0000000000{number:02x}" for number in range(16))
EXPORT = UUID("0198c5b0-0000-7000-8000-00000000e790")
FILES = 2  # attachments of the child
CLASSES = ("identity", "contact", "narrative", "health", "family")


def origin(service: str, simulated: bool = False) -> str:
    return f"{DOMAIN}/{COUNTY}/{service}" + ("/simulated" if simulated else "")


def b64(raw: bytes) -> str:
    return b64encode(raw).decode()


@dataclass
class Log:
    """The bodies of one log, and what is told of their sealed values."""

    service: str
    bodies: list[bytes] = field(default_factory=list)
    told: dict[int, list[Disclosure]] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    lines: dict[tuple[str, str], tuple[int, int, int]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)

    def write(self, stream: str, subject: str | None, data: Any, type_: str = "Noted") -> int:
        """Append one event; its sequence."""
        seq = len(self.bodies) + 1
        version = self.versions[stream] = self.versions.get(stream, 0) + 1
        at = f"2026-11-18T{seq // 3600 % 24:02}:{seq // 60 % 60:02}:{seq % 60:02}.000001Z"
        head = {
            "specversion": "1.0",
            "id": f"0198c5b0-0000-7000-8000-{seq:012x}",
            "type": f"{self.service}.{type_}",
            "dataversion": 1,
            "source": f"/{COUNTY}/{self.service}",
            **({"subject": subject} if subject else {}),
            "occurredat": at,
            "stream": stream,
            "unitpath": f"990000/990100/{COUNTY}",
            "actorid": "system",
            "actorrole": "system",
            "actorunit": "",
            "via": "web",
            "policyversion": "cdcdcdcdcdcdcdcd",
            "correlationid": f"0198c5b0-0000-7000-8000-{seq:012x}",
            "commandid": f"0198c5b0-0000-7000-8000-{seq:012x}",
            "ledgerseq": seq,
            "time": at,
            "streamversion": version,
            "data": data,
        }
        return self.put(msgspec.json.encode(head), stream, subject, version)

    def put(self, body: bytes, stream: str, subject: str | None, version: int) -> int:
        """Append these bytes."""
        self.bodies.append(body)
        seq = len(self.bodies)
        if subject:
            count = self.lines.get((subject, stream), (0, 0, 0))[2]
            self.lines[subject, stream] = version, seq, count + 1
        return seq

    def write_sealed(
        self, stream: str, subject: str, random: Random, told: bool = True, cls: str = "narrative"
    ) -> int:
        """An event with a sealed note whose text the log remembers."""
        text, salt = f"=家访记录，第{random.randrange(10**6)}次", random.randbytes(32)
        commit = b64(sha256(salt + text.encode()).digest())
        note = {"sealed": 1, "class": cls, "nonce": "AAAA", "box": "AAAA", "commit": commit}
        seq = self.write(stream, subject, {"notes": note, "outcome": "away"}, "HomeVisitLogged")
        if told:
            self.told[seq] = [Disclosure("/notes", salt, text)]
        return seq

    def write_file(self, stream: str, subject: str, random: Random) -> int:
        """An event that names a photograph, which the log keeps."""
        content, salt = random.randbytes(random.randrange(9, 999)), random.randbytes(32)
        digest = random.randbytes(32).hex()
        commit = b64(sha256(salt + content).digest())
        file = {"sha256": digest, "bytes": len(content), "type": "image/png", "commit": commit}
        seq = self.write(stream, subject, {"note": None, "attachment": file}, "EvidenceFiled")
        name = f"attachments/{digest}.png"
        self.files[name] = content
        self.told[seq] = [Disclosure("/attachment", salt, name)]
        return seq

    def tree(self) -> tree.Tree:
        return tree.Tree(map(tree.leaf_hash, self.bodies))


class Signer:
    """A sealer's key pair."""

    def __init__(self, seed: bytes | None = None) -> None:
        self.private = Ed25519PrivateKey.from_private_bytes(seed or os.urandom(32))
        self.public = self.private.public_key().public_bytes_raw()

    def key(self, name: str) -> str:
        return verifier_key(name, self.public)

    def note(self, name: str, size: int, root: bytes) -> str:
        return sign(Checkpoint(name, size, root).text(), [NoteSigner(name, self.private)])


SIGNER = Signer(b"s" * 32)
STRANGER = Signer(b"x" * 32)


@dataclass
class County:
    """Three producers' logs and audit's own."""

    signer: Signer = SIGNER
    simulated: bool = False
    logs: dict[str, Log] = field(default_factory=dict)
    own: Log = field(default_factory=lambda: Log("audit"))

    def origin(self, service: str) -> str:
        return origin(service, self.simulated)

    def note(self, service: str, size: int | None = None) -> str:
        """A checkpoint of a log as it is, or as it was at a size."""
        log = self.own if service == "audit" else self.logs[service]
        log = Log(service, log.bodies[: len(log.bodies) if size is None else size])
        return self.signer.note(self.origin(service), len(log.bodies), log.tree().root())

    def heads(self, service: str) -> list[HeadLine]:
        log = self.logs[service]
        return in_order(
            HeadLine(subject_hash(subject), stream, *numbers)
            for (subject, stream), numbers in log.lines.items()
        )

    def commit_heads(self) -> int:
        """HeadsCommitted over the logs as they are; its sequence in audit's log."""
        found = []
        for service, log in self.logs.items():
            lines = self.heads(service)
            found.append(
                {
                    "service": service,
                    "ledger": COUNTY,
                    "origin": self.origin(service),
                    "size": len(log.bodies),
                    "root": b64(log.tree().root()),
                    "heads_root": b64(heads_tree(lines).root()),
                    "streams": len(lines),
                }
            )
        return self.own.write(f"heads-{COUNTY}", None, {"logs": found}, "HeadsCommitted")


def county(seed: int = 1, entries: int = 24, **more: Any) -> County:
    """A county with a child whose records stand among those of others."""
    random, made = Random(seed), County(**more)
    people = [CHILD, *OTHERS]
    for service in PRODUCERS:
        log = made.logs[service] = Log(service)
        for number in range(entries - FILES if service == "casework" else entries):
            subject = CHILD if number % 4 == 1 else random.choice(people)
            if service == "notify":
                log.write("inbox-teacher", subject, {"kind": "due"})
            elif number % 3 == 1:
                log.write_sealed(f"case-{subject[-2:]}", subject, random, subject == CHILD)
            else:
                log.write(f"child-{subject}", subject, {"on": "2026-09-01", "days": number})
    for number in range(FILES):
        made.logs["casework"].write_file(f"duty-{number}", CHILD, random)
    klass = "0198c5b0-0000-7000-8000-0000000c1a55"
    roll = {"absent": [{"child": CHILD}], "klass": klass}
    made.logs["enrollment"].write(f"roll-{klass}-2026-11-18", klass, roll, "DailyRollSubmitted")
    made.own.write("unit-990101", None, {"code": COUNTY})
    made.commit_heads()
    return made


def subject_of(body: bytes) -> str | None:
    return msgspec.json.decode(body).get("subject")


def _part(made: County, service: str, kind: Any, seqs: Sequence[int]) -> LogPart:
    log, whole = made.logs[service], made.logs[service].tree()
    size = len(log.bodies)
    bodies = [(seq, log.bodies[seq - 1]) for seq in seqs]
    return LogPart(
        service=service,
        ledger=COUNTY,
        origin=made.origin(service),
        size=size,
        root=whole.root(),
        note=made.note(service),
        kind=kind,
        count=len(seqs),
        entries=lambda: bodies,
        path=None if kind == "RANGE" else lambda seq: tree.inclusion(seq - 1, size, whole.hashes),
        beside=tree.range_proof(seqs[0] - 1, seqs[-1] - 1, size, whole.hashes)
        if kind == "RANGE"
        else None,
        heads=prove_subject(made.heads(service), CHILD) if kind == "CASE" else None,
    )


def contents(made: County, kind: Any, logs: Sequence[LogPart], **more: Any) -> Contents:
    """Everything of a bundle of these logs."""
    told = [made.logs[log.service].told for log in logs]
    origins = [log.origin for log in logs] + [made.origin("audit")]
    blocks = [
        Consistency(log.origin, old, log.size, tree.consistency(old, log.size, hashes))
        for log in logs
        for hashes in [made.logs[log.service].tree().hashes]
        for old in (5, 9)
    ]
    facts: dict[str, Any] = {
        "kind": kind,
        "county": COUNTY,
        "subject": CHILD if kind == "CASE" else None,
        "first": None,
        "last": None,
        "export": EXPORT,
        "known_at": "2026-11-18T12:00:00Z",
        "requester": {"account": "inspector.990101", "role": "inspector", "unit": COUNTY},
        "purpose": "季度督查",
        "withheld": ["health"],
        "address": "",
        "keys": [made.signer.key(name) for name in origins],
        "logs": logs,
        "disclose": lambda number, seq: told[number].get(seq, ()),
        "consistency": blocks,
    }
    return Contents(**(facts | more))


def case(made: County, **more: Any) -> Contents:
    """Everything of the child, and the roll that names it."""
    logs, chosen = [], []
    for number, service in enumerate(PRODUCERS):
        bodies = made.logs[service].bodies
        seqs = [seq for seq, body in enumerate(bodies, 1) if subject_of(body) == CHILD]
        if service == "enrollment":
            chosen.append((number, len(bodies)))
            seqs.append(len(bodies))
        logs.append(_part(made, service, "CASE", seqs))
    return contents(made, "CASE", logs, selection=chosen, **more)


def ranged(made: County, first: int = 6, last: int = 19, **more: Any) -> Contents:
    """Consecutive entries of casework."""
    part = _part(made, "casework", "RANGE", range(first, last + 1))
    facts: dict[str, Any] = {"withheld": CLASSES, "disclose": lambda _log, _seq: ()}
    return contents(made, "RANGE", [part], first=first, last=last, **(facts | more))


def selection(made: County, **more: Any) -> Contents:
    """Some entries of two logs."""
    logs = [_part(made, "enrollment", "SELECTION", (2, 3, 8))]
    logs.append(_part(made, "casework", "SELECTION", (2, 7, 11, 20)))
    return contents(made, "SELECTION", logs, withheld=CLASSES, **more)


@dataclass
class Parts:
    """A bundle as its members, so that a test can change any of them."""

    made: County
    kind: str
    members: dict[str, bytes]

    def copy(self) -> "Parts":
        return replace(self, members=dict(self.members))

    @property
    def manifest(self) -> dict[str, Any]:
        return msgspec.json.decode(self.members["manifest.json"])

    def refile(self, **changes: Any) -> "Parts":
        """Write digests (and these changes) into the manifest."""
        found = self.manifest | changes
        found["files"] = {
            name: {"sha256": sha256(data).hexdigest(), "bytes": len(data)}
            for name, data in self.members.items()
            if name not in ("manifest.json", "seal.json")
        }
        self.members["manifest.json"] = msgspec.json.encode(found)
        return self

    def reseal(self, own: Log | None = None, **changes: Any) -> "Parts":
        """What only the sealed system could do: refile and log the export of it."""
        self.refile(**changes)
        self.members["seal.json"] = seal(self.made, self.kind, self.members, own)
        return self

    def pack(self) -> bytes:
        return pack(self.members)


def seal(made: County, kind: str, members: Mapping[str, bytes], own: Log | None = None) -> bytes:
    """seal.json over this manifest, in a copy of audit's log."""
    found = msgspec.json.decode(members["manifest.json"])
    old = own or made.own
    log = Log("audit", list(old.bodies), versions=dict(old.versions))
    data = {
        "export": found["export"],
        "kind": found["class"],
        "subject": found["subject"],
        "purpose": found["purpose"],
        "manifest": sha256(members["manifest.json"]).hexdigest(),
        "entries": sum(one["entries"] for one in found["logs"]),
        "logs": [{name: one[name] for name in ("origin", "size", "root")} for one in found["logs"]],
    }
    seq, heads = log.write(f"export-{EXPORT}", None, data, "ExportMade"), len(log.bodies) - 1
    whole, size = log.tree(), len(log.bodies)
    is_case = kind == "CASE"
    return seal_json(
        Seal(
            entry=log.bodies[seq - 1],
            heads=log.bodies[heads - 1] if is_case else None,
            entry_path=tree.inclusion(seq - 1, size, whole.hashes),
            heads_path=tree.inclusion(heads - 1, size, whole.hashes) if is_case else (),
            checkpoint=made.signer.note(made.origin("audit"), size, whole.root()),
        )
    )


def _files_of(made: County, wanted: Contents) -> Iterator[tuple[str, bytes]]:
    for number, log in enumerate(wanted.logs):
        kept = made.logs[log.service].files
        told = [one.text for seq, _ in log.entries() for one in wanted.disclose(number, seq)]
        yield from ((name, kept[name]) for name in told if name in kept)


def parts(made: County, wanted: Contents) -> Parts:
    """The members of a sealed bundle."""
    with Members() as members:
        for name, content in _files_of(made, wanted):
            members.put(name, content)
        draft = draw_up(wanted, members)
        found = {"manifest.json": draft.manifest}
        found |= {one.member.name: b"".join(one.chunks()) for one in draft.files}
    found["seal.json"] = seal(made, wanted.kind, found)
    return Parts(made, wanted.kind, found)


def pack(members: Mapping[str, bytes], crcs: Mapping[str, int] | None = None) -> bytes:
    """The ZIP file of these members, in this order."""
    import zlib

    out = BytesIO()
    named = crcs or {}
    write_zip(
        out,
        (
            (Member(name, len(data), named.get(name, zlib.crc32(data))), [data])
            for name, data in members.items()
        ),
    )
    return out.getvalue()
