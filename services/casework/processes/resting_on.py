"""Which alerts and cases rest on a day's mark: they say it when the mark is corrected."""

from collections.abc import Mapping
from datetime import date

from services.casework.domain.alert_state import Alert, Open, Verified
from services.casework.domain.case_state import Case, Closed


def resting_on(records: Mapping[str, Alert | Case], on: date) -> list[str]:
    """Streams out of a child's `records`: all that is open, and what was decided about that day.

    A verified or cleared alert rests on its run of days, a closed case on its alert's.
    """
    alerts = {name: record for name, record in records.items() if _rests(record, on)}
    closed = {f"case-{one.case}" for one in alerts.values() if isinstance(one, Verified)}
    cases = [name for name in records if name.startswith("case-")]
    open_cases = [name for name in cases if not isinstance(records[name], Closed)]
    return [*alerts, *open_cases, *(name for name in cases if name in closed - {*open_cases})]


def _rests(record: Alert | Case, on: date) -> bool:
    if type(record) is Open:
        return True
    return isinstance(record, Open) and record.last_on is not None and on <= record.last_on
