"""Makes an export: awaits seals, commits heads, gathers, and seals the export itself."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from services.audit.export import gather, heads
from services.audit.export.bundle import Draft, draw_up
from services.audit.export.contents import Consistency, Contents, LogPart, Seal
from services.audit.export.disclosing import ExportImpossible, attachments, disclosures
from services.audit.export.manifest import text_of
from services.audit.export.members import Members
from services.audit.export.records import EXPORTS, Recorded, commit_heads, export_stream, newest
from services.audit.export.waiting import wait_sealed
from services.audit.ledger import logs
from services.audit.projections.rows import county_path
from services.audit.proofs.note import parse_verifier_key, verifier_key
from services.audit.queries.replay import Whole
from shared.contracts.access import ExportCreated
from shared.contracts.audit import ExportMade, LogAt
from shared.edge import Edge, Moment
from shared.event import utc_text
from shared.event_store import Order
from shared.reading import Opened, Reading
from shared.rights import Grant, Viewer
from shared.sealed import CLASSES

TRUST = "baoxue-trust.json"
RANGE_LIMIT = 2_000_000
READABLE_LIMIT = 50_000  # beyond this a workbook takes longer than anybody waits


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks, under which grant, what for, and the one reading that records it."""

    edge: Edge
    who: Viewer
    moment: Moment
    grant: Grant
    county: str
    purpose: str
    reading: Reading

    @property
    def requester(self) -> dict[str, str]:
        unit = self.grant.unit
        return {"account": self.who.account, "role": self.grant.role, "unit": unit}


async def export_case(asked: Asked, whole: Whole, out: Path) -> UUID:
    """Write the bundle of a child to `out`. Raises SealerBehind, ExportImpossible, KeyringAway."""
    edge, engine = asked.edge, asked.edge.service.engine
    domain = edge.service.settings.domain
    async with engine.connect() as conn:
        now = await heads.sealed_logs(conn, asked.county, domain)
    await wait_sealed(engine, {one.origin: one.log.size for one in now if one.log})
    async with engine.connect() as conn:
        sealed = await heads.sealed_logs(conn, asked.county, domain)
        told = [heads.heads_of(one, await heads.lines_of(conn, one)) for one in sealed]
    committed = await commit_heads(engine, asked.county, told)
    edge.service.waking.wake()
    async with engine.connect() as conn:
        parts, chosen, blocks = await _case_parts(conn, sealed, whole)
    shown = await disclosures(asked.reading, whole, parts)
    with Members() as members:
        files = await attachments(edge, asked.reading, whole, parts, members)
        wanted = _contents(
            asked,
            kind="CASE",
            subject=whole.subject,
            logs=parts,
            selection=chosen,
            consistency=blocks,
            withheld=sorted(set(CLASSES) - asked.reading.may_open(set(CLASSES), whole.path)),
            disclose=lambda *place: (*shown.get(place, ()), *files.get(place, ())),
        )
        asked.reading.touch(whole.subject)
        return await _finish(asked, wanted, members, out, committed)


async def export_range(asked: Asked, origin: str, first: int, last: int, out: Path) -> UUID:
    """Write entries first..last of one log to `out`. Raises SealerBehind, ExportImpossible."""
    engine = asked.edge.service.engine
    async with engine.connect() as conn:
        log = await logs.log_named(conn, origin)
    if log is None or not 0 < first <= last <= log.size or last - first >= RANGE_LIMIT:
        size = log.size if log else 0
        say = f"{origin} 有 {size} 条，第 {first}—{last} 条不能导出。请改起止序号。"
        raise ExportImpossible(say, field="first", origin=origin)
    seal = (await wait_sealed(engine, {origin: last}))[origin]
    with Members() as members:
        async with engine.connect() as conn:
            bodies = members.folder / "bodies"
            part = await gather.range_part(conn, log, seal, first, last, bodies)
            blocks = await gather.consistency_of(conn, log, seal.size)
        wanted = _contents(
            asked,
            kind="RANGE",
            first=first,
            last=last,
            logs=[part],
            consistency=blocks,
            withheld=list(CLASSES),
            readable=part.count <= READABLE_LIMIT,
        )
        return await _finish(asked, wanted, members, out, None)


async def _case_parts(
    conn: AsyncConnection, sealed: Sequence[heads.Sealed], whole: Whole
) -> tuple[list[LogPart], list[tuple[int, int]], list[Consistency]]:
    """Parts of the logs that have anything, the places that merely name the child, blocks."""
    parts: list[LogPart] = []
    chosen: list[tuple[int, int]] = []
    blocks: list[Consistency] = []
    for one in sealed:
        if one.log is None or one.seal is None:
            continue
        named = [told.entry.seq for told in whole.mentioned if told.entry.service == one.service]
        named = [seq for seq in named if seq <= one.size]
        chosen += [(len(parts), seq) for seq in sorted(named)]
        parts.append(await gather.case_part(conn, one, whole.subject, named))
        blocks += await gather.consistency_of(conn, one.log, one.size)
    if not parts:
        raise ExportImpossible("这个县的账还没有封过，稍后再导出。")
    return parts, chosen, blocks


def _contents(asked: Asked, **given: Any) -> Contents:
    settings = asked.edge.service.settings
    blank: dict[str, Any] = {"subject": None, "first": None, "last": None}
    facts: dict[str, Any] = {
        "address": settings.url_of("gateway"),
        "county": asked.county,
        "export": uuid7(),
        "known_at": utc_text(asked.moment.now),
        "requester": asked.requester,
        "purpose": asked.purpose,
        "keys": verifier_keys(settings.home, {part.origin for part in given["logs"]}, asked.county),
    }
    return Contents(**(blank | facts | given))


def verifier_keys(home: Path, origins: set[str], county: str) -> list[str]:
    """The published keys, under the names of these logs and of audit's own log of the county.

    Empty without the sealer's file. Audit's own log may be sealed for the first time by this very
    export, so its name is not waited for.
    """
    try:
        published = msgspec.json.decode((home / TRUST).read_bytes())["keys"]
    except (OSError, msgspec.DecodeError, KeyError):
        return []
    publics = dict.fromkeys(parse_verifier_key(key).public for key in published)
    names = sorted({*origins, *(_own_origin(origin, county) for origin in origins)})
    return [verifier_key(name, public) for name in names for public in publics]


def _own_origin(origin: str, county: str) -> str:
    """`<domain>/<county>/audit[/simulated]` beside another log of the same deployment."""
    domain, _, _, *rest = origin.split("/")
    return "/".join((domain, county, "audit", *(part for part in rest if part == "simulated")))


async def _finish(
    asked: Asked, wanted: Contents, members: Members, out: Path, committed: Recorded | None
) -> UUID:
    """Log the export, wait for its seal, and write the file."""
    edge = asked.edge
    draft = await asyncio.to_thread(draw_up, wanted, members)
    await edge.record(asked.reading, asked.moment, asked.grant, _created(wanted, draft))
    made = await _made(asked, wanted, draft)
    seal = await _sealed(asked, made, committed)
    with out.open("wb") as file:
        await asyncio.to_thread(draft.write, file, seal)
    async with edge.service.engine.begin() as conn:
        for log in wanted.logs:
            await logs.mark_served(conn, log.origin, log.size)
    return wanted.export


def _created(wanted: Contents, draft: Draft) -> Callable[[Opened], ExportCreated]:
    def shape(opened: Opened) -> ExportCreated:
        return ExportCreated(
            purpose=opened.purpose,
            kind=f"bundle {wanted.kind} {wanted.export}",
            rows=draft.entries,
            subjects=opened.subjects,
            classes=opened.classes,
            obtained_by=opened.obtained_by,
        )

    return shape


async def _made(asked: Asked, wanted: Contents, draft: Draft) -> Recorded:
    edge, path = asked.edge, county_path(asked.county)
    event = ExportMade(
        export=wanted.export,
        kind=wanted.kind,
        subject=wanted.subject,
        purpose=wanted.purpose,
        manifest=draft.digest,
        entries=draft.entries,
        logs=[
            LogAt(origin=one.origin, size=one.size, root=text_of(one.root)) for one in wanted.logs
        ],
    )
    order = Order(
        aggregate=EXPORTS,
        stream=export_stream(wanted.export),
        command=event,
        circumstances=edge.circumstances(
            asked.moment, asked.who, asked.grant, asked.county, path, command_id=uuid7()
        ),
        unitpath=path,
    )
    await edge.submit(order)
    async with edge.service.engine.connect() as conn:
        return await newest(conn, asked.county, order.stream)


async def _sealed(asked: Asked, made: Recorded, committed: Recorded | None) -> Seal:
    """The proofs of the export's own entry and of the heads, at audit's next checkpoint."""
    engine = asked.edge.service.engine
    last = max(made.seq, committed.seq if committed else 0)
    async with engine.connect() as conn:
        own = await heads.own_origin(conn, asked.county, asked.edge.service.settings.domain)
    seal = (await wait_sealed(engine, {own: last}))[own]
    async with engine.connect() as conn:
        grown = await logs.log_named(conn, own)
        assert grown is not None, f"{own} is sealed and not there"
        indices = [one.seq - 1 for one in (made, committed) if one]
        paths = await logs.inclusions(conn, grown, indices, seal.size)
    return Seal(
        entry=made.body,
        heads=committed.body if committed else None,
        entry_path=paths[0],
        heads_path=paths[1] if committed else (),
        checkpoint=seal.note,
    )
