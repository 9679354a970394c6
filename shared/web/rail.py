"""The two-time rail: above when things happened, below when they were recorded."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from shared.web.filters import BUSINESS_ZONE, local
from shared.web.models.case import Rail, RailEvent

WIDTH = 1000
TOP, BOTTOM, HEIGHT = 44, 108, 140
MARGIN = 24
DAY = timedelta(days=1)
MOST_DAY_LABELS = 18
LABEL_WIDTH = 13
LABEL_LINES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One event: `up` and `down`: its places on the rails; `label_row` is 0 where it fits."""

    event: RailEvent
    up: float
    down: float
    label_row: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    x: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RailDrawing:
    width: int
    height: int
    margin: int
    top: int
    bottom: int
    stops: tuple[Stop, ...]
    ticks: tuple[Tick, ...]
    shaded: tuple[tuple[float, float], ...]
    happened: float
    known: float


def drawing(rail: Rail) -> RailDrawing:
    """True time scale: a place is proportional to the time since the rail's start."""
    return RailDrawing(
        width=WIDTH,
        height=HEIGHT,
        margin=MARGIN,
        top=TOP,
        bottom=BOTTOM,
        stops=_stops(rail),
        ticks=_ticks(rail),
        shaded=_shaded(rail),
        happened=place(rail, rail.happened_at),
        known=place(rail, rail.known_at),
    )


def place(rail: Rail, moment: datetime) -> float:
    share = (moment - rail.start) / (rail.end - rail.start)
    return round(MARGIN + min(max(share, 0.0), 1.0) * (WIDTH - 2 * MARGIN), 2)


def _stops(rail: Rail) -> tuple[Stop, ...]:
    """Labels that would touch the one before go up a line; where none is free, none is drawn."""
    free = [float("-inf")] * LABEL_LINES
    stops: list[Stop] = []
    for event in sorted(rail.events, key=lambda it: it.happened):
        up, row = place(rail, event.happened), -1
        half = len(event.label) * LABEL_WIDTH / 2
        if event.label:
            row = next((r for r, end in enumerate(free) if up - half > end), -1)
        if row >= 0:
            free[row] = up + half
        stops.append(Stop(event=event, up=up, down=place(rail, event.recorded), label_row=row))
    return tuple(stops)


def _ticks(rail: Rail) -> tuple[Tick, ...]:
    first = datetime.combine(local(rail.start).date(), time(), BUSINESS_ZONE)
    days = (rail.end - first) // DAY + 1
    step = max(1, -(-days // MOST_DAY_LABELS))
    moments = (first + n * DAY for n in range(0, days, step))
    ticks = [m for m in moments if rail.start <= m <= rail.end]
    return tuple(
        Tick(x=place(rail, m), text=f"{m:%m-%d}" if n == 0 or step > 1 or m.day == 1 else f"{m:%d}")
        for n, m in enumerate(ticks)
    )


def _shaded(rail: Rail) -> tuple[tuple[float, float], ...]:
    """Days without school, as (x, width)."""
    spans = []
    for on in rail.days_off:
        begin = datetime.combine(on, time(), BUSINESS_ZONE)
        x, end = place(rail, begin), place(rail, begin + DAY)
        if end > x:
            spans.append((x, round(end - x, 2)))
    return tuple(spans)
