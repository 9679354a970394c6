"""Sessions at the HTTP edge: who asks, keeping the session alive, refusing foreign forms."""

from collections.abc import Awaitable, Callable, Collection
from http.cookiejar import CookieJar, DefaultCookiePolicy
from http.cookies import CookieError, SimpleCookie
from time import time
from urllib.parse import urlsplit

from fastapi import Request, Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.rights import Viewer
from shared.session import (
    SIGNED_IN_SECONDS,
    Caller,
    NotACaller,
    NotSignedIn,
    Session,
    read_call,
    read_renewable,
    read_session,
)
from shared.signing import PublicKeys

COOKIE = "baoxue_session"
# Whoever signs what others wrote must not be able to change it, nor ask for more than its bytes.
FEED_ONLY = frozenset(("sealer",))
SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS", "TRACE"))
FOREIGN = "这个请求不是从本系统的页面发出的，没有执行。请打开系统页面再试。"


class RenewalAway(Exception):
    """Enrollment did not answer a renewal; the session in hand goes on while it holds."""


def no_cookies() -> CookieJar:
    """For a client that carries many people's requests: it keeps no cookie and sends none of its
    own. One that kept a sign-in's cookie would send it along with the next stranger's request.
    """
    return CookieJar(DefaultCookiePolicy(allowed_domains=()))


# Takes the token in hand; answers a new one, or None when the account may not go on.
Renew = Callable[[str], Awaitable[str | None]]


def session(request: Request) -> Session:
    """FastAPI dependency: the session of cookie or bearer token. Raises NotSignedIn.

    Needs `app.state.public_keys`.
    """
    token = _bearer(request.headers) or request.cookies.get(COOKIE)
    if not token:
        raise NotSignedIn
    keys: PublicKeys = request.app.state.public_keys
    return read_session(keys, token, time())


def viewer(request: Request) -> Viewer:
    """FastAPI dependency: who asks. Raises NotSignedIn."""
    return session(request).viewer


def caller(request: Request) -> Caller:
    """FastAPI dependency: which service calls. Needs `app.state.public_keys` and `.service`.

    Raises NotACaller, also for those that may read feeds and nothing else.
    """
    found = feed_reader(request)
    if found.service in FEED_ONLY:
        raise NotACaller(f"{found.service} may read feeds and nothing else")
    return found


def feed_reader(request: Request) -> Caller:
    """FastAPI dependency: who reads a feed. Raises NotACaller."""
    token = _bearer(request.headers)
    if not token:
        raise NotACaller("no token")
    keys: PublicKeys = request.app.state.public_keys
    return read_call(keys, token, request.app.state.service, time())


def set_cookie(response: Response, token: str, *, secure: bool) -> None:
    """`secure` where the console is served by TLS; scripts never see the cookie."""
    response.headers.append("set-cookie", _cookie(token, SIGNED_IN_SECONDS, secure=secure))


def clear_cookie(response: Response, *, secure: bool) -> None:
    response.headers.append("set-cookie", _cookie("", 0, secure=secure))


class RenewSession:
    """Middleware of the origin people see: a session in use does not run out under their hands.

    An expired one is renewed before the request goes on, so that a form filled in for twenty
    minutes still arrives. Bearer tokens are the command line's own business.
    """

    def __init__(
        self, app: ASGIApp, keys: PublicKeys, renew: Renew, *, secure: bool = False
    ) -> None:
        self._app, self._keys, self._renew, self._secure = app, keys, renew, secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        token = _cookie_token(scope) if scope["type"] == "http" else None
        if token and self._due(token):
            scope, send = await self._renewed(scope, send, token)
        await self._app(scope, receive, send)

    def _due(self, token: str) -> bool:
        try:
            return read_renewable(self._keys, token, time()).due(time())
        except NotSignedIn:
            return False

    async def _renewed(self, scope: Scope, send: Send, token: str) -> tuple[Scope, Send]:
        try:
            fresh = await self._renew(token)
        except RenewalAway:
            return scope, send
        set_to = _cookie(fresh or "", SIGNED_IN_SECONDS if fresh else 0, secure=self._secure)

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                # Sign-in and sign-out set the cookie themselves; theirs is the later word.
                if not any(c.startswith(f"{COOKIE}=") for c in headers.getlist("set-cookie")):
                    headers.append("set-cookie", set_to)
            await send(message)

        return _with_token(scope, fresh), send_with_cookie


class SameOrigin:
    """Middleware against forged forms: whatever changes something must come from our own pages.

    The browser's own word (`Origin`, else `Referer`) is compared with the host it asked. It costs
    forms no hidden field, so a roll kept on a phone for hours is still good, and nothing has to be
    stored. Every browser sends `Origin` with a POST; who sends neither is refused. Requests with a
    bearer token are exempt: no browser adds one by itself.
    """

    def __init__(self, app: ASGIApp, origins: Collection[str] = ()) -> None:
        self._app, self._origins = app, frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._ours(scope["method"], Headers(scope=scope)):
            refusal = PlainTextResponse(FOREIGN, status_code=403)
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _ours(self, method: str, headers: Headers) -> bool:
        if method in SAFE_METHODS or _bearer(headers):
            return True
        said = headers.get("origin") or headers.get("referer")
        if not said:
            return False
        try:
            parts = urlsplit(said)
        except ValueError:
            return False
        known = f"{parts.scheme}://{parts.netloc}" in self._origins
        return known or (bool(parts.netloc) and parts.netloc == headers.get("host"))


def _bearer(headers: Headers) -> str | None:
    kind, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else None


def _cookie(token: str, seconds: int, *, secure: bool) -> str:
    words = [f"{COOKIE}={token}", f"Max-Age={seconds}", "Path=/", "HttpOnly", "SameSite=Lax"]
    return "; ".join([*words, "Secure"] if secure else words)


def _cookie_token(scope: Scope) -> str | None:
    try:
        found = SimpleCookie(Headers(scope=scope).get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return found.value if found else None


def _with_token(scope: Scope, token: str | None) -> Scope:
    """The request as if the browser had sent the new token already, or none."""
    headers = MutableHeaders(raw=list(scope["headers"]))
    cookies = [c.strip() for c in headers.get("cookie", "").split(";")]
    kept = [c for c in cookies if c and not c.startswith(f"{COOKIE}=")]
    headers["cookie"] = "; ".join([*kept, f"{COOKIE}={token}"] if token else kept)
    return {**scope, "headers": headers.raw}
