"""Which states and actions of the alert and case tables a run has reached, out of the store."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework import aggregates
from services.casework.domain import alert, case
from shared.event import read
from shared.event_store import Aggregate

Pair = tuple[str, str, str]
EVENTS = text(
    "select stream, body from events where stream like 'alert-%' or stream like 'case-%'"
    " order by ledger, seq"
)
# The action that an event tells of.
ACTIONS: Mapping[str, str] = {
    "RiskFlagged": "FlagRisk",
    "RiskExtended": "ExtendRisk",
    "RiskVerified": "VerifyRisk",
    "RiskCleared": "ClearRisk",
    "AttendanceChanged": "NoteAttendanceChange",
    "ReportOverdue": "MarkReportOverdue",
    "ObservationLogged": "LogObservation",
    "CaseOpened": "OpenCase",
    "CaseAssigned": "AssignCase",
    "DropoutReported": "ReportDropout",
    "CauseRecorded": "RecordCause",
    "DropoutConfirmed": "ConfirmDropout",
    "WhereaboutsUnknown": "ReportWhereaboutsUnknown",
    "WhereaboutsReported": "ReportWhereabouts",
    "HomeVisitLogged": "LogHomeVisit",
    "PhoneFollowUpLogged": "LogPhoneFollowUp",
    "HeartTalkLogged": "LogHeartTalk",
    "GuardianContactLogged": "LogGuardianContact",
    "PersuasionAttempted": "AttemptPersuasion",
    "ReturnNoticeRecorded": "RecordReturnNotice",
    "Reinstated": "Reinstate",
    "RelapseDetected": "DetectRelapse",
    "CaseClosed": "CloseCase",
    "CaseReopened": "ReopenCase",
}


@dataclass(frozen=True, slots=True)
class Reached:
    """Pairs of (table, state, action); `missing` are those of the tables that never happened."""

    reached: frozenset[Pair]
    missing: tuple[Pair, ...]

    def told(self) -> dict[str, Any]:
        """For people and JSON: of each table and state the actions, reached or not."""
        states: dict[str, dict[str, dict[str, bool]]] = {}
        for table, state, action in sorted(wanted()):
            row = states.setdefault(table, {}).setdefault(state, {})
            row[action] = (table, state, action) in self.reached
        return states


def wanted() -> frozenset[Pair]:
    """Every action that the tables allow, in each state."""
    tables = {"alert": alert.ALLOWED, "case": case.ALLOWED}
    return frozenset(
        (table, state, action.__name__)
        for table, allowed in tables.items()
        for state, actions in allowed.items()
        for action in actions
    )


async def reached(conn: AsyncConnection, now: datetime) -> Reached:
    """Fold every alert and case of the store; `now`: the clock's, for what fell due silently."""
    rows = await conn.execute(EVENTS)
    found = frozenset(_pairs(((row.stream, row.body) for row in rows), now))
    return Reached(found, tuple(sorted(wanted() - found)))


def _pairs(rows: Iterable[tuple[str, str]], now: datetime) -> Iterator[Pair]:
    states: dict[str, Any] = {}
    for stream, body in rows:
        table = stream.partition("-")[0]
        aggregate: Aggregate[Any, Any, Any] = TABLES[table]
        state = states.get(stream, aggregate.decider.initial)
        envelope = read(body)
        name = envelope.type.partition(".")[2]
        yield table, aggregate.phase(state), ACTIONS[name]
        states[stream] = aggregate.decider.evolve(state, aggregate.decode(envelope))
    for stream, state in states.items():
        # Reported in time: the cut-off came, and there was nothing to say.
        if isinstance(state, alert.STATES["verified"]) and _passed(state, now):
            yield stream.partition("-")[0], "verified", "MarkReportOverdue"


def _passed(state: Any, now: datetime) -> bool:
    return not state.overdue and state.report_due_at < now


TABLES: Mapping[str, Aggregate[Any, Any, Any]] = {
    "alert": aggregates.ALERT,
    "case": aggregates.CASE,
}
