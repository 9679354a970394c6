"""From facts to duties: what an event arms, satisfies or cancels, in one transaction a ledger."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.duties.facts import (
    CALENDAR,
    EVIDENCE,
    UNTAGGED,
    Fact,
    Interest,
    arms,
    fact_of,
    fits_any,
)
from services.casework.duties.periods import of_period
from services.casework.processes import duty_work as works
from services.casework.processes.arming import Arming
from services.casework.processes.duty_groups import apart, end_left
from services.casework.processes.duty_loading import foresee
from services.casework.processes.duty_places import place_of, places_of, targets_of
from services.casework.processes.duty_work import Work
from services.casework.processes.replanning import replan
from services.casework.queries import duty_rows as rows
from services.casework.queries.duty_rows import Known, OpenDuty, ends
from services.casework.queries.groups import FOLLOWED as GROUPS
from services.casework.queries.groups import project_groups
from services.casework.queries.holding import Holdings, Place
from shared.event import business_day
from shared.policy.day import moment_of
from shared.policy.duty_schema import DutyKind
from shared.policy.pack import Pack
from shared.rulebook import Rulebook, Rules, RulesMissing
from shared.subscription import Entry, Shape, Subscription

NAME = "casework.duties"
OWN_NAME = "casework.duties_own"
# What was brought in about days long past arms nothing: it could not have been done.
BROUGHT_IN = frozenset(("import", "migration"))


def duties(rulebook: Rulebook, holdings: Holdings) -> tuple[Subscription, Subscription]:
    """Follows the other services, and casework's own store."""
    interest = Interest()

    async def apply(conn: AsyncConnection, entries: Sequence[Entry]) -> None:
        rules = await rulebook.rules(conn)
        wanted = interest.of(rules.packs)
        parts = list(apart(entries))
        if len(parts) > 1:  # each part would take its locks anew, and in another order
            for ledger in sorted({entry.ledger for entry in entries}):
                await rows.lock(conn, ledger)
        for some in parts:
            # In the same order as what arms by them: leave may be granted a moment after the tag.
            await project_groups(conn, some)
            by_ledger: dict[str, list[Fact]] = defaultdict(list)
            for entry in some:
                if entry.type in wanted:
                    by_ledger[entry.ledger].append(fact_of(entry.envelope))
            for ledger in sorted(by_ledger):
                await _apply_ledger(conn, rules, holdings, ledger, by_ledger[ledger])

    def types() -> frozenset[str] | None:
        """While the rules are fresh; else `apply` looks at them and sees for itself."""
        return interest.of(rules.packs) | GROUPS if (rules := rulebook.fresh) else None

    return (
        Subscription(NAME, ("enrollment", "notify"), apply, Shape.PROCESS, types=types),
        Subscription(OWN_NAME, ("casework",), apply, Shape.PROCESS, own=True, types=types),
    )


async def begin_work(conn: AsyncConnection, rules: Rules, holdings: Holdings, ledger: str) -> Work:
    """Under the ledger's lock, which the transaction holds until it ends."""
    now = await rows.lock(conn, ledger)
    holding = await holdings.of(conn, ledger)
    return works.begin(ledger, rules, holding, now)


async def _apply_ledger(
    conn: AsyncConnection, rules: Rules, holdings: Holdings, ledger: str, facts: Sequence[Fact]
) -> None:
    work = await begin_work(conn, rules, holdings, ledger)
    places = await places_of(conn, work.holding, facts)
    targets = {target for fact in facts for _, target in targets_of(fact, work.holding, places)}
    for duty in await rows.open_of(conn, ledger, targets | _named(facts)):
        work.open.setdefault(duty.target, []).append(duty)
    told = [fact for fact in facts if fact.type != CALENDAR]
    armings = [
        one for fact in told for base in _armings(work, fact, places) for one in each(work, base)
    ]
    await foresee(conn, work, armings, _touched(work, told, places))
    for fact in facts:
        if fact.type == CALENDAR:
            _await_calendar(rules, fact)
            await replan(conn, work, fact)
            continue
        await take_fact(conn, work, fact, places)
        await works.append(conn, work, whole=False)
    await works.append(conn, work)


def _await_calendar(rules: Rules, fact: Fact) -> None:
    """The rules are followed beside us: planned anew by the old calendar it would stay so."""
    if not rules.school_calendar().holds(fact.data["sha256"]):
        rules.missed()
        raise RulesMissing(f"calendar {fact.data['sha256'][:16]} is not followed yet")


def _named(facts: Sequence[Fact]) -> set[str]:
    return {fact.duty for fact in facts if fact.duty is not None}


def _pack_of(work: Work, fact: Fact, places: dict[str, Place]) -> Pack | None:
    """The rules that a fact falls under, if there are any yet."""
    path = fact.path
    if fact.child:
        path = place_of("child", fact.child, fact, work.holding, places).path
    try:
        return work.rules.pack(path, business_day(fact.recorded_at))
    except RulesMissing:
        return None


def _armings(work: Work, fact: Fact, places: dict[str, Place]) -> Iterator[Arming]:
    """What a fact begins, unless something that is looked up speaks against it."""
    pack, targets = _pack_of(work, fact, places), dict(targets_of(fact, work.holding, places))
    if pack is None or (fact.envelope.via in BROUGHT_IN and _long_past(fact)):
        return
    for code, kind in pack.duties_about(fact.type).items():
        if kind.target in targets and arms(fact, kind.arm):
            target = targets[kind.target]
            place = place_of(kind.target, target, fact, work.holding, places)
            yield _arming(fact, pack, code, kind, place, target)


def _touched(work: Work, facts: Sequence[Fact], places: dict[str, Place]) -> Iterator[OpenDuty]:
    """Open duties that some fact may count for or end."""
    for fact in facts:
        for target in dict(targets_of(fact, work.holding, places)).values():
            for duty in work.open.get(target, ()):
                kind = work.pack_of(duty).duties_about(fact.type).get(duty.kind)
                if kind and fits_any(fact, (*kind.cancel, *kind.evidence)):
                    yield duty


async def take_fact(
    conn: AsyncConnection, work: Work, fact: Fact, places: dict[str, Place]
) -> None:
    """What one fact ends, keeps as evidence and begins."""
    targets = dict(targets_of(fact, work.holding, places))
    await _end(conn, work, fact, targets)
    if fact.type == UNTAGGED:
        await end_left(conn, work, fact)
    if pack := _pack_of(work, fact, places):
        if fact.type != EVIDENCE:  # what was filed for one duty answers for no other
            _keep(work, fact, pack, targets)
        for arming in _armings(work, fact, places):
            await _arm(conn, work, fact, arming)


async def _end(conn: AsyncConnection, work: Work, fact: Fact, targets: dict[str, str]) -> None:
    """Open duties that the fact cancels or counts for, under the rules they were armed by."""
    if fact.type == EVIDENCE and fact.duty:
        for duty in await rows.by_ids(conn, [UUID(fact.duty)]):
            await works.take(conn, work, duty, _filed_at(fact), fact.cause, fact)
        return
    for target in targets.values():
        for duty in list(work.open.get(target, ())):
            kind = work.pack_of(duty).duties_about(fact.type).get(duty.kind)
            if kind is None or targets.get(duty.target_kind) != duty.target:
                continue
            if fits_any(fact, kind.cancel) and fact.at >= duty.starts_at:
                await works.cancel(conn, work, duty, "event", fact)
            elif fits_any(fact, kind.evidence) and _answers(kind, duty, fact):
                await works.take(conn, work, duty, fact.at, fact.cause, fact)


def _filed_at(fact: Fact) -> datetime:
    """Plain evidence counts when it was filed: what day it claims stands beside it."""
    return fact.recorded_at


def _answers(kind: DutyKind, duty: OpenDuty, fact: Fact) -> bool:
    began, day = business_day(duty.began_at), business_day(fact.at)
    return of_period(kind, began, day, fact.data) and _by_holder(kind, duty, fact.actor)


def _by_holder(kind: DutyKind, duty: OpenDuty, actor: str) -> bool:
    """A duty of each holder is done by that holder alone."""
    return not kind.each_holder or actor in {str(holder) for holder in duty.holders}


def _keep(work: Work, fact: Fact, pack: Pack, targets: dict[str, str]) -> None:
    for code, kind in pack.duties_about(fact.type).items():
        if kind.target in targets and fits_any(fact, kind.evidence):
            work.keep(Known(code, targets[kind.target], fact.at, fact.actor, fact.cause))
        if kind.target in targets and fits_any(fact, kind.cancel):
            work.keep(Known(ends(code), targets[kind.target], fact.at, fact.actor, fact.cause))


def _ends(one: Known, duty: OpenDuty, by: Fact) -> bool:
    """Of one service the order is known: what ended a duty before says nothing of the next."""
    foreign = one.cause.service != by.cause.service
    return one.kind == ends(duty.kind) and foreign and one.at >= by.at


def _long_past(fact: Fact) -> bool:
    return business_day(fact.at) < business_day(fact.recorded_at)


async def _arm(conn: AsyncConnection, work: Work, fact: Fact, arming: Arming) -> None:
    code, kind = arming.code, arming.kind
    if kind.arm.once and any(one.kind == code for one in work.open.get(arming.target, ())):
        return
    told = business_day(fact.recorded_at)
    if kind.arm.groups and not work.in_groups(arming.place.child, kind.arm.groups, told):
        return
    for one in each(work, arming):
        if duty := await works.arm(conn, work, one):
            await take_earlier(conn, work, kind, duty, but=fact)


def _arming(fact: Fact, pack: Pack, code: str, kind: DutyKind, place: Place, target: str) -> Arming:
    told, cause = business_day(fact.recorded_at), fact.cause
    return Arming(
        code=code,
        kind=kind,
        pack=pack,
        place=place,
        target=target,
        period=told.isoformat() if kind.due.at else f"{cause.service}:{cause.ledger}:{cause.seq}",
        starts_at=_starts_at(fact, kind),
        began_at=fact.recorded_at,
        fact=fact,
    )


def _starts_at(fact: Fact, kind: DutyKind) -> datetime:
    """What was done earlier that day counts too, but a call does not answer for the next one."""
    if any(when.event == fact.type for when in kind.evidence):
        return fact.at
    return moment_of(business_day(fact.at), "00:00")


def each(work: Work, arming: Arming) -> list[Arming]:
    """One arming for each holder where the pack says so; a hole is one without anybody."""
    if not arming.kind.each_holder:
        return [arming]
    on = business_day(arming.began_at)
    holders = work.holding.holders(arming.kind.holder, arming.pack, arming.place, arming.target, on)
    return [replace(arming, holder=holder) for holder in holders] or [arming]


async def take_earlier(
    conn: AsyncConnection, work: Work, kind: DutyKind, duty: OpenDuty, but: Fact | None = None
) -> None:
    """What came before the duty and counts, or ends it: other services' events have no order."""
    known = [one for one in work.earlier.get(duty.target, ()) if one.at >= duty.starts_at]
    began = business_day(duty.began_at)
    for one in sorted(known, key=lambda one: (one.at, one.cause.seq)):
        same = but is not None and one.cause == but.cause
        its = one.kind == duty.kind and of_period(kind, began, business_day(one.at), {})
        if but is not None and _ends(one, duty, but):
            await works.cancel(conn, work, duty, "event", one.cause)
        elif its and not same and _by_holder(kind, duty, one.actor):
            await works.take(conn, work, duty, one.at, one.cause, None)
