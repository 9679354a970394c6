"""What every part of a pack is made of: strict structs, and the words their values may be."""

from typing import Annotated

import msgspec
from msgspec import Meta

Days = Annotated[int, Meta(ge=0, le=366)]
Hours = Annotated[int, Meta(ge=1, le=24 * 366)]
Minutes = Annotated[int, Meta(ge=0, le=24 * 60)]
Percent = Annotated[int, Meta(ge=0, le=100)]
Grade = Annotated[int, Meta(ge=1, le=9)]
Weight = Annotated[int, Meta(ge=0, le=100)]
CutOff = Annotated[str, Meta(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$")]
# No 29th to 31st: a last day is written "last", so that no deadline is lost in a common year.
YearDay = Annotated[str, Meta(pattern=r"^(0[1-9]|1[0-2])-(last|0[1-9]|1\d|2[0-8])$")]
CodeName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Label = Annotated[str, Meta(min_length=1, max_length=60)]


class Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every part of a pack: an unknown key is refused."""
