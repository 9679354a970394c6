"""From stored data to the struct of its contract, whatever its age and whoever published it."""

from collections.abc import Mapping

import msgspec

from shared.contracts import access, audit, casework, duties, enrollment, notify
from shared.contracts.upcast import UPCASTERS, Upcaster, raised

SERVICES = ("enrollment", "casework", "notify", "audit")
# Access ledgers hold the same events for every service; the service's name stands in the type.
EVENTS: dict[str, type[msgspec.Struct]] = {
    **{f"{service}.{name}": cls for service in SERVICES for name, cls in access.EVENTS.items()},
    **enrollment.EVENTS,
    **casework.EVENTS,
    **duties.EVENTS,
    **notify.EVENTS,
    **audit.EVENTS,
}


class Unknown(msgspec.Struct, frozen=True, kw_only=True):
    """An event of a type that this program has no contract for; its data stays as it is stored."""

    type: str
    data: msgspec.Raw


_DECODERS = {name: msgspec.json.Decoder(cls) for name, cls in EVENTS.items()}


def decode(
    type: str,
    dataversion: int,
    data: bytes | msgspec.Raw,
    upcasters: Mapping[tuple[str, int], Upcaster] = UPCASTERS,
) -> msgspec.Struct:
    """The data of an event as its struct.

    An unknown type gives Unknown. Raises NewerVersion, or msgspec.ValidationError when the data
    does not fit its contract.
    """
    stored = bytes(data)
    decoder = _DECODERS.get(type)
    if decoder is None:
        return Unknown(type=type, data=msgspec.Raw(stored))
    return decoder.decode(raised(type, dataversion, stored, upcasters))
