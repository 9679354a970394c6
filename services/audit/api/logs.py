"""The logs as anybody may read them: C2SP tlog-tiles under `/log`, and proofs for convenience."""

import re
from base64 import b64encode
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.api.bundles import entry_bundle
from services.audit.ledger import logs
from services.audit.ledger.logs import Log, LogTooShort, Seal
from services.audit.proofs import note, tiles
from services.audit.proofs.tiles import TILE_HEIGHT, TILE_WIDTH, TilePathWrong
from services.audit.proofs.tree import HASH_BYTES, SIZE_LIMIT
from shared.edge import Edge
from shared.event import utc_text

PATH_LIMIT: Final = 400
NUMBERS: Final = re.compile(r"(0|[1-9][0-9]{0,17})/(0|[1-9][0-9]{0,17})", re.ASCII)
TEXT: Final = "text/plain; charset=utf-8"
BYTES: Final = "application/octet-stream"
FOR_EVER: Final = {"cache-control": "public, max-age=31536000, immutable"}
PRIVATE: Final = {"cache-control": "private, no-store"}
FRESH: Final = {"cache-control": "no-cache"}
NO_LOG: Final = "没有这本账。There is no log of this origin; see GET /log.\n"
NO_PATH: Final = "没有这个地址。No such resource of a log.\n"
NOT_SEALED: Final = (
    "这本账还没有封过。This log has not been sealed yet; ask again in some seconds.\n"
)
NO_TILE: Final = "没有封过这样的一块。No checkpoint was signed at a size that has this tile.\n"
TOO_SHORT: Final = "这本账没有这么长。The log is not that long.\n"
TRUST_FILE: Final = "baoxue-trust.json"

Parsed = TypeVar("Parsed")
Answer = Callable[[Edge, Log, str, Request], Awaitable[Response]]
Prove = Callable[[AsyncConnection, Log, int, int], Awaitable[list[bytes]]]


class NotHere(Exception):
    """There is no such resource; `say` is the whole answer."""

    status = 404

    def __init__(self, say: str) -> None:
        super().__init__(say)
        self.say = say


class TrustFile(msgspec.Struct):
    """The public file that the sealer writes; the keys that its checkpoints can be checked by."""

    keys: list[str]


def add(api: APIRouter, edge: Edge) -> None:
    @api.get("/log")
    @api.head("/log", include_in_schema=False)
    async def all_logs() -> Response:
        return await listed(edge)

    @api.get("/log/{rest:path}")
    @api.head("/log/{rest:path}", include_in_schema=False)
    async def resource(rest: str, request: Request) -> Response:
        return await answered(edge, rest, request)


async def listed(edge: Edge) -> Response:
    """Origins, sizes, newest seals and verifier keys of all logs."""
    keys = verifier_keys(edge.service.settings.home / TRUST_FILE)
    async with edge.service.engine.connect() as conn:
        seals = await logs.newest_seals(conn)
        found = [_told(one, seals.get(one.origin), keys) for one in await logs.logs_of(conn)]
    return JSONResponse({"logs": found}, headers=FRESH)


def verifier_keys(path: Path) -> dict[str, list[str]]:
    """The published verifier keys by origin; none before the sealer has written them."""
    try:
        texts = msgspec.json.decode(path.read_bytes(), type=TrustFile).keys
        named = [(note.parse_verifier_key(text).name, text) for text in texts]
    except (OSError, msgspec.DecodeError, note.NoteWrong):
        return {}
    found: dict[str, list[str]] = {}
    for name, text in named:
        found.setdefault(name, []).append(text)
    return found


async def answered(edge: Edge, rest: str, request: Request) -> Response:
    """One resource of one log: the origin is what stands before the resource's own name."""
    try:
        log, answer, path = await _found(edge, rest)
        return await answer(edge, log, path, request)
    except NotHere as refused:
        # Tools of others read this, not only browsers: plain words, whatever they accept.
        return PlainTextResponse(refused.say, refused.status, headers=FRESH)


async def _found(edge: Edge, rest: str) -> tuple[Log, Answer, str]:
    if len(rest) > PATH_LIMIT:
        raise NotHere(NO_PATH)
    for name, answer in RESOURCES.items():
        origin, found, path = f"{rest}/".partition(f"/{name}/")
        if found:
            async with edge.service.engine.connect() as conn:
                log = await logs.log_named(conn, origin)
            if log is None:
                raise NotHere(NO_LOG)
            return log, answer, path.removesuffix("/")
    raise NotHere(NO_PATH)


async def checkpoint(edge: Edge, log: Log, path: str, request: Request) -> Response:
    """The newest signed note; from now on every bundle is consistent with it."""
    if path:
        raise NotHere(NO_PATH)
    async with edge.service.engine.begin() as conn:
        seal = await logs.newest_seal(conn, log.origin)
        if seal is None:
            raise NotHere(NOT_SEALED)
        if not seal.served and request.method == "GET":
            await logs.mark_served(conn, log.origin, seal.size)
    return Response(seal.note, media_type=TEXT, headers=FRESH)


async def tile(edge: Edge, log: Log, path: str, request: Request) -> Response:
    """The hashes of a tile, as many as it has at a signed size."""
    level, n, width = _parsed(tiles.parse_tile_path, path)
    async with edge.service.engine.connect() as conn:
        await _require_sealed(conn, log, level, n, width)
        held = (await logs.read_tiles(conn, log, {(level, n)})).get((level, n), b"")
    if len(held) < width * HASH_BYTES:
        raise NotHere(NO_TILE)
    return Response(held[: width * HASH_BYTES], media_type=BYTES, headers=FOR_EVER)


async def entries(edge: Edge, log: Log, path: str, request: Request) -> Response:
    """Bodies for whoever may export the county; the reading is recorded before it is sent."""
    n, width = _parsed(tiles.parse_index_path, path)
    async with edge.service.engine.connect() as conn:
        await _require_sealed(conn, log, 0, n, width)
    content = await entry_bundle(edge, log, n * TILE_WIDTH, width, request)
    return Response(content, media_type=BYTES, headers=PRIVATE)


async def inclusion(edge: Edge, log: Log, path: str, request: Request) -> Response:
    """`<index>/<size>`: the audit path, a base64 hash a line."""
    return await _proof(edge, log, path, logs.inclusion)


async def consistency(edge: Edge, log: Log, path: str, request: Request) -> Response:
    """`<old>/<new>`: the proof that the old log begins the new one, a base64 hash a line."""
    return await _proof(edge, log, path, logs.consistency)


# Names within a log; a longer one stands before the shorter one that it begins with.
RESOURCES: Final[dict[str, Answer]] = {
    "checkpoint": checkpoint,
    "tile/entries": entries,
    "tile": tile,
    "proof/inclusion": inclusion,
    "proof/consistency": consistency,
}


async def _proof(edge: Edge, log: Log, path: str, prove: Prove) -> Response:
    found = NUMBERS.fullmatch(path)
    if found is None:
        raise NotHere(NO_PATH)
    try:
        async with edge.service.engine.connect() as conn:
            hashes = await prove(conn, log, int(found[1]), int(found[2]))
    except LogTooShort as error:
        raise NotHere(TOO_SHORT) from error
    lines = [b64encode(one).decode() + "\n" for one in hashes]
    return Response("".join(lines), media_type=TEXT, headers=FRESH)


async def _require_sealed(conn: AsyncConnection, log: Log, level: int, n: int, width: int) -> None:
    """Raise NotHere unless a checkpoint was signed at a size where the tile is that wide."""
    wide = n * TILE_WIDTH + width
    low, high = wide << TILE_HEIGHT * level, (wide + 1) << TILE_HEIGHT * level
    # A full tile stays what it is, so any later size will do.
    high = high if width < TILE_WIDTH else SIZE_LIMIT
    if low >= SIZE_LIMIT or not await logs.sealed_between(conn, log.origin, low, high):
        raise NotHere(NO_TILE)


def _parsed(parse: Callable[[str], Parsed], path: str) -> Parsed:
    try:
        return parse(path)
    except TilePathWrong as error:
        raise NotHere(NO_PATH) from error


def _told(log: Log, seal: Seal | None, keys: dict[str, list[str]]) -> dict[str, object]:
    sealed = None if seal is None else {"size": seal.size, "sealed_at": utc_text(seal.sealed_at)}
    return {
        "origin": log.origin,
        "ledger": log.ledger,
        "service": log.service,
        "size": log.size,
        "root": b64encode(log.root).decode(),
        "frozen_at": utc_text(log.frozen_at) if log.frozen_at else None,
        "sealed": sealed,
        "keys": keys.get(log.origin, []),
    }
