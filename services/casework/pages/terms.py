"""The term that figures about the work are of: the one under way, else the last one."""

from dataclasses import dataclass
from datetime import datetime

from services.casework.duties.periods import term_on
from services.casework.queries.holding import terms_of
from services.casework.queries.rules import Unit
from services.casework.whatif.asking import NoTermYet, last_term
from shared.console import Visit
from shared.policy.day import moment_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From its opening until it ends, which may lie ahead; `said`: both days in words."""

    since: datetime
    until: datetime
    said: str


async def term_of(found: Visit, where: Unit) -> Span:
    """Where no term has begun, the span is empty."""
    async with found.edge.service.engine.connect() as conn:
        terms = await terms_of(conn)
    units = [*reversed(where.path.split("/"))]
    try:
        term = term_on(terms, units, found.today) or last_term(terms, where.path, found.today)
    except NoTermYet:
        return Span(since=found.moment.now, until=found.moment.now, said="还没有开学")
    return Span(
        since=moment_of(term.opens_on, "00:00"),
        until=moment_of(term.ends_on, "24:00"),
        said=f"{term.opens_on} 至 {term.ends_on}",
    )
