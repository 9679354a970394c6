#!/usr/bin/env python3
"""Checks an audit bundle of 保学 on a machine of your own: Python 3.8 or newer and nothing else.

    python verify.py BUNDLE [--pin NOTE]... [--trust FILE] [--online] [--simulated] [--json]

What is proved and what is not stands in docs/ledger.md. `CHECKS` and `ENTRY_CHECKS` are everything
that is asked of a bundle. Take this file from the published source, not only from the bundle.
"""
# pyright: basic, reportMissingParameterType=false, reportOptionalMemberAccess=false
# pyright: reportAttributeAccessIssue=false, reportOptionalSubscript=false
# pyright: reportOperatorIssue=false, reportOptionalOperand=false, reportArgumentType=false
import argparse
import base64
import calendar
import hashlib
import json
import operator
import os
import re
import sys
import time
import urllib.request
import zlib

VERDICTS = {  # the worst first: verdict -> (exit code, in Chinese)
    "MALFORMED": (2, "不是完好的证据包"), "TAMPERED": (10, "被改动"), "FORK": (11, "历史分叉"),
    "ROLLBACK": (11, "历史回退"), "NEVER LOGGED": (15, "从未入账"), "INCOMPLETE": (13, "不完整"),
    "UNEXPLAINED ERASURE": (14, "有无法解释的抹除"), "NOT WITNESSED": (12, "缺少见证"),
    "VERIFIED": (0, "验证通过"),
}
# What names a wrong entry says more than a digest that only says that something is wrong.
NAMING = ("TAMPERED", "NEVER LOGGED", "INCOMPLETE", "UNEXPLAINED ERASURE")

MEMBER_LIMIT_BYTES = 2 << 30
BUNDLE_LIMIT_BYTES = 7 << 29  # 3.5 GiB
BODY_LIMIT_BYTES = 32 * 1024
JSON_LIMIT_BYTES = 4 << 20  # a manifest, or a line of anything but entries
ROW_LIMIT_BYTES = 1 << 20
NOTE_LIMIT_BYTES = 64 * 1024
DEPTH_LIMIT = 32
DIGITS_LIMIT = 20
LINES_LIMIT = 200_000
SIZE_LIMIT = 1 << 53
LOG_STEP = 1 << 54  # a place is the log's number times this, plus the sequence
KEPT_FINDINGS = 50  # of each verdict
CHUNK_BYTES = 1 << 20
FETCH_SECONDS = 20

PROOFS = {
    "CASE": ["proofs/inclusion.jsonl", "proofs/heads.jsonl"],
    "SELECTION": ["proofs/inclusion.jsonl"],
    "RANGE": ["proofs/range.jsonl", "proofs/leaves.bin"],
}
FOR_READING = ("events.xlsx", "timeline.html", "verify.html")  # these may be absent
MEMBERS = ["consistency.txt", "events.csv", "events.xlsx", "timeline.html", "README.txt",
           "verify.py", "verify.html", "seal.json"]
HEADER = ("log", "seq", "time", "occurredat", "type", "stream", "version", "subject", "actorid",
          "actorrole", "onbehalfof", "via", "policyversion", "data", "disclosed")
COLUMNS = ["streamversion" if name == "version" else name for name in HEADER[2:13]]
UNREADABLE = (ValueError, RecursionError, KeyError, TypeError, AttributeError, IndexError)
SIZE = re.compile("0|[1-9][0-9]{0,15}")
CHECKPOINT = re.compile(r"([^\n]+)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)")

class Wrong(Exception):
    """Something is not as it must be; raised where nothing more can be read."""

    def __init__(self, verdict, log, index, field, reason, weak=False):
        Exception.__init__(self, reason)
        self.verdict, self.log, self.index, self.field = verdict, log, index, field
        self.reason, self.weak = reason, weak

def malformed(field, reason, log="audit", index=None):
    return Wrong("MALFORMED", log, index, field, reason)

# Ed25519 (RFC 8032) on extended coordinates. Nothing here is secret, so its time may vary.
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)

def point_sum(one, other):
    a = (one[1] - one[0]) * (other[1] - other[0]) % P
    b = (one[1] + one[0]) * (other[1] + other[0]) % P
    c, d = 2 * one[3] * other[3] * D % P, 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P

def point_times(one, point, other, second):
    """one · point + other · second, in one ladder."""
    found, both = (0, 1, 1, 0), point_sum(point, second)
    for bit in range(255, -1, -1):
        found, which = point_sum(found, found), (one >> bit & 1) + 2 * (other >> bit & 1)
        if which:
            found = point_sum(found, (point, second, both)[which - 1])
    return found

def point_of(raw):
    """The point that 32 bytes encode, or None."""
    y, odd = int.from_bytes(raw, "little") & ((1 << 255) - 1), raw[31] >> 7
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if y >= P or (x * x - square) % P or (x == 0 and odd):
        return None
    x = P - x if x & 1 != odd else x
    return x, y, 1, x * y % P

BASE = point_of((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))

def is_signed(public, text, signature):
    """Whether the Ed25519 key (32 bytes) made this signature (64 bytes) of the text."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, r, s = point_of(public), point_of(signature[:32]), int.from_bytes(signature[32:], "little")
    if key is None or r is None or s >= ORDER:
        return False
    digest = hashlib.sha512(signature[:32] + public + text).digest()
    x, y, z, t = key
    found = point_times(s, BASE, int.from_bytes(digest, "little") % ORDER, (-x % P, y, z, -t % P))
    return all((found[axis] - r[axis] * found[2]) % P == 0 for axis in (0, 1))

# Merkle trees (RFC 6962) with SHA-256.
EMPTY = hashlib.sha256(b"").digest()

def leaf_hash(body):
    return hashlib.sha256(b"\0" + body).digest()

def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()

def root_by_path(leaf, index, size, path):
    """The root that an inclusion path leads to; None for a path of another length."""
    if not 0 <= index < size:
        return None
    inner = (index ^ (size - 1)).bit_length()
    if len(path) != inner + bin(index >> inner).count("1"):
        return None
    for level, beside in enumerate(path):
        is_left = level < inner and not index >> level & 1
        leaf = node_hash(leaf, beside) if is_left else node_hash(beside, leaf)
    return leaf

def is_beginning(old, new, old_root, new_root, path):
    """Whether a consistency proof shows the old tree to be the beginning of the new one."""
    if old in (0, new):
        return not path and old_root == (EMPTY if old == 0 else new_root)
    path = path if old & (old - 1) else [old_root] + path
    if old > new or not path:
        return False
    one, other, first, last = path[0], path[0], old - 1, new - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    for beside in path[1:]:
        if last == 0:
            return False
        if first & 1 or first == last:
            one, other = node_hash(beside, one), node_hash(beside, other)
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        else:
            other = node_hash(other, beside)
        first, last = first >> 1, last >> 1
    return last == 0 and one == old_root and other == new_root

class Range:
    """Folds consecutive leaves, one at a time, into the perfect subtrees that cover them."""

    def __init__(self, first):
        self.first = self.end = first
        self.nodes = []  # (first leaf, leaves, hash), side by side

    def add(self, leaf):
        start, width, nodes = self.end, 1, self.nodes
        while start & width and nodes and nodes[-1][1] == width:
            leaf = node_hash(nodes.pop()[2], leaf)
            start, width = start - width, width * 2
        nodes.append((start, width, leaf))
        self.end += 1

    def root(self, size, left, right):
        """Root of the tree with these hashes beside the range, each side from the root down."""
        known = {(start, width): found for start, width, found in self.nodes}
        left, right = list(left), list(right)

        def node(low, high):
            if high <= self.first:
                return left.pop(0)
            if (low, high - low) in known:
                return known[low, high - low]
            middle = low + (1 << (high - low - 1).bit_length() - 1)
            beside = right.pop(0) if middle >= self.end else None
            return node_hash(node(low, middle), beside or node(middle, high))

        if self.first == self.end:
            return EMPTY if size == 0 and not left + right else None
        try:
            found = node(0, size) if self.end <= size else None
        except (IndexError, ValueError):
            return None
        return None if left or right else found

# Strict JSON: what two readers could understand differently is refused.
def unique(pairs):
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in an object")
    return found

def integer(digits):
    if len(digits) > DIGITS_LIMIT:
        raise ValueError("an integer of more than %d digits" % DIGITS_LIMIT)
    return int(digits)

def no_integer(text):
    raise ValueError("%s is no integer" % text[:20])

scan = json.JSONDecoder(object_pairs_hook=unique, parse_int=integer, parse_float=no_integer,
                        parse_constant=no_integer).scan_once
STRING = re.compile(r'"(?:[^"\\]|\\.)*"')

def parse(text):
    """The value of a JSON text with nothing around it; raises ValueError, RecursionError."""
    if text.count("{") + text.count("[") > DEPTH_LIMIT:
        depth = 0
        for bracket in re.finditer(r"[\[\]{}]", STRING.sub("", text)):
            depth += 1 if bracket[0] in "[{" else -1
            if depth > DEPTH_LIMIT:
                raise ValueError("deeper than %d" % DEPTH_LIMIT)
    try:
        found, end = scan(text, 0)
    except StopIteration:
        raise ValueError("no value")
    if end != len(text):
        raise ValueError("more than one value")
    if "\\u" in text:
        json.dumps(found, ensure_ascii=False).encode()  # a lone surrogate is no text
    return found

def parse_object(raw, field):
    try:
        found = parse(raw.decode())
    except (ValueError, RecursionError) as error:
        raise malformed(field, "JSON 有误 / JSON: %s" % error)
    if type(found) is not dict:
        raise malformed(field, "不是 JSON 对象 / not a JSON object")
    return found

def shape(found, kinds, field):
    """An object has these members, of these types; integers are places or sizes."""
    for name, kind in kinds.items():
        value = found.get(name)
        if type(value) is not kind or (kind is int and not 0 <= value <= SIZE_LIMIT):
            raise malformed(field, "“%s”缺少或有误 / %r is absent or wrong" % (name, name))

def unbase64(text, length=32):
    """Bytes of canonical base64; raises ValueError."""
    raw = base64.b64decode(text.encode("ascii"), validate=True) if type(text) is str else b""
    if base64.b64encode(raw).decode() != text or (length and len(raw) != length):
        raise ValueError("not base64 of %s bytes" % length)
    return raw

def text_of(raw):
    return raw and base64.b64encode(raw).decode()

def take_hashes(found, name, field):
    try:
        return [unbase64(one) for one in found[name]]
    except UNREADABLE as error:
        raise malformed(field, "哈希有误 / a hash is wrong: %s" % error)

# The container: a ZIP of stored members, every byte of which follows from names and contents.
LOCAL = re.compile(rb"PK\x03\x04\x14\0\0\x08\0\0\0\0\x21\0(.{4})(.{4})(.{4})(..)\0\0", re.DOTALL)
LOCAL_BYTES = 30

def read_container(file, length):
    """{name: (offset, bytes, crc)} in the order of the file."""
    if length > BUNDLE_LIMIT_BYTES:
        raise malformed("zip", "太大 / larger than 3.5 GiB")
    members, central, place = {}, [], 0
    while True:
        file.seek(place)
        head = file.read(LOCAL_BYTES)
        found = LOCAL.fullmatch(head)
        if not found:
            break
        crc, packed, size, named = (int.from_bytes(raw, "little") for raw in found.groups())
        name, start = file.read(named).decode("ascii", "replace"), place + LOCAL_BYTES + named
        if packed != size or size > MEMBER_LIMIT_BYTES or start + size > length or name in members:
            raise malformed("zip:" + name, "大小有误或重复 / impossible size, or twice")
        members[name] = start, size, crc
        central.append(b"PK\1\2\x14\0" + head[4:] + bytes(10) + place.to_bytes(4, "little")
                       + name.encode())
        place = start + size
    check_directory(file, place, b"".join(central), len(members))
    return members

def check_directory(file, place, central, count):
    """What follows the members is their directory, and nothing else."""
    end = (b"PK\5\6\0\0\0\0" + count.to_bytes(2, "little") * 2
           + len(central).to_bytes(4, "little") + place.to_bytes(4, "little") + b"\0\0")
    file.seek(place)
    if file.read(len(central) + len(end) + 1) != central + end:
        raise malformed("zip:%d" % place, "ZIP 结构有误 / bytes that no member accounts for")

class Source:
    """The bytes of one member, read forward."""

    def __init__(self, file, offset, size):
        self.file, self.left = file, size
        file.seek(offset)

    def read(self, count):
        found = self.file.read(min(count, self.left))
        self.left -= len(found)
        return found

    def lines(self, limit):
        """Lines without their end; None stands for one that is too long or has no end."""
        while self.left:
            line = self.file.readline(min(limit + 1, self.left))
            self.left -= len(line)
            if line[-1:] != b"\n":
                yield None
                return
            yield line[:-1]

# Signed notes (C2SP signed-note, tlog-checkpoint, tlog-cosignature).
class Key:
    """A verifier key `<name>+<8 hex digits>+<base64(type, key)>`; raises ValueError."""

    def __init__(self, text):
        self.name, claimed, encoded = text.split("+", 2)
        raw = unbase64(encoded, 33)
        self.kind, self.public = raw[:1], raw[1:]
        self.fingerprint = hashlib.sha256(self.public).hexdigest()
        if self.id_as(self.name).hex() != claimed:
            raise ValueError("the id of key %s is not that of the key" % self.name)

    def id_as(self, name):
        return hashlib.sha256(name.encode() + b"\n" + self.kind + self.public).digest()[:4]

class Note:
    """A checkpoint with its signature lines; raises Wrong for anything else."""

    def __init__(self, raw, field, log, verdict="TAMPERED"):
        try:
            text, _, rest = raw.decode().partition("\n\n")
            self.text, self.signatures = (text + "\n").encode(), []
            self.origin, size, root = CHECKPOINT.fullmatch(text).groups()
            self.size, self.root = int(size), unbase64(root)
            for line in rest.split("\n")[:-1] if rest[-1] == "\n" else [rest]:
                mark, name, encoded = line.split(" ")
                value = unbase64(encoded, None)
                self.signatures.append((name, value[:4], {"\u2014": value[4:]}[mark]))
        except UNREADABLE as error:
            raise Wrong(verdict, log, None, field, "检查点有误 / no checkpoint: %s" % error)

    def signer(self, keys):
        """The key that signed under the origin's name: None if none of them did, False if one is
        named and did not make the signature (four bytes of an id collide easily)."""
        found = None
        for name, key_id, signature in self.signatures:
            same = [key for key in keys if name == self.origin and key.id_as(name) == key_id]
            made = [key for key in same if is_signed(key.public, self.text, signature)]
            if same and not made:
                return False
            found = found or (made and made[0]) or None
        return found

    def witnessed_by(self, key):
        for name, key_id, value in self.signatures:
            stamp = int.from_bytes(value[:8], "big")
            text = b"cosignature/v1\ntime %d\n" % stamp + self.text
            if (key.name, key.id_as(name)) == (name, key_id):
                if is_signed(key.public, text, value[8:]):
                    return True
        return False

class Log:
    """One log as the manifest names it, and what the entries showed of it."""

    def __init__(self, number, found):
        shape(found, {"service": str, "ledger": str, "origin": str, "root": str, "class": str,
                      "size": int, "entries": int}, "manifest.json:logs")
        self.service, self.ledger, self.origin = found["service"], found["ledger"], found["origin"]
        self.root, self.kind, self.size = found["root"], found["class"], found["size"]
        self.count, self.number, self.note, self.seen = found["entries"], number, None, 0
        self.source, self.streams = "/%s/%s" % (self.ledger, self.service), {}
        self.name = self.service + (".access" if self.ledger.endswith("-access") else "")
        if not re.fullmatch(r"[a-z]{1,32}", self.service) or self.kind not in PROOFS:
            raise malformed("manifest.json:logs", "名称或类别有误 / no such service or class")

class Entry:
    """One body: the envelope without `data`, and `data`; raises what reading it raises."""

    __slots__ = ("body", "data", "data_text", "disclosed", "head", "leaf", "log", "place", "seq")

    def __init__(self, body, logs):
        text = body.decode()
        head, mark, rest = text.partition(',"data":')
        self.body, self.head, self.data_text = body, parse(head + "}"), rest[:-1]
        self.data, self.disclosed, self.leaf = parse(self.data_text), {}, leaf_hash(body)
        self.seq, self.log = self.head["ledgerseq"], logs[self.head["source"]]
        if not mark or text[-1] != "}" or "data" in self.head or type(self.seq) is not int:
            raise ValueError("`data` is not the last member, once, or ledgerseq no integer")
        if not set(map(type, self.head.values())) <= {str, int} or not 0 < self.seq <= SIZE_LIMIT:
            raise ValueError("a member of the envelope is no text or place")
        self.place = self.log.number * LOG_STEP + self.seq

class Bundle:
    """An opened bundle: members, manifest, logs, and what was found wrong with it."""

    def __init__(self, path, options):
        self.path, self.options, self.findings, self.altered = path, options, [], set()
        self.notices, self.vouched, self.fingerprints, self.seal_note = [], None, [], None
        self.logs, self.manifest, self.files_open = [], {}, []

    def open(self):
        where = "manifest.json"
        try:
            with open(self.path, "rb") as file:
                self.members = read_container(file, os.path.getsize(self.path))
        except OSError as error:
            raise malformed("file", "打不开 / cannot be opened: %s" % error)
        self.manifest_bytes = self.whole(where)
        found = self.manifest = parse_object(self.manifest_bytes, where)
        self.kind = found.get("class")
        if found.get("format") != "baoxue-bundle/1" or self.kind not in PROOFS:
            raise malformed(where, "不是这种格式 / not of format baoxue-bundle/1")
        shape(found, {"county": str, "logs": list, "files": dict, "withheld": list, "keys": list,
                      "selection": list}, where)
        shape(found, {"CASE": {"subject": str}, "RANGE": {"first": int, "last": int}}.get(
            self.kind, {}), where)
        self.county, self.files, self.withheld = found["county"], found["files"], found["withheld"]
        self.first, self.last = found.get("first"), found.get("last")
        self.subject = found.get("subject")
        self.logs = [Log(number, one) for number, one in enumerate(found["logs"])]
        self.by_source = {log.source: log for log in self.logs}
        self.chosen = {json.dumps(one) for one in found["selection"]}
        if not self.logs or len(self.by_source) < len(self.logs) or self.kind == "RANGE" and not (
                len(self.logs) == 1 and 0 < self.first <= self.last):
            raise malformed(where, "“logs”或区间有误 / 'logs' or the range is wrong")

    def source(self, name):
        if name not in self.members:
            raise malformed(name, "缺少成员 / this member is missing")
        self.files_open.append(open(self.path, "rb", buffering=CHUNK_BYTES))
        return Source(self.files_open[-1], *self.members[name][:2])

    def whole(self, name, limit=JSON_LIMIT_BYTES):
        source = self.source(name)
        if source.left > limit:
            raise malformed(name, "太大 / larger than %d bytes" % limit)
        return source.read(limit)

    def json_lines(self, name):
        for number, line in enumerate(self.source(name).lines(JSON_LIMIT_BYTES), 1):
            if line is None or number > LINES_LIMIT:
                raise malformed(name, "第 %d 行 / a line too long, or too many" % number)
            yield parse_object(line, "%s:%d" % (name, number))

    def placed(self, name, kinds=()):
        """{place: lines} of lines that belong to entries: proofs and disclosures."""
        found = {}
        for line in self.json_lines(name):
            shape(line, {"log": int, "seq": int, **dict(kinds)}, name)
            found.setdefault(line["log"] * LOG_STEP + line["seq"], []).append(line)
        if any(place // LOG_STEP >= len(self.logs) for place in found):
            raise malformed(name, "没有这本账 / no such log")
        return found

    def bad(self, verdict, log, index, field, reason, weak=False):
        self.keep(Wrong(verdict, log, index, field, reason, weak))

    def keep(self, wrong):
        """Keep a finding; what cannot be read in an altered file is an alteration."""
        if wrong.verdict == "MALFORMED" and wrong.field.split(":")[0] in self.altered:
            wrong.verdict = "TAMPERED"
        if sum(one.verdict == wrong.verdict for one in self.findings) < KEPT_FINDINGS:
            self.findings.append(wrong)

def check_members(bundle):
    """Every member that the class asks for, in their order, and no stranger."""
    notes = sorted("checkpoints/%s.note" % log.name for log in bundle.logs)
    order = ["manifest.json", "entries.jsonl", "disclosures.jsonl", "erasures.jsonl"]
    order += PROOFS[bundle.kind] + notes + MEMBERS
    for name in order:
        if name not in bundle.members and name not in FOR_READING:
            raise malformed(name, "缺少成员 / this member is missing")
    wanted = [name for name in order if name in bundle.members]
    for name, other in zip(bundle.members, wanted + [None]):
        if name != other:
            raise malformed(name, "多余或次序有误 / no such member here")

def check_simulated(bundle):
    """Nobody takes the events of a simulation for those of a county."""
    for log in bundle.logs:
        if "simulated" in log.origin.split("/") and not bundle.options.simulated:
            raise malformed("origin", "模拟数据 / simulated: needs --simulated", log.name)

def check_keys(bundle):
    """Choose the keys that count: those of the trust file; else the bundle's own, and say so."""
    trusted, names = bundle.options.keys, [log.origin for log in bundle.logs]
    try:
        bundle.keys = trusted or [Key(text) for text in bundle.manifest["keys"]]
    except UNREADABLE as error:
        raise malformed("manifest.json:keys", "公钥有误 / keys: %s" % error)
    bundle.vouched, names = "trust" if trusted else None, names + [names[0].split("/")[0]]
    bundle.fingerprints = sorted({key.fingerprint for key in bundle.keys if key.name in names})

def check_files(bundle):
    """Each member has the digest that the manifest lists, and the CRC of its ZIP header."""
    for name, (_, size, crc) in bundle.members.items():
        source, digest, found = bundle.source(name), hashlib.sha256(), 0
        while source.left:
            chunk = source.read(CHUNK_BYTES)
            digest.update(chunk)
            found = zlib.crc32(chunk, found)
        if name in ("manifest.json", "seal.json"):
            if found != crc:
                bundle.bad("TAMPERED", "audit", None, name, "与 CRC 不符 / not of its CRC", True)
        elif bundle.files.get(name) != {"sha256": digest.hexdigest(), "bytes": size}:
            bundle.altered.add(name)
            bundle.bad("TAMPERED", "audit", None, name, "与清单不符 / not the listed digest", True)
        elif found != crc:
            raise malformed("zip:" + name, "与 CRC 不符 / not of its CRC")
    for name in [name for name in bundle.files if name not in bundle.members]:
        raise malformed(name, "清单里有，包里没有 / listed, but missing")

def keys_of(bundle, origin):
    """Keys of the log's own name, or of the name of its deployment."""
    return [key for key in bundle.keys if key.name in (origin, origin.split("/")[0])]

def check_signature(bundle, note, log, field):
    """The checkpoint is signed with a key that counts."""
    if not note.signer(keys_of(bundle, note.origin)):
        bundle.bad("TAMPERED", log, None, field, "不是所认公钥签的 / by no key that counts")

def check_seal(bundle):
    """seal.json: the checkpoint of audit's own log, under which the export itself stands."""
    raw = bundle.whole("seal.json")
    bundle.seal = found = parse_object(raw, "seal.json")
    shape(found, {"entry": str, "heads": str if bundle.kind == "CASE" else type(None),
                  "paths": list, "checkpoint": str}, "seal.json")
    plain = json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()
    if list(found) != ["entry", "heads", "paths", "checkpoint"] or plain != raw or (
            len(found["paths"]) != 2 or not found["heads"] and found["paths"][1]):
        raise malformed("seal.json", "多余的内容 / not written as it must be")
    note = bundle.seal_note = Note(found["checkpoint"].encode(), "seal.json", "audit")
    parts, own = bundle.logs[0].origin.split("/"), note.origin.split("/")
    played = [origin for origin in (parts, own) if "simulated" in origin]
    if own[:3] != [parts[0], bundle.county, "audit"] or len(played) == 1:
        bundle.bad("TAMPERED", "audit", None, "seal.json", "不是本县的审计账 / not audit's log")
    check_signature(bundle, note, "audit", "seal.json")

def sealed_entry(bundle, name, number, kind):
    """An entry of audit's own log that seal.json holds, with its proof."""
    body, where = bundle.seal[name].encode(), "seal.json:" + name
    try:
        entry = Entry(body, {"/%s/audit" % bundle.county: bundle.logs[0]})
        path = [unbase64(one) for one in bundle.seal["paths"][number]]
    except UNREADABLE as error:
        raise Wrong("TAMPERED", "audit", None, where, "读不出来 / cannot be read: %s" % error)
    check_logged(bundle, entry, path, where)
    if entry.head.get("type") != "audit." + kind:
        bundle.bad("TAMPERED", "audit", entry.seq, where, "不是 %s / is no %s" % (kind, kind))
    return entry

def check_logged(bundle, entry, path, where):
    """An entry of audit's own log leads to the root of its signed checkpoint."""
    note = bundle.seal_note
    if root_by_path(entry.leaf, entry.seq - 1, note.size, path) != note.root:
        bundle.bad("TAMPERED", "audit", entry.seq, where, "不在所签的账里 / not in the signed log")

def check_export(bundle):
    """`ExportMade` in audit's log seals the manifest, and so every file."""
    entry = bundle.export = sealed_entry(bundle, "entry", 0, "ExportMade")
    found = bundle.manifest
    logs = [{"origin": log.origin, "size": log.size, "root": log.root} for log in bundle.logs]
    same = {"manifest": hashlib.sha256(bundle.manifest_bytes).hexdigest(), "kind": bundle.kind,
            "export": found.get("export"), "purpose": found.get("purpose"), "logs": logs,
            "entries": sum(log.count for log in bundle.logs)}
    for name in same:
        if entry.data.get(name) != same[name]:
            field = "manifest.json" if name == "manifest" else "manifest.json:" + name
            bundle.bad("TAMPERED", "audit", entry.seq, field, "不是封存的 / not as sealed", True)

def check_checkpoints(bundle):
    """Each log's checkpoint is signed, and is the one that the manifest names."""
    for log in bundle.logs:
        name = "checkpoints/%s.note" % log.name
        note = log.note = Note(bundle.whole(name, NOTE_LIMIT_BYTES), name, log.name)
        check_signature(bundle, note, log.name, name)
        signed = {"origin": note.origin, "size": note.size, "root": text_of(note.root)}
        for field, value in signed.items():
            if getattr(log, field) != value:
                bundle.bad("TAMPERED", log.name, None, field, "与检查点不同 / not the checkpoint's")

class Walk:
    """The one walk over all entries, beside their proofs, disclosures and rows."""

    def __init__(self, bundle):
        told = {"path": str, "salt": str, "text": str}
        self.bundle, self.disclosures = bundle, bundle.placed("disclosures.jsonl", told)
        self.rows, self.last, self.at, self.proofs = bundle.source("events.csv"), 0, 0, {}
        self.erasures = {}
        for line in bundle.json_lines("erasures.jsonl"):
            shape(line, {"subject": str, "class": str, "log": int, "seq": int}, "erasures.jsonl")
            self.erasures[line["subject"], line["class"]] = line
        self.completed, self.explained, self.seen, self.fold = {}, [], set(), None
        if bundle.kind == "RANGE":
            self.places = range(bundle.first, bundle.last + 1)
            self.fold, self.leaves = Range(bundle.first - 1), bundle.source("proofs/leaves.bin")
        else:
            self.proofs = bundle.placed("proofs/inclusion.jsonl")
            self.places = sorted(self.proofs)
        self.promised = self.places if self.fold else self.proofs

    def bad(self, verdict, entry, field, reason):
        self.bundle.bad(verdict, entry.log.name, entry.seq, field, reason)

    def expected(self):
        return self.places[self.at] if self.at < len(self.places) else None

    def step(self, entry, body, after):
        """One entry (or why it is none), its bytes, and the one after it."""
        place, expected = getattr(entry, "place", None), self.expected()
        moved = place not in self.promised and getattr(after, "place", None) != expected
        if place is None or (expected and moved):
            self.alter(entry, body, expected)
            return
        entry.log.seen += 1
        check_order(self, entry)
        while self.at < len(self.places) and self.places[self.at] < place:
            self.skip()
        if self.expected() == place:
            self.at += 1
            self.fold_in(entry)
        self.seen.update([] if self.fold else [place])
        self.last = max(self.last, place)
        for check in ENTRY_CHECKS:
            check(self, entry)

    def fold_in(self, entry):
        if self.fold:
            check_leaf(self, entry, self.leaves.read(32))
            self.fold.add(entry.leaf)

    def skip(self):
        """Step over an entry that is not here; in a RANGE its listed leaf stands in for it."""
        if self.fold:
            check_missing(self, self.places[self.at], "ledgerseq")
            leaf = self.leaves.read(32)
            if len(leaf) < 32 or self.at - len(self.bundle.findings) > 10 * LINES_LIMIT:
                raise malformed("proofs/leaves.bin", "太短 / not 32 bytes an entry")
            self.fold.add(leaf)
        self.at += 1

    def alter(self, entry, body, place):
        """An entry that cannot be the one that stands here."""
        why, log = str(entry), self.bundle.logs[(place or self.last) // LOG_STEP]
        index = place and place % LOG_STEP
        if type(entry) is str and "entries.jsonl" not in self.bundle.altered:
            raise malformed("entries.jsonl", "条目有误 / entry: " + why, log.name, index)
        self.bundle.bad("TAMPERED", log.name, index, "body", "条目被改动 / the entry was changed")
        log.seen, self.at, self.rows = log.seen + 1, self.at + 1, None
        self.seen.add(place)
        if self.fold and place:
            self.fold.add(leaf_hash(body))
            self.leaves.read(32)

    def close(self):
        """What is left after the last entry belongs to none."""
        while self.fold and self.at < len(self.places):
            self.skip()
        for place in [] if self.fold else sorted(set(self.places) - self.seen):
            check_missing(self, place, "proofs/inclusion.jsonl")
        check_disclosed(self)
        if self.rows and self.rows.left:
            other_row(self, None, [], self.rows.read(ROW_LIMIT_BYTES))

def check_disclosed(walk):
    """Every disclosure is of an entry that is here."""
    for place in [] if walk.fold else sorted(set(walk.disclosures) - walk.seen):
        name, reason = walk.bundle.logs[place // LOG_STEP].name, "没有这一条 / of no entry here"
        walk.bundle.bad("TAMPERED", name, place % LOG_STEP, "disclosures.jsonl", reason, True)

def check_missing(walk, place, field):
    """Where the bundle promises an entry there is one."""
    log, reason = walk.bundle.logs[place // LOG_STEP], "缺少这一条 / this entry is missing"
    walk.bundle.bad("INCOMPLETE", log.name, place % LOG_STEP, field, reason)

def check_order(walk, entry):
    if entry.place <= walk.last:
        walk.bad("TAMPERED", entry, "ledgerseq", "次序有误 / out of order")

def check_leaf(walk, entry, listed):
    """RANGE: the leaf is the listed one; so a wrong entry has a name."""
    if listed != entry.leaf:
        walk.bad("TAMPERED", entry, "body", "条目被改动 / not the listed leaf")

def entry_place(walk, entry):
    """The entry stands where the bundle says that it has entries."""
    if entry.seq > entry.log.size:
        walk.bad("NEVER LOGGED", entry, "ledgerseq", "在检查点之后 / beyond the checkpoint")
    elif entry.place not in walk.promised:
        walk.bad("NEVER LOGGED", entry, "ledgerseq", "没有证明 / without any proof")

def entry_subject(walk, entry):
    """CASE: the entry is of the subject, or is listed as merely naming it."""
    log, head = entry.log, entry.head
    if log.kind == "CASE" and json.dumps([log.number, entry.seq]) not in walk.bundle.chosen:
        if head.get("subject") == walk.bundle.subject:
            version = head.get("streamversion"), entry.seq
            log.streams.setdefault(head.get("stream"), []).append(version)
        else:
            walk.bad("TAMPERED", entry, "subject", "不是这名学生的 / not of the subject")

def entry_inclusion(walk, entry):
    """CASE, SELECTION: its leaf leads to the root of the checkpoint."""
    for line in walk.proofs.get(entry.place, []):
        path = take_hashes(line, "path", "proofs/inclusion.jsonl")
        if text_of(root_by_path(entry.leaf, entry.seq - 1, entry.log.size, path)) != entry.log.root:
            walk.bad("TAMPERED", entry, "body", "不在所签的账里 / not in the signed log")

def sealed_values(value, pointer=""):
    """(JSON pointer, sealed value) of everything sealed in `data`."""
    if type(value) is dict and value.get("sealed") == 1 and "commit" in value:
        return [(pointer, value)]
    pairs = value.items() if type(value) is dict else (
        enumerate(value) if type(value) is list else ())
    steps = [("/" + str(name).replace("~", "~0").replace("/", "~1"), one) for name, one in pairs]
    return [found for step, one in steps for found in sealed_values(one, pointer + step)]

def entry_disclosures(walk, entry):
    """What is disclosed is what was committed to; what is not has a reason."""
    values = dict(sealed_values(entry.data)) if '"sealed":' in entry.data_text else {}
    for line in walk.disclosures.get(entry.place, []):
        path = line["path"]
        check_commitment(walk, entry, line, path, values.get(path))
        entry.disclosed[path] = line["text"]
    for path, value in values.items():
        if path not in entry.disclosed:
            check_explained(walk, entry, path, value)

def check_commitment(walk, entry, line, path, value):
    try:
        salted = unbase64(line.get("salt")) + line["text"].encode()
        good = text_of(hashlib.sha256(salted).digest()) == value["commit"]
    except UNREADABLE:
        good = False
    if not good or path in entry.disclosed:
        walk.bad("TAMPERED", entry, path, "披露的不是原文 / not the committed text")

def check_explained(walk, entry, path, value):
    """Withheld by its class, another person's, or erased; else somebody took it away."""
    subject, cls = walk.bundle.subject, value.get("class")
    owner = value.get("subject", entry.head.get("subject"))
    if cls in walk.bundle.withheld or (subject and owner != subject):
        return
    if (owner, cls) in walk.erasures:
        walk.explained.append((entry, path, (owner, cls)))
    else:
        walk.bad("UNEXPLAINED ERASURE", entry, path, "既未披露也未说明 / unexplained")

def entry_erasure(walk, entry):
    """Remember what an `ErasureCompleted` says was erased: whose, and which classes."""
    if str(entry.head.get("type")).endswith(".ErasureCompleted"):
        whose = entry.head.get("subject")
        walk.completed[entry.place] = [(whose, one) for one in entry.data.get("classes", [])]

RISKY = ("=", "+", "-", "@", "\t", "\r")
START = set(RISKY)
VALUES, BLANK = operator.itemgetter(*COLUMNS), dict.fromkeys(COLUMNS, "")

def cell(text):
    return '"%s%s"' % ("'" if text.startswith(RISKY) else "", text.replace('"', '""'))

HEADER_ROW = ("\ufeff%s\r\n" % ",".join(map(cell, HEADER))).encode()
CELL = re.compile(rb'"[^"]*(?:""[^"]*)*"')

def entry_row(walk, entry):
    """The row of events.csv is the one that the rule gives."""
    if not walk.rows:
        return
    told = entry.disclosed
    told = told and json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    cells = [entry.log.name, str(entry.seq), *map(str, VALUES({**BLANK, **entry.head}))]
    plain, cells = '","'.join(cells), cells + [entry.data_text, told or ""]
    if plain.count('"') == 2 * len(cells) - 6 and START.isdisjoint([one[:1] for one in cells]):
        data = entry.data_text.replace('"', '""')
        row = '"%s","%s","%s"\r\n' % (plain, data, told.replace('"', '""') if told else "")
    else:
        row = ",".join(map(cell, cells)) + "\r\n"
    row = row.encode()
    found = walk.rows.read(len(row))
    if found != row:
        other_row(walk, entry, list(map(cell, cells)), found + walk.rows.read(ROW_LIMIT_BYTES))

def other_row(walk, entry, cells, found):
    """Name the first cell that differs; what follows it is not compared any more."""
    walk.rows, others = None, [one.decode("utf-8", "replace") for one in CELL.findall(found)]
    name, seq = ([one.strip('"') for one in others[:2]] + ["", ""])[:2]
    log = [log for log in walk.bundle.logs if log.name == name]
    place = log[0].number * LOG_STEP + int(seq) if log and re.fullmatch("[0-9]{1,15}", seq) else 0
    if place in walk.promised and place not in walk.seen and (not entry or place != entry.place):
        check_missing(walk, place, "events.csv")
    elif entry:
        names = [name for name, one, other in zip(HEADER, cells, others) if one != other]
        field = ":".join(["events.csv"] + names[:1])
        walk.bad("TAMPERED", entry, field, "与规则不符 / not by the rule")
    else:
        walk.bundle.bad("TAMPERED", name, place % LOG_STEP, "events.csv", "多余 / of no entry")

# What is asked of every entry, in this order.
ENTRY_CHECKS = [entry_place, entry_subject, entry_inclusion, entry_disclosures, entry_erasure,
                entry_row]

def read_entries(bundle):
    """(entry or why it is none, bytes) in the order of the file."""
    for line in bundle.source("entries.jsonl").lines(BODY_LIMIT_BYTES):
        try:
            yield Entry(line, bundle.by_source), line
        except UNREADABLE as error:
            yield "%s: %s" % (type(error).__name__, error), line or b""

def check_entries(bundle):
    """The walk over all entries."""
    walk, current = Walk(bundle), None
    bundle.walk = walk
    if walk.rows.read(len(HEADER_ROW)) != HEADER_ROW:
        bundle.bad("TAMPERED", "audit", None, "events.csv", "表头有误 / another header")
        walk.rows = None
    for following in read_entries(bundle):
        if current:
            walk.step(current[0], current[1], following[0])
        current = following
    if current:
        walk.step(current[0], current[1], None)
    walk.close()

def check_counts(bundle):
    """As many entries as the manifest says."""
    for log in bundle.logs:
        if log.seen != log.count:
            verdict = "INCOMPLETE" if log.seen < log.count else "TAMPERED"
            bundle.bad(verdict, log.name, None, "entries", "条数 / count: %d" % log.seen)

def check_range(bundle):
    """RANGE: the entries lead together to the root of the checkpoint."""
    if bundle.kind == "RANGE":
        lines, log, place = list(bundle.json_lines("proofs/range.jsonl")), bundle.logs[0], [0]
        place, line = place + [bundle.first, bundle.last], (lines or [{}])[0]
        beside = [take_hashes(line, name, "proofs/range.jsonl") for name in ("left", "right")]
        if [line.get(name) for name in ("log", "first", "last")] != place or len(lines) > 1 or (
                text_of(bundle.walk.fold.root(log.size, *beside)) != log.root):
            bundle.bad("TAMPERED", log.name, None, "root", "不在所签的账里 / not in the signed log")

def check_erasures(bundle):
    """What was explained by an erasure is explained by an entry that says so."""
    for entry, path, pair in bundle.walk.explained:
        line = bundle.walk.erasures[pair]
        place = line["log"] * LOG_STEP + line["seq"]
        if pair not in bundle.walk.completed.get(place, []):
            bundle.walk.bad("UNEXPLAINED ERASURE", entry, path, "没有这次抹除 / no such erasure")

def head_leaf(line):
    """The leaf hash of a head line: a subject's last version, sequence and count in a stream."""
    shape(line, {"subject": str, "stream": str, "version": int, "seq": int, "count": int}, "heads")
    subject, named = bytes.fromhex(line["subject"]), line["stream"].encode()
    numbers = b"".join(line[name].to_bytes(8, "big") for name in ("version", "seq", "count"))
    return leaf_hash(subject + len(named).to_bytes(2, "big") + named + numbers)

def check_heads(bundle):
    """CASE: the streams that the subject has in each log, all of them, with all their events."""
    if bundle.kind != "CASE":
        return
    entry = sealed_entry(bundle, "heads", 1, "HeadsCommitted")
    proofs = {line.get("log"): line for line in bundle.json_lines("proofs/heads.jsonl")}
    logs = {log.origin: log for log in bundle.logs}
    for found in entry.data["logs"]:
        log = logs.pop(found["origin"], None)
        if log is None and found["size"] == 0:
            continue  # nothing was ever logged there
        if log is None or log.number not in proofs:
            bundle.bad("INCOMPLETE", found["service"], None, "heads", "缺少这本账 / log missing")
            continue
        if (found["size"], found["root"]) != (log.size, log.root):
            bundle.bad("TAMPERED", log.name, None, "heads", "不是那时的账 / not of the heads")
        proof = proofs[log.number]
        shape(proof, {"first": int, "lines": list}, "proofs/heads.jsonl")
        check_head_lines(bundle, log, found, proof)
        check_neighbours(bundle, log, found, proof)
        check_streams(bundle, log, proof["lines"])
    for log in [log for log in logs.values() if log.kind == "CASE"]:
        bundle.bad("INCOMPLETE", log.name, None, "heads", "没有流水摘要 / no heads of this log")

def check_head_lines(bundle, log, committed, proof):
    """The head lines lead to the root that was sealed, in their order."""
    fold, places = Range(proof["first"]), []
    for line in proof["lines"]:
        fold.add(head_leaf(line))
        places.append((line["subject"].lower(), line["stream"].encode()))
    sides = [take_hashes(proof, name, "proofs/heads.jsonl") for name in ("left", "right")]
    root = text_of(fold.root(committed["streams"], *sides))
    if root != committed["heads_root"] or places != sorted(set(places)):
        bundle.bad("TAMPERED", log.name, None, "heads", "流水摘要有误 / not as sealed")

def check_neighbours(bundle, log, committed, proof):
    """Beside the subject's lines stand another's, or the edge: so these are all."""
    wanted = hashlib.sha256(bundle.subject.encode()).hexdigest()
    subjects, end = [line["subject"] for line in proof["lines"]], committed["streams"]
    at_start = proof["first"] == 0 or subjects and subjects[0] < wanted
    at_end = proof["first"] + len(subjects) == end or subjects and subjects[-1] > wanted
    if not (at_start and at_end):
        bundle.bad("INCOMPLETE", log.name, None, "heads", "缺少相邻的摘要 / a neighbour is missing")

def check_streams(bundle, log, lines):
    """Each stream of the subject has the versions that its head line counts."""
    found, wanted = dict(log.streams), hashlib.sha256(bundle.subject.encode()).hexdigest()
    for line in [line for line in lines if line["subject"] == wanted]:
        events, last, lost = found.pop(line["stream"], []), (line["version"], line["seq"]), None
        versions, count = [version for version, _ in events], line["count"]
        if versions != sorted(set(versions)) or len(events) > count:
            bundle.bad("TAMPERED", log.name, events[-1][1], "streamversion", "版本有误 / versions")
        elif len(events) < count or events[-1] != last:
            gaps = [seq for number, (version, seq) in enumerate(events, 1) if version != number]
            lost = gaps[0] if gaps and last[0] == count else line["seq"]
            reason = "流水不完整 / %d of %d events of %s" % (len(events), count, line["stream"])
            bundle.bad("INCOMPLETE", log.name, lost, "streamversion", reason)
    for events in found.values():
        bundle.bad("TAMPERED", log.name, events[0][1], "heads", "摘要里没有 / in no head line")

def read_proofs(bundle):
    """{(origin, old size, new size): hashes} of consistency.txt."""
    found, text = {}, bundle.whole("consistency.txt").decode("utf-8", "replace")
    try:
        for block in filter(None, text.split("\n\n")):
            origin, *sizes = block.strip("\n").split("\n")
            old, new = (int(SIZE.fullmatch(size)[0]) for size in sizes[:2])
            found[origin, old, new] = [unbase64(one) for one in sizes[2:]]
    except (ValueError, TypeError) as error:
        raise malformed("consistency.txt", "一致性证明有误 / %s" % error)
    return found

def fetch(bundle, origin, path):
    """Bytes from the running system; raises OSError, ValueError."""
    address = bundle.options.address or str(bundle.manifest.get("address"))
    if not re.match("https?://", address):
        raise ValueError("%r is no address" % address)
    url = "%s/log/%s/%s" % (address.rstrip("/"), origin, path)
    with urllib.request.urlopen(url, timeout=FETCH_SECONDS) as answer:
        return answer.read(NOTE_LIMIT_BYTES)

def fetch_proof(bundle, origin, old, new):
    raw = fetch(bundle, origin, "proof/consistency/%d/%d" % (old, new))
    return [unbase64(line) for line in raw.decode("ascii").split("\n") if line]

def all_notes(bundle):
    return [(log.name, log.note) for log in bundle.logs] + [("audit", bundle.seal_note)]

def check_pins(bundle):
    """Against checkpoints that the inspector kept: the same history, only longer."""
    if not bundle.options.pins:
        return
    known, publics = {note.origin: (name, note) for name, note in all_notes(bundle)}, set()
    proofs = read_proofs(bundle)
    for path in bundle.options.pins:
        try:
            with open(path, "rb") as file:
                pin = Note(file.read(NOTE_LIMIT_BYTES), "pin:" + path, "audit", "MALFORMED")
            name, note = known[pin.origin]
        except (OSError, KeyError) as error:
            raise malformed("pin:" + path, "不是这里的账的 / of no log here: %s" % error)
        signer = pin.signer(keys_of(bundle, pin.origin))
        publics.add(signer.public if signer else None)
        check_pin(bundle, name, pin, note, proofs.get((pin.origin, pin.size, note.size)))
    if not bundle.options.keys:
        check_vouched(bundle, publics)

def check_pin(bundle, name, pin, note, proof):
    if proof is None and 0 < pin.size < note.size:
        try:
            proof = bundle.options.online and fetch_proof(bundle, pin.origin, pin.size, note.size)
        except (OSError, ValueError):
            proof = None
    if pin.size > note.size:
        bundle.bad("ROLLBACK", name, note.size, "size", "比固定点短 / shorter than the pin")
    elif 0 < pin.size < note.size and not proof:
        bundle.bad("NOT WITNESSED", name, pin.size, "pin", "没有到固定点的证明 / no proof from it")
    elif not is_beginning(pin.size, note.size, pin.root, note.root, proof or []):
        bundle.bad("FORK", name, pin.size, "root", "不是固定点的延续 / another history")

def check_vouched(bundle, publics):
    """Without a trust file a pin vouches for the key that signed it, and for no other."""
    bundle.vouched = "pin"
    for name, note in all_notes(bundle):
        signer = note.signer(keys_of(bundle, note.origin))
        if None in publics or (signer and signer.public not in publics):
            bundle.vouched = None
            bundle.bad("TAMPERED", name, None, "key", "不是固定点的公钥 / not the pin's key")

def check_witnesses(bundle):
    """What the trust file asks for: k cosignatures on each checkpoint, and no greater age."""
    options = bundle.options
    for name, note in all_notes(bundle) if options.k else []:
        if len({key.public for key in options.witnesses if note.witnessed_by(key)}) < options.k:
            bundle.bad("NOT WITNESSED", name, None, "witnesses", "见证不足 / under %d" % options.k)
    if options.days is not None:
        made = time.strptime(str(bundle.export.head.get("time"))[:19], "%Y-%m-%dT%H:%M:%S")
        if time.time() - calendar.timegm(made) > options.days * 86400:
            bundle.bad("NOT WITNESSED", "audit", None, "greatest_age_days", "太旧 / too old")

def check_online(bundle):
    """With --online: the running system still has the same history."""
    if bundle.options.online and not bundle.options.address:
        bundle.notices.append("地址来自证据包，无人担保 / the address is the bundle's own")
    for name, note in all_notes(bundle) if bundle.options.online else []:
        try:
            now = Note(fetch(bundle, note.origin, "checkpoint"), "online", name)
            proof = now.size > note.size and fetch_proof(bundle, note.origin, note.size, now.size)
        except (OSError, ValueError) as error:
            bundle.bad("NOT WITNESSED", name, None, "online", "联网核对失败 / online: %s" % error)
            continue
        if now.origin != note.origin or not now.signer(keys_of(bundle, note.origin)):
            bundle.bad("TAMPERED", name, None, "online", "线上的签名不可信 / not trusted")
        elif now.size < note.size:
            bundle.bad("ROLLBACK", name, now.size, "online", "线上更短 / it is shorter there")
        elif not is_beginning(note.size, now.size, note.root, now.root, proof or []):
            bundle.bad("FORK", name, note.size, "online", "线上是另一段历史 / another history")

# Everything that is asked of a bundle, in this order.
CHECKS = [check_members, check_simulated, check_keys, check_files, check_seal, check_export,
          check_checkpoints, check_entries, check_counts, check_range, check_erasures, check_heads,
          check_pins, check_witnesses, check_online]

class Options:
    """What the inspector gives: pins, switches, and the trust file."""

    def __init__(self, pins=(), trust=None, online=False, simulated=False):
        self.pins, self.online, self.simulated, trust = pins, online, simulated, trust or {}
        try:
            self.keys = [Key(text) for text in trust.get("keys") or []]
            self.witnesses = [Key(text) for text in trust.get("witnesses") or []]
        except UNREADABLE as error:
            raise malformed("trust", "信任文件有误 / trust file: %s" % error)
        self.k, self.days = trust.get("k") or 0, trust.get("greatest_age_days")
        self.address = trust.get("address")

def read_trust(path):
    """The trust file: the one that is named, else of this folder, else of the home folder."""
    usual = ["baoxue-trust.json", os.path.join(os.path.expanduser("~"), ".baoxue-trust.json")]
    for name in [path] if path else filter(os.path.exists, usual):
        try:
            with open(name, "rb") as file:
                return parse_object(file.read(JSON_LIMIT_BYTES).strip(), "trust:" + name)
        except OSError as error:
            raise malformed("trust:" + name, "打不开 / cannot be opened: %s" % error)
    return None

def worst_of(findings):
    """The worst verdict first; of two the one that says more."""
    rank = list(VERDICTS)
    return min(findings, default=Wrong("VERIFIED", None, None, None, None),
               key=lambda one: (rank.index(one.verdict), one.weak, one.index is None))

class Report:
    """Verdicts: one a service, and the worst."""

    def __init__(self, bundle):
        self.bundle, self.findings = bundle, bundle.findings
        strong = [one for one in self.findings if not one.weak]
        naming = any(one.verdict in NAMING for one in strong)
        self.worst = worst_of(strong if naming else self.findings)
        self.verdict, self.code = self.worst.verdict, VERDICTS[self.worst.verdict][0]

    def services(self):
        note = self.bundle.seal_note
        found = {"audit": (note and note.origin, 1, note and note.size)}
        found.update({log.name: (log.origin, log.seen, log.size) for log in self.bundle.logs})
        for name, (origin, entries, size) in found.items():
            one = worst_of([one for one in self.findings if one.log == name])
            yield {"service": name, "origin": origin, "verdict": one.verdict, "entries": entries,
                   "size": size, "index": one.index, "field": one.field, "reason": one.reason}

    def as_json(self):
        key = {"vouched": self.bundle.vouched, "fingerprints": self.bundle.fingerprints}
        return json.dumps({"verdict": self.verdict, "code": self.code, "key": key,
                           "services": list(self.services())}, ensure_ascii=False)

    def lines(self):
        about = self.bundle.manifest.get
        yield "%s %s %s" % (about("class"), about("county"), about("subject") or "")
        yield "用途 / purpose: %s · 截至 / as of: %s" % (about("purpose"), about("known_at"))
        for one in self.services():
            yield "%s: %s %s · %s · %s / %s" % (one["service"], one["verdict"], VERDICTS[
                one["verdict"]][1], one["origin"], one["entries"], one["size"])
        for one in self.findings:
            yield "  %s %s seq=%s %s: %s" % (one.verdict, one.log, one.index, one.field, one.reason)
        yield from self.bundle.notices
        if self.bundle.fingerprints and not self.bundle.vouched:
            yield "没有人为公钥担保，请核对指纹 / nobody has vouched for this key: compare it"
        for one in self.bundle.fingerprints:
            yield "公钥指纹 / key fingerprint (SHA-256): " + one
        where = "" if self.code == 0 else " %s: %s, seq %s, %s" % (
            VERDICTS[self.verdict][1], self.worst.log, self.worst.index, self.worst.field)
        yield self.verdict + where

def verify(path, options):
    """The report on a bundle; never raises for what is in it."""
    bundle = Bundle(path, options)
    try:
        bundle.open()
        for check in CHECKS:
            check(bundle)
    except Wrong as wrong:
        bundle.keep(wrong)
    except Exception as error:  # a reader that stumbles has not verified anything
        bundle.keep(malformed("bundle", "读不下去 / %s: %s" % (type(error).__name__, error)))
    for file in bundle.files_open:
        file.close()
    return Report(bundle)

def shown(line):
    """A line without anything that could move the cursor or the direction of writing."""
    return "".join(one if one.isprintable() else "\\u%04x" % ord(one) for one in line)

def main(arguments=None):
    parser = argparse.ArgumentParser(description="验证证据包 / verify an audit bundle of Baoxue")
    parser.add_argument("bundle")
    parser.add_argument("--pin", action="append", default=[], help="以前的检查点 / kept checkpoint")
    parser.add_argument("--trust", help="信任文件 / trust file")
    parser.add_argument("--online", action="store_true", help="联网核对 / ask the running system")
    parser.add_argument("--simulated", action="store_true", help="接受模拟数据 / accept simulated")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    try:
        options = Options(given.pin, read_trust(given.trust), given.online, given.simulated)
        report = verify(given.bundle, options)
    except Wrong as wrong:
        report = Bundle(given.bundle, None)
        report.keep(wrong)
        report = Report(report)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    print(report.as_json() if given.json else "\n".join(map(shown, report.lines())))
    return report.code

if __name__ == "__main__":
    sys.exit(main())
