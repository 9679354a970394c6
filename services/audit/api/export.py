"""Exports: a bundle of a child's whole story, or of a range of one log, for who may take it."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask
from uuid_utils.compat import uuid7

from services.audit.api.access import grant_in
from services.audit.api.replay import begin
from services.audit.export.making import Asked, export_case, export_range
from services.audit.ledger import logs
from services.audit.projections.rows import county_of, county_path
from services.audit.queries.replay import Whole
from shared.commands import FieldsInvalid, body_of
from shared.console import Visit
from shared.edge import Edge, allowed
from shared.field_words import COUNT, wrong_field
from shared.rights import Viewer, purposes_for
from shared.session_http import viewer as signed_in
from shared.web.models.form import Field, Form, FormPage

PURPOSE_LIMIT = 200
RIGHT = "export.create"
ZIP = "application/zip"
NO_LOG = "没有这本账。GET /log 列出所有的账。"

Who = Annotated[Viewer, Depends(signed_in)]


def add(api: APIRouter, edge: Edge) -> None:
    @api.get("/export")
    async def form(request: Request, who: Who, subject: str) -> Response:
        return await asked_form(edge, request, who, subject)

    @api.post("/export")
    async def made(request: Request, who: Who) -> Response:
        given = await body_of(request)
        purpose = purpose_in(given)
        with_log = "origin" in given
        make = of_range if with_log else of_case
        return await make(edge, request, who, given, purpose)


def purpose_in(given: Mapping[str, Any]) -> str:
    """What the export is for. Raises FieldsInvalid."""
    purpose = str(given.get("purpose") or "").strip()
    if not purpose or len(purpose) > PURPOSE_LIMIT:
        say = f"“purpose”没有填或太长：写明这次导出的用途（不超过 {PURPOSE_LIMIT} 字），再导出。"
        raise FieldsInvalid(say, field="purpose")
    return purpose


async def asked_form(edge: Edge, request: Request, who: Viewer, subject: str) -> Response:
    """The form that asks what the export is for."""
    case = await begin(edge, request, who, subject)
    allowed(who, RIGHT, case.whole.path, case.moment)
    asked = _asked(case.edge, who, case.moment, case.whole.county, "")
    visit = Visit(edge, request, who, case.moment, asked.grant, asked.reading)
    hint = "会写进证据包，也会登记在审计账里，改不了。"
    form = Form(
        action="/audit/export",
        command_id=str(uuid7()),
        version=0,
        submit="导出证据包",
        hidden=(("subject", subject),),
        fields=(Field(name="purpose", label="用途", kind="text", hint=hint, required=True),),
    )
    page = FormPage(title="导出证据包", back=f"/audit/children/{case.whole.subject}", form=form)
    return await visit.html("form.html", page, "search")


async def of_case(
    edge: Edge, request: Request, who: Viewer, given: Mapping[str, Any], purpose: str
) -> Response:
    """The whole story of one child. Raises NotAllowed, SealerBehind, ExportImpossible."""
    case = await begin(edge, request, who, str(given.get("subject") or ""))
    whole: Whole = case.whole
    allowed(who, RIGHT, whole.path, case.moment)
    asked = _asked(edge, who, case.moment, whole.county, purpose)
    out = _place()
    try:
        export = await export_case(asked, whole, out)
    except BaseException:
        out.unlink(missing_ok=True)
        raise
    return _file(out, whole.county, export)


async def of_range(
    edge: Edge, request: Request, who: Viewer, given: Mapping[str, Any], purpose: str
) -> Response:
    """Entries `first`..`last` of the log `origin`. Raises as `of_case`."""
    first, last = _number(given, "first"), _number(given, "last")
    moment = await edge.moment()
    async with edge.service.engine.connect() as conn:
        log = await logs.log_named(conn, str(given["origin"]))
    if log is None:
        raise HTTPException(404, NO_LOG)
    county = county_of(log.ledger)
    allowed(who, RIGHT, county_path(county), moment)
    asked = _asked(edge, who, moment, county, purpose)
    out = _place()
    try:
        export = await export_range(asked, log.origin, first, last, out)
    except BaseException:
        out.unlink(missing_ok=True)
        raise
    return _file(out, county, export)


def _asked(edge: Edge, who: Viewer, moment: Any, county: str, purpose: str) -> Asked:
    reading = edge.reading(who, county, purposes_for(who, moment.today)[0], "export", moment.today)
    grant = grant_in(who, RIGHT, county, moment.today)
    return Asked(edge, who, moment, grant, county, purpose, reading)


def _number(given: Mapping[str, Any], name: str) -> int:
    try:
        return int(given[name])
    except (KeyError, ValueError, TypeError) as error:
        raise FieldsInvalid(wrong_field(name, COUNT), field=name) from error


def _place() -> Path:
    with tempfile.NamedTemporaryFile(prefix="baoxue-export-", suffix=".zip", delete=False) as file:
        return Path(file.name)


def _file(out: Path, county: str, export: UUID) -> Response:
    name = f"{county}-{export}.audit.zip"
    done = BackgroundTask(out.unlink, missing_ok=True)
    return FileResponse(out, media_type=ZIP, filename=name, background=done)
