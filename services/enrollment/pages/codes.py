"""One-time codes on paper: made, shown once, never seen again."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from services.enrollment.pages.drawing import begin, people_names
from services.enrollment.sessions.codes import Code, issue_codes
from shared.commands import FieldsInvalid, body_of
from shared.console import Visit
from shared.edge import Edge
from shared.rights import Viewer
from shared.session_http import viewer as signed_in
from shared.web.models.office import CodeSlip, CodesPage


def router(edge: Edge) -> APIRouter:
    """`POST /enrollment/accounts/codes`: `accounts`, once or several times."""
    api = APIRouter(prefix="/enrollment/accounts")

    @api.post("/codes")
    async def codes(
        request: Request, viewer: Annotated[Viewer, Depends(signed_in)]
    ) -> HTMLResponse:
        asked = (await body_of(request)).get("accounts", [])
        accounts = [asked] if isinstance(asked, str) else [str(one) for one in asked]
        if not accounts:
            raise FieldsInvalid("先选给谁打印。", field="accounts")
        found = await begin(edge, request, viewer, "codes", "account.manage", "registry")
        made = await issue_codes(edge, viewer, accounts)
        return await found.html("codes.html", await codes_page(found, made), "accounts")

    return api


async def codes_page(found: Visit, made: list[Code]) -> CodesPage:
    names = await people_names(found, [one.staff for one in made])
    return CodesPage(
        title=f"一次性登录码，{len(made)} 人",
        slips=tuple(
            CodeSlip(name=names.get(one.staff, ""), account=one.account, code=one.code)
            for one in made
        ),
        address=_address(found.request),
        expires_at=min(one.expires_at for one in made),
        back="/enrollment/accounts",
    )


def _address(request: Request) -> str:
    """What people type: the origin that the gateway was asked for."""
    host = request.headers.get("x-forwarded-host") or request.url.netloc
    scheme = request.headers.get("x-forwarded-proto") or request.url.scheme
    return f"{scheme}://{host}"
