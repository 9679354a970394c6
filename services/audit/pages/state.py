"""The right column of a replay page: the state then, what differs now, who had looked."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from services.audit.pages.opened import Said, Wanted, open_each, open_names
from services.audit.pages.words import BOOKS
from services.audit.queries.candidates import mentions
from services.audit.queries.entries import bodies_at
from services.audit.queries.names import Names, names
from services.audit.queries.replay import Replayed
from shared.access_words import PURPOSES
from shared.contracts.case_view import CaseView, open_steps
from shared.contracts.difference import Difference, Value
from shared.contracts.entry import Ref
from shared.contracts.state_names import STEP_NAMES
from shared.contracts.views import StoryView
from shared.contracts.words import word
from shared.edge import Edge
from shared.event import Envelope, read
from shared.reading import Reading
from shared.rights import paths_for
from shared.row_security import enter
from shared.sealed import Sealed
from shared.web.filters import sentence_date, table_moment
from shared.web.models.case import Difference as Row
from shared.web.models.layout import Link

READERS_LIMIT = 20
Rows = tuple[tuple[str, str], ...]


def chosen_case(view: StoryView, stream: str) -> CaseView | None:
    """The case of the address, else the newest one that has been opened by then."""
    cases = [case for case in view.cases if case.state != "unopened"]
    named = [case for case in cases if case.stream == stream]
    return (named or cases or [None])[-1]


def codes(found: Replayed) -> list[str]:
    """Codes and uuids that the state and its differences name, to be said by name."""
    child = found.state.child
    named = [str(child.klass or ""), child.school or ""]
    for one in found.differences:
        if one.label in ("klass", "school"):
            named += [str(one.a), str(one.b)]
    return named


def rows(view: StoryView, case: CaseView | None, said: Said, today: date) -> Rows:
    """Label and value of what held then."""
    known, people, lang = said.known, said.people, said.lang
    klass = known.code(str(view.child.klass)) if view.child.klass else "不在班级"
    run = view.attendance.run
    found = [("学校、班级", " ".join(filter(None, (_school(view, known), klass))))]
    found.append(("连续无故", f"{run.days} 天" if run else "没有"))
    alerts = [alert for alert in view.alerts if alert.state != "unflagged"]
    if alerts:
        found.append(("预警", word(alerts[-1].state, lang)))
    if case is None:
        return (*found, ("个案", "没有立案"))
    owner = people.get(str(case.owner), "") if case.owner else "还没指定"
    steps = [STEP_NAMES[step]["zh" if lang == "zh" else "en"] for step in open_steps(case, today)]
    opened = sentence_date(case.opened_at, today) if case.opened_at else ""
    found += [("个案", word(case.state, lang)), ("立案", opened), ("负责人", owner)]
    return (*found, ("还要做", "、".join(steps) or "没有"))


def _school(view: StoryView, known: Names) -> str:
    return known.code(view.child.school) if view.child.school else ""


async def differences(reading: Reading, found: Replayed, said: Said) -> tuple[Row, ...]:
    """What was thought then and is known now, with the event that made the difference."""
    texts = await _texts(reading, found, said)
    return tuple(
        Row(
            what=one.name,
            then=texts[number][0],
            now=texts[number][1],
            because=_because(one.because),
        )
        for number, one in enumerate(found.differences)
    )


async def _texts(reading: Reading, found: Replayed, said: Said) -> list[tuple[str, str]]:
    pairs = [(one, value) for one in found.differences for value in (one.a, one.b)]
    sealed = [
        Wanted(found.whole.subject, one.of, value, found.whole.path)
        for one, value in pairs
        if isinstance(value, Sealed)
    ]
    opened = iter(await open_each(reading, sealed))
    words = [
        next(opened) if isinstance(value, Sealed) else _said(one, value, said)
        for one, value in pairs
    ]
    return list(zip(words[::2], words[1::2], strict=True))


def _said(one: Difference, value: Value, said: Said) -> str:
    text = str(value)
    named = one.label in ("owner", "klass", "school")
    return said.people.get(text) or said.known.code(text) if named else text


def _because(ref: Ref | None) -> Link | None:
    if ref is None:
        return None
    href = f"/audit/entries/{ref.service}/{ref.ledger}/{ref.seq}"
    return Link(text=f"{BOOKS[ref.service]} {ref.seq}", href=href)


async def readers(
    edge: Edge, reading: Reading, found: Replayed, known_at: datetime, today: date
) -> Rows:
    """Who had looked at this child by then, newest first, as the access ledgers say."""
    child = UUID(found.whole.subject)
    paths = paths_for(reading.viewer, "replay", today)
    async with edge.service.engine.connect() as conn, conn.begin():
        await enter(conn, paths)
        places = await mentions(conn, child, ["access"], 10 * READERS_LIMIT)
        bodies = await bodies_at(conn, places)
        envelopes = [read(bodies[place]) for place in places if place in bodies]
        looked = [one for one in envelopes if one.recorded_at <= known_at][:READERS_LIMIT]
        named = await names(conn, [], [one.actorid for one in looked])
    people = await open_names(reading, named, [one.actorid for one in looked])
    return tuple((people.get(one.actorid, one.actorid), _looked(one, today)) for one in looked)


def _looked(one: Envelope, today: date) -> str:
    purpose = msgspec.json.decode(one.data).get("purpose", "")
    said = PURPOSES[purpose][0] if purpose in PURPOSES else purpose
    return f"{table_moment(one.recorded_at, today)}　{said}"
