"""Derives a heads entry again from what the sealer read itself, before it is signed."""

from base64 import b64encode

import msgspec

from services.audit.proofs.hashing import EMPTY
from services.audit.proofs.heads import heads_tree
from services.audit.sealer.body import Leaf, Place
from services.audit.sealer.refusals import NotYet
from services.audit.sealer.state import Known, State
from shared.contracts.audit import HeadsCommitted, HeadsOf
from shared.contracts.topics import SERVICES, is_access

TYPE = "audit.HeadsCommitted"
WRITER = "audit"
PRODUCERS = frozenset(SERVICES) - {WRITER}


def check(state: State, place: Place, leaf: Leaf) -> None:
    """Every size, root and heads root of an entry. Raises Refused, or NotYet."""
    try:
        entry = msgspec.convert(leaf.data, HeadsCommitted)
    except msgspec.ValidationError as error:
        place.refuse("malformed_heads", TYPE, error)
    services = sorted(one.service for one in entry.logs)
    if services != sorted(PRODUCERS) or is_access(place.ledger):
        place.refuse("heads_of_other_logs", sorted(PRODUCERS), services)
    logs = state.logs()
    for one in entry.logs:
        if one.ledger != place.ledger:
            place.refuse("heads_of_other_logs", place.ledger, one.ledger)
        _check_log(state, logs.get(one.origin), place, one)


def _check_log(state: State, log: Known | None, place: Place, one: HeadsOf) -> None:
    if log and (log.service, log.ledger) != (one.service, one.ledger):
        place.refuse("heads_of_other_logs", f"{log.service} {log.ledger}", one.origin)
    if one.size < 0:
        place.refuse("heads_differ", "a size", one.size)
    if one.size and (log is None or log.size < one.size):
        raise NotYet(f"{one.origin} is read up to {log.size if log else 0} of {one.size}")
    own = _derived(state, log, one.size)
    found = (one.root, one.heads_root, one.streams)
    if own != found:
        place.refuse("heads_differ", f"{one.origin} {own}", found)


def _derived(state: State, log: Known | None, size: int) -> tuple[str, str, int]:
    """Root, root over the head lines, and their number, as the entry has them."""
    if log is None or not size:
        return _text(EMPTY), _text(EMPTY), 0
    lines = state.heads(log, size)
    return _text(state.root_at(log, size)), _text(heads_tree(lines).root()), len(lines)


def _text(root: bytes) -> str:
    return b64encode(root).decode()
