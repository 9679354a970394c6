"""提醒 and 全部提醒: whoever owes the roll of a class hears of it, once a day for the class."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID, uuid5

from msgspec import Meta

from services.notify.aggregates import INBOX
from services.notify.commands.inbox import NobodyToRemind
from services.notify.domain.inbox import QueueNotice
from services.notify.queries.notices import Recipient, responsible
from services.notify.queries.reminded import CLASSES, KIND, about_roll, reminded_before
from shared.commands import Done, Fields
from shared.edge import Edge, Moment, allowed
from shared.event import Via
from shared.event_store import Order, Outcome, execute
from shared.rights import Grant, Viewer

# As many as a board lists; of those without anybody to tell the address names the first.
REMIND_LIMIT_CLASSES = 4000
NAMED_ALONE = 40


class RemindClassFields(Fields, frozen=True):
    """`klasses`: ids of classes whose roll is missing today."""

    klasses: Annotated[tuple[UUID, ...], Meta(min_length=1, max_length=REMIND_LIMIT_CLASSES)]


def apart(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """A form names all its classes in one value, with commas between them."""
    raw = values.get("klasses")
    return {**values, "klasses": raw.split(",")} if isinstance(raw, str) else values


async def remind_class(edge: Edge, viewer: Viewer, fields: RemindClassFields) -> Done:
    """提醒, 全部提醒: whoever owes the rolls hears of it; the next page says whom it reached."""
    edge.service.opening.require()
    moment = await edge.moment()
    wish = Wish(
        edge=edge, viewer=viewer, moment=moment, command_id=fields.command_id, via=fields.via
    )
    done = await remind_all(wish, fields.klasses)
    if done.outcome.envelopes:
        last = done.outcome.envelopes[-1]
        edge.service.waking.wake()
        await edge.wait_for_boards(last.ledger, last.ledgerseq)
    if not (done.new or done.earlier or done.nobody):
        raise NobodyToRemind("没有这个班。请从首页再提醒。", field="klasses")
    alone = "".join(f"&nobody={one}" for one in done.nobody[:NAMED_ALONE])
    counted = f"&without={len(done.nobody)}" if done.nobody else ""
    return Done(done.outcome, f"/notify/reminded?on={moment.today}{alone}{counted}")


@dataclass(frozen=True, slots=True)
class Reminded:
    """What became of a wish: notices put now, classes told before today, classes without anyone."""

    outcome: Outcome
    new: tuple[UUID, ...]
    earlier: tuple[UUID, ...]
    nobody: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One command to remind: whose, in which moment, and how it came."""

    edge: Edge
    viewer: Viewer
    moment: Moment
    command_id: UUID
    via: Via


async def remind_all(wish: Wish, klasses: Sequence[UUID]) -> Reminded:
    """A notice for each class; unknown ones and those of other people's are refused before any.

    Each class is a transaction of its own: a second press carries on where the first was cut off.
    """
    today = wish.moment.today
    async with wish.edge.service.engine.connect() as conn:
        rows = (await conn.execute(CLASSES, {"klasses": list(klasses)})).all()
        grants = {r.klass: allowed(wish.viewer, "remind", r.path, wish.moment) for r in rows}
        told = {r.klass: await responsible(conn, r.klass, r.school, today) for r in rows}
        before = await reminded_before(conn, [r.klass for r in rows], today)
    left = [row for row in rows if row.klass not in before]
    envelopes = []
    for row in left:
        if one := told[row.klass]:
            order = _order(wish, row, one, grants[row.klass])
            envelopes += (await execute(wish.edge.service.engine, order)).envelopes
    reached = [row.klass for row in left if told[row.klass]]
    return Reminded(
        Outcome(envelopes, 0, None, repeated=not envelopes),
        new=tuple(reached),
        earlier=tuple(row.klass for row in rows if row.klass in before),
        nobody=tuple(row.klass for row in left if not told[row.klass]),
    )


def _order(wish: Wish, row: Any, told: Recipient, grant: Grant) -> Order:
    moment = wish.moment
    about = about_roll(row.klass, moment.today)
    command = QueueNotice(
        # The same for everybody who presses on that day, so that the inbox takes it once.
        notice=uuid5(row.klass, about),
        account=told.account,
        staff=told.staff,
        kind=KIND,
        child=None,
        about=about,
        persons=(told.staff,),
        now=moment.now,
    )
    circumstances = wish.edge.circumstances(
        moment,
        wish.viewer,
        grant,
        row.ledger,
        row.path,
        command_id=uuid5(wish.command_id, about),
        via=wish.via,
    )
    return Order(
        aggregate=INBOX,
        stream=f"inbox-{told.account}",
        command=command,
        circumstances=circumstances,
        unitpath=row.path,
        subject=str(row.klass),
    )
