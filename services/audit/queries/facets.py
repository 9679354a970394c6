"""Facets of a search: how many matches each value would leave."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from services.audit.queries.matching import Match

# Facet → what it is of a match; the names are the columns that the index filters by.
OF: Mapping[str, Callable[[Match], str | None]] = {
    "book": lambda match: match.candidate.book,
    "type": lambda match: match.candidate.type,
    "actorrole": lambda match: match.candidate.actorrole,
    "actor": lambda match: match.candidate.actor,
    "township": lambda match: match.candidate.township,
    "school": lambda match: match.candidate.school,
    "klass": lambda match: match.candidate.klass,
    "child": lambda match: str(match.candidate.subject) if match.candidate.subject else None,
    "stream": lambda match: match.candidate.stream,
    "policyversion": lambda match: match.candidate.policyversion,
    "late": lambda match: "1" if match.candidate.late else None,
}
VALUES_LIMIT = 12


def fits(match: Match, chosen: Mapping[str, Sequence[str]], but: str = "") -> bool:
    """Whether a match has a chosen value of every facet, `but` one; a child is looked up before."""
    return all(
        OF[name](match) in values
        for name, values in chosen.items()
        if values and name not in (but, "child")
    )


def counted(
    matches: Sequence[Match], chosen: Mapping[str, Sequence[str]]
) -> dict[str, Counter[str]]:
    """Facet → value → matches that choosing it would leave, beside what else is chosen."""
    found: dict[str, Counter[str]] = {}
    for name, value_of in OF.items():
        values = (value_of(match) for match in matches if fits(match, chosen, but=name))
        found[name] = Counter(value for value in values if value is not None)
    return found
