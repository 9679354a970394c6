"""The attendance strip: one bar a school day, a gap a week, a whole year."""

from dataclasses import dataclass
from datetime import date, timedelta

from shared.web.models.child import DayMark, Strip

WIDTH = 1320
SLOTS_A_WEEK = 6  # five school days and the gap, where a make-up day at a weekend also stands
BASE = 58
HEIGHTS: dict[DayMark, int] = {
    "present": 8,
    "sick": 26,
    "personal": 26,
    "unexcused": 48,
    "missing": 48,
    "ahead": 3,
}
BAR_SHARE = 0.82
STEP_LABEL_WIDTH = 34


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    mark: DayMark
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A text at `x`; labels that would touch stand `row` lines lower."""

    x: float
    text: str
    row: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StripDrawing:
    width: int
    height: int
    base: int
    bars: tuple[Bar, ...]
    months: tuple[Label, ...]
    steps: tuple[Label, ...]
    today: float


def drawing(strip: Strip) -> StripDrawing:
    """The drawing of a strip, in user units of a box `width` × `height`."""
    monday = strip.first_on - timedelta(days=strip.first_on.weekday())
    weeks = ((strip.last_on - monday).days // 7) + 1
    pitch = WIDTH / (weeks * SLOTS_A_WEEK)
    steps = _steps(strip, monday, pitch)
    lines = 1 + max((step.row for step in steps), default=0)
    return StripDrawing(
        width=WIDTH,
        height=BASE + 8 + 16 * lines,
        base=BASE,
        bars=tuple(_bar(day.on, day.mark, monday, pitch) for day in strip.days),
        months=_months(strip, monday, pitch),
        steps=steps,
        today=_place(strip.today, monday, pitch) + pitch / 2,
    )


def _place(on: date, monday: date, pitch: float) -> float:
    weeks, weekday = divmod((on - monday).days, 7)
    return round((weeks * SLOTS_A_WEEK + min(weekday, SLOTS_A_WEEK - 1)) * pitch, 2)


def _bar(on: date, mark: DayMark, monday: date, pitch: float) -> Bar:
    height, width = HEIGHTS[mark], round(pitch * BAR_SHARE, 2)
    x = _place(on, monday, pitch)
    return Bar(x=x, y=BASE - height, width=width, height=height, mark=mark, on=on)


def _months(strip: Strip, monday: date, pitch: float) -> tuple[Label, ...]:
    first, labels = strip.first_on, []
    while first <= strip.last_on:
        labels.append(Label(x=_place(first, monday, pitch), text=str(first.month)))
        first = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
    return tuple(labels)


def _steps(strip: Strip, monday: date, pitch: float) -> tuple[Label, ...]:
    labels: list[Label] = []
    for on, text in strip.steps:
        x = _place(on, monday, pitch) + pitch / 2
        near = [it.row for it in labels if x - it.x < STEP_LABEL_WIDTH]
        row = next(r for r in range(len(near) + 1) if r not in near)
        labels.append(Label(x=x, text=text, row=row))
    return tuple(labels)
