"""What goes wrong while following: what may be repeated, and what never will work."""

from sqlalchemy.exc import DBAPIError, IntegrityError

from shared.event_store import is_race


class NotNow(Exception):
    """Cannot be applied yet: a newer shape than this copy knows, a service or key store away."""


class UpgradeNeeded(NotNow):
    """A newer `dataversion`: wait for a newer copy of this service."""


class ParkedTooMany(Exception):
    """The share of events parked passed its limit: stopped until someone has looked."""


class CannotApply(Exception):
    """Will never work: park it."""


class PastRewritten(Exception):
    """The source's past is not the one that we followed."""


def is_permanent(error: BaseException) -> bool:
    """Whether repeating can never help: then the event is parked; else wait and repeat."""
    if isinstance(error, NotNow | ParkedTooMany | PastRewritten):
        return False
    if isinstance(error, IntegrityError):
        return not is_race(error)
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", "") or ""
        return state[:2] in {"22", "23"}
    return not isinstance(error, OSError | TimeoutError | ConnectionError) and isinstance(
        error, CannotApply | ValueError | LookupError | TypeError | AssertionError | AttributeError
    )
