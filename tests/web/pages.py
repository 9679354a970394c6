"""Every page and part of the gallery: its template and the function that makes its context."""

from collections.abc import Callable
from typing import Any

from tests.web import examples as ex

Maker = Callable[[], dict[str, Any]]


def _with(make: Callable[[], object], role: str = "county", active: str = "today", **more: Any):
    return lambda: {"layout": ex.layout(role, active, **more), "page": make()}


PAGES: dict[str, tuple[str, Maker]] = {
    "roll": ("roll.html", _with(ex.roll, "teacher", here="/page/roll")),
    "roll-sent": ("roll_sent.html", _with(ex.roll_sent, "teacher", here="/page/roll-sent")),
}
PARTS: dict[str, tuple[str, Callable[[], object]]] = {}
