"""Masked values of a child: covered until somebody opens one for a purpose, and that recorded."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, Literal, Protocol, TypeAlias, get_args
from uuid import UUID

import msgspec
from fastapi.responses import HTMLResponse
from uuid_utils.compat import uuid7

from shared.access_words import PURPOSES, Purpose
from shared.commands import FieldsInvalid
from shared.console import Visit
from shared.contracts.enrollment import CHILD_FIELDS
from shared.contracts.words import word
from shared.masking import mask, mask_name
from shared.reading import ERASED, NOT_OPENED, UNREADABLE, WAITING
from shared.rights import may_open, purposes_for
from shared.sealed import Sealed
from shared.web.models.masked import Masked
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


class Known(Protocol):
    """A child as the directory has it: fields sealed, `path` where rights are asked for it.

    `opens` is the address that a value is opened at.
    """

    @property
    def child(self) -> UUID: ...
    @property
    def path(self) -> str: ...
    @property
    def fields(self) -> Mapping[str, Any]: ...
    @property
    def opens(self) -> str: ...


def asked_for(asked: Mapping[str, Any], fields: Collection[str] = KINDS) -> tuple[str, Purpose]:
    """The field, one of `fields`, and the purpose of a form that opens it. Raises FieldsInvalid."""
    field, purpose = str(asked.get("field", "")), str(asked.get("purpose", ""))
    if purpose not in get_args(Purpose):
        raise FieldsInvalid("先选为什么打开。", field="purpose")
    if field not in fields:
        raise FieldsInvalid("没有这一项，不能打开。", field="field")
    return field, purpose  # type: ignore[return-value]  # one of the words, as just checked


async def open_fields(found: Visit, row: Known, *names: str) -> Opened:
    """Those of the fields that the viewer may open here, as texts; all of them unless named."""
    stored = {name: row.fields[name] for name in names or row.fields if row.fields.get(name)}
    values = [(str(row.child), name, msgspec.convert(v, Sealed)) for name, v in stored.items()]
    texts = await found.reading.open_all(values, row.path)
    return {name: text for (_, name, _), text in zip(values, texts, strict=True)}


async def open_one(found: Visit, row: Known, field: str, purpose: Purpose) -> HTMLResponse:
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


async def _beside(found: Visit, row: Known, field: str, text: str) -> tuple[str, str, str]:
    """Label, note and masked form, as the page draws them."""
    masked = text if text in NOTHING else mask(field, text)
    for name, phone, relation in GUARDIANS:
        if field == phone:
            told = await open_fields(found, row, *filter(None, (name, relation)))
            return (*_guardian(told, name, relation), masked)
    return word(field), "", masked


def identity(found: Visit, row: Known, opened: Opened) -> Iterator[Masked]:
    for field in NUMBERS:
        if field in opened:
            yield _row(found, row, field, label=word(field), masked=_masked(field, opened))


def guardians(found: Visit, row: Known, opened: Opened) -> Iterator[Masked]:
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
    row: Known,
    field: str,
    *,
    label: str,
    masked: str,
    note: str = "",
    value: str = "",
    opened_at: datetime | None = None,
    purpose: str = "",
) -> Masked:
    return Masked(
        field=field,
        label=label,
        masked=masked,
        action=row.opens,
        command_id=str(uuid7()),
        purposes=_purposes(found, row, field),
        note=note,
        value=value,
        opened_at=opened_at,
        purpose=purpose,
        kind=KINDS[field],
    )


def _purposes(found: Visit, row: Known, field: str) -> tuple[tuple[str, str], ...]:
    """What to choose from; empty for who may not open the class here."""
    cls = CHILD_FIELDS[field]
    if not may_open(found.viewer, cls, row.path, found.today):  # type: ignore[arg-type]
        return ()
    english = found.lang == "en"
    held = purposes_for(found.viewer, found.today)
    return tuple((code, PURPOSES[code][english]) for code in held)
