"""Requests straight into an application, byte for byte: what no well-behaved client would send."""

import asyncio
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import unquote
from zipfile import ZipFile, is_zipfile

from fastapi import FastAPI

Header = tuple[bytes, bytes]


@dataclass(slots=True)
class Answer:
    """`error`: the traceback of what escaped from the application, else empty."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    error: str = ""

    @property
    def text(self) -> str:
        """All that a reader finds in it: pages, JSON, addresses, cells of a spreadsheet."""
        body = self.body
        if is_zipfile(BytesIO(body)):
            with ZipFile(BytesIO(body)) as book:
                body = b"\n".join(book.read(name) for name in book.namelist())
        said = body.decode("utf-8", "replace")
        return "\n".join((said, unquote(said), *map(unquote, self.headers.values())))


async def ask(
    app: FastAPI,
    method: str,
    target: str | bytes,
    headers: Sequence[Header] = (),
    body: bytes | Sequence[bytes] = b"",
) -> Answer:
    """One request as uvicorn hands it over; `target` is the path with its query, still quoted."""
    raw = target if isinstance(target, bytes) else target.encode("utf-8", "surrogatepass")
    path, _, query = raw.partition(b"?")
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path.decode("latin-1")),
        "raw_path": path,
        "query_string": query,
        "root_path": "",
        "headers": [(b"host", b"test"), *headers],
        "client": ("127.0.0.1", 1),
        "server": ("test", 80),
        "state": {},
    }
    return await _run(app, scope, [body] if isinstance(body, bytes) else list(body))


async def _run(app: FastAPI, scope: dict[str, Any], chunks: list[bytes]) -> Answer:
    answer, left = Answer(), list(chunks) or [b""]

    async def receive() -> dict[str, Any]:
        if not left:
            await asyncio.Event().wait()  # whoever asked stays there until it is answered
        chunk = left.pop(0)
        return {"type": "http.request", "body": chunk, "more_body": bool(left)}

    async def send(message: Mapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {k.decode(): v.decode("latin-1") for k, v in message["headers"]}
        else:
            answer.body += message.get("body", b"")

    try:
        await app(scope, receive, send)
    except Exception:
        answer.error = traceback.format_exc()
    return answer
