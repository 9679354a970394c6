"""`GET /audit/search`: a page for people, JSON lines for programs; both are recorded."""

from datetime import date
from typing import Annotated, Any, cast

import msgspec
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse

from services.audit.api.access import grant_in, sealed_query, searched
from services.audit.pages.search import draw
from services.audit.projections.rows import county_of
from services.audit.queries.facets import OF
from services.audit.queries.matching import Match, Reader
from services.audit.queries.search import Asked, Found, search
from shared.access_words import Purpose
from shared.answers import wants_page
from shared.commands import FieldsInvalid
from shared.console import Visit, language
from shared.edge import Edge, Moment
from shared.event import utc_text
from shared.field_words import DAY, wrong_field
from shared.plain_address import FIRST_YEAR, LAST_YEAR
from shared.reading import Reading
from shared.rights import Viewer, purposes_for
from shared.session_http import viewer as signed_in
from shared.web.models.layout import Layout
from shared.web.render import SECURITY_HEADERS, render

PAGE_ENTRIES = 50
# As many subjects as one record of a reading can name.
LINES_ENTRIES = 500
QUERY_CHARACTERS = 200
PAGES_LIMIT = 20
LINES = "application/x-ndjson"


def add(api: APIRouter, edge: Edge) -> None:
    @api.get("/search")
    async def find(request: Request, who: Annotated[Viewer, Depends(signed_in)]) -> Response:
        page = wants_page(request)
        asked = asked_of(request, PAGE_ENTRIES if page else LINES_ENTRIES)
        return await answer(edge, request, who, asked, as_page=page)


def asked_of(request: Request, limit: int) -> Asked:
    """What a request asks for. Raises FieldsInvalid."""
    query = request.query_params
    text = query.get("text", "").strip()
    if len(text) > QUERY_CHARACTERS:
        say = f"要找的字太长，最多 {QUERY_CHARACTERS} 个字。请删短后再找。"
        raise FieldsInvalid(say, field="text")
    page = query.get("page", "1")
    if not page.isdecimal() or not 1 <= int(page) <= PAGES_LIMIT:
        raise FieldsInvalid(f"page 是 1 到 {PAGES_LIMIT} 的整数。", field="page")
    return Asked(
        text=text,
        by="recorded" if query.get("by") == "recorded" else "occurred",
        chosen={name: query.getlist(name) for name in OF if query.getlist(name)},
        from_on=_day(query.get("from"), "from"),
        to_on=_day(query.get("to"), "to"),
        first=(int(page) - 1) * limit,
        limit=limit,
    )


def _day(text: str | None, field: str) -> date | None:
    try:
        day = date.fromisoformat(text) if text else None
        if day and not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise ValueError(f"no year of ours: {day.year}")
        return day
    except ValueError as error:
        raise FieldsInvalid(wrong_field(field, DAY), field=field) from error


async def answer(
    edge: Edge, request: Request, who: Viewer, asked: Asked, *, as_page: bool
) -> Response:
    """Search, draw, record, answer. Raises NotAllowed, KeyringAway, ReadingNotRecorded."""
    moment = await edge.moment()
    reader = Reader(who, moment.today, edge.keyring)
    found = await search(edge.service.engine, reader, asked)
    readings = _readings(edge, request, who, moment, found)
    if as_page:
        response = await _page(edge, request, who, moment, asked, found, readings)
    else:
        response = _lines(found, readings)
    if asked.text:
        await _record(edge, who, moment, asked, found, readings)
    return response


def _readings(
    edge: Edge, request: Request, who: Viewer, moment: Moment, found: Found
) -> dict[str, Reading]:
    """One reading for each county that something is shown of; the first one where nothing is."""
    wanted = request.query_params.get("purpose") or purposes_for(who, moment.today)[0]
    shown = {county_of(match.place.ledger) for match in found.matches}
    shown |= {one.county for one in found.people}
    counties = [county for county in found.counties if county in shown] or found.counties[:1]
    return {
        county: edge.reading(who, county, cast(Purpose, wanted), "search", moment.today)
        for county in counties
    }


async def _record(
    edge: Edge,
    who: Viewer,
    moment: Moment,
    asked: Asked,
    found: Found,
    readings: dict[str, Reading],
) -> None:
    for county, reading in readings.items():
        query = await sealed_query(edge, who, county, asked.text)
        grant = grant_in(who, "search", county, moment.today)
        await edge.record(reading, moment, grant, searched(query, found.total))


def _lines(found: Found, readings: dict[str, Reading]) -> Response:
    lines = []
    for match in found.matches:
        _touch(match, readings)
        lines.append(msgspec.json.encode(line_of(match)) + b"\n")
    total = f"{found.total}{'+' if found.more else ''}"
    return Response(b"".join(lines), media_type=LINES, headers={"x-total": total})


def _touch(match: Match, readings: dict[str, Reading]) -> None:
    if match.candidate.subject:
        county = county_of(match.place.ledger)
        readings[county].touch(str(match.candidate.subject))


def line_of(match: Match) -> dict[str, Any]:
    """One line of `baoxue search --json`."""
    envelope = match.envelope
    return {
        "ledger": envelope.ledger,
        "seq": envelope.ledgerseq,
        "type": envelope.type,
        "occurred_at": utc_text(envelope.occurred_at),
        "recorded_at": utc_text(envelope.recorded_at),
        "subject": envelope.subject,
        "stream": envelope.stream,
        "actor": envelope.actorid,
    }


async def _page(
    edge: Edge,
    request: Request,
    who: Viewer,
    moment: Moment,
    asked: Asked,
    found: Found,
    readings: dict[str, Reading],
) -> Response:
    page = await draw(edge, request, moment, asked, found, readings)
    # Before any county is founded there is nothing to find, and no ledger that a name could go to.
    layout = Layout(now=moment.now, here=request.url.path, viewer_name=who.account)
    for county, reading in [*readings.items()][:1]:
        grant = grant_in(who, "search", county, moment.today)
        layout = await Visit(edge, request, who, moment, grant, reading).layout("search")
        if not asked.text:
            await edge.record(reading, moment, grant)
    drawn = render("search.html", language(request), layout=layout, page=page)
    return HTMLResponse(drawn, headers=SECURITY_HEADERS)
