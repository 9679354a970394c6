"""The two times of a replay page, as its address holds them."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from shared.event import SHANGHAI


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Both times of a replay; `linked` moves them together."""

    happened_at: datetime
    known_at: datetime
    linked: bool
    now: datetime

    @property
    def known_is_now(self) -> bool:
        return self.known_at >= self.now


def address(path: str, times: Times) -> str:
    """The page's own address with both times."""
    query = {"happened": typed(times.happened_at), "known": typed(times.known_at)}
    return f"{path}?{urlencode(query | ({'linked': '1'} if times.linked else {}))}"


def typed(at: datetime) -> str:
    """A time as a person types it: minutes, in Shanghai."""
    return f"{at.astimezone(SHANGHAI):%Y-%m-%dT%H:%M}"
