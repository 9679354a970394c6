"""What an account may do without: the rules in force say which kinds, and nothing else."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from uuid_utils.compat import uuid7

from services.notify.queries.duties import UNWANTED_BY
from shared.console import Visit, visit
from shared.edge import Edge
from shared.rights import NotAllowed, Viewer, paths_for
from shared.session_http import viewer as signed_in
from shared.web.models.form import Form


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """One kind that may be switched off; `form` turns it round."""

    title: str
    on: bool
    form: Form


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferencesPage:
    """Template `preferences.html`."""

    title: str
    preferences: tuple[Preference, ...]


def router(edge: Edge) -> APIRouter:
    """`/notify/preferences`."""
    api = APIRouter(prefix="/notify")

    @api.get("/preferences")
    async def preferences(
        request: Request, viewer: Annotated[Viewer, Depends(signed_in)]
    ) -> HTMLResponse:
        found = await visit(edge, request, viewer, "inbox")
        if not paths_for(viewer, "inbox.view", found.today):
            raise NotAllowed("你的职务没有消息。请联系县教育局。", "inbox.view", "")
        return await found.html("preferences.html", await _page(found), "messages")

    return api


async def _page(found: Visit) -> PreferencesPage:
    async with found.edge.service.engine.connect() as conn:
        rows = await conn.execute(UNWANTED_BY, {"account": found.viewer.account})
        off = set(rows.scalars())
    codes = found.moment.rules.pack(found.grant.path, found.today).codes
    return PreferencesPage(
        title="收哪些消息",
        preferences=tuple(
            _preference(code.code, code.zh, on=code.code not in off)
            for code in codes.optional_messages
        ),
    )


def _preference(what: str, title: str, *, on: bool) -> Preference:
    form = Form(
        action="/notify/commands/set_preference",
        command_id=str(uuid7()),
        version=0,
        submit="不收" if on else "要收",
        hidden=(("what", what), ("on", "false" if on else "true")),
    )
    return Preference(title=title, on=on, form=form)
