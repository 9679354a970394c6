#!/usr/bin/env python3
"""Checks an audit bundle of 保学 on a machine of your own: Python 3.8 or newer and nothing else.

    python verify.py BUNDLE [--pin NOTE]... [--trust FILE] [--online] [--simulated] [--json]

What is proved and what is not stands in docs/ledger.md. Read `CHECKS` and `ENTRY_CHECKS` first:
they are everything that is asked of a bundle. Take this file from the published source, not only
from the bundle; both must be the same.
"""

import argparse
import base64
import binascii
import calendar
import hashlib
import json
import os
import re
import sys
import time
import urllib.request
import zlib

CODES = {
    "VERIFIED": 0, "MALFORMED": 2, "TAMPERED": 10, "FORK": 11, "ROLLBACK": 11,
    "NOT WITNESSED": 12, "INCOMPLETE": 13, "UNEXPLAINED ERASURE": 14, "NEVER LOGGED": 15,
}  # fmt: skip
WORST_FIRST = (
    "MALFORMED", "TAMPERED", "FORK", "ROLLBACK", "NEVER LOGGED", "INCOMPLETE",
    "UNEXPLAINED ERASURE", "NOT WITNESSED", "VERIFIED",
)  # fmt: skip
CHINESE = {
    "VERIFIED": "验证通过", "MALFORMED": "不是完好的证据包", "TAMPERED": "被改动", "FORK": "历史分叉",
    "ROLLBACK": "历史回退", "NOT WITNESSED": "缺少见证", "INCOMPLETE": "不完整",
    "UNEXPLAINED ERASURE": "有无法解释的抹除", "NEVER LOGGED": "从未入账",
}  # fmt: skip
# What names a wrong entry says more than a digest that only says that something is wrong.
NAMING = ("TAMPERED", "NEVER LOGGED", "INCOMPLETE", "UNEXPLAINED ERASURE")

MEMBER_LIMIT_BYTES = 2 << 30
BUNDLE_LIMIT_BYTES = 7 << 29  # 3.5 GiB
MEMBERS_LIMIT = 65_000
BODY_LIMIT_BYTES = 32 * 1024
JSON_LIMIT_BYTES = 4 << 20  # a manifest, or a line of anything but entries
ROW_LIMIT_BYTES = 1 << 20
NOTE_LIMIT_BYTES = 64 * 1024
ENTRIES_LIMIT = 100_000  # of a CASE or SELECTION; a RANGE is not kept in memory
DEPTH_LIMIT = 32
DIGITS_LIMIT = 20
SIZE_LIMIT = 1 << 53
KEPT_FINDINGS = 50
CHUNK_BYTES = 1 << 20
FETCH_SECONDS = 20

CLASSES = ("CASE", "RANGE", "SELECTION")
ALWAYS = ("entries.jsonl", "disclosures.jsonl", "erasures.jsonl", "consistency.txt", "events.csv",
          "README.txt", "verify.py")  # fmt: skip
PROOFS = {
    "CASE": ("proofs/inclusion.jsonl", "proofs/heads.jsonl"),
    "SELECTION": ("proofs/inclusion.jsonl",),
    "RANGE": ("proofs/range.jsonl", "proofs/leaves.bin"),
}
FOR_READING = ("events.xlsx", "timeline.html", "verify.html")
COLUMNS = ("time", "occurredat", "type", "stream", "streamversion", "subject", "actorid",
           "actorrole", "onbehalfof", "via", "policyversion")  # fmt: skip
CSV_HEADER = ("log", "seq", "time", "occurredat", "type", "stream", "version", "subject", "actorid",
              "actorrole", "onbehalfof", "via", "policyversion", "data", "disclosed")  # fmt: skip


class Wrong(Exception):
    """Something that is not as it must be: verdict, where, and why in both languages."""

    def __init__(self, verdict, zh, en, log="audit", index=None, field=None, weak=False):
        Exception.__init__(self, en)
        self.verdict, self.zh, self.en = verdict, zh, en
        self.log, self.index, self.field, self.weak = log, index, field, weak


def malformed(zh, en, field=None, log="audit", index=None):
    return Wrong("MALFORMED", zh, en, log, index, field)


# Ed25519 (RFC 8032), on extended coordinates. Nothing here is secret, so time may vary.
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


def _add(one, other):
    a = (one[1] - one[0]) * (other[1] - other[0]) % P
    b = (one[1] + one[0]) * (other[1] + other[0]) % P
    c, d = 2 * one[3] * other[3] * D % P, 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(scalar, point):
    found = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            found = _add(found, point)
        point, scalar = _add(point, point), scalar >> 1
    return found


def _point(raw):
    """The point that 32 bytes encode, or None."""
    y, odd = int.from_bytes(raw, "little") & ((1 << 255) - 1), raw[31] >> 7
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P or (x == 0 and odd):
        return None
    x = P - x if x & 1 != odd else x
    return x, y, 1, x * y % P


BASE = _point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def signed_by(public, text, signature):
    """Whether the Ed25519 key (32 bytes) made this signature (64 bytes) over the text."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, r, s = _point(public), _point(signature[:32]), int.from_bytes(signature[32:], "little")
    if key is None or r is None or s >= ORDER:
        return False
    digest = hashlib.sha512(signature[:32] + public + text).digest()
    left = _times(s, BASE)
    right = _add(r, _times(int.from_bytes(digest, "little") % ORDER, key))
    return not ((left[0] * right[2] - right[0] * left[2]) % P or
                (left[1] * right[2] - right[1] * left[2]) % P)  # fmt: skip


# Merkle trees (RFC 6962).
def leaf_hash(body):
    return hashlib.sha256(b"\0" + body).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


EMPTY = hashlib.sha256(b"").digest()


def root_by_path(leaf, index, size, path):
    """Root that an inclusion path leads to, or None for a path of another length."""
    if not 0 <= index < size:
        return None
    inner = (index ^ (size - 1)).bit_length()
    if len(path) != inner + bin(index >> inner).count("1"):
        return None
    for level, beside in enumerate(path):
        first = level < inner and not index >> level & 1
        leaf = node_hash(leaf, beside) if first else node_hash(beside, leaf)
    return leaf


def is_beginning(old, new, old_root, new_root, path):
    """Whether a consistency proof shows the old tree to be the beginning of the new one."""
    if old > new or (old in (0, new) and path):
        return False
    if old in (0, new):
        return old_root == (EMPTY if old == 0 else new_root)
    path = path if old & (old - 1) else [old_root] + path
    if not path:
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
        start, width = self.end, 1
        nodes = self.nodes
        while start & width and nodes and nodes[-1][1] == width:
            leaf = node_hash(nodes.pop()[2], leaf)
            start, width = start - width, width * 2
        nodes.append((start, width, leaf))
        self.end += 1

    def root(self, size, left, right):
        """Root of the tree with these hashes beside the range (each from the root downwards)."""
        known = {(start, width): found for start, width, found in self.nodes}
        left, right = list(left), list(right)

        def of(low, high):
            if high <= self.first:
                return left.pop(0)
            if low >= self.end:
                return right.pop(0)
            if (low, high - low) in known:
                return known[low, high - low]
            middle = low + (1 << (high - low - 1).bit_length() - 1)
            after = of(middle, high) if middle >= self.end else None
            before = of(low, middle)
            return node_hash(before, after or of(middle, high))

        if not self.first < self.end <= size:
            return None
        try:
            found = of(0, size)
        except IndexError:
            return None
        return None if left or right else found


# Strict JSON: what two readers could understand differently is refused.
def _object(pairs):
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in an object")
    return found


def _integer(digits):
    if len(digits) > DIGITS_LIMIT:
        raise ValueError("an integer of more than %d digits" % DIGITS_LIMIT)
    return int(digits)


def _no_number(text):
    raise ValueError("%s is no integer" % text[:20])


_scan = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_float=_no_number,
                         parse_constant=_no_number).raw_decode  # fmt: skip
_ROW = re.compile(rb'(?:"[^"]*(?:""[^"]*)*",)*"[^"]*(?:""[^"]*)*"\r\n')
_CELLS = re.compile(rb'"[^"]*(?:""[^"]*)*"')
_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"')


def parse(text):
    """The value of a JSON text without blanks around it; raises ValueError."""
    if text.count("{") + text.count("[") > DEPTH_LIMIT:
        depth = 0
        for bracket in re.findall(r"[\[\]{}]", _STRINGS.sub("", text)):
            depth += 1 if bracket in "[{" else -1
            if depth > DEPTH_LIMIT:
                raise ValueError("deeper than %d" % DEPTH_LIMIT)
    found, end = _scan(text)
    if end != len(text):
        raise ValueError("more than one value")
    if "\\u" in text:
        json.dumps(found, ensure_ascii=False).encode()  # a lone surrogate is no text
    return found


def parse_object(raw, field, log="audit", index=None):
    """An object from bytes; raises Wrong."""
    try:
        found = parse(raw.decode())
    except (ValueError, RecursionError) as error:
        raise malformed("JSON 有误", "JSON: %s" % error, field, log, index)
    if type(found) is not dict:
        raise malformed("不是 JSON 对象", "not a JSON object", field, log, index)
    return found


def take(found, name, kind, where):
    """A member of an object that must be of this type; a bool is no integer here."""
    value = found.get(name)
    if type(value) is not kind:
        raise malformed("缺少“%s”" % name, "%r is absent or of another type" % name, where)
    if kind is int and not 0 <= value <= SIZE_LIMIT:
        raise malformed("“%s”太大或为负" % name, "%r is out of its limits" % name, where)
    return value


def unbase64(text, length=32):
    """Bytes of canonical base64; raises ValueError."""
    if type(text) is not str:
        raise ValueError("not base64")
    raw = base64.b64decode(text.encode("ascii"), validate=True)
    if base64.b64encode(raw).decode() != text or (length and len(raw) != length):
        raise ValueError("not base64 of %d bytes" % length)
    return raw


def hashes(found, name, where):
    """A list of hashes in base64; raises Wrong."""
    try:
        return [unbase64(one) for one in take(found, name, list, where)]
    except ValueError as error:
        raise malformed("哈希有误", "%s: %s" % (name, error), where)


# The container: a ZIP of stored members whose every byte is given by names and contents.
LOCAL = re.compile(rb"PK\x03\x04\x14\0\0\x08\0\0\0\0\x21\0(.{4})(.{4})(.{4})(..)\0\0", re.DOTALL)
LOCAL_BYTES = 30


def read_container(file, length):
    """{name: (offset, bytes, crc)} in the order of the file; raises Wrong for any stray byte."""
    if length > BUNDLE_LIMIT_BYTES:
        raise malformed("证据包太大", "the bundle is larger than 3.5 GiB", "zip")
    members, central, place = {}, [], 0
    while True:
        file.seek(place)
        head = file.read(LOCAL_BYTES)
        found = LOCAL.fullmatch(head)
        if not found or len(members) >= MEMBERS_LIMIT:
            break
        crc, packed, size, named = (int.from_bytes(raw, "little") for raw in found.groups())
        name = file.read(named).decode("ascii", "replace")
        start = place + LOCAL_BYTES + named
        if packed != size or size > MEMBER_LIMIT_BYTES or start + size > length:
            raise malformed("ZIP 成员大小有误", "a member has an impossible size", "zip:" + name)
        if name in members:
            raise malformed("ZIP 成员重复", "a member stands twice", "zip:" + name)
        members[name] = start, size, crc
        central.append(b"PK\1\2\x14\0" + head[4:30] + bytes(10) + place.to_bytes(4, "little")
                       + name.encode())  # fmt: skip
        place = start + size
    listed = b"".join(central)
    count = len(members).to_bytes(2, "little") * 2
    end = (b"PK\5\6\0\0\0\0" + count + len(listed).to_bytes(4, "little")
           + place.to_bytes(4, "little") + b"\0\0")  # fmt: skip
    file.seek(place)
    if file.read(len(listed) + len(end) + 1) != listed + end:
        raise malformed("ZIP 结构有误", "bytes that no member accounts for", "zip at %d" % place)
    return members


class Source:
    """The bytes of one member, read forward."""

    def __init__(self, path, offset, size):
        self.file = open(path, "rb", buffering=CHUNK_BYTES)
        self.file.seek(offset)
        self.left = size
        self.ahead, self.at = b"", 0

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

    def peek(self, count):
        """At least `count` bytes ahead where there are as many."""
        if len(self.ahead) - self.at < count and self.left:
            self.ahead = self.ahead[self.at :] + self.read(max(count, CHUNK_BYTES))
            self.at = 0
        return self.ahead, self.at

    def skip_if(self, expected):
        """Step over these bytes if they come next."""
        ahead, at = self.peek(len(expected))
        if not ahead.startswith(expected, at):
            return False
        self.at = at + len(expected)
        return True


# Signed notes (C2SP signed-note, tlog-checkpoint, tlog-cosignature).
class Key:
    """A verifier key `<name>+<8 hex>+<base64(type, key)>`; raises ValueError."""

    def __init__(self, text):
        name, claimed, encoded = text.split("+", 2)
        raw = unbase64(encoded, 33)
        self.name, self.kind, self.public = name, raw[0], raw[1:]
        if self.id_as(name).hex() != claimed:
            raise ValueError("the id of key %s is not that of the key" % name)

    def id_as(self, name):
        raw = bytes([self.kind]) + self.public
        return hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]

    @property
    def fingerprint(self):
        return hashlib.sha256(self.public).hexdigest()


class Note:
    """A checkpoint with its signature lines; raises ValueError for anything else."""

    def __init__(self, raw):
        whole = raw.decode()
        text, blank, rest = whole.partition("\n\n")
        found = re.fullmatch(r"([^\n]+)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)", text)
        if not (found and blank and rest.endswith("\n") and len(raw) <= NOTE_LIMIT_BYTES):
            raise ValueError("not a signed checkpoint")
        self.text = (text + "\n").encode()
        self.origin, self.size, self.root = found[1], int(found[2]), unbase64(found[3])
        self.signatures = []
        for line in rest[:-1].split("\n"):
            mark, name, encoded = line.split(" ")
            value = unbase64(encoded, None)
            if mark != "\u2014" or not name or len(value) < 5:
                raise ValueError("not a signature line")
            self.signatures.append((name, value[:4], value[4:]))

    def signer(self, keys):
        """The key that signed under the origin's name.

        None if no key did, False if one of them is named and did not make the signature.
        """
        found = None
        for name, key_id, signature in self.signatures:
            same = [key for key in keys if name == self.origin and key.id_as(name) == key_id]
            made = [key for key in same if signed_by(key.public, self.text, signature)]
            if same and not made:
                return False
            found = found or (made[0] if made else None)
        return found

    def witnessed(self, witnesses):
        """Names of the witnesses whose cosignature holds."""
        found = set()
        for name, key_id, value in self.signatures:
            stamp = int.from_bytes(value[:8], "big")
            text = b"cosignature/v1\ntime %d\n" % stamp + self.text
            for key in witnesses:
                if (key.name, key.id_as(name)) == (name, key_id):
                    if signed_by(key.public, text, value[8:]):
                        found.add(name)
        return found


class Log:
    """One log as the manifest names it, with what the entries showed of it."""

    def __init__(self, number, found):
        where = "manifest.json"
        self.number = number
        self.service, self.ledger = take(found, "service", str, where), take(found, "ledger", str, where)
        self.origin, self.size = take(found, "origin", str, where), take(found, "size", int, where)
        self.count, self.kind = take(found, "entries", int, where), take(found, "class", str, where)
        self.root = take(found, "root", str, where)
        self.source = "/%s/%s" % (self.ledger, self.service)
        self.name = self.service + (".access" if self.ledger.endswith("-access") else "")
        self.note, self.seen = None, 0
        self.streams = {}  # of a CASE: stream -> [(version, seq)] of the subject's events
        if not re.fullmatch(r"[a-z]{1,32}", self.service) or self.kind not in CLASSES:
            raise malformed("日志名称有误", "a log has no such name or class", where)


class Entry:
    """One body, read: envelope without `data`, and `data`."""

    __slots__ = ("body", "data", "data_text", "disclosed", "head", "log", "seq")

    def __init__(self, body, logs):
        self.body, text = body, body.decode()
        head, mark, rest = text.partition(',"data":')
        self.head, self.data_text = parse(head + "}"), rest[:-1]
        self.data = parse(self.data_text)
        if text[-1] != "}" or not mark or "data" in self.head:
            raise ValueError("`data` is not the last member, once")
        for value in self.head.values():
            if type(value) is not str and type(value) is not int:
                raise ValueError("a member of the envelope is no text or integer")
        self.seq, self.log = self.head["ledgerseq"], logs[self.head["source"]]
        if type(self.seq) is not int or not 0 < self.seq <= SIZE_LIMIT:
            raise ValueError("ledgerseq is no place")


class Placed:
    """Lines that belong to entries, in their order: proofs and disclosures."""

    def __init__(self, bundle, name):
        self.name, self.bundle = name, bundle
        self.rows = self._read()
        self.next = next(self.rows, None)

    def _read(self):
        last = (-1, 0)
        for number, line in enumerate(self.bundle.json_lines(self.name), 1):
            where = "%s:%d" % (self.name, number)
            place = take(line, "log", int, where), take(line, "seq", int, where)
            if place[0] >= len(self.bundle.logs) or place < last:
                raise Wrong("TAMPERED", "次序有误", "out of order", "audit", None, where)
            last = place
            yield place, line

    def before(self, place):
        """The places of lines that stand before this one: their entries are not there."""
        while self.next and (place is None or self.next[0] < place):
            yield self.next[0]
            self.next = next(self.rows, None)

    def at(self, place):
        found = []
        while self.next and self.next[0] == place:
            found.append(self.next[1])
            self.next = next(self.rows, None)
        return found


class Bundle:
    """An opened bundle: members, manifest, logs, and what was found wrong with it."""

    def __init__(self, path, options):
        self.path, self.options = path, options
        self.findings, self.altered, self.said, self.vouched = [], set(), [], None
        try:
            with open(path, "rb") as file:
                self.members = read_container(file, os.path.getsize(path))
        except OSError as error:
            raise malformed("打不开文件", "cannot be opened: %s" % error, "file")
        self.manifest_bytes = self.whole("manifest.json")
        self.manifest = parse_object(self.manifest_bytes, "manifest.json")
        self.seal = parse_object(self.whole("seal.json"), "seal.json")
        self._read_manifest()

    def _read_manifest(self):
        found, where = self.manifest, "manifest.json"
        if found.get("format") != "baoxue-bundle/1" or found.get("class") not in CLASSES:
            raise malformed("不是这种格式", "not format baoxue-bundle/1", where)
        self.kind, self.county = found["class"], take(found, "county", str, where)
        self.logs = [Log(number, one) for number, one in enumerate(take(found, "logs", list, where))
                     if type(one) is dict]  # fmt: skip
        self.by_source = {log.source: log for log in self.logs}
        self.files = take(found, "files", dict, where)
        self.withheld = set(map(str, take(found, "withheld", list, where)))
        self.subject = take(found, "subject", str, where) if self.kind == "CASE" else None
        chosen = found.get("selection") or []
        if type(chosen) is not list or not all(type(one) is list and len(one) == 2 for one in chosen):
            raise malformed("“selection”有误", "'selection' is no list of places", where)
        self.chosen = {tuple(map(str, one)) for one in chosen}
        if self.kind == "RANGE":
            self.first, self.last = take(found, "first", int, where), take(found, "last", int, where)
            if len(self.logs) != 1 or not 0 < self.first <= self.last:
                raise malformed("区间有误", "a RANGE is of one log, from first to last", where)
        if not self.logs or len(self.by_source) < len(found["logs"]):
            raise malformed("“logs”有误", "'logs' is empty, or names a log twice", where)

    def whole(self, name, limit=JSON_LIMIT_BYTES):
        """A small member."""
        if name not in self.members:
            raise malformed("缺少成员", "this member is missing", name)
        if self.members[name][1] > limit:
            raise malformed("成员太大", "larger than %d bytes" % limit, name)
        return self.source(name).read(limit)

    def source(self, name):
        if name not in self.members:
            raise malformed("缺少成员", "this member is missing", name)
        return Source(self.path, *self.members[name][:2])

    def json_lines(self, name):
        for number, line in enumerate(self.source(name).lines(JSON_LIMIT_BYTES), 1):
            where = "%s:%d" % (name, number)
            if line is None:
                raise malformed("行太长或没有结尾", "a line is too long or has no end", where)
            yield parse_object(line, where)

    def note(self, raw, field, log="audit"):
        try:
            return Note(raw)
        except ValueError as error:
            raise Wrong("TAMPERED", "检查点有误", "checkpoint: %s" % error, log, None, field)

    def found(self, wrong):
        """Keep what was found; what cannot be read in an altered file is an alteration."""
        name = (wrong.field or "").split(":")[0]
        if wrong.verdict == "MALFORMED" and name in self.altered:
            wrong.verdict = "TAMPERED"
        kept = sum(one.verdict == wrong.verdict for one in self.findings)
        if kept < KEPT_FINDINGS:
            self.findings.append(wrong)

    def wrong(self, verdict, zh, en, log="audit", index=None, field=None, weak=False):
        self.found(Wrong(verdict, zh, en, log, index, field, weak))


def check_members(bundle):
    """Every member that the class asks for, and no stranger."""
    notes = ["checkpoints/%s.note" % log.name for log in bundle.logs]
    needed = {"manifest.json", "seal.json", *ALWAYS, *PROOFS[bundle.kind], *notes}
    for name in sorted(needed - set(bundle.members)):
        raise malformed("缺少成员", "this member is missing", name)
    for name in sorted(set(bundle.members) - needed - set(FOR_READING)):
        raise malformed("多余的成员", "a bundle has no such member", name)
    if list(bundle.members)[0] != "manifest.json":
        raise malformed("次序有误", "manifest.json is not the first member", "zip")


def check_simulated(bundle):
    """Nobody takes the events of a simulation for those of a county."""
    for log in bundle.logs:
        if "simulated" in log.origin.split("/") and not bundle.options.simulated:
            raise malformed("这是模拟数据，加 --simulated 才检查",
                            "simulated; checked only with --simulated", "origin", log.name)  # fmt: skip


def check_keys(bundle):
    """Choose the keys that count: the trust file's; else the bundle's own, and say so."""
    options, domain = bundle.options, bundle.logs[0].origin.split("/")[0]
    listed = bundle.manifest.get("keys")
    try:
        own = [Key(text) for text in listed or []]
    except (ValueError, TypeError, AttributeError) as error:
        raise malformed("公钥有误", "keys: %s" % error, "manifest.json")
    bundle.keys = options.trusted or own
    names = [log.origin for log in bundle.logs] + [domain]
    bundle.vouched = "trust" if options.trusted else None
    shown = [key for key in bundle.keys if key.name in names]
    bundle.fingerprints = sorted({key.fingerprint for key in shown})


def keys_of(bundle, origin):
    """Keys under the log's own name, or under the name of the deployment."""
    return [key for key in bundle.keys if key.name in (origin, origin.split("/")[0])]


def check_signature(bundle, note, log, field):
    signer = note.signer(keys_of(bundle, note.origin))
    if signer is False:
        bundle.wrong("TAMPERED", "签名不符", "the signature is not that of the key", log, None, field)
    elif signer is None:
        bundle.wrong("TAMPERED", "不是所认公钥签的", "signed by no key that counts", log, None, field)


def check_seal_checkpoint(bundle):
    """The checkpoint of audit's own log, under which the export itself stands."""
    bundle.seal_note = bundle.note(take(bundle.seal, "checkpoint", str, "seal.json").encode(),
                                   "seal.json:checkpoint")  # fmt: skip
    parts = bundle.logs[0].origin.split("/")
    parts[1:3] = [bundle.county, "audit"]
    if bundle.seal_note.origin.split("/")[:3] != parts[:3] or (
        ("simulated" in parts) != ("simulated" in bundle.seal_note.origin.split("/"))
    ):
        bundle.wrong("TAMPERED", "封印不是本县审计账的", "not a checkpoint of audit's log", field="seal.json")
    check_signature(bundle, bundle.seal_note, "audit", "seal.json:checkpoint")


def sealed_entry(bundle, name, number, kind):
    """An entry of audit's own log that seal.json holds, with its proof."""
    body = take(bundle.seal, name, str, "seal.json").encode()
    where = "seal.json:" + name
    try:
        entry = Entry(body, {"/%s/audit" % bundle.county: None})
        path = [unbase64(one) for one in bundle.seal["paths"][number]]
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise Wrong("TAMPERED", "封印有误", "cannot be read: %s" % error, field=where)
    note = bundle.seal_note
    if root_by_path(leaf_hash(body), entry.seq - 1, note.size, path) != note.root:
        bundle.wrong("TAMPERED", "不在所签的账里", "is not in the signed log", index=entry.seq, field=where)
    if entry.head.get("type") != "audit." + kind:
        bundle.wrong("TAMPERED", "不是这种事件", "is no %s" % kind, index=entry.seq, field=where)
    return entry


def check_export(bundle):
    """`ExportMade` in audit's log seals the manifest, and so everything in it."""
    entry = sealed_entry(bundle, "entry", 0, "ExportMade")
    bundle.export, data, found = entry, entry.data, bundle.manifest
    if data.get("manifest") != hashlib.sha256(bundle.manifest_bytes).hexdigest():
        bundle.wrong("TAMPERED", "不是封存的清单", "is not the manifest that was sealed", index=entry.seq,
                     field="manifest.json", weak=True)  # fmt: skip
    logs = [{"origin": log.origin, "size": log.size, "root": log.root} for log in bundle.logs]
    same = [("export", found.get("export")), ("kind", bundle.kind), ("purpose", found.get("purpose")),
            ("entries", sum(log.count for log in bundle.logs)), ("logs", logs)]  # fmt: skip
    for name, value in same:
        if data.get(name) != value:
            bundle.wrong("TAMPERED", "与封存的导出记录不同", "differs from the sealed export",
                         index=entry.seq, field="manifest.json:" + name, weak=True)  # fmt: skip


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
                bundle.wrong("TAMPERED", "与 CRC 不符", "does not fit its CRC", field=name, weak=True)
        elif bundle.files.get(name) != {"sha256": digest.hexdigest(), "bytes": size}:
            bundle.altered.add(name)
            bundle.wrong("TAMPERED", "与清单的摘要不符", "digest differs from the manifest's", field=name, weak=True)
        elif found != crc:
            raise malformed("与 CRC 不符", "does not fit its CRC", "zip:" + name)
    for name in sorted(set(bundle.files) - set(bundle.members)):
        raise malformed("缺少清单里的成员", "listed, but missing", name)


def check_checkpoints(bundle):
    """Each log's checkpoint is signed, and is the one that the manifest names."""
    for log in bundle.logs:
        name = "checkpoints/%s.note" % log.name
        log.note = bundle.note(bundle.whole(name, NOTE_LIMIT_BYTES), name, log.name)
        check_signature(bundle, log.note, log.name, name)
        named = (log.origin, log.size, log.root)
        signed = (log.note.origin, log.note.size, base64.b64encode(log.note.root).decode())
        for field, one, other in zip(("origin", "size", "root"), named, signed):
            if one != other:
                bundle.wrong("TAMPERED", "清单与检查点不同", "manifest and checkpoint differ", log.name, None, field)


def read_entries(bundle):
    """(entry or why it is none, body) in the order of the file."""
    for number, line in enumerate(bundle.source("entries.jsonl").lines(BODY_LIMIT_BYTES), 1):
        if line is None:
            yield "line %d is longer than 32 KiB or has no end" % number, b""
            return
        try:
            yield Entry(line, bundle.by_source), line
        except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
            yield "line %d: %s" % (number, error), line


def place_of(entry):
    return None if type(entry) is str else (entry.log.number, entry.seq)


class Pass:
    """The one walk over all entries beside their proofs, disclosures and rows."""

    def __init__(self, bundle):
        self.bundle, self.ranged = bundle, bundle.kind == "RANGE"
        self.disclosures = Placed(bundle, "disclosures.jsonl")
        self.rows = bundle.source("events.csv")
        self.erased = {}
        for line in bundle.json_lines("erasures.jsonl"):
            self.erased[str(line.get("subject")), str(line.get("class"))] = line.get("log"), line.get("seq")
        self.completed, self.explained = {}, {}
        self.last = self.row_before = (-1, 0)
        if self.ranged:
            self.fold, self.leaves = Range(bundle.first - 1), bundle.source("proofs/leaves.bin")
        else:
            places = Placed(bundle, "proofs/inclusion.jsonl").before(None)
            self.proved = {place for place, _ in zip(places, range(ENTRIES_LIMIT + 1))}
            self.proofs = Placed(bundle, "proofs/inclusion.jsonl")
            if len(self.proved) > ENTRIES_LIMIT:
                raise malformed("条目太多", "more than %d entries" % ENTRIES_LIMIT, "proofs/inclusion.jsonl")

    def expected(self):
        """Where the next entry stands if nothing was done to it."""
        if self.ranged:
            return 0, self.fold.end + 1
        return self.proofs.next[0] if self.proofs.next else None

    def missing(self, place, field):
        log = self.bundle.logs[place[0]]
        self.bundle.wrong("INCOMPLETE", "缺少这一条", "this entry is missing", log.name, place[1], field)

    def is_altered(self, entry, after):
        """Whether a wrong place is that of an entry whose own place was changed, not of another."""
        place, expected = place_of(entry), self.expected()
        if place is None or expected is None or place == expected:
            return place is None
        if self.ranged:
            return after is not None and place_of(after) != (0, place[1] + 1)
        return place not in self.proved and (after is None or place_of(after) != expected)

    def step(self, entry, body, after):
        if self.is_altered(entry, after):
            self.altered(entry, body)
            return
        place = place_of(entry)
        entry.log.seen += 1
        if place <= self.last:
            self.bundle.wrong("TAMPERED", "次序有误", "out of order", entry.log.name, entry.seq, "ledgerseq")
            return
        self.last = place
        for check in ENTRY_CHECKS:
            check(self, entry)

    def altered(self, entry, body):
        """An entry that cannot be what stands here."""
        place = self.expected() or (0, 0)
        if type(entry) is str and "entries.jsonl" not in self.bundle.altered:
            raise malformed("条目有误", entry, "entries.jsonl", self.bundle.logs[place[0]].name, place[1])
        log = self.bundle.logs[place[0]]
        log.seen += 1
        why = entry if type(entry) is str else "its place was changed"
        self.bundle.wrong("TAMPERED", "条目被改动", why, log.name, place[1], "body")
        if self.ranged:
            self.leaves.read(32)
            self.fold.add(leaf_hash(body))
        else:
            self.proofs.at(place)
        if row_place(self) == place:
            next_row(self)

    def promised(self, place):
        """Whether the bundle says that an entry stands here."""
        if self.ranged:
            return self.bundle.first <= place[1] <= self.bundle.last
        return place in self.proved

    def close(self):
        """What stands after the last entry."""
        if not self.ranged:
            for place in self.proofs.before(None):
                self.missing(place, "proofs/inclusion.jsonl")
        for place in self.disclosures.before(None):
            stray_disclosure(self, place)
        close_rows(self)


def entry_place(walk, entry):
    """The entry belongs to what the bundle says it is: log, size, subject."""
    bundle, log = walk.bundle, entry.log
    if entry.seq > log.size:
        bundle.wrong("NEVER LOGGED", "在检查点之后", "stands beyond the checkpoint", log.name, entry.seq, "ledgerseq")
    if walk.ranged and not walk.promised((0, entry.seq)):
        bundle.wrong("TAMPERED", "不在区间里", "is not in the range", log.name, entry.seq, "ledgerseq")
    if log.kind == "CASE" and (str(log.number), str(entry.seq)) not in bundle.chosen:
        if entry.head.get("subject") != bundle.subject:
            bundle.wrong("TAMPERED", "不是这名学生的", "is not of the subject", log.name, entry.seq, "subject")
        version = entry.head.get("streamversion"), entry.seq
        log.streams.setdefault(str(entry.head.get("stream")), []).append(version)


def entry_inclusion(walk, entry):
    """Its leaf leads to the root of the checkpoint."""
    if walk.ranged:
        return
    log, place = entry.log, (entry.log.number, entry.seq)
    for missed in walk.proofs.before(place):
        walk.missing(missed, "proofs/inclusion.jsonl")
    lines = walk.proofs.at(place)
    if not lines:
        walk.bundle.wrong("NEVER LOGGED", "没有证明", "has no proof", log.name, entry.seq, "proofs/inclusion.jsonl")
    for line in lines:
        path = hashes(line, "path", "proofs/inclusion.jsonl")
        found = root_by_path(leaf_hash(entry.body), entry.seq - 1, log.size, path)
        if entry.seq <= log.size and (found is None or base64.b64encode(found).decode() != log.root):
            walk.bundle.wrong("TAMPERED", "不在所签的账里", "does not lead to the signed root",
                              log.name, entry.seq, "body")  # fmt: skip


def entry_leaf(walk, entry):
    """In a RANGE: the leaf is the listed one (which names the entry), and is folded."""
    if not walk.ranged:
        return
    while walk.fold.end + 1 < entry.seq:
        if walk.fold.end >= walk.bundle.last or not walk.leaves.left:
            break
        walk.missing((0, walk.fold.end + 1), "ledgerseq")
        walk.fold.add(walk.leaves.read(32))
    leaf = leaf_hash(entry.body)
    if walk.leaves.read(32) != leaf:
        walk.bundle.wrong("TAMPERED", "条目被改动", "is not the listed leaf", entry.log.name, entry.seq, "body")
    walk.fold.add(leaf)


def sealed_values(value, pointer=""):
    """(JSON pointer, sealed value) of everything sealed in `data`."""
    if type(value) is dict:
        if value.get("sealed") == 1 and "commit" in value:
            yield pointer, value
            return
        for name, inner in value.items():
            for one in sealed_values(inner, pointer + "/" + name.replace("~", "~0").replace("/", "~1")):
                yield one
    elif type(value) is list:
        for number, inner in enumerate(value):
            for one in sealed_values(inner, "%s/%d" % (pointer, number)):
                yield one


def stray_disclosure(walk, place):
    log = walk.bundle.logs[place[0]]
    walk.bundle.wrong("TAMPERED", "披露没有对应的条目", "discloses an entry that is not there",
                      log.name, place[1], "disclosures.jsonl", True)  # fmt: skip


def entry_disclosures(walk, entry):
    """What is disclosed is what was committed to; what is not has a reason."""
    bundle, log = walk.bundle, entry.log
    for place in walk.disclosures.before((log.number, entry.seq)):
        stray_disclosure(walk, place)
    lines = walk.disclosures.at((log.number, entry.seq))
    entry.disclosed = {}
    values = dict(sealed_values(entry.data)) if '"sealed":' in entry.data_text else {}
    for line in lines:
        path, text = str(line.get("path")), line.get("text")
        value = values.get(path)
        try:
            salted = unbase64(line.get("salt")) + text.encode()
            good = path not in entry.disclosed and value is not None and (
                base64.b64encode(hashlib.sha256(salted).digest()).decode() == value["commit"])  # fmt: skip
        except (ValueError, AttributeError):
            good = False
        if not good:
            bundle.wrong("TAMPERED", "披露的内容不是原文", "the disclosed text is not the committed one",
                         log.name, entry.seq, path)  # fmt: skip
        entry.disclosed[path] = str(text)
    for path, value in values.items():
        if path not in entry.disclosed:
            explain(walk, entry, path, value)


def explain(walk, entry, path, value):
    """Withheld by class, another person's, or erased; else something was taken away."""
    bundle, owner = walk.bundle, str(value.get("subject", entry.head.get("subject")))
    if value.get("class") in bundle.withheld or (bundle.subject and owner != bundle.subject):
        return
    by = walk.erased.get((owner, str(value.get("class"))))
    if by:
        walk.explained[(entry.log.number, entry.seq), path] = (owner, str(value.get("class"))), by
    else:
        bundle.wrong("UNEXPLAINED ERASURE", "既未披露，也未说明", "neither disclosed nor explained",
                     entry.log.name, entry.seq, path)  # fmt: skip


def entry_erasure(walk, entry):
    """Remember what an `ErasureCompleted` says was erased: whose, and which classes."""
    if str(entry.head.get("type")).endswith(".ErasureCompleted") and type(entry.data) is dict:
        place, whose = (entry.log.number, entry.seq), str(entry.head.get("subject"))
        walk.completed[place] = {(whose, one) for one in map(str, entry.data.get("classes") or [])}


def _cell(text):
    text = text.replace('"', '""')
    return '"%s%s"' % ("'" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else "", text)


def row_cells(entry):
    head = entry.head
    cells = [entry.log.name, str(entry.seq)]
    cells += [str(head.get(name, "")) for name in COLUMNS]
    cells.append(entry.data_text)
    told = entry.disclosed
    cells.append(json.dumps(told, ensure_ascii=False, separators=(",", ":")) if told else "")
    return [_cell(cell) for cell in cells]


def row_place(walk):
    """Log and sequence of the row that comes next; None where they cannot be read."""
    ahead, at = walk.rows.peek(200)
    found = re.match(rb'"([a-z.]{1,40})","([0-9]{1,15})",', ahead[at : at + 200])
    numbers = [log.number for log in walk.bundle.logs if found and log.name.encode() == found[1]]
    return (numbers[0], int(found[2])) if numbers else None


def next_row(walk):
    """The cells of the next row, stepped over; None where no row can be read."""
    ahead, at = walk.rows.peek(ROW_LIMIT_BYTES)
    found = _ROW.match(ahead, at)
    if found is None:
        walk.rows.at = len(ahead)
        walk.rows.left = 0
        return None
    walk.rows.at = found.end()
    return [one.decode("utf-8", "replace") for one in _CELLS.findall(found[0])]


def entry_row(walk, entry):
    """The row of events.csv is the one that the rule gives."""
    cells = row_cells(entry)
    row = (",".join(cells) + "\r\n").encode()
    if walk.rows.skip_if(row):
        return
    here = entry.log.number, entry.seq
    place = row_place(walk)
    while place is not None and walk.row_before < place < here:
        stray_row(walk, place)
        place = row_place(walk)
    if walk.rows.skip_if(row):
        return
    wrong, field = walk.bundle.wrong, "events.csv"
    if place is not None and place > here:
        wrong("TAMPERED", "缺少这一行", "its row is missing", entry.log.name, entry.seq, field)
        return
    for name, cell, found in zip(CSV_HEADER, cells, next_row(walk) or [""]):
        if cell != found:
            field = "events.csv:" + name
            break
    wrong("TAMPERED", "表格与条目不同", "the cell is not what the rule gives", entry.log.name, entry.seq, field)


def stray_row(walk, place):
    """A row without its entry."""
    walk.row_before = place
    if walk.promised(place):
        walk.missing(place, "events.csv")
    else:
        name = walk.bundle.logs[place[0]].name
        walk.bundle.wrong("TAMPERED", "多余的行", "a row without an entry", name, place[1], "events.csv")
    next_row(walk)


def close_rows(walk):
    while walk.rows.left or walk.rows.at < len(walk.rows.ahead):
        place = row_place(walk)
        if place is None:
            walk.bundle.wrong("TAMPERED", "表格有误", "no row can be read", field="events.csv")
            return
        stray_row(walk, place)


# What is asked of every entry, in this order.
ENTRY_CHECKS = (entry_place, entry_inclusion, entry_leaf, entry_disclosures, entry_erasure, entry_row)


def check_entries(bundle):
    """One walk over all entries; then their numbers."""
    walk = bundle.walk = Pass(bundle)
    header = ("\ufeff" + ",".join(_cell(name) for name in CSV_HEADER) + "\r\n").encode()
    if not walk.rows.skip_if(header):
        bundle.wrong("TAMPERED", "表头有误", "another header", field="events.csv")
        next_row(walk)
    current = None
    for following in read_entries(bundle):
        if current:
            walk.step(*current, following[0])
        current = following
    if current:
        walk.step(*current, None)
    walk.close()


def check_counts(bundle):
    """As many entries as the manifest says."""
    for log in bundle.logs:
        if log.seen != log.count:
            verdict = "INCOMPLETE" if log.seen < log.count else "TAMPERED"
            bundle.wrong(verdict, "条数不符", "%d entries, not %d" % (log.seen, log.count), log.name, None, "entries")


def check_range(bundle):
    """RANGE: every sequence from first to last is there, and together they lead to the root."""
    if bundle.kind != "RANGE":
        return
    walk, log = bundle.walk, bundle.logs[0]
    if bundle.members["proofs/leaves.bin"][1] != 32 * (bundle.last - bundle.first + 1):
        bundle.wrong("TAMPERED", "叶子数不符", "not 32 bytes an entry", log.name, None, "proofs/leaves.bin")
    while walk.fold.end < bundle.last:
        walk.missing((0, walk.fold.end + 1), "ledgerseq")
        leaf = walk.leaves.read(32)
        if len(leaf) < 32:
            return
        walk.fold.add(leaf)
    beside = list(bundle.json_lines("proofs/range.jsonl"))
    where = "proofs/range.jsonl"
    if len(beside) != 1 or [beside[0].get(name) for name in ("log", "first", "last")] != [
        0, bundle.first, bundle.last]:  # fmt: skip
        bundle.wrong("TAMPERED", "不是这个区间的证明", "is not of this range", log.name, None, where)
        return
    left, right = hashes(beside[0], "left", where), hashes(beside[0], "right", where)
    found = walk.fold.root(log.size, left, right)
    if found is None or base64.b64encode(found).decode() != log.root:
        bundle.wrong("TAMPERED", "不在所签的账里", "do not lead to the signed root", log.name, None, "root")


def check_erasures(bundle):
    """Whatever was explained by an erasure is explained by an entry that says so."""
    walk = bundle.walk
    for (entry, path), (pair, place) in walk.explained.items():
        if pair not in walk.completed.get(place, ()):
            name = bundle.logs[entry[0]].name
            bundle.wrong("UNEXPLAINED ERASURE", "没有这次抹除的记录", "no such erasure is recorded",
                         name, entry[1], path)  # fmt: skip


class HeadLine:
    """Last version, last sequence and count of one subject's events in one stream."""

    def __init__(self, found, where):
        self.subject, self.stream = take(found, "subject", str, where), take(found, "stream", str, where)
        self.numbers = [take(found, name, int, where) for name in ("version", "seq", "count")]
        self.version, self.seq, self.count = self.numbers
        named = self.stream.encode()
        if not re.fullmatch("[0-9a-f]{64}", self.subject) or len(named) > 65535:
            raise malformed("流水摘要有误", "a head line has no such subject or stream", where)
        self.place = bytes.fromhex(self.subject), named
        lengths = len(named).to_bytes(2, "big")
        self.leaf = leaf_hash(
            self.place[0] + lengths + named + b"".join(one.to_bytes(8, "big") for one in self.numbers)
        )


def check_heads(bundle):
    """CASE: the streams that the subject has in each log, all of them, with all their events."""
    if bundle.kind != "CASE":
        return
    entry = sealed_entry(bundle, "heads", 1, "HeadsCommitted")
    where = "proofs/heads.jsonl"
    proofs = {line.get("log"): line for line in bundle.json_lines(where)}
    origins = {log.origin: log for log in bundle.logs if log.kind == "CASE"}
    for found in take(entry.data, "logs", list, "seal.json:heads"):
        log, name = origins.pop(found["origin"], None), found["service"]
        if log is None or log.number not in proofs:
            bundle.wrong("INCOMPLETE", "缺少这本账", "nothing shows what this log has", name, None, where)
            continue
        if (found["size"], found["root"]) != (log.size, log.root):
            bundle.wrong("TAMPERED", "与流水摘要的时点不同", "not the log that the heads are of", name, None, "heads")
        own = head_lines(bundle, log, found, proofs[log.number], where)
        compare_streams(bundle, log, own)
    for log in origins.values():
        bundle.wrong("INCOMPLETE", "没有流水摘要", "no heads speak of this log", log.name, None, "heads")


def head_lines(bundle, log, committed, proof, where):
    """The subject's head lines, shown to be all of them."""
    lines = [HeadLine(line, where) for line in take(proof, "lines", list, where)]
    first, streams = take(proof, "first", int, where), committed["streams"]
    fold = Range(first)
    for line in lines:
        fold.add(line.leaf)
    found = fold.root(streams, hashes(proof, "left", where), hashes(proof, "right", where))
    found = EMPTY if streams == 0 and not lines else found
    places = [line.place for line in lines]
    if places != sorted(set(places)) or found is None or (
        base64.b64encode(found).decode() != committed["heads_root"]):  # fmt: skip
        bundle.wrong("TAMPERED", "流水摘要不是封存的", "head lines do not lead to the sealed root", log.name, None, "heads")
    wanted = hashlib.sha256(bundle.subject.encode()).digest()
    at_start = first == 0 or (places and places[0][0] < wanted)
    at_end = first + len(lines) == streams or (places and places[-1][0] > wanted)
    if not (at_start and at_end):
        bundle.wrong("INCOMPLETE", "缺少相邻的流水摘要", "a neighbouring head line is missing", log.name, None, "heads")
    return [line for line in lines if line.place[0] == wanted]


def compare_streams(bundle, log, own):
    """Versions 1..n of each stream, as many as its head line counts."""
    found = dict(log.streams)
    for line in own:
        events = found.pop(line.stream, [])
        versions, lost = [version for version, _ in events], None
        if versions != sorted(set(versions)) or len(events) > line.count:
            at = events[-1][1]
            bundle.wrong("TAMPERED", "版本次序有误", "versions do not rise as counted", log.name, at, "streamversion")
        elif not events or events[-1] != (line.version, line.seq):
            lost = line.seq
        elif len(events) < line.count:
            gaps = (seq for number, (version, seq) in enumerate(events, 1) if version != number)
            lost = next(gaps, line.seq)
        if lost is not None:
            bundle.wrong("INCOMPLETE", "流水不完整：" + line.stream, "%d of %d events of %s"
                         % (len(events), line.count, line.stream), log.name, lost, "streamversion")  # fmt: skip
    for stream, events in found.items():
        bundle.wrong("TAMPERED", "流水摘要里没有", "no head line counts %s" % stream, log.name, events[0][1], "heads")


def blocks(bundle):
    """{(origin, old size, new size): hashes} of consistency.txt."""
    where, found = "consistency.txt", {}
    for block in bundle.whole(where, MEMBER_LIMIT_BYTES >> 6).decode("utf-8", "replace").split("\n\n"):
        lines = block.strip("\n").split("\n")
        if lines == [""]:
            continue
        try:
            found[lines[0], int(lines[1]), int(lines[2])] = [unbase64(one) for one in lines[3:]]
        except (ValueError, IndexError):
            raise malformed("一致性证明有误", "no consistency block", where)
    return found


def fetch(bundle, path):
    """Bytes from the running system; raises OSError."""
    address = (bundle.options.address or str(bundle.manifest.get("address"))).rstrip("/")
    if not re.match("https?://", address):
        raise OSError("%r is no address" % address)
    with urllib.request.urlopen("%s/log/%s" % (address, path), timeout=FETCH_SECONDS) as answer:
        return answer.read(NOTE_LIMIT_BYTES)


def fetched_proof(bundle, origin, old, new):
    raw = fetch(bundle, "%s/proof/consistency/%d/%d" % (origin, old, new))
    return [unbase64(line) for line in raw.decode("ascii").split("\n") if line]


def all_notes(bundle):
    """(log's name, checkpoint) of the bundle, audit's own included."""
    return [(log.name, log.note) for log in bundle.logs] + [("audit", bundle.seal_note)]


def check_pins(bundle):
    """Against checkpoints that the inspector kept: the same history, only longer."""
    known, publics = {note.origin: (name, note) for name, note in all_notes(bundle)}, set()
    proofs = blocks(bundle)
    for path in bundle.options.pins:
        try:
            with open(path, "rb") as file:
                pin = Note(file.read(NOTE_LIMIT_BYTES))
            name, note = known[pin.origin]
        except (OSError, ValueError, KeyError) as error:
            raise malformed("固定点不能用", "is no checkpoint of a log here: %s" % error, "pin:" + path)
        signer = pin.signer(keys_of(bundle, pin.origin))
        publics.add(signer.public if signer else None)
        compare_pin(bundle, name, pin, note, proofs.get((pin.origin, pin.size, note.size)))
    if bundle.options.pins and not bundle.options.trusted:
        vouch(bundle, publics)


def compare_pin(bundle, name, pin, note, proof):
    if pin.size > note.size:
        bundle.wrong("ROLLBACK", "比固定点短", "shorter than the pin (%d)" % pin.size, name, note.size, "size")
    elif pin.size == note.size:
        if pin.root != note.root:
            bundle.wrong("FORK", "与固定点的根不同", "another root than the pin's", name, note.size, "root")
    else:
        if proof is None and bundle.options.online:
            try:
                proof = fetched_proof(bundle, pin.origin, pin.size, note.size)
            except (OSError, ValueError):
                proof = None
        if proof is None:
            bundle.wrong("NOT WITNESSED", "没有到固定点的证明", "no proof from the pin", name, pin.size, "pin")
        elif not is_beginning(pin.size, note.size, pin.root, note.root, proof):
            bundle.wrong("FORK", "不是固定点的延续", "does not continue the pin", name, pin.size, "root")


def vouch(bundle, publics):
    """Without a trust file a pin vouches for the key that signed it, and for no other."""
    for name, note in all_notes(bundle):
        signer = note.signer(keys_of(bundle, note.origin))
        if signer and signer.public not in publics:
            bundle.wrong("TAMPERED", "不是固定点的公钥", "another key than the pin's", name, None, "key")
    bundle.vouched = "pin" if None not in publics else None
    if None in publics:
        bundle.wrong("TAMPERED", "固定点由别的公钥签名", "the pin was signed with another key", field="key")


def check_witnesses(bundle):
    """What the trust file asks for: k cosignatures on each checkpoint, and no greater age."""
    options = bundle.options
    for name, note in all_notes(bundle) if options.k else []:
        if len(note.witnessed(options.witnesses)) < options.k:
            bundle.wrong("NOT WITNESSED", "见证签名不足", "fewer witnesses than %d" % options.k, name, None, "witnesses")
    if options.greatest_age_days is not None:
        made = str(bundle.export.head.get("time"))[:19]
        try:
            age = time.time() - calendar.timegm(time.strptime(made, "%Y-%m-%dT%H:%M:%S"))
        except ValueError:
            raise malformed("时间有误", "no time", "seal.json:entry")
        if age > options.greatest_age_days * 86400:
            bundle.wrong("NOT WITNESSED", "证据包太旧", "the bundle is too old", field="greatest_age_days")


def check_online(bundle):
    """With --online: the running system still has the same history."""
    if not bundle.options.online:
        return
    if not bundle.options.address:
        bundle.said.append(("地址来自证据包本身，没有人担保", "the address is the bundle's own: nobody vouches for it"))
    for name, note in all_notes(bundle):
        try:
            now = Note(fetch(bundle, note.origin + "/checkpoint"))
            grown = now.size > note.size
            proof = fetched_proof(bundle, note.origin, note.size, now.size) if grown else []
        except (OSError, ValueError) as error:
            bundle.wrong("NOT WITNESSED", "联网核对失败", "online: %s" % error, name, None, "online")
            continue
        if now.origin != note.origin or not now.signer(keys_of(bundle, note.origin)):
            bundle.wrong("TAMPERED", "线上的检查点不可信", "signed by no key that counts", name, None, "online")
        elif now.size < note.size:
            bundle.wrong("ROLLBACK", "线上比证据包短", "the running log is shorter", name, now.size, "online")
        elif not is_beginning(note.size, now.size, note.root, now.root, proof):
            bundle.wrong("FORK", "线上是另一段历史", "the running log has another history", name, note.size, "online")


# Everything that is asked of a bundle, in this order.
CHECKS = (
    check_members, check_simulated, check_keys, check_files, check_seal_checkpoint, check_export,
    check_checkpoints, check_entries, check_counts, check_range, check_erasures, check_heads,
    check_pins, check_witnesses, check_online,
)  # fmt: skip


class Options:
    """What the inspector gives: pins, and the trust file's keys, witnesses, age and address."""

    def __init__(self, pins=(), trust=None, online=False, simulated=False):
        self.pins, self.online, self.simulated = list(pins), online, simulated
        found = trust or {}
        try:
            self.trusted = [Key(text) for text in found.get("keys") or []]
            self.witnesses = [Key(text) for text in found.get("witnesses") or []]
        except (ValueError, TypeError, AttributeError) as error:
            raise malformed("信任文件有误", "trust file: %s" % error, "trust")
        self.k, self.greatest_age_days = found.get("k") or 0, found.get("greatest_age_days")
        self.address = found.get("address")


def read_trust(path):
    """The trust file: the one that is named, else of this folder, else of the home folder."""
    usual = ("baoxue-trust.json", os.path.join(os.path.expanduser("~"), ".baoxue-trust.json"))
    for one in [path] if path else [name for name in usual if os.path.exists(name)]:
        try:
            with open(one, "rb") as file:
                return parse_object(file.read(JSON_LIMIT_BYTES).strip(), "trust:" + one)
        except OSError as error:
            raise malformed("打不开信任文件", str(error), "trust:" + one)
    return None


class Report:
    """Verdicts: one a service, and the worst."""

    def __init__(self, bundle, findings):
        self.bundle, self.findings = bundle, findings
        strong = [one for one in findings if not one.weak]
        naming = any(one.verdict in NAMING for one in strong)
        self.worst = self._worst(strong if naming else findings)
        self.verdict = self.worst.verdict if self.worst else "VERIFIED"

    @staticmethod
    def _worst(findings):
        return min(findings, default=None, key=lambda one: (
            WORST_FIRST.index(one.verdict), one.weak, one.index is None))  # fmt: skip

    def services(self):
        named = [(log.name, log.origin, log.seen, log.size) for log in self.bundle.logs] if self.bundle else []
        note = getattr(self.bundle, "seal_note", None)
        if "audit" not in [one[0] for one in named]:
            named.append(("audit", note and note.origin, 1, note and note.size))
        for name, origin, entries, size in named:
            worst = self._worst([one for one in self.findings if one.log == name])
            yield {
                "service": name, "origin": origin, "verdict": worst.verdict if worst else "VERIFIED",
                "entries": entries, "size": size, "index": worst and worst.index,
                "field": worst and worst.field, "reason": worst and "%s / %s" % (worst.zh, worst.en),
            }  # fmt: skip

    def key(self):
        found = getattr(self.bundle, "fingerprints", [])
        return {"vouched": getattr(self.bundle, "vouched", None), "fingerprints": found}

    def as_json(self):
        return json.dumps({"verdict": self.verdict, "code": CODES[self.verdict], "key": self.key(),
                           "services": list(self.services())}, ensure_ascii=False)  # fmt: skip

    def lines(self):
        if self.bundle:
            about = self.bundle.manifest
            yield "%s %s %s" % (about["class"], about["county"], about.get("subject") or "")
            yield "用途 purpose: %s · 截至 as known at: %s" % (about.get("purpose"), about.get("known_at"))
        for one in self.services():
            yield "%-18s %s %s · %s · %s of %s" % (one["service"], one["verdict"], CHINESE[one["verdict"]],
                                                   one["origin"], one["entries"], one["size"])  # fmt: skip
        for one in self.findings:
            yield "  %s: %s seq=%s field=%s: %s / %s" % (one.verdict, one.log, one.index, one.field, one.zh, one.en)
        for zh, en in getattr(self.bundle, "said", []):
            yield "注意 note: %s / %s" % (zh, en)
        yield from self.key_lines()
        where = "" if not self.worst else " %s: %s, seq %s, %s" % (
            CHINESE[self.verdict], self.worst.log, self.worst.index, self.worst.field)  # fmt: skip
        yield self.verdict + where

    def key_lines(self):
        key = self.key()
        if key["vouched"] is None:
            yield "没有人为这把公钥担保，请与公布的指纹核对 / nobody has vouched for this key; compare the fingerprint:"
        for one in key["fingerprints"]:
            yield "公钥指纹 key fingerprint (SHA-256): %s" % one


def verify(path, options):
    """The report on a bundle; never raises for what is in it."""
    bundle = None
    try:
        bundle = Bundle(path, options)
        for check in CHECKS:
            check(bundle)
    except Wrong as wrong:
        if bundle is None:
            return Report(None, [wrong])
        bundle.found(wrong)
    except Exception as error:  # a reader that stumbles has not verified anything
        wrong = malformed("读不下去", "%s: %s" % (type(error).__name__, error), "bundle")
        return Report(bundle, [wrong] + (bundle.findings if bundle else []))
    return Report(bundle, bundle.findings)


def shown(line):
    """A line without anything that could move the cursor or the writing direction."""
    return "".join(one if one.isprintable() else "\\u%04x" % ord(one) for one in line)


def main(arguments=None):
    parser = argparse.ArgumentParser(description="验证保学证据包 / verify an audit bundle of Baoxue")
    parser.add_argument("bundle")
    parser.add_argument("--pin", action="append", default=[], metavar="NOTE", help="以前验证过的检查点 / a checkpoint you kept")
    parser.add_argument("--trust", metavar="FILE", help="信任文件 / your trust file")
    parser.add_argument("--online", action="store_true", help="联网核对 / compare with the running system")
    parser.add_argument("--simulated", action="store_true", help="允许模拟数据 / accept simulated data")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    try:
        options = Options(given.pin, read_trust(given.trust), given.online, given.simulated)
        report = verify(given.bundle, options)
    except Wrong as wrong:
        report = Report(None, [wrong])
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    print(report.as_json() if given.json else "\n".join(map(shown, report.lines())))
    return CODES[report.verdict]


if __name__ == "__main__":
    sys.exit(main())
