"""From what went wrong to an answer that says what to do next, as JSON or as a page."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

from shared.commands import FieldsInvalid
from shared.decider import CommandRejected
from shared.event import EventRefused
from shared.event_store import Conflict, UnknownLedger
from shared.field_words import wrong_address
from shared.keyring import KeyringAway
from shared.opening import StoreClosed
from shared.plain_address import PlainAddress
from shared.reading import ReadingNotRecorded
from shared.rights import NotAllowed
from shared.rulebook import RulesMissing
from shared.sealed import TextTooLong
from shared.session import NotACaller, NotSignedIn
from shared.web.english import english
from shared.web.words import language

RETRY_AFTER_SECONDS = "5"
SIGN_IN = "/sign-in"

# Draws a refusal for a person, from request, status and what is told.
Refusal = Callable[[Request, int, Mapping[str, Any]], Response]
# (status, code, sentence); the sentence says what to do.
Told = tuple[int, str, str]
FIXED: Mapping[type[Exception], Told] = {
    Conflict: (409, "conflict", "别人（或另一个页面）刚改过，请看新内容再提交。"),
    UnknownLedger: (404, "unknown_ledger", "没有这个县的账。请先建县，或稍等片刻再试。"),
    EventRefused: (422, "not_storable", "内容过长，或含有不能保存的字符。请删短后再提交。"),
    StoreClosed: (
        503,
        "store_closed",
        "系统正在核对数据，暂时不能提交。写好的请先留着，稍后再试。",
    ),
    RulesMissing: (503, "rules_missing", "规则还没有到齐，暂时不能办理。请稍后再试。"),
    KeyringAway: (503, "keyring_away", "暂时打不开个人信息。请稍后再试。"),
    ReadingNotRecorded: (503, ReadingNotRecorded.code, ReadingNotRecorded.say),
    NotACaller: (401, NotACaller.code, "只供系统内部使用。"),
    OperationalError: (503, "database_away", "现在连不上数据库。写好的都还在，稍后再试。"),
    ConnectionError: (503, "unreachable", "现在连不上系统的一部分。写好的都还在，稍后再试。"),
}


def tell(error: Exception) -> tuple[int, dict[str, Any]]:
    """Status and JSON of an error that a person or a program can act on."""
    if isinstance(error, CommandRejected):
        status = 422 if isinstance(error, FieldsInvalid) else 409
        return status, {"code": error.code, "say": error.say, "fields": _plain(error.fields)}
    if isinstance(error, NotAllowed):
        return 403, {"code": error.code, "say": error.say}
    if isinstance(error, NotSignedIn):
        return 401, {"code": error.code, "say": error.say}
    if isinstance(error, TextTooLong):
        say = f"“{error.field}”写得太长。请删短后再提交。"
        return 422, {"code": "invalid", "say": say, "fields": {"field": error.field}}
    for kind, (status, code, say) in FIXED.items():
        if isinstance(error, kind):
            return status, {"code": code, "say": say}
    raise error


def install(app: FastAPI, refusal: Refusal | None = None) -> None:
    """Answer every expected error; `refusal` draws a page for browsers."""
    app.add_middleware(PlainAddress)
    kinds = (CommandRejected, NotAllowed, NotSignedIn, TextTooLong, *FIXED)

    async def answer(request: Request, error: Exception) -> Response:
        status, told = tell(error)
        if isinstance(error, NotSignedIn) and wants_page(request):
            return _to_sign_in(request)
        return _answer(request, status, told, refusal)

    for kind in kinds:
        app.add_exception_handler(kind, answer)

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return _answer(request, 422, _fields_of(error), refusal)

    async def plain(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        say = (
            str(error.detail) if error.status_code != 404 else "没有这一页，或者它不在你的范围里。"
        )
        return _answer(request, error.status_code, {"code": "http", "say": say}, refusal)

    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, plain)


def wants_page(request: Request) -> bool:
    """Whether a browser asks for a page (and not a script or program for JSON)."""
    return "text/html" in request.headers.get("accept", "")


def _answer(
    request: Request, status: int, told: dict[str, Any], refusal: Refusal | None
) -> Response:
    if refusal is not None and wants_page(request):
        return refusal(request, status, told)
    headers = {"retry-after": RETRY_AFTER_SECONDS} if status == 503 else None
    return JSONResponse(_in_words_of(request, told), status, headers=headers)


def _in_words_of(request: Request, told: dict[str, Any]) -> dict[str, Any]:
    """A script of an English page shows the sentence as it gets it."""
    if language(request.cookies) == "zh":
        return told
    return told | {"say": english(str(told["say"]))}


def _to_sign_in(request: Request) -> Response:
    here = request.url.path if request.method == "GET" else "/"
    if request.headers.get("hx-request"):
        return Response(status_code=401, headers={"hx-redirect": SIGN_IN})
    return RedirectResponse(f"{SIGN_IN}?back={here}", 303)


def _fields_of(error: RequestValidationError) -> dict[str, Any]:
    fields = {
        ".".join(str(part) for part in one["loc"][1:]) or str(one["loc"][0]): one["msg"]
        for one in error.errors()
    }
    return {"code": "invalid", "say": wrong_address(fields.items()), "fields": fields}


def _plain(fields: Mapping[str, Any]) -> Any:
    return msgspec.to_builtins(dict(fields), str_keys=True)
