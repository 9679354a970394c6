"""Reading a notice, and reminding whoever works with a child (催办)."""

from typing import Annotated
from uuid import UUID, uuid5

from msgspec import Meta

from services.notify.aggregates import INBOX
from services.notify.domain.inbox import NoticeUnknown, QueueNotice, ReadNotice, SetPreference
from services.notify.queries.notices import NOTICE, PLACE, responsible
from shared.commands import Done, Fields
from shared.console import grant_today, home_ledger
from shared.decider import CommandRejected
from shared.edge import Edge, allowed
from shared.event_store import Order
from shared.rights import NotAllowed, Viewer, paths_for


class NobodyToRemind(CommandRejected):
    code = "nobody_to_remind"


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


class PreferenceFields(Fields, frozen=True):
    """`what`: a kind of message; `on` false: not wanted."""

    what: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    on: bool


async def set_preference(edge: Edge, viewer: Viewer, fields: PreferenceFields) -> Done:
    """收，不收: of one's own inbox, and only what the rules in force let one do without."""
    moment = await edge.moment()
    grant = grant_today(viewer, moment.today)
    if not paths_for(viewer, "inbox.view", moment.today):
        raise NotAllowed("你的职务没有消息。请联系县教育局。", "inbox.view", grant.path)
    ledger = await home_ledger(edge, grant)
    pack = moment.rules.pack(grant.path, moment.today)
    command = SetPreference(
        account=viewer.account,
        what=fields.what,
        on=fields.on,
        optional=pack.code("optional_messages", fields.what) is not None,
        now=moment.now,
    )
    order = Order(
        aggregate=INBOX,
        stream=f"inbox-{viewer.account}",
        command=command,
        circumstances=edge.circumstances(
            moment,
            viewer,
            grant,
            ledger,
            grant.path,
            command_id=fields.command_id,
            via=fields.via,
        ),
        unitpath=grant.path,
    )
    return Done(await edge.submit(order), "/notify/preferences")


class RemindFields(Fields, frozen=True):
    """`about`: the stream of the alert or case that waits."""

    child: UUID
    about: Annotated[str, Meta(pattern=r"^(alert|case)-[0-9a-f-]{36}$")]


async def remind(edge: Edge, viewer: Viewer, fields: RemindFields) -> Done:
    """催办: a notice to the homeroom teacher of today, else to the principal."""
    async with edge.service.engine.connect() as conn:
        row = (await conn.execute(PLACE, {"child": fields.child})).first()
        moment = await edge.moment(conn)
        if row is None:
            raise NobodyToRemind("没有这名学生。请从名册里打开再催办。", field="child")
        grant = allowed(viewer, "remind", row.path, moment)
        told = await responsible(conn, row.klass, row.school, moment.today)
    if told is None:
        raise NobodyToRemind("班主任和校长都没有账号。请直接联系学校。", field="child")
    command = QueueNotice(
        notice=uuid5(fields.command_id, told.account),
        account=told.account,
        staff=told.staff,
        kind="reminder",
        child=fields.child,
        about=fields.about,
        persons=(told.staff,),
        now=moment.now,
    )
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
        stream=f"inbox-{told.account}",
        command=command,
        circumstances=circumstances,
        unitpath=row.path,
        subject=str(fields.child),
    )
    return Done(await edge.submit(order), "/")
