"""ZIP files of stored members with fixed headers, so that every byte is accounted for."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO, Final

VERSION: Final = 20
UTF8_NAMES: Final = 0x0800
STORED: Final = 0
FIRST_DAY: Final = 0x0021  # 1980-01-01, the first that ZIP knows
MEMBER_LIMIT_BYTES: Final = 2 << 30
BUNDLE_LIMIT_BYTES: Final = 7 << 29  # 3.5 GiB: offsets and sizes fit without ZIP64

_LOCAL: Final = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL: Final = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END: Final = struct.Struct("<4sHHHHIIH")


class TooLarge(ValueError):
    """A member or the whole does not fit the format."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file: its name, its length in bytes, and its CRC-32."""

    name: str
    size: int
    crc: int


def write_zip(out: BinaryIO, members: Iterable[tuple[Member, Iterable[bytes]]]) -> None:
    """Write members with their contents, in this order; `out` is only appended to.

    Raises TooLarge. The contents must have the size and CRC that are named.
    """
    listed: list[bytes] = []
    place = 0
    for member, chunks in members:
        name = member.name.encode()
        facts = (VERSION, UTF8_NAMES, STORED, 0, FIRST_DAY, member.crc, member.size, member.size)
        header = _LOCAL.pack(b"PK\x03\x04", *facts, len(name), 0) + name
        if member.size > MEMBER_LIMIT_BYTES or place + member.size > BUNDLE_LIMIT_BYTES:
            raise TooLarge(f"{member.name}: {member.size} bytes do not fit in a bundle")
        listed.append(
            _CENTRAL.pack(b"PK\x01\x02", VERSION, *facts, len(name), 0, 0, 0, 0, 0, place) + name
        )
        out.write(header)
        for chunk in chunks:
            out.write(chunk)
        place += len(header) + member.size
    central = b"".join(listed)
    out.write(central)
    count = len(listed)
    out.write(_END.pack(b"PK\x05\x06", 0, 0, count, count, len(central), place, 0))
