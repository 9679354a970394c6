"""Every route as every caller asked it: what came back, and what the access ledger says of it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote, urlencode

import msgspec
from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from shared.event import read
from shared.rights import Viewer, may, touches
from tests.guard.asking import Answer, Header, ask
from tests.guard.canaries import Canary, sees
from tests.guard.conftest import Deployed
from tests.guard.counties import THURSDAY
from tests.guard.declared import DECLARED, Declared
from tests.guard.routes import Route, table_of

PAGE, PROGRAM = "text/html", "application/json"
ACCESSES = text(
    "select e.ledger, e.seq, e.body from ledger l join events e using (ledger)"
    " where l.ledger like '%-access' and e.seq > coalesce((:seen ->> l.ledger)::int, 0)"
    " order by e.ledger, e.seq"
).bindparams(bindparam("seen", type_=JSONB))


@dataclass(slots=True)
class Asked:
    """One request of the matrix. `viewed`: subjects that the access ledger names for it."""

    route: Route
    declared: Declared
    address: str
    accept: str
    label: str
    viewer: Viewer | None
    answer: Answer
    sent: str = ""
    viewed: set[str] = field(default_factory=set)
    events: list[str] = field(default_factory=list)
    allowed: bool = False

    def __str__(self) -> str:
        kind = "page" if self.accept == PAGE else "program"
        return f"{self.label}: {self.route.method} {self.address} ({kind}) → {self.answer.status}"


@dataclass(slots=True)
class Matrix:
    """Asks one route after the other and keeps every answer."""

    deployed: Deployed
    facts: Mapping[str, str]
    importer: str
    tokens: dict[str, str] = field(default_factory=dict)
    seen: dict[str, dict[str, int]] = field(default_factory=dict)

    def routes(self) -> list[Route]:
        worlds = self.deployed.stage.worlds
        return [route for name, world in worlds.items() for route in table_of(name, world.app)]

    async def ask_all(self, service: str) -> list[Asked]:
        return [
            asked
            for route in self.routes()
            if route.service == service and (declared := declared_of(route)) is not None
            for asked in [one async for one in self._route(route, declared)]
        ]

    async def _route(self, route: Route, declared: Declared) -> Any:
        for number, template in enumerate(declared.asks):
            address = filled(template, self.facts)
            programs = route.method == "GET" and number == 0
            for label, viewer in self.callers_of(declared):
                if declared.refused_only and self.allowed(declared, viewer):
                    continue
                for accept in (PAGE, PROGRAM) if programs else (PAGE,):
                    yield await self._one(route, declared, address, accept, label)

    def callers_of(self, declared: Declared) -> Iterable[tuple[str, Viewer | None]]:
        """Where no session counts, one of each role is enough."""
        callers = self.deployed.callers
        if declared.kind not in ("caller", "open"):
            return callers.items()
        return {
            viewer and tuple(grant.role for grant in viewer.grants): (label, viewer)
            for label, viewer in callers.items()
        }.values()

    async def _one(
        self, route: Route, declared: Declared, address: str, accept: str, label: str
    ) -> Asked:
        viewer, app = self.deployed.callers[label], self.deployed.stage.worlds[route.service].app
        sent, headers, body = self._sent(declared, accept)
        if viewer is not None:
            token = self.tokens.setdefault(label, self.deployed.token(viewer))
            headers.append((b"authorization", b"Bearer " + token.encode()))
        answer = await ask(app, route.method, address, headers, body)
        asked = Asked(route, declared, address, accept, label, viewer, answer, sent)
        asked.allowed = self.allowed(declared, viewer)
        if answer.status < 400:
            await self._look(asked)
        return asked

    def _sent(self, declared: Declared, accept: str) -> tuple[str, list[Header], bytes]:
        headers = [(b"accept", accept.encode())]
        headers += [(k.encode(), v.encode()) for k, v in (declared.headers or {}).items()]
        if declared.body is None:
            return "", headers, b""
        values = {name: filled(text, self.facts) for name, text in declared.body.items()}
        if declared.files:
            kind, body = multipart(values, declared.files)
            return "", [*headers, (b"content-type", kind)], body
        if declared.as_json:
            sent = msgspec.json.encode({name: [text] for name, text in values.items()}).decode()
            return sent, [*headers, (b"content-type", b"application/json")], sent.encode()
        headers.append((b"content-type", b"application/x-www-form-urlencoded"))
        sent = urlencode(values)
        return sent, headers, sent.encode()

    async def _look(self, asked: Asked) -> None:
        """What was recorded as read since the last look."""
        seen = self.seen.setdefault(asked.route.service, {})
        engine = self.deployed.stage.worlds[asked.route.service].engine
        async with engine.connect() as conn:
            rows = await conn.execute(ACCESSES, {"seen": seen})
            for row in rows:
                seen[row.ledger] = row.seq
                envelope = read(row.body)
                asked.events.append(envelope.type)
                asked.viewed |= set(msgspec.json.decode(envelope.data).get("subjects", ()))

    def allowed(self, declared: Declared, viewer: Viewer | None) -> bool:
        """Whether the rights alone let the caller in."""
        if declared.kind == "open":
            return True
        if viewer is None or declared.kind == "caller":
            return False
        held = viewer.roles(THURSDAY)
        match declared.kind:
            case "own":
                return viewer.account == self.importer
            case "signed":
                return bool(held)
            case "list":
                return any(right in role.rights for _, role in held for right in declared.rights)
            case _:
                here = self.deployed.here
                if declared.at == "ledger":
                    return touches(viewer, here.code, THURSDAY)
                if declared.at == "replay" and not may(
                    viewer, "replay", here.class_path(0), THURSDAY
                ):
                    return False
                path = here.class_path(0) if declared.at in ("class", "replay") else here.path
                if declared.at == "school":
                    path = here.class_path(0).rpartition("/")[0]
                return any(may(viewer, right, path, THURSDAY) for right in declared.rights)


def declared_of(route: Route) -> Declared | None:
    """None for commands, which have a table of their own."""
    if "/commands/" in route.path and not route.path.endswith("/known"):
        return None
    return DECLARED[route.service].get(f"{route.method} {route.path}")


def filled(template: str, facts: Mapping[str, str]) -> str:
    """Names in an address are quoted as a browser does."""
    for name, value in facts.items():
        safe = "/" if name == "origin" else ""
        template = template.replace(f"{{{name}}}", quote(value, safe=safe))
    return template


def multipart(
    values: Mapping[str, str], files: Mapping[str, tuple[str, bytes]]
) -> tuple[bytes, bytes]:
    """Content type and body."""
    parts = [
        f'--x\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in values.items()
    ]
    for name, (file, content) in files.items():
        head = f'--x\r\ncontent-disposition: form-data; name="{name}"; filename="{file}"\r\n\r\n'
        parts.append(head.encode() + content + b"\r\n")
    return b"multipart/form-data; boundary=x", b"".join(parts) + b"--x--\r\n"


def leaks(asked: Asked, held: Iterable[Canary]) -> Iterator[Canary]:
    """What the answer holds though its caller may not see it, and did not send it either."""
    said, told = asked.answer.text, unquote(asked.address + asked.sent)
    for canary in held:
        if canary.text in said and canary.text not in told and not seen_by(asked.viewer, canary):
            yield canary


def seen_by(viewer: Viewer | None, canary: Canary) -> bool:
    return viewer is not None and sees(viewer, canary, THURSDAY)
