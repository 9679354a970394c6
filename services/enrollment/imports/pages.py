"""The pages of imports: choose a file, see what was found, watch it being stored."""

from typing import Any
from uuid import UUID

import msgspec
from fastapi import Request, Response
from sqlalchemy import text
from uuid_utils.compat import uuid7

from services.enrollment.imports import jobs, keeping
from services.enrollment.imports.findings import Change, Details, Kept
from services.enrollment.imports.jobs import Job
from services.enrollment.imports.scope import RIGHTS
from services.enrollment.sheets.formats import MAX_FILE_BYTES
from services.enrollment.sheets.parsed import Fault, SheetReport
from shared.console import Visit, visit
from shared.edge import Edge, allowed
from shared.keyring import KeyringAway
from shared.reading import NOT_OPENED
from shared.rights import EVERYWHERE, Viewer, classes_for, may
from shared.sealed import Sealed
from shared.web.models.form import Form, Option
from shared.web.models.imports import (
    ChangeRow,
    Check,
    Done,
    FaultRow,
    ImportPage,
    PastImport,
    Progress,
    Question,
    Upload,
)
from shared.web.models.layout import Link

TEMPLATE, ACTIVE, HOME = "import.html", "import", "/enrollment/imports"
KINDS = {
    "roster": "花名册",
    "staff": "教职工",
    "roll": "点名",
    "calendar": "校历",
    "assignments": "责任分解表",
}
MAX_SHOWN_FAULTS = 300
# Names on one page: the access record of a page names each of them.
MAX_SHOWN_PEOPLE = 200
MEGABYTES = MAX_FILE_BYTES // 2**20
STATES = {
    "reading": "正在读",
    "asked": "等你定",
    "checked": "还没收",
    "refused": "读不了",
    "storing": "导入中",
    "done": "收下了",
    "given_up": "放弃了",
}
NAMES = text(
    "select child::text as subject, fields -> 'name' as name from child"
    " where child = any(:ids) union all"
    " select staff::text, fields -> 'name' from person where staff = any(:ids)"
)


async def upload(edge: Edge, request: Request, viewer: Viewer, error: str = "") -> Response:
    of = await _visit(edge, request, viewer, None)
    async with edge.service.engine.connect() as conn:
        past = await jobs.past(conn, viewer.account)
    kinds = tuple(
        Option(value=kind, label=label)
        for kind, label in KINDS.items()
        if any(may(viewer, RIGHTS[kind], g.path, of.today) for g, _ in viewer.roles(of.today))
    )
    model = Upload(
        form=_form(HOME, "看一遍", ("via", "web")),
        kinds=kinds,
        chosen=request.query_params.get("kind", ""),
        error=error,
        past=tuple(_past(job) for job in past),
        most_megabytes=MEGABYTES,
    )
    return await of.html(TEMPLATE, ImportPage(step="upload", upload=model), ACTIVE)


def _past(job: Job) -> PastImport:
    accepted = job.kept.report.accepted if job.kept else 0
    rows = f" {accepted} 行" if job.state == "done" else ""
    return PastImport(
        at=job.created_at,
        kind=KINDS[job.kind],
        file_name=job.file_name,
        who=job.account,
        result=STATES[job.state] + rows,
        href=f"{HOME}/{job.id}",
    )


async def one(edge: Edge, request: Request, viewer: Viewer, job: Job) -> Response:
    """The page of an import in the state it is in."""
    of = await _visit(edge, request, viewer, job)
    if job.state in jobs.OPEN:
        progress = Progress(
            kind=KINDS[job.kind],
            done=job.done,
            total=job.total,
            refresh=f"{HOME}/{job.id}",
        )
        return await of.html(TEMPLATE, ImportPage(step="progress", progress=progress), ACTIVE)
    if job.state == "given_up" or job.kept is None:
        return await upload(edge, request, viewer, "这次导入已经放弃。请重新选文件。")
    if job.state == "done":
        page = ImportPage(step="done", done=_done(job, job.kept))
        return await of.html(TEMPLATE, page, ACTIVE)
    check = await _check(edge, of, job, job.kept)
    return await of.html(TEMPLATE, ImportPage(step="check", check=check), ACTIVE)


def _done(job: Job, kept: Kept) -> Done:
    report = kept.report
    return Done(
        kind=KINDS[job.kind],
        new=report.accepted - report.changed - report.unchanged,
        changed=report.changed,
        unchanged=report.unchanged,
        errors=_errors_link(job, kept),
        next=Link(text="再导入一份", href=HOME),
    )


async def _check(edge: Edge, of: Visit, job: Job, kept: Kept) -> Check:
    report = kept.report
    faulty = len({(f.sheet, f.row) for f in kept.faults if f.row}) or len(kept.faults)
    whole = not report.rejected and not report.questions
    found = await _details(edge, job)
    names = await _names(edge, of, found)
    accept = f"{HOME}/{job.id}/accept"
    return Check(
        kind=KINDS[job.kind],
        file_name=job.file_name,
        read="；".join(_sheet(one) for one in kept.sheets),
        rows=kept.rows_read,
        faulty=faulty,
        good=report.accepted,
        questions=tuple(_question(one, job) for one in report.questions),
        faults=tuple(_fault(one) for one in kept.faults[:MAX_SHOWN_FAULTS]),
        changes=tuple(_change(one, names, of) for one in found.changes[:MAX_SHOWN_PEOPLE]),
        missing=tuple(names.get(child, NOT_OPENED) for child in found.missing[:MAX_SHOWN_PEOPLE]),
        warnings=tuple(_warning(one) for one in kept.warnings[:MAX_SHOWN_FAULTS]),
        new=report.accepted - report.changed - report.unchanged,
        changed=report.changed,
        unchanged=report.unchanged,
        answer=_form(f"{HOME}/{job.id}/answers", "就这样定") if report.questions else None,
        accept=_form(accept, "收下") if whole and report.accepted else None,
        accept_part=_form(accept, "只收好的", ("partial", "true"))
        if report.rejected and report.accepted and not report.questions
        else None,
        errors=_errors_link(job, kept),
        give_up=_form(f"{HOME}/{job.id}/give-up", "不导入了"),
        columns=tuple(
            (f"{sheet['name']} {place} {heading}", sheet.get("labels", {}).get(meaning, meaning))
            for sheet in kept.sheets
            for place, heading, meaning in sheet["recognised"]
        ),
        all_faults=len(kept.faults),
        all_changes=len(found.changes),
        all_missing=report.missing,
        all_warnings=len(kept.warnings),
    )


def _errors_link(job: Job, kept: Kept) -> Link | None:
    if not any(fault.row for fault in kept.faults):
        return None
    return Link(text="下载错误表", href=f"{HOME}/{job.id}/errors.xlsx")


def _sheet(one: dict[str, Any]) -> str:
    if not one["read"]:
        return f"“{one['name']}”{one['note']}"
    return f"“{one['name']}”表头在第 {one['heading_row']} 行，{one['rows']} 行"


def _question(one: Any, job: Job) -> Question:
    return Question(
        key=one.id,
        where=" ".join(part for part in (one.sheet, one.cell) if part),
        name="",
        text=one.text,
        options=tuple(Option(value=choice.key, label=choice.label) for choice in one.choices),
        chosen=job.answers.get(one.id, ""),
        hint=one.hint,
    )


def _fault(one: Fault) -> FaultRow:
    return FaultRow(
        sheet=one.sheet,
        cells=one.cell,
        column=one.column,
        value=one.value,
        wrong=one.reason,
        mend=one.mend,
    )


def _warning(one: Fault) -> str:
    where = " ".join(part for part in (one.sheet, one.cell) if part)
    return f"{where}　{one.reason}" if where else one.reason


def _change(one: Change, names: dict[str, str], of: Visit) -> ChangeRow:
    """Old and new values only for those who may open them; what happens to whom for all."""
    clear = one.subject in names and names[one.subject] != NOT_OPENED
    opens = (clear and bool(classes_for(of.viewer, of.today))) or one.field in ("klass", "role")
    return ChangeRow(
        name=names.get(one.subject, NOT_OPENED),
        where=f"{one.sheet} {one.cell}",
        what=one.label,
        was=(one.was or "") if opens else NOT_OPENED,
        now=(one.now or "") if opens else NOT_OPENED,
    )


async def details_json(
    edge: Edge, request: Request, viewer: Viewer, job: Job
) -> dict[str, list[Any]]:
    """Changes with old and new, and who is missing, for the command line; recorded like a page."""
    of = await _visit(edge, request, viewer, job)
    found = await _details(edge, job)
    names = await _names(edge, of, found)
    rows = [_change(one, names, of) for one in found.changes[:MAX_SHOWN_PEOPLE]]
    await edge.record(of.reading, of.moment, of.grant)
    return {
        "changes": [
            {"name": r.name, "where": r.where, "what": r.what, "was": r.was, "now": r.now}
            for r in rows
        ],
        "missing": [names.get(one, NOT_OPENED) for one in found.missing[:MAX_SHOWN_PEOPLE]],
    }


async def _details(edge: Edge, job: Job) -> Details:
    if job.details is None:
        return Details(changes=[], missing=[])
    try:
        key = await keeping.key_of(edge, job.id)
    except KeyringAway:
        return Details(changes=[], missing=[])
    return msgspec.json.decode(
        keeping.unbox(key, job.id, "details", bytes(job.details)), type=Details
    )


async def _names(edge: Edge, of: Visit, found: Details) -> dict[str, str]:
    """Names of those whom the page shows, opened through the page's one reading."""
    subjects = [one.subject for one in found.changes[:MAX_SHOWN_PEOPLE]]
    wanted = list(dict.fromkeys([*subjects, *found.missing[:MAX_SHOWN_PEOPLE]]))
    async with edge.service.engine.connect() as conn:
        rows = (await conn.execute(NAMES, {"ids": [UUID(one) for one in wanted]})).all()
    sealed = [(row.subject, "name", msgspec.convert(row.name, Sealed)) for row in rows if row.name]
    opened = await of.reading.open_all(sealed)
    return {one[0]: name for one, name in zip(sealed, opened, strict=True)}


async def _visit(edge: Edge, request: Request, viewer: Viewer, job: Job | None) -> Visit:
    if job is None or job.path == EVERYWHERE:
        return await visit(edge, request, viewer, "import")
    moment = await edge.moment()
    grant = allowed(viewer, RIGHTS[job.kind], job.path, moment)
    return await visit(edge, request, viewer, "import", grant=grant, ledger=job.ledger)


def _form(action: str, submit: str, *hidden: tuple[str, str]) -> Form:
    return Form(action=action, command_id=str(uuid7()), version=0, submit=submit, hidden=hidden)


__all__ = ["SheetReport", "details_json", "one", "upload"]
