"""The events of some streams as people read them: sentence, two times, who, and their words."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text

from services.casework.pages.drawing import pack_of
from shared.console import Visit
from shared.contracts.entry import Entry, entry_of
from shared.contracts.sentences import sentence
from shared.contracts.words import word
from shared.event import Envelope, read
from shared.sealed import Sealed
from shared.web.models.case import ProofMark, TimelineEvent

BODIES = text(
    "select body from events where ledger = :ledger and stream = any(:streams)"
    " order by seq limit :limit"
)
PEOPLE = text("select staff, fields -> 'name' as name from person where staff = any(:staff)")
EVENTS_LIMIT = 500
NOTES = ("note", "notes")
# What the rail gives a word; the rest are marks without one.
LABELS = {
    "RiskFlagged": "预警",
    "CaseOpened": "立案",
    "HomeVisitLogged": "家访",
    "ReturnNoticeRecorded": "通知书",
    "Reinstated": "复学",
    "RelapseDetected": "复辍",
    "AttendanceChanged": "更正",
    "CaseClosed": "销号",
}


@dataclass(frozen=True, slots=True)
class Line:
    """`kind`: the bare name of the event's type."""

    event: TimelineEvent
    label: str
    kind: str


@dataclass(frozen=True, slots=True)
class Told:
    """One event, read twice: as its entry, and as the envelope with what only that says."""

    entry: Entry
    envelope: Envelope

    @property
    def words(self) -> tuple[str, Sealed] | None:
        for name in NOTES:
            value = getattr(self.entry.data, name, None)
            if isinstance(value, Sealed):
                return name, value
        return None


async def timeline(
    found: Visit, ledger: str, streams: list[str], path: str | None = None
) -> list[Line]:
    """Newest last, in recorded order; opened values go through the page's reading.

    `path`: where the viewer has to be allowed to read the words, if not only somewhere.
    """
    params = {"ledger": ledger, "streams": streams, "limit": EVENTS_LIMIT}
    async with found.edge.service.engine.connect() as conn:
        bodies = [row.body for row in await conn.execute(BODIES, params)]
    told = [Told(entry_of(body), read(body)) for body in bodies]
    people = await _people(found, told)
    quotes = await _quotes(found, told, path)
    late = timedelta(hours=pack_of(found, found.reading.ledger).values.late.hours)
    return [_line(one, people, quotes, late, found.lang) for one in told]


def _line(
    one: Told, people: dict[str, str], quotes: dict[int, str], late: timedelta, lang: str
) -> Line:
    entry = one.entry
    name = entry.type.partition(".")[2]
    by_day = one.envelope.occurredprecision == "day"
    # A fact known by its day stands at noon; it is late when the day was over long before.
    behind = entry.recorded_at - entry.occurred_at
    event = TimelineEvent(
        happened=entry.occurred_at,
        recorded=entry.recorded_at,
        title=sentence(entry, lang),
        who=people.get(entry.actor, "系统" if entry.actor == "system" else ""),
        role="" if entry.actor_role == "system" else word(entry.actor_role),
        on_behalf_of=people.get(entry.on_behalf_of or "", ""),
        proof=ProofMark(state="numbered", ledger="个案", seq=entry.seq),
        late=behind > late,
        by_day=by_day,
        quote=quotes.get(entry.seq, ""),
    )
    return Line(event, LABELS.get(name, ""), name)


async def _people(found: Visit, told: list[Told]) -> dict[str, str]:
    """Names of who acted and for whom, by their ids."""
    ids = {one.entry.actor for one in told} | {one.entry.on_behalf_of or "" for one in told}
    staff = [UUID(one) for one in ids if _is_uuid(one)]
    async with found.edge.service.engine.connect() as conn:
        rows: Any = (await conn.execute(PEOPLE, {"staff": staff})).all()
    named = [(str(row.staff), msgspec.convert(row.name, Sealed)) for row in rows if row.name]
    texts = await found.reading.open_all([(who, "name", sealed) for who, sealed in named])
    return {who: name for (who, _), name in zip(named, texts, strict=True)}


async def _quotes(found: Visit, told: list[Told], path: str | None) -> dict[int, str]:
    """The words of visits and notes, by their place in the ledger."""
    worded = [(one, one.words) for one in told]
    sealed = [(one.entry.seq, one.envelope.subject or "", *words) for one, words in worded if words]
    values = [(who, field, value) for _, who, field, value in sealed]
    texts = await found.reading.open_all(values, path)
    return {seq: words for (seq, *_), words in zip(sealed, texts, strict=True)}


def _is_uuid(value: str) -> bool:
    try:
        UUID(value)
    except ValueError:
        return False
    return True
