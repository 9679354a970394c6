"""What would a pack have changed over the last term of a unit: gathered once, lived twice."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.duties.periods import YEARLY_LEAD_DAYS, term_on
from services.casework.queries.groups import Grouped
from services.casework.queries.holding import look
from services.casework.whatif.comparing import (
    Difference,
    DutyLine,
    FlagLine,
    UnitChange,
    difference,
    total,
)
from services.casework.whatif.facts import SOURCES, facts_of
from services.casework.whatif.replay import Lived, Term, opening, replay
from shared.decider import CommandRejected
from shared.edge import Edge, Moment
from shared.policy.calendar import UnitTerm
from shared.policy.day import business_day, moment_of
from shared.policy.pack import Pack
from shared.policy.versions import Activation
from shared.rights import covers
from shared.rulebook import Rules

CHILDREN = text("select child, klass, school, path, left_on from child where ledger = :ledger")
GROUPS = text(
    "select child, grp, since, until from child_group where child in"
    " (select child from child where ledger = :ledger)"
)
UNITS = text("select unit, name from unit where ledger = :ledger")
# One at a time: each lives a term twice and keeps a core busy for seconds.
TURN = asyncio.Lock()


class NoTermYet(CommandRejected):
    """Nothing can be lived through again before a term has begun."""

    code = "no_term_yet"


class AnswerUnderWay(CommandRejected):
    """Another question is being worked out in this process."""

    code = "answer_under_way"


class WhatIf(msgspec.Struct, frozen=True, kw_only=True):
    """`now` and `then`: versions of the pack in force and of the one asked about.

    `since` and `until`: the days of the term that were lived through, both included.
    """

    unit: str
    name: str
    now: str
    then: str
    pack: str
    term: str
    since: date
    until: date
    facts: int
    total: UnitChange
    units: list[UnitChange]
    duties: list[DutyLine]
    flags: list[FlagLine]


async def what_if(edge: Edge, moment: Moment, unit: str, path: str, ledger: str, pack: Pack) -> Any:
    """Raises NoTermYet, AnswerUnderWay; httpx2.HTTPError when another service is away."""
    if TURN.locked():
        raise AnswerUnderWay("正在算另一份规则的影响，要几十秒。过一会儿再看。", field="content")
    async with TURN:
        held = moment.rules.pack(path, moment.today)
        term = await gathered(edge, moment, path, ledger, [held, pack])
        now, then = (with_pack(moment.rules, unit, one) for one in (held, pack))
        lived = await asyncio.to_thread(lambda: (replay(term, now), replay(term, then)))
        return await _told(edge, unit, path, (held, pack), term, lived)


def with_pack(rules: Rules, unit: str, pack: Pack) -> Rules:
    """The rules as if the pack had always been the unit's; nearer units keep their own."""
    others = [one for one in rules.activations if one.unit != unit]
    return replace(
        rules,
        activations=[*others, Activation(unit, pack.sha256, date.min)],
        packs={**rules.packs, pack.sha256: pack},
    )


async def gathered(
    edge: Edge, moment: Moment, path: str, ledger: str, packs: Sequence[Pack]
) -> Term:
    """The last term of a unit: its facts, and the directory that duties look into."""
    engine = edge.service.engine
    async with engine.connect() as conn:
        holding = await look(conn, ledger)
        children, groups = await _pupils(conn, ledger)
    last = last_term(holding.terms, path, moment.today)
    since = moment_of(last.opens_on - timedelta(days=YEARLY_LEAD_DAYS), "00:00")
    until = min(moment_of(last.ends_on, "24:00"), moment.now)
    feeds = [edge.service.feeds[name] for name in SOURCES]
    nearer = [pack for pack in moment.rules.packs.values() if pack not in packs]
    facts = await facts_of(engine, feeds, ledger, [*packs, *nearer], since, until)
    below = [fact for fact in facts if covers(path, fact.path)]
    return Term(
        ledger=ledger,
        term=last,
        since=since,
        until=until,
        facts=below,
        holding=holding,
        children=children,
        groups=groups,
    )


def last_term(terms: Sequence[UnitTerm], path: str, today: date) -> UnitTerm:
    """The last term that is over; where none is, the one that is under way. Raises NoTermYet."""
    units = [*reversed(path.split("/"))]
    begun = {term.opens_on for term in terms if term.unit in units and term.opens_on <= today}
    found = [term for day in begun if (term := term_on(terms, units, day))]
    over = [term for term in found if term.ends_on < today]
    if not found:
        raise NoTermYet("这里还没有开过学，没有学期可以回看。开学后再看。", field="unit")
    return max(over or found, key=lambda term: term.opens_on)


async def _pupils(conn: AsyncConnection, ledger: str) -> tuple[dict[Any, Any], list[Grouped]]:
    params = {"ledger": ledger}
    children = {
        row.child: SimpleNamespace(**row._mapping) for row in await conn.execute(CHILDREN, params)
    }
    rows = await conn.execute(GROUPS, params)
    return children, [Grouped(row.child, row.grp, row.since, row.until) for row in rows]


async def _told(
    edge: Edge,
    unit: str,
    path: str,
    packs: tuple[Pack, Pack],
    term: Term,
    lived: tuple[Lived, Lived],
) -> WhatIf:
    async with edge.service.engine.connect() as conn:
        names = {row.unit: row.name for row in await conn.execute(UNITS, {"ledger": term.ledger})}
    made: Difference = difference(
        _below(lived[0], path), _below(lived[1], path), opening(term.term), names
    )
    now, then = packs
    return WhatIf(
        unit=unit,
        name=names.get(unit, ""),
        now=now.version,
        then=then.version,
        pack=then.file.name,
        term=term.term.term,
        since=term.term.opens_on,
        until=_last_day(term.until),
        facts=len(term.facts),
        total=total(made.units),
        units=made.units,
        duties=made.duties,
        flags=made.flags,
    )


def _below(lived: Lived, path: str) -> Lived:
    """Of the unit asked about; what is planned for the rest of the county is none of its change."""
    return Lived(
        duties={duty: row for duty, row in lived.duties.items() if covers(path, row.path)},
        flags=[flag for flag in lived.flags if covers(path, flag.path)],
    )


def _last_day(until: datetime) -> date:
    return business_day(until - timedelta(microseconds=1))
