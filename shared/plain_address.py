"""Addresses that no page can be asked by: refused before anything looks at them."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated
from urllib.parse import parse_qsl

from pydantic import Field
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

SAY = "地址里有不能用的字符。请从页面里的链接打开。"
FIRST_YEAR, LAST_YEAR = 1900, 2100
OFFSET_LIMIT = 1_000_000

# A day that has a neighbour on both sides, and a place in a list that a database can count to.
Day = Annotated[date, Field(ge=date(FIRST_YEAR, 1, 1), le=date(LAST_YEAR, 12, 31))]
Offset = Annotated[int, Field(ge=-OFFSET_LIMIT, le=OFFSET_LIMIT)]
Seq = Annotated[int, Field(ge=0, lt=2**63)]


class PlainAddress:
    """Middleware: U+0000 can stand in no text of the database, so nothing is found by it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (names := list(at_fault(scope))):
            told = {"code": "invalid", "say": SAY, "fields": dict.fromkeys(names, "U+0000")}
            await JSONResponse(told, 422)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def at_fault(scope: Scope) -> Iterator[str]:
    """Names of the parameters that hold it, without it."""
    if "\0" in scope["path"]:
        yield "path"
    query = scope["query_string"].decode("latin-1")
    for name, value in parse_qsl(query, keep_blank_values=True):
        if "\0" in name or "\0" in value:
            yield name.replace("\0", "") or "query"
