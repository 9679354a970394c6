"""Quiet hours: when nobody is told anything, and when it is made up for."""

from datetime import datetime, timedelta

from shared.policy.day import business_day, moment_of
from shared.policy.schema import Message


def quiet_until(hours: Message, now: datetime) -> datetime | None:
    """The end of the quiet hours that a moment lies in, else None; they may hold a midnight."""
    day = business_day(now)
    begins, ends = moment_of(day, hours.quiet_from), moment_of(day, hours.quiet_to)
    if begins <= ends:
        return ends if begins <= now < ends else None
    if now < ends:
        return ends
    return moment_of(day + timedelta(days=1), hours.quiet_to) if now >= begins else None
