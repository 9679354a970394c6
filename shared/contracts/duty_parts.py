"""What events of duties and activities are made of."""
# msgspec inherits `frozen`, which the type checker does not know of.
# pyright: reportGeneralTypeIssues=false

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the data of every event here; unknown fields of a newer writer are ignored."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Base of what stands inside an event."""


class DutyCause(Part):
    """The event that made this one happen, in whichever ledger it stands."""

    service: str
    ledger: str
    seq: int


class Target(Part):
    """`kind`: child klass grade school group village township county case staff guardian."""

    kind: str
    id: str


class Holder(Part):
    """`kind`: staff (a uuid) or office (a unit's code, or a name)."""

    kind: str
    id: str
