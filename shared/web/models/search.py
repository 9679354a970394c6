"""Search over the ledgers (template `search.html`)."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from shared.web.models.case import TimelineEvent
from shared.web.models.layout import Link


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetValue:
    """`value` is posted under the facet's name; `count` is what choosing it would leave,
    None where it is looked up only when chosen.
    """

    value: str
    label: str
    count: int | None
    chosen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet:
    name: str
    title: str
    values: tuple[FacetValue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """`excerpt` is cut into (text, is a hit) so that hits are marked without any markup inside."""

    event: TimelineEvent
    excerpt: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """GET `action` with `text`, `by` (happened|recorded), `from`, `to`, and each facet's name.

    `scope` is the sentence about what was searched and up to when; `recorded` says that this search
    itself was recorded. `asked` is False before a first search. `problem` replaces the result.
    """

    action: str
    text: str = ""
    by: Literal["happened", "recorded"] = "happened"
    from_on: date | None = None
    to_on: date | None = None
    purpose: str = ""
    facets: tuple[Facet, ...] = ()
    hits: tuple[Hit, ...] = ()
    total: int = 0
    first: int = 1
    asked: bool = True
    scope: str = ""
    recorded: str = ""
    problem: str = ""
    people: tuple[Link, ...] = ()
    export: Link | None = None
    next_page: Link | None = None
