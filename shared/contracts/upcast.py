"""Stored shapes raised to the newest one: pure functions from version N of `data` to N + 1."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

Data = dict[str, Any]
Upcaster = Callable[[Data], Data]

# (type, version that it raises) -> function. The newest version of a type is one more than the
# highest version named here, 1 where none is named. Entries are added, never changed or removed.
UPCASTERS: Mapping[tuple[str, int], Upcaster] = {}


class NewerVersion(Exception):
    """Data of a version that this program does not know yet: upgrade it before reading on."""

    def __init__(self, type_: str, version: int, newest: int) -> None:
        super().__init__(f"{type_}: version {version} is newer than {newest}, upgrade this program")
        self.type = type_
        self.version = version
        self.newest = newest


def newest_version(type_: str, upcasters: Mapping[tuple[str, int], Upcaster] = UPCASTERS) -> int:
    """The version of `data` that the contracts describe today."""
    if not upcasters:
        return 1
    return 1 + max((version for named, version in upcasters if named == type_), default=0)


def raised(
    type_: str,
    version: int,
    data: bytes,
    upcasters: Mapping[tuple[str, int], Upcaster] = UPCASTERS,
) -> bytes:
    """`data` in its newest version, the same bytes if it is; raises NewerVersion."""
    newest = newest_version(type_, upcasters)
    if version > newest:
        raise NewerVersion(type_, version, newest)
    if version == newest:
        return data
    value: Data = msgspec.json.decode(data)
    for known in range(version, newest):
        value = upcasters[type_, known](value)
    return msgspec.json.encode(value)
