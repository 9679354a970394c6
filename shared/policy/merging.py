"""A pack that extends another: what differs is written, the rest is taken over, key by key."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import Any

from shared.policy.yaml_lines import PackInvalid, line_of, read_yaml

# The bytes of the pack that is extended, by its SHA-256 or a shipped name; None when unknown.
Find = Callable[[str], bytes | None]

CHAIN_LIMIT = 8  # nation, province, city, county, school, and some air
SHIPPED = ("seed", "rhythm2024")
# The line of the file that says what it extends, as a name; top-level keys stand at the margin.
EXTENDS = re.compile(rb"^extends:[ \t]*[\"']?([0-9a-z]+)[\"']?[ \t]*(?:#.*)?$", re.MULTILINE)


def shipped_pack(name: str) -> bytes | None:
    """The bytes of a pack that ships with this version, by its name or its hash."""
    if name not in SHIPPED:
        return _shipped_by_hash().get(name)
    return resources.files("shared.policy").joinpath(f"packs/{name}.yaml").read_bytes()


@cache
def _shipped_by_hash() -> dict[str, bytes]:
    """As the files stand, and as they are when they are put in force."""
    files = [content for name in SHIPPED if (content := shipped_pack(name))]
    return {sha256(one).hexdigest(): one for content in files for one in (content, pinned(content))}


def whole_tree(content: bytes, find: Find) -> tuple[object, dict[str, int]]:
    """The tree with all that it extends, and the lines of the nearest file. Raises PackInvalid."""
    tree, lines = read_yaml(content)
    return _extended(tree, lines, find, CHAIN_LIMIT), lines


def _extended(tree: object, lines: Mapping[str, int], find: Find, left: int) -> object:
    if not isinstance(tree, dict) or tree.get("extends") is None:
        return tree
    name, line = tree["extends"], lines.get("$.extends", 1)
    if not isinstance(name, str):
        raise PackInvalid("extends", line, "要写名字或指纹，指纹加引号")
    if not left:
        raise PackInvalid("extends", line, f"继承超过 {CHAIN_LIMIT} 层")
    below = shipped_pack(name) or find(name)
    if below is None:
        raise PackInvalid("extends", line, f"找不到被继承的规则包 {name[:16]}")
    parent, parent_lines = read_yaml(below)
    return merged(_extended(parent, parent_lines, find, left - 1), tree)


def pinned(content: bytes) -> bytes:
    """The file with the hash of what it extends in place of a shipped name.

    Another release ships other words under the same name: what is put in force names its whole
    chain for ever.
    """

    def by_hash(found: re.Match[bytes]) -> bytes:
        name = found[1].decode()
        below = shipped_pack(name) if name in SHIPPED else None
        return found[0] if below is None else f'extends: "{_named(below)}"'.encode()

    return EXTENDS.sub(by_hash, content, count=1)


def chain(content: bytes, find: Find) -> Iterator[tuple[str, bytes | None]]:
    """What a file extends, and that in its turn: (hash or name, bytes or None if not at hand)."""
    for _ in range(CHAIN_LIMIT):
        found = EXTENDS.search(content)
        if found is None:
            return
        name = found[1].decode()
        below = shipped_pack(name) or find(name)
        yield name, below
        if below is None:
            return
        content = pinned(below)


def _named(content: bytes) -> str:
    return sha256(pinned(content)).hexdigest()


def merged(base: object, change: object) -> object:
    """`change` over `base`: mappings key by key, null removes a key, anything else replaces."""
    if not isinstance(base, dict) or not isinstance(change, dict):
        return change
    found: dict[Any, Any] = dict(base)
    for key, value in change.items():
        if value is None and key in found:
            del found[key]
        else:
            found[key] = merged(found.get(key), value)
    return found


def nearest(path: str, lines: Mapping[str, int]) -> int:
    """The line to name for a path that may stand in a file that is extended."""
    return line_of(path, dict(lines))
