"""A policy pack: a YAML file of rules, read strictly, named by the hash of its bytes."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from importlib import resources

import msgspec

from shared.policy.base_schema import Strict
from shared.policy.crossing import check_mechanisms
from shared.policy.duty_schema import Body, DutyKind, Scheme, System
from shared.policy.merging import Find, nearest, whole_tree
from shared.policy.schema import Code, Codes, PackFile, Values
from shared.policy.yaml_lines import PackInvalid, located

__all__ = ["Pack", "PackInvalid", "load_pack", "pack_version", "parameter_paths", "seed_pack"]

MAX_PACK_BYTES = 256 * 1024
VERSION_HEX_DIGITS = 16
PARTS: dict[str, type[Strict]] = {
    "duties": DutyKind,
    "schemes": Scheme,
    "bodies": Body,
    "systems": System,
}
NO_BASIS = "没有写依据（basis）"


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack that was read and found good; `values.absence.streak.more_than_days` and so on."""

    sha256: str
    file: PackFile
    _about: dict[str, dict[str, DutyKind]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    @property
    def version(self) -> str:
        """What an event's `policyversion` holds."""
        return self.sha256[:VERSION_HEX_DIGITS]

    @property
    def values(self) -> Values:
        return self.file.values

    @property
    def codes(self) -> Codes:
        return self.file.codes

    def duties_about(self, event: str) -> Mapping[str, DutyKind]:
        """By code the kinds of duty that an event of the type may begin, count for or end.

        A fact concerns few of them; what is found is remembered.
        """
        if event not in self._about:
            kinds = self.file.duties.items()
            self._about[event] = {code: kind for code, kind in kinds if event in kind.events}
        return self._about[event]

    def value(self, path: str) -> object:
        """The value at a key path such as `absence.streak.more_than_days`; KeyError if none."""
        found: object = self.values
        for key in path.split("."):
            if not isinstance(found, Strict) or key not in found.__struct_fields__:
                raise KeyError(path)
            found = getattr(found, key)
        return found

    def basis(self, path: str) -> tuple[str, ...]:
        """The legal basis of the value at `path`, as the texts that the pack cites."""
        return self.cited(self.file.basis.get(path, ()))

    def cited(self, sources: Iterable[str]) -> tuple[str, ...]:
        """The texts of sources by their ids."""
        found = (self.file.sources[source] for source in sources)
        return tuple(one if isinstance(one, str) else one.title for one in found)

    def citation(self, basis: str) -> str:
        """An entry of the legal-basis register in words; any other text as it is."""
        entry = self.file.sources.get(basis)
        if entry is None or isinstance(entry, str):
            return entry or basis
        parts = (entry.issuer, entry.number, f"《{entry.title}》", entry.article, entry.date)
        return " ".join(part for part in parts if part)

    def code(self, list_name: str, code: str) -> Code | None:
        """The entry of a code list, or None if the list has no such code."""
        entries: tuple[Code, ...] = getattr(self.codes, list_name)
        return next((entry for entry in entries if entry.code == code), None)


def pack_version(content: bytes) -> str:
    return sha256(content).hexdigest()[:VERSION_HEX_DIGITS]


def load_pack(content: bytes, find: Find = lambda _: None) -> Pack:
    """Read a pack; PackInvalid names the line of the first thing that is wrong.

    `find` answers the bytes of a pack that this one extends, by its SHA-256.
    """
    if len(content) > MAX_PACK_BYTES:
        raise PackInvalid("文件", 1, f"文件超过 {MAX_PACK_BYTES // 1024} KiB")
    tree, lines = whole_tree(content, find)
    for part, kind in PARTS.items():
        _check_part(tree, part, kind, lines)
    try:
        file = msgspec.convert(tree, PackFile)
    except msgspec.ValidationError as error:
        raise located(error, lines) from error
    _check_basis(file, lines)
    _check_codes(file, lines)
    check_mechanisms(file, lines)
    return Pack(sha256(content).hexdigest(), file)


def _check_part(tree: object, part: str, kind: type[Strict], lines: dict[str, int]) -> None:
    """Each entry of a mapping by itself: msgspec names no key of a mapping in its errors."""
    entries = tree.get(part) if isinstance(tree, dict) else None
    if not isinstance(entries, dict):
        return
    for name, entry in entries.items():
        try:
            msgspec.convert(entry, kind)
        except msgspec.ValidationError as error:
            raise located(error, lines, f"$.{part}.{name}") from error


@cache
def seed_pack() -> Pack:
    """The pack that ships: what the eight source plans say."""
    return load_pack(seed_pack_bytes())


def seed_pack_bytes() -> bytes:
    return resources.files("shared.policy").joinpath("packs/seed.yaml").read_bytes()


def parameter_paths(part: Strict, prefix: str = "") -> Iterator[str]:
    """Key paths of all single values below `part`, in the order of the schema."""
    for name in part.__struct_fields__:
        value, path = getattr(part, name), f"{prefix}{name}"
        if isinstance(value, Strict):
            yield from parameter_paths(value, f"{path}.")
        else:
            yield path


def _check_basis(file: PackFile, lines: Mapping[str, int]) -> None:
    paths = set(parameter_paths(file.values))
    if file.format > 1:
        for path in sorted(paths - file.basis.keys()):
            raise PackInvalid(f"values.{path}", nearest(f"$.values.{path}", lines), NO_BASIS)
    for path, cited in file.basis.items():
        line = nearest(f"$.basis.{path}", lines)
        if path not in paths:
            raise PackInvalid(f"basis.{path}", line, "没有这个参数")
        if not cited or any(source not in file.sources for source in cited):
            raise PackInvalid(f"basis.{path}", line, "依据不在 sources 里")


def _check_codes(file: PackFile, lines: Mapping[str, int]) -> None:
    """Codes are unique in their list, and what an entry points to exists."""
    actions = {entry.code for entry in file.codes.next_actions}
    evidence = {entry.code for entry in file.codes.evidence_kinds}
    for name in file.codes.__struct_fields__:
        seen: set[str] = set()
        for position, entry in enumerate(getattr(file.codes, name)):
            path = f"codes.{name}[{position}]"
            reason = _fault_of(entry, name, seen, actions, evidence)
            if reason:
                raise PackInvalid(path, nearest(f"$.{path}", lines), reason)
            seen.add(entry.code)
    groups = {entry.code for entry in file.codes.groups}
    for group in sorted(file.values.risk.group_weights.keys() - groups):
        path = f"values.risk.group_weights.{group}"
        raise PackInvalid(path, nearest(f"$.{path}", lines), "不是 codes.groups 里的代码")


def _fault_of(
    entry: Code, list_name: str, seen: set[str], actions: set[str], evidence: set[str]
) -> str:
    if entry.code in seen:
        return f"代码 {entry.code} 重复"
    if entry.next is not None and entry.next not in actions:
        return f"下一步 {entry.next} 不是 codes.next_actions 里的代码"
    if not evidence.issuperset(entry.evidence):
        return "证据种类不是 codes.evidence_kinds 里的代码"
    if list_name == "absence_reasons" and entry.mark is None:
        return "缺勤原因要写明记号（mark）"
    return ""
