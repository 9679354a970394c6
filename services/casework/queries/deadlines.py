"""When an alert must be reported and verified, and the timer that watches the report."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.policy.day import business_day, moment_of
from shared.policy.pack import Pack
from shared.timer import Timer

REPORT_OVERDUE = "report_overdue"


@dataclass(frozen=True, slots=True)
class Due:
    report_at: datetime
    verify_at: datetime


def due_of(pack: Pack, now: datetime) -> Due:
    """不过夜: the report is due at the policy's cut-off of the day on which the alert is raised."""
    return Due(
        moment_of(business_day(now), pack.values.report.cut_off),
        now + timedelta(hours=pack.values.alert.verify_hours),
    )


def report_timer(stream: str, ledger: str, due_at: datetime) -> Timer:
    """Armed in the append that raises the alert."""
    return Timer(f"report {stream}", due_at, REPORT_OVERDUE, ledger, {"stream": stream})
