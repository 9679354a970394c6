"""Accounts of a school or county: who has one, who has not signed in yet, codes on paper."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from services.enrollment.pages.drawing import begin, command, new_id, people_names
from services.enrollment.queries.staff import StaffRow, staff_of
from shared.console import Visit
from shared.edge import Edge
from shared.plain_address import Offset
from shared.rights import Viewer, may, paths_for
from shared.roles import ROLES
from shared.session_http import viewer as signed_in
from shared.web.models.form import Form
from shared.web.models.layout import Link
from shared.web.models.office import AccountRow, AccountsPage

State = Literal["none", "waiting", "open", "closed"]
LEFT = "left_school"


def router(edge: Edge) -> APIRouter:
    """`/enrollment/accounts`."""
    api = APIRouter(prefix="/enrollment/accounts")

    @api.get("")
    async def accounts(
        request: Request, viewer: Annotated[Viewer, Depends(signed_in)], after: Offset = 0
    ) -> HTMLResponse:
        found = await begin(edge, request, viewer, "accounts", "account.manage", "registry")
        page = await accounts_page(found, max(after, 0))
        return await found.html("accounts.html", page, "accounts")

    return api


async def accounts_page(found: Visit, after: int) -> AccountsPage:
    paths = paths_for(found.viewer, "account.manage", found.today)
    async with found.edge.service.engine.connect() as conn:
        rows = await staff_of(conn, paths, found.today, after)
        more = bool(await staff_of(conn, paths, found.today, after + len(rows))) and bool(rows)
    names = await people_names(found, [row.staff for row in rows])
    waiting = [row for row in rows if state_of(row) == "waiting"]
    return AccountsPage(
        title="账号",
        rows=tuple(_row(found, row, names.get(row.staff, "")) for row in rows),
        print_codes=_codes("打印一次性登录码", waiting) if waiting else None,
        waiting=len(waiting),
        next_page=Link(text="下一页", href=f"?after={after + len(rows)}") if more else None,
    )


def state_of(row: StaffRow) -> State:
    if row.account is None:
        return "none"
    if row.closed:
        return "closed"
    return "open" if row.secret == "password" else "waiting"


def _row(found: Visit, row: StaffRow, name: str) -> AccountRow:
    manages = may(found.viewer, "account.manage", row.path, found.today)
    roles = [ROLES[role].zh for role in dict.fromkeys(row.roles) if role in ROLES]
    return AccountRow(
        name=name,
        number=row.staff_number or "",
        roles="、".join(roles),
        account=row.account or "",
        state=state_of(row),
        last_seen=row.last_seen,
        acts=tuple(_acts(row)) if manages else (),
    )


def _acts(row: StaffRow) -> list[Form]:
    staff, account = ("staff", str(row.staff)), ("account", row.account or "")
    match state_of(row):
        case "none" if row.staff_number:
            name = ("account", row.staff_number.lower())
            return [_form(row, "open_account", "开通", staff, name)]
        case "open" | "waiting":
            close = _form(row, "close_account", "停用", staff, account, ("reason", LEFT))
            return [_codes("新的登录码", [row]), close]
        case "closed":
            return [_form(row, "open_account", "重新开通", staff, account)]
        case _:
            return []


def _form(row: StaffRow, name: str, label: str, *hidden: tuple[str, str]) -> Form:
    return Form(
        action=command(name),
        command_id=new_id(),
        version=row.version,
        submit=label,
        hidden=hidden,
    )


def _codes(label: str, rows: list[StaffRow]) -> Form:
    return Form(
        action="/enrollment/accounts/codes",
        command_id=new_id(),
        version=0,
        submit=label,
        hidden=tuple(("accounts", row.account or "") for row in rows),
    )
