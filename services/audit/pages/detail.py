"""The facts of one entry on a replay page: ledger, times, source, rules, hash."""

from collections.abc import Sequence

from fastapi import Request

from services.audit.pages.times import Times, address
from services.audit.pages.words import BOOKS, role_words
from services.audit.queries.entries import body_at
from services.audit.queries.replay import Told
from services.audit.queries.seals import NOT_YET, SealOf, seals
from shared.contracts.sentences import sentence
from shared.edge import Edge
from shared.event import SHANGHAI
from shared.kafka import digest
from shared.web.filters import lateness
from shared.web.models.case import EventDetail, ProofMark
from shared.web.models.layout import Link

VIA = {
    "web": "网页",
    "cli": "命令行",
    "import": "导入",
    "integration": "其他系统",
    "offline": "手机离线",
    "migration": "历史数据",
    "system": "系统",
}

VERDICTS = {
    "sealed": "已封存：封存后没有改过",
    "unsealed": "待封存：原样保存，还没有签封",
    "broken": "不符：现在存的与封存时不一样",
}


async def detail_of(
    edge: Edge, request: Request, shown: Sequence[Told], times: Times
) -> EventDetail | None:
    """The facts of the entry that the address names, if it is one of those shown."""
    chosen = request.query_params.get("entry", "")
    for one in shown:
        place = one.place
        if chosen == f"{place.service}/{place.ledger}/{place.seq}":
            async with edge.service.engine.connect() as conn:
                body = await body_at(conn, place)
                sealed = (await seals(conn, [place])).get(place, NOT_YET)
            return _detail(one, body or b"", sealed, request, times)
    return None


def _seal_rows(seq: int, sealed: SealOf) -> tuple[tuple[str, str], ...]:
    if sealed.size is None or sealed.at is None:
        return ()
    return (
        ("封存于", f"{sealed.origin}　第 {seq} 条"),
        ("检查点", f"{sealed.size} 条，{sealed.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"),
    )


def _grouped(hash: str) -> str:
    """Sixteen groups of four, so that two can be compared by eye and lines can break."""
    return " ".join(hash[at : at + 4] for at in range(0, len(hash), 4))


def _detail(one: Told, body: bytes, sealed: SealOf, request: Request, times: Times) -> EventDetail:
    place, entry, envelope = one.place, one.entry, one.envelope
    late = f"　晚 {lateness(entry.occurred_at, entry.recorded_at)}" if one.late else ""
    rows = (
        ("账", f"{BOOKS[place.service]} {place.ledger}/{place.service}"),
        ("序号", str(place.seq)),
        ("事件", sentence(entry)),
        ("事情发生", f"{entry.occurred_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"),
        ("系统记录", f"{entry.recorded_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}{late}"),
        ("来源", VIA.get(envelope.via, envelope.via)),
        ("职务", role_words(envelope.actorrole)),
        ("规则", envelope.policyversion),
        ("散列", _grouped(digest(body))),
        *_seal_rows(place.seq, sealed),
    )
    return EventDetail(
        title="这一条的证明",
        proof=ProofMark(state=sealed.state, ledger=BOOKS[place.service], seq=place.seq),
        verdict=VERDICTS[sealed.state],
        rows=rows,
        close=address(request.url.path, times),
        links=(
            Link(
                text="下载原文",
                href=f"/audit/entries/{place.service}/{place.ledger}/{place.seq}",
            ),
        ),
    )
