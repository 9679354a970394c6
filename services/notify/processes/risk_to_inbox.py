"""Who hears of an alert: the homeroom teacher, the township and the county, in their inboxes."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.aggregates import INBOX
from services.notify.domain.inbox import QueueNotice
from services.notify.queries.duties import without
from services.notify.queries.notices import CHILD, Recipient, recipients
from shared import clock
from shared.event import SYSTEM, Circumstances, Envelope, business_day
from shared.event_store import Batch, UnknownLedger, unanswered
from shared.faults import NotNow
from shared.founding import effect_id
from shared.rulebook import Rulebook, Rules
from shared.subscription import Entry, Shape, Subscription

NAME = "notify.risk_to_inbox"
# What is told, and as which kind of notice.
TOLD = {
    "casework.RiskFlagged": "risk_flagged",
    "casework.ReportOverdue": "report_overdue",
    "casework.CaseOpened": "case_opened",
    "casework.RelapseDetected": "relapse_detected",
}


def risk_to_inbox(rulebook: Rulebook) -> Subscription:
    """Follows casework; a notice is queued once for each account, whatever is heard again."""

    async def apply(conn: AsyncConnection, entries: Sequence[Entry]) -> None:
        by_ledger: dict[str, list[Entry]] = defaultdict(list)
        for entry in entries:
            by_ledger[entry.ledger].append(entry)
        rules = await rulebook.rules(conn)
        for ledger in sorted(by_ledger):
            await _apply_ledger(conn, rules, ledger, by_ledger[ledger])

    return Subscription(NAME, ("casework",), apply, Shape.PROCESS, types=frozenset(TOLD))


async def _apply_ledger(
    conn: AsyncConnection, rules: Rules, ledger: str, entries: Sequence[Entry]
) -> None:
    ids = {effect_id(NAME, entry): entry for entry in entries}
    left = await unanswered(conn, ledger, list(ids))
    open_entries = [entry for command_id, entry in ids.items() if command_id in left]
    if not open_entries:
        return
    batch = Batch(
        Circumstances(
            ledger=ledger,
            actor=SYSTEM,
            via="system",
            policy_version="",
            command_id=effect_id(NAME, open_entries[0]),
            now=await clock.now(conn),
            cause_at=max(entry.envelope.recorded_at for entry in open_entries),
        )
    )
    for entry in open_entries:
        await _tell(conn, batch, rules, entry)
    try:
        await batch.append(conn)
    except UnknownLedger as error:
        raise NotNow(f"ledger {error} is not founded here yet") from error


async def _tell(conn: AsyncConnection, batch: Batch, rules: Rules, entry: Entry) -> None:
    envelope = entry.envelope
    child = UUID(envelope.subject)
    row = (await conn.execute(CHILD, {"child": child})).first()
    if row is None:
        raise NotNow("the directory has not yet heard of this child")
    on = business_day(envelope.recorded_at)
    pack = rules.pack(envelope.unitpath, on)
    off = await without(conn, pack, TOLD[envelope.type])
    reached = await recipients(conn, envelope.unitpath, row.klass, on)
    told = [one for one in reached if one.account not in off]
    batch.circumstances = _caused(batch.circumstances, rules, entry, envelope)
    await batch.load(conn, INBOX, [f"inbox-{one.account}" for one in told])
    for one in told:
        command = _notice(entry, envelope, child, one, told, batch.circumstances)
        batch.decide(
            f"inbox-{one.account}", command, unitpath=envelope.unitpath, subject=envelope.subject
        )


def _notice(
    entry: Entry,
    envelope: Envelope,
    child: UUID,
    one: Recipient,
    told: Sequence[Recipient],
    circumstances: Circumstances,
) -> QueueNotice:
    """`persons`: everybody it was resolved to on that day, whoever holds the role later."""
    return QueueNotice(
        notice=uuid5(effect_id(NAME, entry), one.account),
        account=one.account,
        staff=one.staff,
        kind=TOLD[envelope.type],
        child=child,
        about=envelope.stream,
        persons=tuple(dict.fromkeys(other.staff for other in told)),
        now=circumstances.now,
    )


def _caused(
    circumstances: Circumstances, rules: Rules, entry: Entry, envelope: Envelope
) -> Circumstances:
    pack = rules.pack(envelope.unitpath, business_day(circumstances.now))
    return replace(
        circumstances,
        policy_version=pack.version,
        command_id=effect_id(NAME, entry),
        causation_id=envelope.id,
        correlation_id=envelope.correlationid,
        traceparent=envelope.traceparent,
    )
