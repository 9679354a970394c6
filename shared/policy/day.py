"""The business day: what date it is at the schools, and when a day's cut-off falls."""

from datetime import UTC, date, datetime, timedelta, timezone

# China has kept one zone without summer time since 1991-09-15, before anything we record.
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")


def business_day(now: datetime) -> date:
    """The date at the schools (Asia/Shanghai) of an aware moment."""
    assert now.tzinfo is not None, "a moment without a zone has no business day"
    return now.astimezone(SHANGHAI).date()


def moment_of(day: date, clock: str) -> datetime:
    """`clock` ("HH:MM", up to "24:00", which is the end of that day) on `day`, in UTC."""
    hours, minutes = (int(part) for part in clock.split(":"))
    midnight = datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)
    return (midnight + timedelta(hours=hours, minutes=minutes)).astimezone(UTC)


def noon_of(day: date) -> datetime:
    """When an event known only by its day is said to have occurred (`occurredprecision: day`)."""
    return moment_of(day, "12:00")


def due_day(yearly: str, year: int) -> date:
    """The date in `year` of a yearly deadline "MM-DD", or "MM-last" for the month's last day."""
    month, day = yearly.split("-")
    if day != "last":
        return date(year, int(month), int(day))
    first_of_next = date(year + int(month) // 12, int(month) % 12 + 1, 1)
    return first_of_next - timedelta(days=1)
