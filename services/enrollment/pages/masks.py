"""Values that stay masked until somebody opens them for a purpose, one at a time, recorded."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, TypeAlias, get_args
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse

from services.enrollment.pages.drawing import new_id
from services.enrollment.queries.children import ChildRow, child_row
from shared.access_words import PURPOSES, Purpose
from shared.commands import FieldsInvalid, body_of
from shared.console import Visit, visit
from shared.contracts.enrollment import CHILD_FIELDS
from shared.contracts.words import word
from shared.edge import Edge, allowed
from shared.masking import mask, mask_name
from shared.reading import ERASED, NOT_OPENED, UNREADABLE, WAITING
from shared.rights import Viewer, may_open, purposes_for
from shared.sealed import Sealed
from shared.session_http import viewer as signed_in
from shared.viewing import viewing
from shared.web.models.child import Masked
from shared.web.render import SECURITY_HEADERS, render

# What was opened of a record, by field; one of NOTHING stands for what was not.
Opened: TypeAlias = Mapping[str, str]
NOTHING = frozenset((NOT_OPENED, ERASED, UNREADABLE, WAITING))
NUMBERS = ("idnumber", "studentnumber")
# Of each guardian: the name's field, the phone's, the relation's.
GUARDIANS = (("guardian", "phone", "guardianrelation"), ("guardian2", "phone2", ""))
KINDS: Mapping[str, Literal["idnumber", "phone", "text"]] = {
    "idnumber": "idnumber",
    "studentnumber": "idnumber",
    "phone": "phone",
    "phone2": "phone",
}


def router(edge: Edge) -> APIRouter:
    """`POST /enrollment/children/{child}/open`: `field` and `purpose`; answered by the fragment."""
    api = APIRouter(prefix="/enrollment/children")

    @api.post("/{child}/open")
    async def open_value(
        child: UUID, request: Request, viewer: Annotated[Viewer, Depends(signed_in)]
    ) -> HTMLResponse:
        asked = await body_of(request)
        field, purpose = str(asked.get("field", "")), _purpose(str(asked.get("purpose", "")))
        if field not in KINDS:
            raise FieldsInvalid("没有这一项，不能打开。", field="field")
        moment = await edge.moment()
        async with viewing(edge.service.engine, viewer, "child.view", moment.today) as conn:
            row = await child_row(conn, child)
        if row is None or not row.fields.get(field):
            raise HTTPException(404)
        grant = allowed(viewer, "child.view", row.path, moment)
        found = await visit(
            edge, request, viewer, "child.open", grant=grant, ledger=row.ledger, purpose=purpose
        )
        return await _opened(found, row, field, purpose)

    return api


def _purpose(code: str) -> Purpose:
    if code not in get_args(Purpose):
        raise FieldsInvalid("先选为什么打开。", field="purpose")
    return code  # type: ignore[return-value]  # one of the words, as just checked


async def _opened(found: Visit, row: ChildRow, field: str, purpose: Purpose) -> HTMLResponse:
    """The value in clear; recorded before it is sent, or not sent at all."""
    sealed = msgspec.convert(row.fields[field], Sealed)
    text = await found.reading.open_restricted(str(row.child), field, sealed, row.path)
    label, note, masked = await _beside(found, row, field, text)
    shut = text in NOTHING
    part = _row(
        found,
        row,
        field,
        label=label,
        note=note,
        masked=masked,
        value="" if shut else text,
        opened_at=None if shut else found.moment.now,
        purpose="" if shut else PURPOSES[purpose][found.lang == "en"],
    )
    drawn = render("parts/masked.html", found.lang, row=part)
    await found.edge.record(found.reading, found.moment, found.grant)
    return HTMLResponse(drawn, headers=SECURITY_HEADERS)


async def _beside(found: Visit, row: ChildRow, field: str, text: str) -> tuple[str, str, str]:
    """Label, note and masked form, as the page draws them."""
    masked = text if text in NOTHING else mask(field, text)
    for name, phone, relation in GUARDIANS:
        if field == phone:
            told = await _texts(found, row, [one for one in (name, relation) if one])
            return (*_guardian(told, name, relation), masked)
    return word(field), "", masked


async def _texts(found: Visit, row: ChildRow, names: list[str]) -> dict[str, str]:
    kept = [name for name in names if row.fields.get(name)]
    values = [(str(row.child), name, msgspec.convert(row.fields[name], Sealed)) for name in kept]
    texts = await found.reading.open_all(values, row.path)
    return dict(zip(kept, texts, strict=True))


def identity(found: Visit, row: ChildRow, opened: Opened) -> Iterator[Masked]:
    for field in NUMBERS:
        if field in opened:
            yield _row(found, row, field, label=word(field), masked=_masked(field, opened))


def guardians(found: Visit, row: ChildRow, opened: Opened) -> Iterator[Masked]:
    """A masked phone under each guardian's relation and masked name."""
    for name, phone, relation in GUARDIANS:
        if name in opened or phone in opened:
            label, note = _guardian(opened, name, relation)
            masked = _masked(phone, opened)
            yield _row(found, row, phone, label=label, note=note, masked=masked)


def _guardian(opened: Opened, name: str, relation: str) -> tuple[str, str]:
    said = opened.get(name, "")
    shown = said if said in NOTHING else mask_name(said)
    kin = opened.get(relation, "")
    label = kin if kin and kin not in NOTHING else word("guardian")
    return f"{label} {shown}".strip(), ""


def _masked(field: str, opened: Opened) -> str:
    text = opened.get(field, "")
    return text if text in NOTHING else mask(field, text)


def _row(
    found: Visit,
    row: ChildRow,
    field: str,
    *,
    label: str,
    masked: str,
    note: str = "",
    value: str = "",
    opened_at: object = None,
    purpose: str = "",
) -> Masked:
    return Masked(
        field=field,
        label=label,
        masked=masked,
        action=f"/enrollment/children/{row.child}/open",
        command_id=new_id(),
        purposes=_purposes(found, row, field),
        note=note,
        value=value,
        opened_at=opened_at,  # type: ignore[arg-type]
        purpose=purpose,
        kind=KINDS[field],
    )


def _purposes(found: Visit, row: ChildRow, field: str) -> tuple[tuple[str, str], ...]:
    """What to choose from; empty for who may not open the class here."""
    cls = CHILD_FIELDS[field]
    if not may_open(found.viewer, cls, row.path, found.today):  # type: ignore[arg-type]
        return ()
    english = found.lang == "en"
    held = purposes_for(found.viewer, found.today)
    return tuple((code, PURPOSES[code][english]) for code in held)
