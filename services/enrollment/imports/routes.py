"""The routes of imports: upload, look, answer, accept, give up, the sheet of errors."""

import asyncio
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.datastructures import FormData, UploadFile
from uuid_utils.compat import uuid7

from services.enrollment.imports import jobs, keeping, pages
from services.enrollment.imports.jobs import Job
from services.enrollment.imports.scope import RIGHTS, jurisdiction
from services.enrollment.imports.worker import Bell, Work, worker
from services.enrollment.queries.places import NoSuchRecord
from services.enrollment.sheets.formats import MAX_FILE_BYTES
from services.enrollment.sheets.reader import ReaderFailed, write_errors
from shared.answers import wants_page
from shared.commands import FieldsInvalid
from shared.edge import Edge
from shared.rights import Viewer
from shared.session_http import viewer as signed_in

MAX_NAME_CHARACTERS = 120
HOME = "/enrollment/imports"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Me = Annotated[Viewer, Depends(signed_in)]


def imports_of(edge: Edge) -> tuple[APIRouter, Work]:
    """The routes, and the coroutine function of the loop that does the work."""
    bell = Bell()
    return router(edge, bell), worker(edge, bell)


def router(edge: Edge, bell: Bell) -> APIRouter:
    api = APIRouter(prefix=HOME)
    _add_pages(api, edge)
    _add_deeds(api, edge, bell)
    return api


def _add_pages(api: APIRouter, edge: Edge) -> None:
    @api.get("", response_model=None)
    async def upload_page(request: Request, viewer: Me) -> Response:
        return await pages.upload(edge, request, viewer)

    @api.get("/{id}", response_model=None)
    async def one(request: Request, viewer: Me, id: UUID, details: bool = False) -> Response:
        job = await _mine(edge, viewer, id)
        if wants_page(request):
            return await pages.one(edge, request, viewer, job)
        told = _told(job)
        if details:
            told |= await pages.details_json(edge, request, viewer, job)
        return JSONResponse(told)

    @api.get("/{id}/errors.xlsx", response_model=None)
    async def errors(viewer: Me, id: UUID) -> Response:
        job = await _mine(edge, viewer, id)
        return Response(
            await _errors(edge, job),
            media_type=XLSX,
            headers={"content-disposition": 'attachment; filename="errors.xlsx"'},
        )


def _add_deeds(api: APIRouter, edge: Edge, bell: Bell) -> None:
    @api.post("", response_model=None)
    async def upload(request: Request, viewer: Me) -> Response:
        job, content = await _uploaded(edge, request, viewer)
        key = await keeping.key_of(edge, job.id)
        keeping.put_file(edge, job.id, key, content)
        async with edge.service.engine.begin() as conn:
            await jobs.put(conn, job)
        bell.ring()
        return _answer(request, job.id)

    @api.post("/{id}/answers", response_model=None)
    async def answers(request: Request, viewer: Me, id: UUID) -> Response:
        job = await _mine(edge, viewer, id)
        form = await request.form()
        given = _answers(form)
        if question := str(form.get("question") or ""):
            given[question] = str(form.get("answer") or "")
        merged = msgspec.json.encode({**job.answers, **given}).decode()
        await _move(edge, job, ("asked", "checked"), state="reading", answers=merged)
        bell.ring()
        return _answer(request, id)

    @api.post("/{id}/accept", response_model=None)
    async def accept(request: Request, viewer: Me, id: UUID) -> Response:
        job = await _mine(edge, viewer, id)
        partial = _flag(await request.form(), "partial")
        report = job.kept.report if job.kept else None
        if report is None or report.questions or (report.rejected and not partial):
            raise FieldsInvalid("还有没定的问题或有错的行，不能全收。", field="partial")
        # Read anew: what the report compared with may have changed meanwhile.
        await _move(edge, job, ("checked",), state="reading", auto=True, partial=partial)
        bell.ring()
        return _answer(request, id)

    @api.post("/{id}/give-up", response_model=None)
    async def give_up(request: Request, viewer: Me, id: UUID) -> Response:
        job = await _mine(edge, viewer, id)
        await _move(edge, job, ("asked", "checked", "refused"), state="given_up")
        async with edge.service.engine.begin() as conn:
            await conn.execute(jobs.CLEAR_ROWS, {"id": id})
        keeping.forget_file(edge, id)
        return RedirectResponse(HOME, 303) if wants_page(request) else _answer(request, id)


async def _uploaded(edge: Edge, request: Request, viewer: Viewer) -> tuple[Job, bytes]:
    """The job and the bytes of an upload. Raises FieldsInvalid, NotAllowed."""
    async with request.form(max_part_size=MAX_FILE_BYTES) as form:
        by_page = wants_page(request) or form.get("via") == "web"
        return await _read_upload(edge, form, viewer, by_page=by_page)


async def _read_upload(
    edge: Edge, form: FormData, viewer: Viewer, *, by_page: bool
) -> tuple[Job, bytes]:
    kind = str(form.get("kind") or "")
    if kind not in RIGHTS:
        raise FieldsInvalid(
            "只能导入教职工、花名册、点名、校历、责任分解表。请选择种类。", field="kind"
        )
    moment = await edge.moment()
    path = jurisdiction(viewer, kind, moment.today)
    file = form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        raise FieldsInvalid("没有文件。请选一个文件。", field="file")
    content = await file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise FieldsInvalid(
            f"文件超过 {pages.MEGABYTES} MB。去掉图片和空表，或分成几个文件。", field="file"
        )
    job = Job(
        id=_command_id(form),
        path=path,
        account=viewer.account,
        viewer=viewer,
        kind=kind,
        file_name=Path(file.filename or "file").name[-MAX_NAME_CHARACTERS:],
        digest=sha256(content).hexdigest(),
        created_at=moment.now,
        answers=_answers(form),
        school=str(form.get("school") or "") or None,
        auto=not by_page and not _flag(form, "dry_run"),
        partial=_flag(form, "partial"),
        via="web" if by_page else "cli",
    )
    return job, content


def _command_id(form: FormData) -> UUID:
    try:
        return UUID(str(form.get("command_id") or uuid7()))
    except ValueError as error:
        raise FieldsInvalid("command_id 不对。", field="command_id") from error


def _answers(form: FormData) -> dict[str, str]:
    raw = str(form.get("answers") or "{}")
    try:
        return msgspec.json.decode(raw, type=dict[str, str])
    except msgspec.DecodeError as error:
        raise FieldsInvalid("answers 应当是 JSON。", field="answers") from error


def _flag(form: FormData, name: str) -> bool:
    return str(form.get(name) or "").lower() in ("1", "true", "on", "yes")


async def _mine(edge: Edge, viewer: Viewer, id: UUID) -> Job:
    """The viewer's own import; another's is not there. Raises NoSuchRecord."""
    async with edge.service.engine.connect() as conn:
        job = await jobs.get(conn, id)
    if job is None or job.account != viewer.account:
        raise NoSuchRecord("没有这次导入，或不是你传的。", field="import")
    return job


async def _move(edge: Edge, job: Job, when: tuple[jobs.State, ...], **values: Any) -> None:
    async with edge.service.engine.begin() as conn:
        moved = await jobs.change(conn, job.id, when, **values)
    if not moved and job.state not in ("reading", "storing", "done"):
        raise FieldsInvalid("这次导入已经放弃，请重新传文件。", field="import")


async def _errors(edge: Edge, job: Job) -> bytes:
    """The rows that were refused, as a spreadsheet of the same shape. Raises NoSuchRecord."""
    report = job.kept
    key = await keeping.key_of(edge, job.id)
    if report is None:
        raise NoSuchRecord("还没有读完。", field="import")
    sheets = msgspec.convert([_report(one) for one in report.sheets], type=list[pages.SheetReport])
    try:
        with (
            keeping.opened_file(edge, job.id, key, job.file_name) as path,
            TemporaryDirectory(dir=keeping.folder(edge)) as place,
        ):
            out = Path(place) / "errors.xlsx"
            await asyncio.to_thread(
                write_errors, path, out, report.faults, sheets, name=job.file_name
            )
            return out.read_bytes()
    except (FileNotFoundError, ReaderFailed) as error:
        raise NoSuchRecord("文件已经不在了，请重新传。", field="import") from error


def _report(one: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in one.items() if value is not None}


def _told(job: Job) -> dict[str, Any]:
    kept = job.kept
    return {
        "import": str(job.id),
        "state": job.state,
        "done": job.done,
        "total": job.total,
        "unreadable": bool(kept and kept.unreadable),
        "rows": kept.rows_read if kept else 0,
        "report": msgspec.to_builtins(kept.report) if kept else None,
        "faults": [msgspec.to_builtins(one) for one in kept.faults] if kept else [],
    }


def _answer(request: Request, id: UUID) -> Response:
    if wants_page(request):
        return RedirectResponse(f"{HOME}/{id}", 303)
    return JSONResponse({"import": str(id), "next": f"{HOME}/{id}"})
