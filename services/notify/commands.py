"""The command table of notify: reading a notice."""

from uuid import UUID

from services.notify.aggregates import INBOX
from services.notify.domain.inbox import NoticeUnknown, ReadNotice
from services.notify.queries import NOTICE
from shared.commands import Command, Done, Fields, table
from shared.console import grant_today
from shared.edge import Edge
from shared.event_store import Order
from shared.rights import Viewer


class ReadFields(Fields, frozen=True):
    notice: UUID


async def read_notice(edge: Edge, viewer: Viewer, fields: ReadFields) -> Done:
    """Only in the viewer's own inbox; another's notice is unknown there."""
    async with edge.service.engine.connect() as conn:
        params = {"notice": fields.notice, "account": viewer.account}
        row = (await conn.execute(NOTICE, params)).first()
        moment = await edge.moment(conn)
    if row is None:
        raise NoticeUnknown("你的消息里没有这一条。刷新后再看。", notice=str(fields.notice))
    grant = grant_today(viewer, moment.today)
    circumstances = edge.circumstances(
        moment,
        viewer,
        grant,
        row.ledger,
        row.path,
        command_id=fields.command_id,
        via=fields.via,
    )
    order = Order(
        aggregate=INBOX,
        stream=f"inbox-{viewer.account}",
        command=ReadNotice(notice=fields.notice, account=viewer.account, now=moment.now),
        circumstances=circumstances,
        unitpath=row.path,
    )
    return Done(await edge.submit(order), "/notify/inbox")


TABLE = table(Command("read_notice", ReadFields, read_notice))
