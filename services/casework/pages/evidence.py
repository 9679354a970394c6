"""Plain evidence with a photograph or a scan: sealed at once, shown to whoever may see it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from sqlalchemy import text
from starlette.datastructures import UploadFile

from services.casework.commands.duties import EvidenceFields, file_evidence
from services.casework.pages.duty import begin_duty, known_duty
from shared.attachments import (
    ATTACHMENT_LIMIT_BYTES,
    FIELD,
    Files,
    head_of,
    opened_file,
)
from shared.commands import FieldsInvalid, answer, read
from shared.console import Visit
from shared.edge import Edge
from shared.rights import Viewer
from shared.sealed import subject_of
from shared.session_http import viewer as signed_in

# A form of a file and a few words: no more than this is read at all.
FORM_LIMIT_BYTES = ATTACHMENT_LIMIT_BYTES + 64 * 1024
ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "application/pdf": "pdf"}
FILED = text(
    "select body::json -> 'data' -> 'attachment' ->> 'type' as type from events"
    " where ledger = :ledger and stream = :stream"
    " and body::json -> 'data' -> 'attachment' ->> 'sha256' = :sha"
)


def router(edge: Edge) -> APIRouter:
    """`POST /casework/duties/{duty}/evidence`, `GET /casework/duties/{duty}/files/{sha256}`."""
    api = APIRouter(prefix="/casework/duties/{duty}")

    @api.post("/evidence", response_model=None)
    async def file(
        duty: UUID, request: Request, viewer: Annotated[Viewer, Depends(signed_in)]
    ) -> Response:
        await known_duty(edge, viewer, duty)
        values, content = await _read(request)
        fields = read(EvidenceFields, values | {"duty": str(duty)})
        return answer(request, await file_evidence(edge, viewer, fields, content))

    @api.get("/files/{sha256}", response_model=None)
    async def one(
        duty: UUID, sha256: str, request: Request, viewer: Annotated[Viewer, Depends(signed_in)]
    ) -> Response:
        return await _shown(edge, request, viewer, duty, sha256)

    return api


async def _read(request: Request) -> tuple[dict[str, Any], bytes | None]:
    """The fields and the file, if one was chosen. Raises FieldsInvalid."""
    length = request.headers.get("content-length", "")
    if not length.isdecimal() or int(length) > FORM_LIMIT_BYTES:
        raise FieldsInvalid("文件超过 10 MB。拍小一点，或分几次提交。", field=FIELD)
    async with request.form(max_files=1, max_fields=20) as form:
        values = {name: one for name, one in form.items() if isinstance(one, str)}
        upload = form.get(FIELD)
        content = await upload.read() if isinstance(upload, UploadFile) else b""
    if any("\0" in one for one in (*values, *values.values())):
        raise FieldsInvalid("内容含有不能保存的字符。请删掉再提交。", field="note")
    return values, content or None


async def _shown(edge: Edge, request: Request, viewer: Viewer, duty: UUID, sha256: str) -> Response:
    found, row = await begin_duty(edge, request, viewer, duty)
    params = {"ledger": row.ledger, "stream": f"duty-{duty}", "sha": sha256}
    async with edge.service.engine.connect() as conn:
        type_ = (await conn.execute(FILED, params)).scalar()
    if type_ is None:
        raise HTTPException(404)
    content = await _opened(found, row.path, sha256)
    await edge.record(found.reading, found.moment, found.grant)
    name = f"attachment-{sha256[:8]}.{ENDINGS[type_]}"
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
    }
    return Response(content, media_type=type_, headers=headers)


async def _opened(found: Visit, path: str, sha256: str) -> bytes:
    """The clear file, read through the page's one reading. 404 where it may not, or cannot, be."""
    kept = Files.under(found.edge.service.settings.home).get(sha256)
    if kept is None:
        raise HTTPException(404)
    head = head_of(kept)
    subject = subject_of(head, "")
    secret = await found.reading.open_restricted(subject, FIELD, head, path)
    try:
        return opened_file(kept, subject, secret)[1]
    except ValueError as error:
        raise HTTPException(404) from error
