"""The inbox of an account: what was told, about whom, and what to do next."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from uuid_utils.compat import uuid7

from services.notify.pages import digests, lines
from services.notify.queries import duties
from services.notify.queries.charges import charged
from services.notify.queries.notices import Notice, notices, unread
from shared.console import Visit, visit
from shared.contracts.words import until_words
from shared.edge import Edge
from shared.plain_address import Offset
from shared.rights import NotAllowed, Viewer, paths_for
from shared.session_http import viewer as signed_in
from shared.web.models.form import Form
from shared.web.models.layout import Link
from shared.web.models.today import InboxDigest, InboxPage, InboxPart, Message

PAGE_MESSAGES = 50
PART_MESSAGES = 5
TITLES = {
    "risk_flagged": "新预警，要核实",
    "report_overdue": "辍学上报超期",
    "case_opened": "已立案",
    "relapse_detected": "复辍，又没来",
    "reminder": "催办，请尽快办理",
    "roll_reminder": "今天还没点名，请尽快点名",
    "escalation": "任务超期，请过问",
}
URGENT = frozenset(
    (
        "risk_flagged",
        "report_overdue",
        "relapse_detected",
        "reminder",
        "roll_reminder",
        "escalation",
    )
)


def router(edge: Edge) -> APIRouter:
    """`/notify/inbox` and `/notify/today`."""
    api = APIRouter(prefix="/notify")

    @api.get("/inbox")
    async def inbox(
        request: Request, viewer: Annotated[Viewer, Depends(signed_in)], page: Offset = 0
    ) -> HTMLResponse:
        found = await _begin(edge, request, viewer, "inbox")
        shown, left = await _messages(found, PAGE_MESSAGES + 1, max(page, 0) * PAGE_MESSAGES)
        more = Link(text="下一页", href=f"?page={max(page, 0) + 1}")
        drawn = InboxPage(
            title="消息",
            messages=tuple(shown[:PAGE_MESSAGES]),
            unread=left,
            next_page=more if len(shown) > PAGE_MESSAGES else None,
            digest=await _digest(found) if not page else None,
        )
        return await found.html("inbox.html", drawn, "messages")

    @api.get("/today")
    async def today(
        request: Request, viewer: Annotated[Viewer, Depends(signed_in)]
    ) -> HTMLResponse:
        found = await _begin(edge, request, viewer, "today")
        shown, left = await _messages(found, PART_MESSAGES, 0)
        part = InboxPart(messages=tuple(shown), unread=left, all_href="/notify/inbox")
        return await found.part("parts/inbox.html", part)

    return api


async def _begin(edge: Edge, request: Request, viewer: Viewer, page: str) -> Visit:
    found = await visit(edge, request, await charged(edge, viewer), page)
    if not paths_for(viewer, "inbox.view", found.today):
        raise NotAllowed("你的职务没有消息。请联系县教育局。", "inbox.view", "")
    return found


async def _messages(found: Visit, limit: int, offset: int) -> tuple[list[Message], int]:
    async with found.edge.service.engine.connect() as conn:
        rows = await notices(conn, found.viewer.account, limit, offset)
        left = await unread(conn, found.viewer.account)
        climbed = await duties.of_duties(conn, list(filter(None, map(_duty, rows))))
    names = await _names(found, rows)
    whats = {duty: _what(found, row) for duty, row in climbed.items()}
    return [_message(row, names.get(str(row.notice), ""), whats) for row in rows], left


def _duty(row: Notice) -> UUID | None:
    return UUID(row.about[5:]) if row.about.startswith("duty-") else None


def _told_of(row: Notice, whats: Mapping[UUID, str]) -> str:
    duty = _duty(row)
    return whats.get(duty, "") if duty else ""


def _what(found: Visit, duty: Any) -> str:
    """What was not done, until when, and whether it is by now."""
    said = lines.kind_words(found, duty.kind, duty.path)
    where = "" if duty.child else (duty.klass or duty.unit or "")
    where = f"{where}：" if where else ""
    done = lines.ENDED.get(duty.state)
    return f"{where}{said}，应在 {until_words(duty.due_at)} 前办" + (f"；{done}" if done else "")


async def _digest(found: Visit) -> InboxDigest | None:
    async with found.edge.service.engine.connect() as conn:
        params = {"account": found.viewer.account}
        last = (await conn.execute(duties.LAST_DIGEST, params)).first()
    if last is None:
        return None
    shown = await digests.drawn(found, last.on_day, last.part)
    return InboxDigest(title=digests.title(last.on_day, last.part), duties=shown)


async def _names(found: Visit, rows: list[Notice]) -> dict[str, str]:
    """By notice; each is opened only where the child sits within the viewer's roles today."""
    named: dict[str, str] = {}
    by_path: dict[str, list[Notice]] = {}
    for row in rows:
        if row.name is not None and row.child is not None:
            by_path.setdefault(lines.opened_at(found, row.child, row.path), []).append(row)
    for path, some in by_path.items():
        sealed = [(str(row.child), "name", row.name) for row in some if row.name is not None]
        texts = await found.reading.open_all(sealed, path)
        named |= {str(row.notice): name for row, name in zip(some, texts, strict=True)}
    return named


def _message(row: Notice, name: str, whats: Mapping[UUID, str]) -> Message:
    title = TITLES.get(row.kind, row.kind)
    return Message(
        title=f"{name}：{title}" if name else title,
        href=href(row.about),
        at=row.queued_at,
        detail="　".join(filter(None, (_told_of(row, whats), row.place))),
        read=row.read_at is not None,
        urgent=row.kind in URGENT,
        acknowledge=None if row.read_at else _acknowledge(row),
    )


def href(about: str) -> str:
    """Where the record is that the notice is about; a roll is the class's of that day."""
    if about.startswith("roll-"):
        return f"/enrollment/classes/{about[5:41]}/roll"
    if about.startswith("duty-"):
        return f"/casework/duties/{about[5:]}"
    return f"/casework/{'cases' if about.startswith('case-') else 'alerts'}/{about}"


def _acknowledge(row: Notice) -> Form:
    return Form(
        action="/notify/commands/read_notice",
        command_id=str(uuid7()),
        version=0,
        submit="看过了",
        hidden=(("notice", str(row.notice)),),
    )
