"""YAML read with the line of every key, so that an error can name where it stands."""

from typing import cast

import msgspec
import yaml

MESSAGES = {
    "unknown": "不认识的键",
    "missing": "缺少键 {key}",
    "type": "应是 {wanted}，写的是 {got}",
}


class PackInvalid(ValueError):
    """A pack that is refused; `line` (from 1) is where, `path` the key, both in the text."""

    def __init__(self, path: str, line: int, reason: str) -> None:
        super().__init__(f"规则包第 {line} 行 {path}：{reason}。请改正这一行后重新提交。")
        self.path, self.line, self.reason = path, line, reason


def read_yaml(content: bytes) -> tuple[object, dict[str, int]]:
    """The plain tree and the line of each key, `$.a.b[0]`. Raises PackInvalid."""
    try:
        # PyYAML's own annotations leave the type of the node open.
        node = cast(
            yaml.Node | None,
            yaml.compose(  # pyright: ignore[reportUnknownMemberType]
                content, Loader=yaml.CSafeLoader
            ),
        )
        if node is None:
            raise PackInvalid("文件", 1, "文件是空的")
        lines: dict[str, int] = {"$": 1}
        _note_lines(node, "$", lines)
        return yaml.load(content, Loader=yaml.CSafeLoader), lines
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


def line_of(path: str, lines: dict[str, int]) -> int:
    """The line of a path such as `$.values.a`, or of the nearest key above that stands there."""
    while path not in lines:
        path = path.rpartition(".")[0] if "." in path else "$"
    return lines[path]


def located(error: msgspec.ValidationError, lines: dict[str, int], root: str = "$") -> PackInvalid:
    """Turn msgspec's "reason - at `$.a.b`" into our error with a line; `$` stands for `root`."""
    reason, _, where = str(error).partition(" - at ")
    path = root + (where.strip("`") or "$").removeprefix("$")
    match reason.split("`"):
        case ["Object contains unknown field ", key, _]:
            path, reason = f"{path}.{key}", "不认识的键"
        case ["Object missing required field ", key, _]:
            reason = f"缺少键 {key}"
        case ["Expected ", wanted, ", got ", got, _]:
            reason = f"应是 {wanted}，写的是 {got}"
        case _:
            reason = f"值不合要求（{reason}）"
    # A mapping's key is written `[...]` by msgspec; its line is that of the nearest known key.
    return PackInvalid(path.removeprefix("$.") or "文件", line_of(path, lines), reason)
