#!/usr/bin/env python3
"""Checks an audit bundle of 保学 on a machine of your own: Python 3.8 or newer and nothing else.

    python verify.py BUNDLE [--pin NOTE]... [--trust FILE] [--online] [--simulated] [--json]

What is proved and what is not stands in docs/ledger.md. `CHECKS` and `ENTRY_CHECKS` are everything
that is asked of a bundle, in this order. Take this file from the published source.
"""
import argparse
import base64
import bisect
import calendar
import contextlib
import hashlib
import itertools
import json
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
    "VERIFIED": (0, "验证通过")}
# What names a wrong entry says more than a digest that only says that something is wrong.
NAMING = {"TAMPERED", "NEVER LOGGED", "INCOMPLETE", "UNEXPLAINED ERASURE"}
MEMBER_LIMIT_BYTES, BUNDLE_LIMIT_BYTES = 2 << 30, 7 << 29  # 2 and 3.5 GiB
BODY_LIMIT_BYTES, NOTE_LIMIT_BYTES, LOCAL_BYTES = 32 << 10, 64 << 10, 30  # of a member's header
JSON_LIMIT_BYTES, LINES_LIMIT = 4 << 20, 200_000  # of a manifest, or a line of anything but entries
DEPTH_LIMIT, ENTRY_DEPTH, DIGITS_LIMIT, SIZE_LIMIT, AT_ONCE = 32, 33, 20, 1 << 53, 64
LOG_STEP = 1 << 54  # a place is the log's number times this, plus the sequence
KEPT_FINDINGS, CHUNK_BYTES, FETCH_SECONDS = 50, 1 << 20, 20  # so many findings of each verdict
PROOFS = {"CASE": ["proofs/inclusion.jsonl", "proofs/heads.jsonl"], "SELECTION": [
    "proofs/inclusion.jsonl"], "RANGE": ["proofs/range.jsonl", "proofs/leaves.bin"]}
FIRST = ["manifest.json", "entries.jsonl", "disclosures.jsonl", "erasures.jsonl"]
LAST = ["consistency.txt", "events.csv", "events.xlsx", "timeline.html", "README.txt", "verify.py",
        "verify.html", "seal.json"]
OPTIONAL = ("events.xlsx", "timeline.html", "verify.html")
HEADER = ("log", "seq", "time", "occurredat", "type", "stream", "version", "subject", "actorid",
          "actorrole", "onbehalfof", "via", "policyversion", "data", "disclosed")
COLUMNS = ["streamversion" if name == "version" else name for name in HEADER[2:13]]
FLAT, BLANK = {str, int}, [""] * len(COLUMNS)
ERRORS = (ValueError, LookupError, TypeError, AttributeError, OSError, RuntimeError, StopIteration)
SIZE, FILE = "(0|[1-9][0-9]{0,15})", re.compile("attachments/[0-9a-f]{64}[.](jpeg|png|pdf)")
CHECKPOINT = re.compile(r"([^\n]+)\n" + SIZE + r"\n([A-Za-z0-9+/]{43}=)")
class Wrong(Exception):  # something is not as it must be; raised where nothing more can be read
    def __init__(self, verdict, log, index, field, reason, weak=False):
        self.verdict, self.log, self.index, self.field = verdict, log, index, field
        self.reason, self.weak = reason, weak
def malformed(field, reason, log="audit", index=None):
    return Wrong("MALFORMED", log, index, field, reason)
@contextlib.contextmanager
def reading(field, reason, verdict="MALFORMED", log="audit"):  # what cannot be read in here
    try:
        yield
    except ERRORS as error:
        raise Wrong(verdict, log, None, field, "%s: %s" % (reason, error))
# Ed25519 (RFC 8032) on extended coordinates. Nothing here is secret, so its time may vary.
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
def point_sum(one, other):
    (x, y, z, t), (u, v, w, s) = one, other
    a, b, c, d = (y - x) * (v - u), (y + x) * (v + u), 2 * t * s * D, 2 * z * w
    e, f, g, h = (b - a) % P, (d - c) % P, (d + c) % P, (b + a) % P
    return e * f % P, g * h % P, f * g % P, e * h % P
def point_times(number, point):
    found = 0, 1, 1, 0
    for bit in bin(number)[2:]:
        found = point_sum(found, found)
        found = point_sum(found, point) if bit == "1" else found
    return found
def point_of(raw):  # the point that 32 bytes encode, or None
    y, odd = int.from_bytes(raw, "little") & ((1 << 255) - 1), raw[31] >> 7
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x * pow(2, (P - 1) // 4, P) % P if (x * x - square) % P else x
    if y >= P or (x * x - square) % P or (x == 0 and odd):
        return None
    x = P - x if x & 1 != odd else x
    return x, y, 1, x * y % P
BASE = point_of((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
def is_signed(public, text, signature):  # whether this key made this signature
    if len(public) != 32 or len(signature) != 64:
        return False
    key, r, s = point_of(public), point_of(signature[:32]), int.from_bytes(signature[32:], "little")
    if key is None or r is None or s >= ORDER:
        return False
    digest = int.from_bytes(hashlib.sha512(signature[:32] + public + text).digest(), "little")
    one, other = point_times(s, BASE), point_sum(r, point_times(digest % ORDER, key))
    return all((one[axis] * other[2] - other[axis] * one[2]) % P == 0 for axis in (0, 1))
# Merkle trees (RFC 6962) with SHA-256.
EMPTY = hashlib.sha256(b"").digest()
def leaf_hash(body):
    return hashlib.sha256(b"\0" + body).digest()
def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()
def roots_by_path(leaf, index, size, path):
    """Where an inclusion path leads: the root of all leaves, and of those up to this one."""
    inner, whole, begun = (index ^ (size - 1)).bit_length(), leaf, leaf
    if not 0 <= index < size or len(path) != inner + bin(index >> inner).count("1"):
        return None, None
    for level, beside in enumerate(path):
        if level < inner and not index >> level & 1:
            whole = node_hash(whole, beside)
        else:
            whole, begun = node_hash(beside, whole), node_hash(beside, begun)
    return whole, begun
def is_beginning(old, new, old_root, new_root, path):
    """Whether a consistency proof shows the old tree to be the beginning of the new one."""
    if old in (0, new):
        return not path and old_root == (new_root if old else EMPTY)
    level = (old & -old).bit_length() - 1  # its last perfect subtree is a node of both trees
    node, *path = (path or [b""]) if old & (old - 1) else [old_root, *path]
    return roots_by_path(node, (old >> level) - 1, -(-new >> level), path) == (new_root, old_root)
def root_by_range(first, leaves, left, right, size):
    """The root over consecutive leaves and the hashes beside them, from the root down; or None."""
    nodes, right, end = list(left), list(right), first  # nodes: perfect, as wide as the bits of end
    for leaf in leaves if bin(first).count("1") == len(nodes) else ():
        width = 1
        while end & width:
            leaf, width = node_hash(nodes.pop(), leaf), width * 2
        nodes, end = nodes + [leaf], end + 1
    if end == first or end > size:
        return None if size or nodes or right else EMPTY
    node, width = nodes.pop(), end & -end
    while width < size:
        if not end & width:
            node = node_hash(nodes.pop(), node)
        elif end < size:
            node = node_hash(node, right.pop() if right else b"")
        end, width = end + (end & width), width * 2
    return None if right else node
# Strict JSON: what two readers could understand differently is refused.
def unique(pairs):
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in an object")
    return found
def integer(digits):  # raises ValueError for a fraction, as `int` does
    if len(digits) > DIGITS_LIMIT:
        raise ValueError("%s is longer than %d digits" % (digits[:20], DIGITS_LIMIT))
    return int(digits)
scan = json.JSONDecoder(object_pairs_hook=unique, parse_int=integer, parse_float=integer,
                        parse_constant=integer).scan_once
def depth_of(value):  # raises RecursionError, one of ERRORS, for what is absurdly deep
    inner = value.values() if type(value) is dict else value if type(value) is list else None
    return 0 if inner is None else 1 + max(map(depth_of, inner), default=0)
def parse(text, limit=DEPTH_LIMIT):  # of a JSON text with nothing around it; raises one of ERRORS
    found, end = scan(text, 0)
    if end != len(text) or text.count("{") + text.count("[") > limit and depth_of(found) > limit:
        raise ValueError("more than one value, or deeper than %d" % limit)
    if "\\u" in text:
        written(found).encode()  # a lone surrogate is no text
    return found
def parse_many(lines, limit):  # each as `parse` gives it; None for each if one needs a closer look
    mark = int.from_bytes(os.urandom(8), "big")  # unknown to any line: none reaches into the next
    with contextlib.suppress(*ERRORS):
        whole = (b"[%s]" % (b",%d," % mark).join(lines)).decode()
        found, end = scan(whole, 0)
        deepest = max(line.count(b"{") + line.count(b"[") for line in lines)
        if end == len(whole) and found[1::2] == [mark] * (len(lines) - 1) and (
                len(found) == 2 * len(lines) - 1 and deepest <= limit and "\\u" not in whole):
            return found[::2]
    return [None] * len(lines)
written = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
def parse_object(raw, field):
    with reading(field, "不是 JSON 对象 / no JSON object"):
        return {**parse(raw.decode())}
def shape(found, field, **kinds):  # its members, of these types; integers are places or sizes
    for name, kind in kinds.items():
        value = found.get(name)
        if type(value) is not kind or (kind is int and not 0 <= value <= SIZE_LIMIT):
            raise malformed(field, "“%s”缺少或有误 / %r is absent or wrong" % (name, name))
    return [found.get(name) for name in kinds]
def unbase64(text, length=32):  # bytes of canonical base64; raises ValueError
    raw = base64.b64decode(text.encode("ascii"), validate=True) if type(text) is str else b""
    if text_of(raw) != text or (length and len(raw) != length):
        raise ValueError("not base64 of %s bytes" % length)
    return raw
def text_of(raw):
    return base64.b64encode(raw).decode() if raw is not None else None
def take_hashes(found, name, field):
    with reading(field, "哈希有误 / a hash is wrong"):
        return [unbase64(one) for one in found[name]]
# The container: a ZIP of stored members, every byte of which follows from names and contents.
LOCAL = re.compile(rb"PK\x03\x04\x14\0\0\x08\0\0\0\0\x21\0(.{4})(.{4})(.{4})(..)\0\0", re.DOTALL)
def read_container(file, length):  # {name: (offset, bytes, crc)} in the order of the file
    if length > BUNDLE_LIMIT_BYTES:
        raise malformed("zip", "太大 / larger than 3.5 GiB")
    members, central, place = {}, [], 0
    while found := LOCAL.fullmatch(file.read(LOCAL_BYTES)):
        crc, packed, size, named = [int.from_bytes(raw, "little") for raw in found.groups()]
        name, start = file.read(named).decode("ascii", "replace"), place + LOCAL_BYTES + named
        if packed != size or size > MEMBER_LIMIT_BYTES or start + size > length or name in members:
            raise malformed("zip:" + name, "大小有误或重复 / impossible size, or twice")
        at, members[name] = place.to_bytes(4, "little"), (start, size, crc)
        central.append(b"PK\1\2\x14\0" + found[0][4:] + bytes(10) + at + name.encode())
        place = file.seek(start + size)
    check_directory(file, place, b"".join(central), len(members))
    return members
def check_directory(file, place, central, count):  # what follows, and nothing else
    end = (b"PK\5\6\0\0\0\0" + count.to_bytes(2, "little") * 2
           + len(central).to_bytes(4, "little") + place.to_bytes(4, "little") + b"\0\0")
    file.seek(place)
    if file.read(len(central) + len(end) + 1) != central + end:
        raise malformed("zip:%d" % place, "ZIP 结构有误 / bytes that no member accounts for")
# Signed notes (C2SP signed-note, tlog-checkpoint, tlog-cosignature).
class Key:  # a verifier key `<name>+<8 hex digits>+<base64(type, key)>`; raises one of ERRORS
    def __init__(self, text):
        self.name, claimed, encoded = text.split("+", 2)
        self.raw = unbase64(encoded, 33)
        self.public, self.fingerprint = self.raw[1:], hashlib.sha256(self.raw[1:]).hexdigest()
        self.key_id = self.id_as(self.name)
        if self.key_id.hex() != claimed:
            raise ValueError("the id of key %s is not that of the key" % self.name)
    def counts_for(self, origin):  # the log itself, or all of its deployment
        return self.name in (origin, origin.split("/")[0])
    def id_as(self, name):
        return hashlib.sha256(name.encode() + b"\n" + self.raw).digest()[:4]
class Note:  # a checkpoint with its signature lines; raises Wrong for anything else
    def __init__(self, raw, field, log, verdict="TAMPERED"):
        with reading(field, "检查点有误 / no checkpoint", verdict, log):
            text, _, rest = raw.decode().partition("\n\n")
            self.text, self.signatures = (text + "\n").encode(), []
            self.origin, size, root = CHECKPOINT.fullmatch(text).groups()
            self.size, self.root = int(size), unbase64(root)
            for line in rest.split("\n")[:-1] if rest[-1] == "\n" else [rest]:
                mark, name, encoded = line.split(" ")
                value = unbase64(encoded, None)
                self.signatures.append((name, value[:4], {"\u2014": value[4:]}[mark]))
    def signer(self, keys):
        """The key that signed under the origin's name: None if none of them did, False if one is
        named and did not make the signature (four bytes of an id collide easily)."""
        found = None
        for name, key_id, signature in self.signatures:
            same = [key for key in keys if key.counts_for(self.origin)
                    and (name, key_id) == (self.origin, key.id_as(name))]
            made = [key for key in same if is_signed(key.public, self.text, signature)]
            if same and not made:
                return False
            found = found or (made and made[0]) or None
        return found
    def is_witnessed(self, key):
        return any(is_signed(key.public, b"cosignature/v1\ntime %d\n" % int.from_bytes(
            value[:8], "big") + self.text, value[8:]) for name, key_id, value in self.signatures
                   if (name, key_id) == (key.name, key.key_id))
class Log:  # one log as the manifest names it, and what the entries showed of it
    def __init__(self, number, found):
        self.service, self.ledger, self.origin, self.root, self.size, self.count, self.kind = shape(
            found, "manifest.json:logs", service=str, ledger=str, origin=str, root=str, size=int,
            entries=int, **{"class": str})
        self.number, self.note, self.seen, self.streams = number, None, 0, {}
        self.source = "/%s/%s" % (self.ledger, self.service)
        self.name = self.service + (".access" if self.ledger.endswith("-access") else "")
        if not re.fullmatch(r"[a-z]{1,32}", self.service) or self.kind not in PROOFS:
            raise malformed("manifest.json:logs", "名称或类别有误 / no such service or class")
class Entry:  # one body: the envelope without `data`, and `data`; raises one of ERRORS
    __slots__ = "data", "data_text", "disclosed", "head", "leaf", "log", "place", "seq"
    def __init__(self, body, logs, head=None):
        text = body.decode()
        head, self.data_text = head or parse(text, ENTRY_DEPTH), text[text.index(',"data":') + 8:-1]
        (last, self.data), self.head, self.disclosed = head.popitem(), head, {}
        seq, self.log, self.leaf = head["ledgerseq"], logs[head["source"]], leaf_hash(body)
        if last + text[0] + text[-1] + self.data_text != "data{}" + self.data_text.strip() or not (
                FLAT.issuperset(map(type, head.values())) and 0 < seq <= SIZE_LIMIT):
            raise ValueError("no envelope of texts and places with `data` as its last member")
        self.seq, self.place = seq, self.log.number * LOG_STEP + seq
class Source:  # the bytes of one member, read forward
    def __init__(self, file, offset, size):
        self.file, self.end, self.left = file, offset + size, size
        file.seek(offset)
    def read(self, count):
        found = self.file.read(count if count < self.left else self.left)
        self.left -= len(found)
        return found
    def last(self, left, count):  # from where so many bytes are left
        if left != self.left:
            self.left = self.end - self.file.seek(self.end - left)
        return self.read(count)
    def lines(self, limit):  # without their end; None: too long, or no end
        good = True
        while good and self.left > 0:
            line = self.file.readline(min(limit + 1, self.left))
            good, self.left = line[-1:] == b"\n", self.left - len(line)
            yield line[:-1] if good else None
class Bundle:  # an opened bundle: members, manifest, logs, and what was found wrong with it
    def __init__(self, path, options):
        self.path, self.options, self.findings, self.altered = path, options, [], set()
        self.vouched, self.fingerprints, self.seal_note, self.logs = None, [], None, []
        self.manifest, self.opened = {}, contextlib.ExitStack()
    def open(self):
        where = "manifest.json"
        with reading("file", "打不开 / cannot be opened"), open(self.path, "rb") as file:
            self.members = read_container(file, os.path.getsize(self.path))
        self.manifest_bytes = self.whole(where)
        found = self.manifest = parse_object(self.manifest_bytes, where)
        self.kind, self.subject = found.get("class"), found.get("subject")
        if found.get("format") != "baoxue-bundle/1" or self.kind not in PROOFS:
            raise malformed(where, "不是这种格式 / not of format baoxue-bundle/1")
        self.county, logs, self.files, self.withheld, self.key_texts, chosen = shape(
            found, where, county=str, logs=list, files=dict, withheld=list, keys=list,
            selection=list)
        kinds = {"CASE": {"subject": str}, "RANGE": {"first": int, "last": int}}
        shape(found, where, **kinds.get(self.kind, {}))
        self.first, self.last = found.get("first"), found.get("last")
        self.logs = [Log(number, one) for number, one in enumerate(logs)]
        self.by_source = {log.source: log for log in self.logs}
        self.chosen = set(map(written, chosen))
        if not 0 < len(self.by_source) == len(self.logs) or self.kind == "RANGE" and not (
                len(self.logs) == 1 and 0 < self.first <= self.last):
            raise malformed(where, "“logs”或区间有误 / 'logs' or the range is wrong")
    def source(self, name):
        if name not in self.members:
            raise malformed(name, "缺少成员 / this member is missing")
        file = self.opened.enter_context(open(self.path, "rb", buffering=CHUNK_BYTES))
        return Source(file, *self.members[name][:2])
    def whole(self, name, limit=JSON_LIMIT_BYTES):
        found = self.source(name).read(limit + 1)
        if len(found) > limit:
            raise malformed(name, "太大 / larger than %d bytes" % limit)
        return found
    def pieces(self, name):
        with open(self.path, "rb") as file:
            source = Source(file, *self.members[name][:2])
            yield from iter(lambda: source.read(CHUNK_BYTES), b"")
    def json_lines(self, name):
        for number, line in enumerate(self.source(name).lines(JSON_LIMIT_BYTES), 1):
            if line is None or number > LINES_LIMIT:
                raise malformed(name, "第 %d 行 / a line too long, or too many" % number)
            yield parse_object(line, "%s:%d" % (name, number))
    def placed(self, name, **kinds):  # {place: lines} of lines that belong to entries
        found = {}
        for line in self.json_lines(name):
            log, seq, *_ = shape(line, name, log=int, seq=int, **kinds)
            if log >= len(self.logs):
                raise malformed(name, "没有这本账 / no such log")
            found.setdefault(log * LOG_STEP + seq, []).append(line)
        return found
    def need(self, good, log, index, field, reason, verdict="TAMPERED", weak=False):
        return good or self.keep(Wrong(verdict, log, index, field, reason, weak)) and good
    def keep(self, wrong):  # what cannot be read in an altered file is an alteration
        if wrong.verdict == "MALFORMED" and wrong.field.split(":")[0] in self.altered:
            wrong.verdict = "TAMPERED"
        if sum(one.verdict == wrong.verdict for one in self.findings) < KEPT_FINDINGS:
            self.findings.append(wrong)
        return self
def check_members(bundle):  # every member that the class asks for, in their order, and no stranger
    named = ["checkpoints/%s.note" % log.name for log in bundle.logs]
    named = sorted([*filter(FILE.fullmatch, bundle.members), *named])
    order = FIRST + PROOFS[bundle.kind] + named + LAST
    wanted = [name for name in order if name in bundle.members or name not in OPTIONAL]
    for name, other in zip([*wanted, None], [*bundle.members, None]):
        if name != other:
            name = other if name in [*bundle.members, None] else name
            raise malformed(name, "缺少、多余或次序有误 / missing, or not to be here")
def check_simulated(bundle):  # nobody takes the events of a simulation for those of a county
    for log in bundle.logs:
        if "simulated" in log.origin.split("/") and not bundle.options.simulated:
            raise malformed("origin", "模拟数据 / simulated: needs --simulated", log.name)
def check_keys(bundle):  # those of the trust file count; else the bundle's own, and say so
    with reading("manifest.json:keys", "公钥有误 / keys"):
        bundle.keys = bundle.options.keys or [Key(text) for text in bundle.key_texts]
    bundle.vouched = "trust" if bundle.options.keys else None
    bundle.fingerprints = sorted({key.fingerprint for key in bundle.keys for log in bundle.logs
                                  if key.counts_for(log.origin)})
def check_files(bundle):  # each member has the digest that the manifest lists, and its CRC
    for name, (_, size, crc) in bundle.members.items():
        digest, found = hashlib.sha256(), 0
        for piece in bundle.pieces(name):
            digest.update(piece)
            found = zlib.crc32(piece, found)
        listed = bundle.files.get(name) == {"sha256": digest.hexdigest(), "bytes": size}
        if name in ("manifest.json", "seal.json"):
            bundle.need(found == crc, "audit", None, name, "与 CRC 不符 / not its CRC", weak=True)
        elif not bundle.need(listed, "audit", None, name, "与清单不符 / not as listed", weak=True):
            bundle.altered.add(name)
        elif found != crc:
            raise malformed("zip:" + name, "与 CRC 不符 / not of its CRC")
    for name in [name for name in bundle.files if name not in bundle.members]:
        raise malformed(name, "清单里有，包里没有 / listed, but missing")
def check_signature(bundle, note, log, field):  # the checkpoint is signed with a key that counts
    bundle.need(note.signer(bundle.keys), log, None, field, "不是所认公钥签的 / by no such key")
def check_seal(bundle):  # the checkpoint of audit's own log, under which the export stands
    raw, where = bundle.whole("seal.json"), "seal.json"
    kind = str if bundle.kind == "CASE" else type(None)  # of `heads`
    bundle.seal = found = parse_object(raw, where)
    _, heads, paths, text = shape(found, where, entry=str, heads=kind, paths=list, checkpoint=str)
    if ",".join(found) != "entry,heads,paths,checkpoint" or written(found).encode() != raw or (
            len(paths) != 2 or not heads and paths[1]):
        raise malformed(where, "多余的内容 / not written as it must be")
    note = bundle.seal_note = Note(text.encode(), where, "audit")
    one, own = bundle.logs[0].origin.split("/"), note.origin.split("/")
    same = [*own[:3], "simulated" in own] == [one[0], bundle.county, "audit", "simulated" in one]
    bundle.need(same, "audit", None, where, "不是本县的审计账 / not audit's log")
    check_signature(bundle, note, "audit", where)
def sealed_entry(bundle, name, number, kind):  # of audit's own log, with its proof
    where = "seal.json:" + name
    with reading(where, "读不出来 / cannot be read", "TAMPERED"):
        entry = Entry(bundle.seal[name].encode(), {"/%s/audit" % bundle.county: bundle.logs[0]})
        path = [unbase64(one) for one in bundle.seal["paths"][number]]
    check_logged(bundle, entry, path, where)
    same = entry.head.get("type") == "audit." + kind
    bundle.need(same, "audit", entry.seq, where, "类型不是 / is no " + kind)
    return entry
def check_logged(bundle, entry, path, where):  # it leads to the signed root
    root = roots_by_path(entry.leaf, entry.seq - 1, bundle.seal_note.size, path)[0]
    good, reason = root == bundle.seal_note.root, "不在所签的账里 / not in the signed log"
    bundle.need(good, "audit", entry.seq, where, reason)
def check_export(bundle):  # `ExportMade` in audit's log seals the manifest, and so every file
    bundle.export = entry = sealed_entry(bundle, "entry", 0, "ExportMade")
    logs = [{"origin": log.origin, "size": log.size, "root": log.root} for log in bundle.logs]
    found = {"manifest": hashlib.sha256(bundle.manifest_bytes).hexdigest(), "kind": bundle.kind,
             "export": bundle.manifest.get("export"), "purpose": bundle.manifest.get("purpose"),
             "logs": logs, "entries": sum(log.count for log in bundle.logs)}
    for name, value in found.items():
        field = "manifest.json" if name == "manifest" else "manifest.json:" + name
        same = entry.data.get(name) == value
        bundle.need(same, "audit", entry.seq, field, "不是封存的 / not as sealed", weak=True)
def check_checkpoints(bundle):  # each log's is signed, and is the one of the manifest
    for log in bundle.logs:
        name = "checkpoints/%s.note" % log.name
        note = log.note = Note(bundle.whole(name, NOTE_LIMIT_BYTES), name, log.name)
        check_signature(bundle, note, log.name, name)
        reason, same = "与检查点不同 / not the checkpoint's", text_of(note.root) == log.root
        bundle.need(note.origin == log.origin, log.name, None, "origin", reason)
        bundle.need(note.size == log.size, log.name, None, "size", reason)
        bundle.need(same, log.name, None, "root", reason)
class Walk:  # the one walk over all entries, beside their proofs, disclosures and rows
    def __init__(self, bundle):
        self.bundle, self.at, self.last, self.proofs, self.leaves = bundle, 0, 0, {}, None
        self.closed, self.completed, self.erasures = [], {}, {}
        self.files = set(filter(FILE.fullmatch, bundle.members))
        self.disclosures = bundle.placed("disclosures.jsonl", path=str, salt=str, text=str)
        kinds = {"subject": str, "class": str, "log": int, "seq": int}
        for line in bundle.json_lines("erasures.jsonl"):
            subject, cls, log, seq = shape(line, "erasures.jsonl", **kinds)
            self.erasures[subject, cls] = log * LOG_STEP + seq
        needless = [entry_inclusion, entry_subject] if bundle.kind == "RANGE" else [entry_leaf]
        self.checks = [check for check in ENTRY_CHECKS if check not in needless]
        if bundle.kind == "RANGE":
            self.places = self.promised = range(bundle.first, bundle.last + 1)
            self.leaves = bundle.source("proofs/leaves.bin")
            if bundle.members["proofs/leaves.bin"][1] != 32 * (bundle.last + 1 - bundle.first):
                raise malformed("proofs/leaves.bin", "长短有误 / not 32 bytes an entry")
        else:
            self.proofs = self.promised = bundle.placed("proofs/inclusion.jsonl")
            self.places = sorted(self.proofs)
        self.rows, header = bundle.source("events.csv"), ("\ufeff%s\r\n" % row_of(HEADER)).encode()
        if self.rows.read(len(header)) != header:
            self.rows = bundle.need(None, "audit", None, "events.csv", "表头有误 / another header")
    def need(self, good, entry, field, reason, verdict="TAMPERED"):
        return self.bundle.need(good, entry.log.name, entry.seq, field, reason, verdict)
    def step(self, entry, after):  # one entry (or why it is none), and the one after it
        expected = self.places[self.at] if self.at < len(self.places) else None
        place, is_extra = getattr(entry, "place", None), getattr(after, "place", None) == expected
        if place is None or (expected and place not in self.promised and not is_extra):
            return self.change(entry, expected)
        entry.log.seen += 1
        if place in self.promised:
            at = self.at if place == expected else bisect.bisect_left(self.places, place)
            self.miss(self.places[self.at:at] if at > self.at else ())
            self.at = max(self.at, at + 1)
        for check in self.checks:
            check(self, entry)
        self.last = max(self.last, place)
    def change(self, why, place):  # an entry that cannot be the one that stands here
        log, index = self.bundle.logs[(place or self.last) // LOG_STEP], place and place % LOG_STEP
        if type(why) is str and "entries.jsonl" not in self.bundle.altered:
            raise malformed("entries.jsonl", "条目有误 / entry: " + why, log.name, index)
        self.bundle.need(False, log.name, index, "body", "条目被改动 / the entry was changed")
        log.seen, self.at, self.rows = log.seen + 1, self.at + 1, None
    def miss(self, places):  # promised and not here; no row after them stands where it should
        for place in places[:KEPT_FINDINGS]:
            self.rows = check_missing(self.bundle, place)
    def close(self):  # what is left after the last entry belongs to none
        self.miss(self.places[self.at:])
        check_rest(self)
        for place in sorted(place for place in self.disclosures if place not in self.promised):
            name, reason = self.bundle.logs[place // LOG_STEP].name, "没有这一条 / of no entry here"
            self.bundle.need(0, name, place % LOG_STEP, "disclosures.jsonl", reason, weak=True)
def check_rest(walk):  # after the last entry there is no row, and no file that none of them named
    rest, reason = walk.rows and walk.rows.read(1), "没有这一条 / of no entry here"
    for name in ["events.csv"] * bool(rest) + sorted(walk.files):
        walk.bundle.need(False, "audit", None, name, reason, weak=name in walk.files)
def check_missing(bundle, place):  # where the bundle promises an entry there is one
    name, reason = bundle.logs[place // LOG_STEP].name, "缺少这一条 / this entry is missing"
    return bundle.need(None, name, place % LOG_STEP, "ledgerseq", reason, "INCOMPLETE")
def entry_order(walk, entry):
    entry.place > walk.last or walk.need(False, entry, "ledgerseq", "次序有误 / out of order")
def entry_place(walk, entry):  # the entry stands where the bundle says that it has entries
    logged, promised = entry.seq <= entry.log.size, entry.place in walk.promised
    reason = "没有证明 / without any proof" if logged else "在检查点之后 / beyond the checkpoint"
    logged and promised or walk.need(False, entry, "ledgerseq", reason, "NEVER LOGGED")
def entry_leaf(walk, entry):  # RANGE: its leaf is the listed one; so a wrong entry has a name
    if entry.place in walk.promised:
        leaf = walk.leaves.last(32 * (walk.bundle.last + 1 - entry.seq), 32)
        leaf == entry.leaf or walk.need(False, entry, "body", "被改动 / not as listed")
def entry_inclusion(walk, entry):  # CASE, SELECTION: its leaf leads to the root of the checkpoint
    for line in walk.proofs.get(entry.place, []):
        path = take_hashes(line, "path", "proofs/inclusion.jsonl")
        root = text_of(roots_by_path(entry.leaf, entry.seq - 1, entry.log.size, path)[0])
        walk.need(root == entry.log.root, entry, "body", "不在所签的账里 / not in the signed log")
def entry_subject(walk, entry):  # CASE: it is of the subject, or is listed as merely naming it
    log, head = entry.log, entry.head
    if log.kind == "CASE" and written([log.number, entry.seq]) not in walk.bundle.chosen:
        same = head.get("subject") == walk.bundle.subject
        if walk.need(same, entry, "subject", "不是这名学生的 / not of the subject"):
            log.streams.setdefault(head.get("stream"), []).append(
                (head.get("streamversion"), entry.seq))
def committed(value, pointer=""):  # (JSON pointer, value) of all that is sealed, and of files
    if is_file(value) or type(value) is dict and value.get("sealed") == 1 and "commit" in value:
        return [(pointer, value)]
    pairs = value.items() if type(value) is dict else (
        enumerate(value) if type(value) is list else ())
    steps = [("/" + str(name).replace("~", "~0").replace("/", "~1"), one) for name, one in pairs]
    return [found for step, one in steps for found in committed(one, pointer + step)]
def is_file(value):  # its content is a member; events of before there were any have no `commit`
    return type(value) is dict and "sha256" in value and type(value.get("commit")) is str
def entry_disclosures(walk, entry):  # all that is sealed is disclosed, or has a reason
    values = dict(committed(entry.data)) if '"commit":' in entry.data_text else {}
    for line in walk.disclosures.get(entry.place, []):
        check_commitment(walk, entry, line, values.get(line["path"]))
        entry.disclosed[line["path"]] = line["text"]
    for path, one in values.items():
        cls, owner = one.get("class", "narrative"), one.get("subject", entry.head.get("subject"))
        own = not walk.bundle.subject or owner == walk.bundle.subject
        if path not in entry.disclosed and cls not in walk.bundle.withheld and own:
            walk.closed.append((entry.log.name, entry.seq, path, (owner, cls)))
def check_commitment(walk, entry, line, value):  # the text, with its salt, is what was committed to
    good = False
    with contextlib.suppress(*ERRORS):
        text, digest = line["text"], hashlib.sha256(unbase64(line["salt"]))
        if is_file(value):
            walk.files.remove(text)  # each is named once
        for piece in walk.bundle.pieces(text) if is_file(value) else [text.encode()]:
            digest.update(piece)
        good = text_of(digest.digest()) == value["commit"]
    good = good and line["path"] not in entry.disclosed
    walk.need(good, entry, line["path"], "披露的不是原文 / not the committed text")
def check_explained(bundle):  # what is closed was erased, as an entry here says
    walk, reason = bundle.walk, "既未披露也未说明 / neither disclosed nor explained"
    for name, seq, path, pair in walk.closed:
        good = pair in walk.completed.get(walk.erasures.get(pair), ())
        bundle.need(good, name, seq, path, reason, "UNEXPLAINED ERASURE")
def entry_erasure(walk, entry):  # what an `ErasureCompleted` says: whose, and which classes
    if str(entry.head.get("type")).endswith(".ErasureCompleted"):
        whose, classes = entry.head.get("subject"), entry.data.get("classes", [])
        walk.completed[entry.place] = [(whose, one) for one in classes]
CELL, RISKY = re.compile(rb'"[^"]*(?:""[^"]*)*"'), re.compile("\0[=+@\t\r-]")
def cell(text):
    risky = "'" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else ""
    return '"%s%s"' % (risky, text.replace('"', '""'))
def row_of(cells):  # of texts and integers; in one go, where nothing has to be escaped
    plain = "\0%s" * len(cells) % cells
    if '"' in plain or plain.count("\0") > len(cells) or RISKY.search(plain):
        return ",".join(map(cell, map(str, cells)))
    return '"%s"' % plain[1:].replace("\0", '","')
def entry_row(walk, entry):  # as the rule gives it; the first other cell is named, no row after it
    if walk.rows:
        row = row_of((entry.log.name, entry.seq, *map(entry.head.get, COLUMNS, BLANK)))
        told = cell(written(entry.disclosed)) if entry.disclosed else '""'
        row = ("%s,%s,%s\r\n" % (row, cell(entry.data_text), told)).encode()
        found = walk.rows.read(len(row))
        if found != row:
            cells, others = CELL.findall(row), CELL.findall(found + walk.rows.read(CHUNK_BYTES))
            wrong = [name for name, one, other in zip(HEADER, cells, others) if one != other]
            field = ":".join(["events.csv", *wrong[:1]])
            walk.rows = walk.need(None, entry, field, "与规则不符 / not by the rule")
ENTRY_CHECKS = [entry_order, entry_place, entry_leaf, entry_inclusion, entry_subject,
                entry_disclosures, entry_erasure, entry_row]
def read_entries(bundle):  # each entry, or why it is none, in the order of the file
    lines = bundle.source("entries.jsonl").lines(BODY_LIMIT_BYTES)
    for some in iter(lambda: list(itertools.islice(lines, AT_ONCE)), []):
        for line, head in zip(some, parse_many(some, ENTRY_DEPTH)):
            try:
                yield Entry(line, bundle.by_source, head)
            except ERRORS as error:
                yield "%s: %s" % (type(error).__name__, error)
def check_entries(bundle):  # the walk over all entries
    bundle.walk, entries = Walk(bundle), read_entries(bundle)
    current = next(entries, None)
    while current:
        before, current = current, next(entries, None)
        bundle.walk.step(before, current)
    bundle.walk.close()
def check_counts(bundle):  # as many entries as the manifest says
    for log in bundle.logs:
        same, verdict = log.seen == log.count, "INCOMPLETE" if log.seen < log.count else "TAMPERED"
        bundle.need(same, log.name, None, "entries", "条数 / count: %d" % log.seen, verdict)
def check_range(bundle):  # RANGE: the listed leaves lead together to the root of the checkpoint
    if bundle.kind == "RANGE":
        lines, log = list(bundle.json_lines("proofs/range.jsonl")), bundle.logs[0]
        line, wanted = (lines or [{}])[0], {"log": 0, "first": bundle.first, "last": bundle.last}
        beside = [take_hashes(line, name, "proofs/range.jsonl") for name in ("left", "right")]
        source = bundle.source("proofs/leaves.bin")
        leaves = iter(lambda: source.read(32), b"")
        root = text_of(root_by_range(bundle.first - 1, leaves, *beside, log.size))
        same = {**line, **wanted} == line and len(lines) == 1 and root == log.root
        bundle.need(same, log.name, None, "root", "不在所签的账里 / not in the signed log")
def head_leaf(line):  # of a subject's last version, sequence and count in a stream
    subject, stream = shape(line, "proofs/heads.jsonl", subject=str, stream=str)
    numbers = shape(line, "proofs/heads.jsonl", version=int, seq=int, count=int)
    named, numbers = stream.encode(), b"".join(one.to_bytes(8, "big") for one in numbers)
    return leaf_hash(bytes.fromhex(subject) + len(named).to_bytes(2, "big") + named + numbers)
def check_heads(bundle):  # CASE: all streams of the subject in each log, with all their events
    if bundle.kind != "CASE":
        return
    entry, where = sealed_entry(bundle, "heads", 1, "HeadsCommitted"), "proofs/heads.jsonl"
    proofs = {line.get("log"): line for line in bundle.json_lines(where)}
    logs = {log.origin: log for log in bundle.logs}
    for found in entry.data["logs"]:
        log = logs.pop(found["origin"], None)
        if log is None and found["size"] == 0:
            continue  # nothing was ever logged there
        here, reason = log and log.number in proofs, "缺少这本账 / log missing"
        if bundle.need(here, here or found["service"], None, "heads", reason, "INCOMPLETE"):
            same, proof = (found["size"], found["root"]) == (log.size, log.root), proofs[log.number]
            bundle.need(same, log.name, None, "heads", "不是那时的账 / not of the heads")
            shape(proof, where, first=int, lines=list)
            for check in (check_head_lines, check_neighbours, check_streams):
                with reading(where, "读不出来 / cannot be read"):
                    check(bundle, log, found, proof)
    for log in logs.values():
        bundle.need(log.kind != "CASE", log.name, None, "heads", "没有 / no heads", "INCOMPLETE")
def check_head_lines(bundle, log, committed, proof):  # they lead to the sealed root
    leaves = [head_leaf(line) for line in proof["lines"]]
    places = [(line["subject"].lower(), line["stream"].encode()) for line in proof["lines"]]
    sides = [take_hashes(proof, name, "proofs/heads.jsonl") for name in ("left", "right")]
    root = text_of(root_by_range(proof["first"], leaves, *sides, committed["streams"]))
    good = root == committed["heads_root"] and places == sorted(set(places))
    bundle.need(good, log.name, None, "heads", "流水摘要有误 / not as sealed")
def check_neighbours(bundle, log, committed, proof):  # so these lines are all
    wanted, first = hashlib.sha256(bundle.subject.encode()).hexdigest(), proof["first"]
    subjects, reason = [line["subject"] for line in proof["lines"]], "缺少相邻的摘要 / a neighbour"
    at_start = first == 0 or subjects and subjects[0] < wanted
    at_end = first + len(subjects) == committed["streams"] or subjects and subjects[-1] > wanted
    bundle.need(at_start and at_end, log.name, None, "heads", reason, "INCOMPLETE")
def check_streams(bundle, log, committed, proof):  # each has its versions, all
    found, wanted = dict(log.streams), hashlib.sha256(bundle.subject.encode()).hexdigest()
    for line in [line for line in proof["lines"] if line["subject"] == wanted]:
        events, last, count = found.pop(line["stream"], []), line["version"], line["count"]
        versions, reason = [version for version, _ in events], "流水有误 / stream " + line["stream"]
        gaps = [seq for number, (version, seq) in enumerate(events, 1) if version != number]
        lost = gaps[0] if gaps and last == count else line["seq"]
        if versions != sorted({one for one in versions if type(one) is int}) or len(events) > count:
            bundle.need(False, log.name, events[-1][1], "streamversion", reason)
        elif len(events) < count or events[-1] != (last, line["seq"]):
            bundle.need(False, log.name, lost, "streamversion", reason, "INCOMPLETE")
    for events in found.values():
        bundle.need(False, log.name, events[0][1], "heads", "摘要里没有 / in no head line")
def read_proofs(bundle):  # {(origin, old size, new size): hashes} of consistency.txt
    found, text = {}, bundle.whole("consistency.txt").decode("utf-8", "replace")
    with reading("consistency.txt", "一致性证明有误 / a consistency proof is wrong"):
        for block in filter(None, text.split("\n\n")):
            origin, *sizes = block.strip("\n").split("\n")
            old, new = (int(re.fullmatch(SIZE, size)[0]) for size in sizes[:2])
            found[origin, old, new] = [unbase64(one) for one in sizes[2:]]
    return found
def fetch(bundle, origin, path):  # bytes from the running system; raises one of ERRORS
    address = bundle.options.address or str(bundle.manifest.get("address"))
    url = "%s/log/%s/%s" % (address.rstrip("/"), origin, path)
    if not re.match("https?://", url):
        raise ValueError("%r is no address" % address)
    with urllib.request.urlopen(url, timeout=FETCH_SECONDS) as answer:
        return answer.read(NOTE_LIMIT_BYTES)
def all_notes(bundle):
    return [(log.name, log.note) for log in bundle.logs] + [("audit", bundle.seal_note)]
def check_pins(bundle):  # checkpoints that were kept: the same history, only longer
    publics, proofs = set(), read_proofs(bundle) if bundle.options.pins else {}
    for path in bundle.options.pins:
        with reading("pin:" + path, "不是这里的账的 / of no log here"), open(path, "rb") as file:
            pin = Note(file.read(NOTE_LIMIT_BYTES), "pin:" + path, "audit", "MALFORMED")
            name, note = {one.origin: (name, one) for name, one in all_notes(bundle)}[pin.origin]
        publics.add(getattr(pin.signer(bundle.keys), "public", None))
        check_pin(bundle, name, pin, note, proofs.get((pin.origin, pin.size, note.size)))
    if bundle.options.pins and not bundle.options.keys:
        check_vouched(bundle, publics)
def check_pin(bundle, name, old, new, proof):  # the older checkpoint is the beginning of the newer
    if proof is None and bundle.options.online and 0 < old.size < new.size:
        with contextlib.suppress(*ERRORS):
            raw = fetch(bundle, old.origin, "proof/consistency/%d/%d" % (old.size, new.size))
            proof = [unbase64(line) for line in raw.decode("ascii").split()]
    grown, needless = new.size >= old.size, old.size in (0, new.size)
    if bundle.need(grown, name, new.size, "size", "变短了 / it is shorter", "ROLLBACK") and (
            bundle.need(proof or needless, name, old.size, "pin", "没有证明 / no proof from there",
                        "NOT WITNESSED")):
        same = is_beginning(old.size, new.size, old.root, new.root, proof or [])
        bundle.need(same, name, old.size, "root", "是另一段历史 / another history", "FORK")
def check_vouched(bundle, publics):  # without a trust file a pin vouches for its own key only
    bundle.vouched = "pin"
    for name, note in all_notes(bundle):
        signer, reason = note.signer(bundle.keys), "不是固定点的公钥 / not the pin's key"
        if None in publics or (signer and signer.public not in publics):
            bundle.vouched = bundle.need(None, name, None, "key", reason)
def check_witnesses(bundle):  # what the trust file asks for: k cosignatures, and no greater age
    options, verdict = bundle.options, "NOT WITNESSED"
    for name, note in all_notes(bundle) if options.k else []:
        good = options.k <= len({key.public for key in options.witnesses if note.is_witnessed(key)})
        bundle.need(good, name, None, "witnesses", "见证不足 / too few", verdict)
    if options.days is not None:
        made = time.strptime(str(bundle.export.head.get("time"))[:19], "%Y-%m-%dT%H:%M:%S")
        fresh = time.time() - calendar.timegm(made) <= options.days * 86400
        bundle.need(fresh, "audit", None, "greatest_age_days", "太旧 / too old", verdict)
def check_online(bundle):  # with --online: the running system still has the same history
    for name, note in all_notes(bundle) if bundle.options.online else []:
        with reading("online", "联网核对失败 / online", "NOT WITNESSED", name):
            now = Note(fetch(bundle, note.origin, "checkpoint"), "online", name)
        trusted = now.origin == note.origin and now.signer(bundle.keys)
        if bundle.need(trusted, name, None, "online", "线上的签名不可信 / not trusted there"):
            check_pin(bundle, name, note, now, None)
CHECKS = [check_members, check_simulated, check_keys, check_files, check_seal, check_export,
          check_checkpoints, check_entries, check_counts, check_range, check_explained, check_heads,
          check_pins, check_witnesses, check_online]
class Options:  # what the inspector gives: pins, switches, and the trust file
    def __init__(self, pins=(), trust=None, online=False, simulated=False):
        self.pins, self.online, self.simulated, trust = pins, online, simulated, trust or {}
        with reading("trust", "信任文件有误 / trust file"):
            self.keys, self.witnesses = ([Key(text) for text in trust.get(name) or []]
                                         for name in ("keys", "witnesses"))
        self.k, self.days, self.address = map(trust.get, ("k", "greatest_age_days", "address"))
def read_trust(path):  # the named one, else of this folder, else of the home folder
    usual = ["baoxue-trust.json", os.path.expanduser("~/.baoxue-trust.json")]
    for name in [path] if path else filter(os.path.exists, usual):
        with reading("trust:" + name, "打不开 / cannot be opened"), open(name, "rb") as file:
            return parse_object(file.read(JSON_LIMIT_BYTES).strip(), "trust:" + name)
def worst_of(findings):  # the worst verdict first; of two the one that says more
    return min(findings, default=Wrong("VERIFIED", None, None, None, None), key=lambda one: (
        list(VERDICTS).index(one.verdict), one.weak, one.index is None))
class Report:  # verdicts: one a service, and the worst
    def __init__(self, bundle):
        self.bundle, self.findings = bundle, bundle.findings
        strong = [one for one in self.findings if not one.weak]
        self.worst = worst_of(strong if NAMING & {one.verdict for one in strong} else self.findings)
        self.verdict, self.code = self.worst.verdict, VERDICTS[self.worst.verdict][0]
    def services(self):
        note = self.bundle.seal_note
        found = {"audit": (note and note.origin, 1, note and note.size),
                 **{log.name: (log.origin, log.seen, log.size) for log in self.bundle.logs}}
        for name, (origin, entries, size) in found.items():
            one = worst_of([one for one in self.findings if one.log == name])
            yield {"service": name, "origin": origin, "verdict": one.verdict, "entries": entries,
                   "size": size, "index": one.index, "field": one.field, "reason": one.reason}
    def as_json(self):
        key = {"vouched": self.bundle.vouched, "fingerprints": self.bundle.fingerprints}
        return json.dumps({"verdict": self.verdict, "code": self.code, "key": key,
                           "services": list(self.services())}, ensure_ascii=False)
    def lines(self):
        about, worst = self.bundle.manifest.get, self.worst
        yield "%s %s %s" % (about("class"), about("county"), about("subject") or "")
        yield "用途 / purpose: %s · 截至 / as of: %s" % (about("purpose"), about("known_at"))
        for one in self.services():
            yield "%s: %s %s · %s · %s / %s" % (one["service"], one["verdict"], VERDICTS[
                one["verdict"]][1], one["origin"], one["entries"], one["size"])
        for one in self.findings:
            yield "  %s %s seq=%s %s: %s" % (one.verdict, one.log, one.index, one.field, one.reason)
        if getattr(self.bundle.options, "online", False) and not self.bundle.options.address:
            yield "地址来自证据包，无人担保 / the address is the bundle's own"
        if self.bundle.fingerprints and not self.bundle.vouched:
            yield "没有人为公钥担保，请核对指纹 / nobody has vouched for this key: compare it"
        for one in self.bundle.fingerprints:
            yield "公钥指纹 / key fingerprint (SHA-256): " + one
        yield self.verdict if self.code == 0 else "%s %s: %s, seq %s, %s" % (
            self.verdict, VERDICTS[self.verdict][1], worst.log, worst.index, worst.field)
def verify(path, options):  # the report on a bundle; never raises for what is in it
    bundle = Bundle(path, options)
    try:
        for check in [Bundle.open] + CHECKS:
            check(bundle)
    except Wrong as wrong:
        bundle.keep(wrong)
    except Exception as error:  # a reader that stumbles has not verified anything
        bundle.keep(malformed("bundle", "读不下去 / %s: %s" % (type(error).__name__, error)))
    bundle.opened.close()
    return Report(bundle)
def shown(line):  # a line without anything that could move the cursor or the direction of writing
    return "".join(one if one.isprintable() else "\\u%04x" % ord(one) for one in line)
def main(arguments=None):
    parser = argparse.ArgumentParser(description="验证证据包 / verify an audit bundle of Baoxue")
    parser.add_argument("bundle")
    parser.add_argument("--pin", action="append", default=[], help="以前的检查点 / kept checkpoint")
    parser.add_argument("--trust", help="信任文件 / trust file")
    for name, told in (("--online", "联网核对 / ask the running system"), ("--json", "JSON"),
                       ("--simulated", "接受模拟数据 / accept simulated")):
        parser.add_argument(name, action="store_true", help=told)
    given = parser.parse_args(arguments)
    try:
        trust = read_trust(given.trust)
        report = verify(given.bundle, Options(given.pin, trust, given.online, given.simulated))
    except Wrong as wrong:
        report = Report(Bundle(given.bundle, None).keep(wrong))
    getattr(sys.stdout, "reconfigure", dict)(errors="replace")
    print(report.as_json() if given.json else "\n".join(map(shown, report.lines())))
    return report.code
if __name__ == "__main__":
    sys.exit(main())
