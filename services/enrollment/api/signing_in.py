"""Sign-in by password, by one-time code, by a demonstration's tap; sign-out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from services.enrollment.api.founding import PATH as FOUNDING
from services.enrollment.api.founding import is_secure
from services.enrollment.queries.ledgers import any_county, counties
from services.enrollment.sessions.demo import demo_accounts
from services.enrollment.sessions.grants import NoSuchAccount
from services.enrollment.sessions.tokens import begun
from shared import credentials
from shared.answers import wants_page
from shared.commands import body_of
from shared.console import language
from shared.credentials import FirstSignIn, PasswordRefused, Refused, SignedIn
from shared.edge import Edge
from shared.session_http import clear_cookie, set_cookie
from shared.web.models.form import Form
from shared.web.models.layout import Layout, Link
from shared.web.models.office import DemoAccount, SignInPage
from shared.web.render import SECURITY_HEADERS, render

PATH, SIGN_OUT = "/sign-in", "/sign-out"
PRODUCT = "控辍保学"
AGAIN_DIFFERS = "两次写的密码不一样。请再写一遍。"
CODE_FIRST = "这是一次性登录码。请设一个密码。"


@dataclass(frozen=True, slots=True)
class Typed:
    """What a form or a program sends; absent values are empty."""

    account: str
    password: str
    code: str
    again: str | None
    demo: str
    back: str

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Typed":
        texts = {name: value for name, value in values.items() if isinstance(value, str)}
        return cls(
            account=texts.get("account", ""),
            password=texts.get("password", ""),
            code=texts.get("code", ""),
            again=texts.get("again"),
            demo=texts.get("demo", ""),
            back=texts.get("back", ""),
        )


Outcome = SignedIn | FirstSignIn | Refused


def router(edge: Edge) -> APIRouter:
    api = APIRouter()

    @api.get(PATH)
    async def page(request: Request, back: str = "/", once: bool = False) -> Response:
        async with edge.service.engine.connect() as conn:
            if not await any_county(conn):
                return RedirectResponse(FOUNDING, 303)
        return await _draw(edge, request, "once" if once else "password", back=back)

    @api.post(PATH)
    async def sign_in(request: Request) -> Response:
        typed = Typed.of(await body_of(request))
        address = request.client.host if request.client else ""
        try:
            async with edge.service.engine.begin() as conn:
                outcome = await _outcome(conn, typed, address)
                token = await _token(conn, edge, outcome)
        except PasswordRefused as refusal:
            if not wants_page(request):
                raise
            return await _draw(edge, request, "set", typed, refusal.say)
        if token is None:
            return await _not_yet(edge, request, typed, outcome)
        return _welcome(request, typed, token)

    @api.post(SIGN_OUT)
    async def sign_out(request: Request) -> Response:
        made: Response = RedirectResponse(PATH, 303)
        if not wants_page(request):
            made = JSONResponse({"next": PATH})
        clear_cookie(made, secure=is_secure(request))
        return made

    return api


async def _outcome(conn: AsyncConnection, typed: Typed, address: str) -> Outcome:
    """Secrets are judged by the machine's clock, never by a simulated one."""
    now = datetime.now(UTC)
    if typed.demo:
        known = {one.account for one in await demo_accounts(conn)}
        return SignedIn(typed.demo) if typed.demo in known else Refused(credentials.WRONG)
    if typed.code and typed.password:
        return await _first_password(conn, typed, address, now)
    secret = typed.code or typed.password
    return await credentials.sign_in(conn, typed.account, secret, address, now)


async def _first_password(
    conn: AsyncConnection, typed: Typed, address: str, now: datetime
) -> Outcome:
    """Programs send the password once; the form asks for it twice."""
    if typed.again is not None and typed.again != typed.password:
        raise PasswordRefused(AGAIN_DIFFERS, field="again")
    given = (typed.account, typed.code, typed.password)
    return await credentials.choose_password(conn, *given, address, now)


async def _token(conn: AsyncConnection, edge: Edge, outcome: Outcome) -> str | None:
    if not isinstance(outcome, SignedIn):
        return None
    try:
        return await begun(conn, edge, outcome.account)
    except NoSuchAccount:
        # A secret of an account that was closed meanwhile says no more than a wrong one.
        return None


def _welcome(request: Request, typed: Typed, token: str) -> Response:
    made: Response = JSONResponse({"token": token, "next": _own(typed.back)})
    if wants_page(request):
        made = RedirectResponse(_own(typed.back), 303)
    set_cookie(made, token, secure=is_secure(request))
    return made


async def _not_yet(edge: Edge, request: Request, typed: Typed, outcome: Outcome) -> Response:
    first = isinstance(outcome, FirstSignIn)
    say = outcome.say if isinstance(outcome, Refused) else credentials.WRONG
    pause = outcome.retry_after if isinstance(outcome, Refused) else None
    if not wants_page(request):
        told = {"code": "first_sign_in", "say": CODE_FIRST} if first else {"say": say}
        headers = {"retry-after": str(int(pause.total_seconds()))} if pause else None
        return JSONResponse({"code": "wrong_secret"} | told, 401, headers=headers)
    if first:
        return await _draw(edge, request, "set", typed)
    return await _draw(edge, request, "once" if typed.code else "password", typed, say)


async def _draw(
    edge: Edge,
    request: Request,
    mode: Any,
    typed: Typed | None = None,
    error: str = "",
    back: str = "/",
) -> HTMLResponse:
    account = typed.account if typed else ""
    hidden = [("back", _own(typed.back if typed else back))]
    if mode == "set" and typed:
        hidden += [("account", account), ("code", typed.code)]
    async with edge.service.engine.connect() as conn:
        names = [name for _, name, _ in await counties(conn)]
        demo = await demo_accounts(conn)
        moment = await edge.moment(conn)
    page = SignInPage(
        county=f"{names[0]}{PRODUCT}" if len(names) == 1 else PRODUCT,
        mode=mode,
        form=_form("登录", hidden),
        account=account,
        error=error,
        other_mode=_other(mode),
        demo=tuple(
            DemoAccount(
                name=one.name,
                role=one.role,
                tries=one.tries,
                form=_form("用这个登录", [("demo", one.account), hidden[0]]),
            )
            for one in demo
        ),
    )
    layout = Layout(now=moment.now, here=PATH)
    drawn = render("sign_in.html", language(request), layout=layout, page=page)
    return HTMLResponse(drawn, 422 if error else 200, headers=SECURITY_HEADERS)


def _form(submit: str, hidden: list[tuple[str, str]]) -> Form:
    return Form(
        action=PATH, command_id=str(uuid7()), version=0, submit=submit, hidden=tuple(hidden)
    )


def _other(mode: str) -> Link | None:
    if mode == "password":
        return Link(text="忘了密码：用一次性登录码", href=f"{PATH}?once=true")
    return Link(text="用密码登录", href=PATH) if mode == "once" else None


def _own(back: str) -> str:
    """A path of ours to go on to; anything that leads elsewhere becomes the first page."""
    inside = back.startswith("/") and not back.startswith(("//", "/\\"))
    return back if inside and not back.startswith(PATH) else "/"
