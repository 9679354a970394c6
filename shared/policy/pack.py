"""A policy pack: a YAML file of rules, read strictly, named by the hash of its bytes."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import cast

import msgspec
import yaml

from shared.policy.schema import Code, Codes, PackFile, Strict, Values

MAX_PACK_BYTES = 256 * 1024
VERSION_HEX_DIGITS = 16


class PackInvalid(ValueError):
    """A pack that is refused; `line` (from 1) is where, `path` the key, both in the text."""

    def __init__(self, path: str, line: int, reason: str) -> None:
        super().__init__(f"规则包第 {line} 行 {path}：{reason}。请改正这一行后重新提交。")
        self.path, self.line, self.reason = path, line, reason


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack that was read and found good; `values.absence.streak.more_than_days` and so on."""

    sha256: str
    file: PackFile

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
        return tuple(self.file.sources[source] for source in self.file.basis[path])

    def code(self, list_name: str, code: str) -> Code | None:
        """The entry of a code list, or None if the list has no such code."""
        entries: tuple[Code, ...] = getattr(self.codes, list_name)
        return next((entry for entry in entries if entry.code == code), None)


def pack_version(content: bytes) -> str:
    return sha256(content).hexdigest()[:VERSION_HEX_DIGITS]


def load_pack(content: bytes) -> Pack:
    """Read a pack; PackInvalid names the line of the first thing that is wrong."""
    if len(content) > MAX_PACK_BYTES:
        raise PackInvalid("文件", 1, f"文件超过 {MAX_PACK_BYTES // 1024} KiB")
    tree, lines = _read_yaml(content)
    try:
        file = msgspec.convert(tree, PackFile)
    except msgspec.ValidationError as error:
        raise _located(str(error), lines) from error
    _check_basis(file, lines)
    _check_codes(file, lines)
    return Pack(sha256(content).hexdigest(), file)


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


def _read_yaml(content: bytes) -> tuple[object, dict[str, int]]:
    try:
        # PyYAML's own annotations leave the type of the node open.
        node = cast(
            yaml.Node | None,
            yaml.compose(content, Loader=yaml.SafeLoader),  # pyright: ignore[reportUnknownMemberType]
        )
        if node is None:
            raise PackInvalid("文件", 1, "文件是空的")
        lines: dict[str, int] = {"$": 1}
        _note_lines(node, "$", lines)
        return yaml.safe_load(content), lines
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise PackInvalid("文件", line, f"不是合规的 YAML（{error.problem}）") from error
    except yaml.YAMLError as error:
        raise PackInvalid("文件", 1, "不是合规的 YAML") from error
    except (ValueError, RecursionError) as error:
        if isinstance(error, PackInvalid):
            raise
        raise PackInvalid("文件", 1, "有不能解读的值") from error


def _note_lines(node: yaml.Node, path: str, lines: dict[str, int]) -> None:
    """Remember the line of every key, in the notation of msgspec's errors."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = f"{path}.{key.value}"
            # YAML lets a repeated key win silently; here it would hide a rule.
            if below in lines:
                raise PackInvalid(below[2:], key.start_mark.line + 1, "这个键写了两次")
            lines[below] = key.start_mark.line + 1
            _note_lines(value, below, lines)
    elif isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            lines[f"{path}[{position}]"] = value.start_mark.line + 1
            _note_lines(value, f"{path}[{position}]", lines)


def _located(message: str, lines: dict[str, int]) -> PackInvalid:
    """Turn msgspec's "reason - at `$.a.b`" into our error with a line."""
    reason, _, where = message.partition(" - at ")
    path = where.strip("`") or "$"
    match reason.split("`"):
        case ["Object contains unknown field ", key, _]:
            path, reason = f"{path}.{key}", "不认识的键"
        case ["Object missing required field ", key, _]:
            reason = f"缺少键 {key}"
        case ["Expected ", wanted, ", got ", got, _]:
            reason = f"应是 {wanted}，写的是 {got}"
        case _:
            reason = f"值不合要求（{reason}）"
    nearest = path
    while nearest not in lines:
        nearest = nearest.rpartition(".")[0] if "." in nearest else "$"
    return PackInvalid(path.removeprefix("$.") or "文件", lines[nearest], reason)


def _check_basis(file: PackFile, lines: dict[str, int]) -> None:
    paths = set(parameter_paths(file.values))
    for path in sorted(paths - file.basis.keys()):
        raise PackInvalid(f"values.{path}", lines[f"$.values.{path}"], "没有写依据（basis）")
    for path, cited in file.basis.items():
        line = lines[f"$.basis.{path}"]
        if path not in paths:
            raise PackInvalid(f"basis.{path}", line, "没有这个参数")
        if not cited or any(source not in file.sources for source in cited):
            raise PackInvalid(f"basis.{path}", line, "依据不在 sources 里")


def _check_codes(file: PackFile, lines: dict[str, int]) -> None:
    """Codes are unique in their list, and what an entry points to exists."""
    actions = {entry.code for entry in file.codes.next_actions}
    evidence = {entry.code for entry in file.codes.evidence_kinds}
    for name in file.codes.__struct_fields__:
        seen: set[str] = set()
        for position, entry in enumerate(getattr(file.codes, name)):
            path = f"codes.{name}[{position}]"
            reason = _fault_of(entry, name, seen, actions, evidence)
            if reason:
                raise PackInvalid(path, lines[f"$.{path}"], reason)
            seen.add(entry.code)
    groups = {entry.code for entry in file.codes.groups}
    for group in file.values.risk.group_weights.keys() - groups:
        path = f"values.risk.group_weights.{group}"
        raise PackInvalid(path, lines[f"$.{path}"], "不是 codes.groups 里的代码")


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
