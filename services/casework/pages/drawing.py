"""What the pages of casework draw alike: who looks, names, cards, forms of one tap."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from fastapi import Request
from uuid_utils.compat import uuid7

from services.casework.queries.boards import Found, sealed_names
from shared.access_words import Purpose, Right
from shared.console import Visit, visit
from shared.contracts.alert_view import AlertView
from shared.contracts.words import day_words, until_words, word
from shared.edge import Edge
from shared.policy.pack import Pack
from shared.policy.schema import Code
from shared.rights import NotAllowed, Viewer, may, paths_for, purposes_for
from shared.web.models.case import AlertCard
from shared.web.models.form import Field, Form, Option

UNNAMED = "（没有姓名）"
STRIP_DAYS = 6


async def begin(
    edge: Edge,
    request: Request,
    viewer: Viewer,
    page: str,
    right: Right,
    purpose: Purpose = "casework",
) -> Visit:
    """Begin a list that shows what the viewer's jurisdiction holds. Raises NotAllowed."""
    chosen = fitting(viewer, (await edge.moment()).today, purpose)
    found = await visit(edge, request, viewer, page, purpose=chosen)
    if not paths_for(viewer, right, found.today):
        raise NotAllowed("你的职务没有这项权限。请联系县教育局。", right, "")
    return found


def fitting(viewer: Viewer, today: date, purpose: Purpose) -> Purpose | None:
    """The wished purpose where the viewer's roles have it, else their first one."""
    return purpose if purpose in purposes_for(viewer, today) else None


async def names(found: Visit, rows: Sequence[Found[Any]]) -> dict[str, str]:
    """The children's names by subject, opened through the page's one reading."""
    sealed = sealed_names(rows)
    texts = await found.reading.open_all(sealed)
    return {subject: name for (subject, _, _), name in zip(sealed, texts, strict=True)}


def pack_of(found: Visit, path: str) -> Pack:
    return found.moment.rules.pack(path, found.today)


def options(codes: Sequence[Code]) -> tuple[Option, ...]:
    return tuple(Option(value=code.code, label=code.zh) for code in codes)


def command(name: str) -> str:
    return f"/casework/commands/{name}"


def new_id() -> str:
    return str(uuid7())


def alert_reason(row: Found[AlertView], pack: Pack, public: bool = False) -> str:
    """Why there is an alert; `public`: pupils may look over the shoulder, so no labels."""
    view = row.view
    if view.kind == "streak" and view.first_on and view.last_on:
        run = f"{day_words(view.first_on)}—{day_words(view.last_on)}"
        return f"连续 {view.days} 个上学日无故未到，{run}"
    if view.sign:
        sign = pack.code("signs", view.sign)
        if sign is not None and not (public and sign.restricted):
            return sign.zh
    return word(view.kind or "manual")


def alert_card(found: Visit, row: Found[AlertView], name: str, public: bool = False) -> AlertCard:
    """A card with its forms, where the viewer may decide."""
    view, now, pack = row.view, found.moment.now, pack_of(found, row.path)
    due = min(filter(None, (view.verify_due_at, view.report_due_at)), default=None)
    overdue = view.state == "open" and due is not None and due < now
    decides = view.state == "open" and may(found.viewer, "alert.decide", row.path, found.today)
    return AlertCard(
        name=name,
        href=f"/casework/alerts/{row.stream}",
        about=row.about,
        due=_due_words(view, due, overdue),
        reason=alert_reason(row, pack, public),
        days=_strip(found, row),
        overdue=overdue,
        verify=verify_form(row, pack) if decides else None,
        clear=clear_form(row, pack) if decides else None,
        note="出勤有更正，请先看清再决定。" if view.review else "",
    )


def _due_words(view: AlertView, due: datetime | None, overdue: bool) -> str:
    if view.state != "open" or due is None:
        return word(view.state)
    said = f"{until_words(due)} 前"
    return f"核实、上报已超期，应在 {said}" if overdue else f"{said}核实、上报"


def _strip(found: Visit, row: Found[AlertView]) -> tuple[Any, ...]:
    """The run's school days, drawn where the calendar counts as many as the alert says."""
    view = row.view
    if view.first_on is None or view.last_on is None:
        return ()
    days = found.moment.rules.calendar.school_days(view.first_on, view.last_on, row.path)
    if len(days) != view.days:
        return ()
    return tuple((day, "unexcused") for day in days[-STRIP_DAYS:])


def verify_form(row: Found[AlertView], pack: Pack) -> Form:
    reason = Field(
        name="reason",
        label="怎样核实的",
        kind="choice",
        options=options(pack.codes.verify_reasons),
        required=True,
    )
    return _decision(row, "verify_risk", "属实，立案", reason)


def clear_form(row: Found[AlertView], pack: Pack) -> Form:
    reason = Field(
        name="reason",
        label="为什么不属实",
        kind="choice",
        options=options(pack.codes.clear_reasons),
        required=True,
    )
    return _decision(row, "clear_risk", "不属实", reason)


def _decision(row: Found[AlertView], name: str, submit: str, field: Field) -> Form:
    return Form(
        action=command(name),
        command_id=new_id(),
        version=row.version,
        submit=submit,
        fields=(field,),
        hidden=(("alert", row.stream.removeprefix("alert-")),),
    )


def as_uuid(value: str) -> UUID | None:
    try:
        return UUID(value)
    except ValueError:
        return None
