"""Commands as a table: one name, one route, one function each, for browsers and programs."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Annotated, Any, get_args, get_type_hints
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.datastructures import FormData, UploadFile

from shared.decider import CommandRejected
from shared.edge import Edge
from shared.event import SHANGHAI, Via
from shared.event_store import Outcome, unanswered
from shared.field_words import LARGE, YEARS, wrong_field
from shared.plain_address import FIRST_YEAR, LAST_YEAR
from shared.rights import NotAllowed, Viewer, touches
from shared.session_http import viewer as signed_in

BODY_LIMIT_BYTES = 256 * 1024
HIGHEST_NUMBER = 2**31 - 1
# Programs name how they enter things; a browser's form is `web`.
VIAS = ("web", "cli", "offline", "integration")


class FieldsInvalid(CommandRejected):
    """The fields of a command cannot be read: answered 422 with the field and the reason."""

    code = "invalid"


class Fields(msgspec.Struct, frozen=True, kw_only=True):
    """Base of what a command asks for, as a form or a program sends it.

    `command_id`: made when the form was drawn; sent twice it is one command. `version`: of the
    stream that the form was drawn from, absent where it does not matter.
    """

    command_id: UUID
    version: int | None = None
    via: Via = "web"


@dataclass(frozen=True, slots=True)
class Done:
    """What a command came to and where a person goes next."""

    outcome: Outcome
    next: str = "/"


Run = Callable[[Edge, Viewer, Any], Awaitable[Done]]


@dataclass(frozen=True, slots=True)
class Command:
    """`name` in the path, `fields` (a Fields), and the function that runs it as a viewer.

    `of_form` makes the fields' names out of a form that names things otherwise.
    """

    name: str
    fields: type[Fields]
    run: Run
    of_form: Callable[[Mapping[str, Any]], Mapping[str, Any]] = lambda values: values


def table(*commands: Command) -> Mapping[str, Command]:
    return {command.name: command for command in commands}


async def run(edge: Edge, viewer: Viewer, command: Command, values: Mapping[str, Any]) -> Done:
    """Run a command from plain values, as the route does. Raises FieldsInvalid and refusals."""
    return await command.run(edge, viewer, read(command.fields, command.of_form(values)))


def read(fields: type[Fields], values: Mapping[str, Any]) -> Any:
    """The fields out of JSON or form values; blank form values count as not given."""
    hints = get_type_hints(fields)
    given = {name: _value(hints.get(name), raw) for name, raw in values.items() if raw != ""}
    given |= _moments(hints, values)
    try:
        return _in_bounds(msgspec.convert(given, fields, strict=False))
    except msgspec.ValidationError as error:
        reason, _, path = str(error).partition(" - at `$.")
        name = path.rstrip("`") or reason.split("`")[1] if "`" in str(error) else ""
        say = wrong_field(name, reason)
        raise FieldsInvalid(say, field=name, reason=reason) from error


def _in_bounds(read: Fields) -> Fields:
    """Days with neighbours, numbers that a column holds. Raises FieldsInvalid."""
    for name in read.__struct_fields__:
        value = getattr(read, name)
        if isinstance(value, date) and not FIRST_YEAR <= value.year <= LAST_YEAR:
            raise FieldsInvalid(wrong_field(name, YEARS), field=name)
        if isinstance(value, int) and not -HIGHEST_NUMBER <= value <= HIGHEST_NUMBER:
            raise FieldsInvalid(wrong_field(name, LARGE), field=name)
    return read


def _value(hint: Any, raw: Any) -> Any:
    """A single form value where a list is asked for is a list of one."""
    if isinstance(raw, str):
        raw = raw.strip()
        if "list" in str(hint) or "tuple" in str(hint):
            return [raw]
    return raw


def _moments(hints: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, datetime]:
    """`visited_at` out of `visited_at_on` and `visited_at_time`, business time in Shanghai."""
    found: dict[str, datetime] = {}
    for name, hint in hints.items():
        if (datetime is hint or datetime in get_args(hint)) and values.get(f"{name}_on"):
            try:
                day = date.fromisoformat(values[f"{name}_on"])
                clock = time.fromisoformat(values.get(f"{name}_time") or "12:00")
            except (ValueError, TypeError) as error:
                say = "时间填得不对：日期写成 2026-11-18，时间写成 15:20。"
                raise FieldsInvalid(say, field=name) from error
            found[name] = datetime.combine(day, clock, SHANGHAI)
    return found


async def body_of(request: Request) -> dict[str, Any]:
    """JSON or form values of a request; files are left out. Raises FieldsInvalid."""
    await _keep_body(request)
    if request.headers.get("content-type", "").startswith("application/json"):
        found = _json_values(await request.body())
    else:
        found = _form_values(await request.form())
    for name, value in found.items():
        if _holds_nul(name) or _holds_nul(value):
            raise FieldsInvalid(
                "内容含有不能保存的字符。请删掉再提交。", field=name.replace("\0", "")
            )
    return found


async def _keep_body(request: Request) -> None:
    """Read no more than the limit, whatever length the headers claim; then it is there to parse."""
    kept = bytearray()
    async for chunk in request.stream():
        kept += chunk
        if len(kept) > BODY_LIMIT_BYTES:
            raise FieldsInvalid("内容太长。请分几次提交。", field="body")
    # Starlette's own place for a body that was read: `body()` and `form()` look there first.
    request._body = bytes(kept)


def _json_values(body: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FieldsInvalid("内容不是 JSON。", field="body") from error
    if not isinstance(found, dict):
        raise FieldsInvalid("内容应当是一个 JSON 对象。", field="body")
    return found


def _holds_nul(value: Any) -> bool:
    """U+0000 can stand in no text of the database."""
    match value:
        case str():
            return "\0" in value
        case dict():
            return any(_holds_nul(one) for pair in value.items() for one in pair)
        case list():
            return any(map(_holds_nul, value))
        case _:
            return False


def _form_values(form: FormData) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name in form:
        texts = [v for v in form.getlist(name) if not isinstance(v, UploadFile)]
        values[name] = texts[0] if len(texts) == 1 else texts
    return values


def router(
    service: str, edge: Edge, commands: Mapping[str, Command], vias: Sequence[str] = VIAS
) -> APIRouter:
    """`POST /<service>/commands/<name>` for each command, and whether a command id is known."""
    api = APIRouter(prefix=f"/{service}/commands")
    for command in commands.values():
        api.add_api_route(
            f"/{command.name}",
            _endpoint(edge, command, vias),
            methods=["POST"],
            name=command.name,
            response_model=None,
        )

    @api.get("/known")
    async def known(
        viewer: Annotated[Viewer, Depends(signed_in)], ledger: str, command_id: UUID
    ) -> dict[str, bool]:
        """Whether a command that got no answer was taken in; of the viewer's own county alone."""
        async with edge.service.engine.connect() as conn:
            if not touches(viewer, ledger, (await edge.moment(conn)).today):
                raise NotAllowed("这里不在你的管辖范围内。请联系县教育局。", "known", ledger)
            open_ids = await unanswered(conn, ledger, [command_id])
        return {"known": not open_ids}

    return api


def _endpoint(edge: Edge, command: Command, vias: Sequence[str]) -> Callable[..., Any]:
    async def endpoint(request: Request, viewer: Annotated[Viewer, Depends(signed_in)]) -> Response:
        values = await body_of(request)
        if values.get("via", "web") not in vias:
            raise FieldsInvalid("via 不对。", field="via")
        done = await run(edge, viewer, command, values)
        return answer(request, done)

    return endpoint


def answer(request: Request, done: Done) -> Response:
    """JSON for scripts and programs, else on to the next page."""
    if "text/html" not in request.headers.get("accept", ""):
        return JSONResponse(
            {
                "next": done.next,
                "repeated": done.outcome.repeated,
                "version": done.outcome.version,
                "events": [
                    {"type": one.type, "stream": one.stream, "seq": one.ledgerseq}
                    for one in done.outcome.envelopes
                ],
            }
        )
    return RedirectResponse(done.next, 303)
