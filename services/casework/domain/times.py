"""Business time of casework: dates are of Asia/Shanghai, nothing lies in the future of `now`."""

from datetime import date, datetime

from shared.decider import CommandRejected
from shared.policy.day import SHANGHAI, business_day


class InFuture(CommandRejected):
    """A fact dated later than now."""

    code = "in_future"


def not_later_than_now(field: str, name: str, at: datetime, now: datetime) -> None:
    """Raises InFuture; `name` is the Chinese name of the field, such as 到访."""
    if at > now:
        clock = now.astimezone(SHANGHAI).strftime("%H:%M")
        raise InFuture(f"{name}时间不能晚于现在（{clock}）。改成实际{name}时间。", field=field)


def not_after_today(field: str, name: str, on: date, now: datetime) -> None:
    """Raises InFuture; `name` is the Chinese name of the date, such as 复学."""
    today = business_day(now)
    if on > today:
        raise InFuture(
            f"{name}日期不能晚于今天（{today.month}月{today.day}日）。改成实际日期。", field=field
        )
