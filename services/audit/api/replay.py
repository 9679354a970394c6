"""A child or case in both times, for people and for programs; each replay is recorded."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.api.access import grant_in
from services.audit.pages.replay import draw
from services.audit.pages.times import Times
from services.audit.queries.replay import Replayed, Whole, replay, subject_of, whole_story
from services.audit.queries.search import reached
from services.audit.queries.state_json import replay_json
from shared.commands import FieldsInvalid
from shared.console import Visit
from shared.contracts.access import ReplayPerformed
from shared.edge import Edge, Moment, allowed
from shared.event import SHANGHAI, end_of_day, utc_text
from shared.field_words import MOMENT, YEARS, wrong_field
from shared.plain_address import FIRST_YEAR, LAST_YEAR
from shared.reading import Opened
from shared.rights import Viewer, paths_for, purposes_for, require
from shared.row_security import enter
from shared.session_http import viewer as signed_in
from shared.web.render import SECURITY_HEADERS, render

MINUTE = timedelta(minutes=1)
# What a person types has minutes; everything of that minute counts as known in it.
END_OF_MINUTE = MINUTE - timedelta(microseconds=1)
NOTHING = "没有这名学生或这条记录，或者它不在你的范围里。"

Who = Annotated[Viewer, Depends(signed_in)]


@dataclass(frozen=True, slots=True)
class Case:
    """One request for a replay: who, when, and everything stored of the child."""

    edge: Edge
    request: Request
    who: Viewer
    moment: Moment
    whole: Whole


def add(api: APIRouter, edge: Edge) -> None:
    @api.get("/replay")
    async def as_json(
        request: Request, who: Who, subject: str, at: str = "", known_at: str = ""
    ) -> Response:
        case = await begin(edge, request, who, subject)
        happened, known = moment_of(at, "at"), moment_of(known_at, "known_at")
        return await answer_json(case, happened, known or case.moment.now)

    @api.get("/children/{child}")
    async def of_child(request: Request, who: Who, child: UUID) -> Response:
        return await answer_page(await begin(edge, request, who, str(child)), "")

    @api.get("/cases/{stream}")
    async def of_case(request: Request, who: Who, stream: str) -> Response:
        return await answer_page(await begin(edge, request, who, stream), stream)


async def begin(edge: Edge, request: Request, who: Viewer, subject: str) -> Case:
    """Find the child and check the right. Raises NotAllowed, HTTPException 404, KeyringAway."""
    async with edge.service.engine.connect() as conn, conn.begin():
        moment = await edge.moment(conn)
        paths = paths_for(who, "replay", moment.today)
        if not paths:
            require(who, "replay", "", moment.today)
        whole = await _find(conn, edge, moment, paths, subject)
    if whole is None:
        raise HTTPException(404, NOTHING)
    allowed(who, "replay", whole.path, moment)
    return Case(edge, request, who, moment, whole)


async def _find(
    conn: AsyncConnection, edge: Edge, moment: Moment, paths: list[str], asked: str
) -> Whole | None:
    await enter(conn, paths)
    counties = await reached(conn, paths)
    subject = await subject_of(conn, edge.keyring, counties, asked)
    return await whole_story(conn, subject, moment.rules) if subject else None


def moment_of(text: str, field: str) -> datetime | None:
    """A time in ISO form, in Shanghai where it names no zone; a day means its end.

    Raises FieldsInvalid.
    """
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
        _in_time(found, field)
        if len(text) == len("2026-11-18"):
            return end_of_day(date.fromisoformat(text))
    except ValueError as error:
        raise FieldsInvalid(wrong_field(field, MOMENT), field=field) from error
    return found if found.tzinfo else found.replace(tzinfo=SHANGHAI)


def _in_time(day: date, field: str) -> None:
    """A moment has to have neighbours, in every zone. Raises FieldsInvalid."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise FieldsInvalid(wrong_field(field, YEARS), field=field)


async def answer_json(case: Case, at: datetime | None, known_at: datetime) -> Response:
    """The stable JSON, recorded before it is sent."""
    found = replay(case.whole, at, known_at, case.moment.now)
    visit = _visit(case)
    body = await replay_json(found, visit.reading)
    await case.edge.record(visit.reading, case.moment, visit.grant, performed(found))
    return JSONResponse(body)


def _visit(case: Case) -> Visit:
    """The frame and the one reading of a replay, in the county where the child's records are."""
    county, today = case.whole.county, case.moment.today
    purpose = purposes_for(case.who, today)[0]
    reading = case.edge.reading(case.who, county, purpose, "replay", today)
    grant = grant_in(case.who, "replay", county, today)
    return Visit(case.edge, case.request, case.who, case.moment, grant, reading)


def performed(found: Replayed, stream: str = "") -> Callable[[Opened], ReplayPerformed]:
    """Shapes a reading's record into `ReplayPerformed`."""

    def shape(opened: Opened) -> ReplayPerformed:
        return ReplayPerformed(
            purpose=opened.purpose,
            child=UUID(found.whole.subject),
            stream=stream or None,
            at=utc_text(found.at) if found.at else None,
            known_at=utc_text(found.known_at),
            subjects=opened.subjects,
            classes=opened.classes,
            obtained_by=opened.obtained_by,
        )

    return shape


async def answer_page(case: Case, stream: str) -> Response:
    """The page with its two-time rail; the address holds both times."""
    times = times_of(case)
    visit = _visit(case)
    now, lang = case.moment.now, visit.lang
    found = replay(case.whole, times.happened_at, times.known_at, now, lang)
    visit.reading.touch(case.whole.subject)
    page = await draw(case.edge, case.request, visit.reading, case.moment, found, times, stream)
    layout = await visit.layout("search")
    drawn = render("case.html", lang, layout=layout, page=page)
    await case.edge.record(visit.reading, case.moment, visit.grant, performed(found, stream))
    return HTMLResponse(drawn, headers=SECURITY_HEADERS)


def times_of(case: Case) -> Times:
    """Both times of the address; without them both are now. Linked ones are the same."""
    query, now = case.request.query_params, case.moment.now
    happened = moment_of(query.get("happened", ""), "happened")
    known = moment_of(query.get("known", ""), "known")
    linked = "linked" in query or not query.get("known")
    at = _end(happened, now) if happened else now
    known_at = at if linked else _end(known, now) if known else now
    return Times(happened_at=at, known_at=known_at, linked=linked, now=now)


def _end(at: datetime, now: datetime) -> datetime:
    """The end of a typed minute, now at the latest."""
    whole = at.second == 0 and at.microsecond == 0
    return min(at + END_OF_MINUTE, now) if whole else min(at, now)
