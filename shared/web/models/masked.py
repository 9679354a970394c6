"""A masked value (template `parts/masked.html`)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Masked:
    """A value that opens for a purpose. Opening posts `purpose=<code>` and `field` to `action`;
    the answer is the fragment again with `value` and `opened_at` set. Empty `purposes` means that
    the viewer may not open it. `kind` says how it is grouped; a phone can be dialled once open.
    """

    field: str
    label: str
    masked: str
    action: str
    command_id: str
    purposes: tuple[tuple[str, str], ...] = ()
    note: str = ""
    value: str = ""
    opened_at: datetime | None = None
    purpose: str = ""
    kind: Literal["idnumber", "phone", "text"] = "text"
