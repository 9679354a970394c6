"""Duties in memory: the statements that arm and end them are answered without a database.

The functions of `processes` run unchanged over it. A statement that nobody answers here raises, so
that a new one cannot be forgotten.
"""

import heapq
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from services.casework.queries import duty_rows as rows
from services.casework.queries.groups import Grouped
from shared import batch, timer
from shared.timer import Timer


class Row(SimpleNamespace):
    """A row by its columns' names."""

    @property
    def _mapping(self) -> Mapping[str, Any]:
        return vars(self)


class Answer(list[Any]):
    """What a statement found."""

    def first(self) -> Any:
        return self[0] if self else None

    def all(self) -> list[Any]:
        return self


@dataclass(slots=True)
class Memory:
    """Stands where a connection stands. `children`: as `rows.CHILDREN` finds them, by id."""

    children: Mapping[UUID, Any]
    groups: Sequence[Grouped]
    duties: dict[UUID, Row] = field(default_factory=dict)
    _timers: dict[str, Timer] = field(default_factory=dict)
    _heap: list[tuple[datetime, str]] = field(default_factory=list)

    async def execute(self, statement: Any, params: Any = None) -> Answer:
        return Answer(ANSWERS[statement](self, params))

    def due(self, until: datetime) -> Iterator[list[Timer]]:
        """Timers up to a moment, those of one instant together; what they arm comes in its turn."""
        while self._heap and self._heap[0][0] <= until:
            at, found = self._heap[0][0], list[Timer]()
            while self._heap and self._heap[0][0] == at:
                _, key = heapq.heappop(self._heap)
                if key in self._timers and self._timers[key].due_at == at:
                    found.append(self._timers.pop(key))
            yield found

    def _arm(self, given: Mapping[str, Sequence[Any]]) -> list[Any]:
        for row in zip(*given.values(), strict=True):
            one = dict(zip(given, row, strict=True))
            made = Timer(**{**one, "args": json.loads(one["args"])})
            self._timers[made.key] = made
            heapq.heappush(self._heap, (made.due_at, made.key))
        return []

    def _disarm(self, given: Mapping[str, Any]) -> list[Any]:
        for key in given["keys"]:
            self._timers.pop(key, None)
        return []

    def _insert(self, given: Sequence[Mapping[str, Any]]) -> list[Any]:
        for one in given:
            self.duties.setdefault(one["duty"], Row(**one, state="armed", ended_at=None))
        return []

    def _update(self, given: Mapping[str, Sequence[Any]]) -> list[Any]:
        for row in zip(*given.values(), strict=True):
            one = dict(zip(given, row, strict=True))
            vars(self.duties[one["duty"]]).update(one)
        return []

    def _by_ids(self, given: Mapping[str, Any]) -> list[Row]:
        return [_open(self.duties[duty]) for duty in given["duties"] if duty in self.duties]

    def _ahead(self, given: Mapping[str, Any]) -> list[Row]:
        found = (
            _open(one)
            for one in self.duties.values()
            if one.state == "armed"
            and one.due_at > given["now"]
            and f"{one.path}/".startswith(f"{given['path']}/")
        )
        return sorted(found, key=lambda one: (one.due_at, one.duty))

    def _of_children(self, given: Mapping[str, Any]) -> list[Any]:
        return [self.children[one] for one in given["children"] if one in self.children]

    def _groups_of(self, given: Mapping[str, Any]) -> list[Any]:
        return [
            Row(child=one.child, grp=one.group, since=one.since, until=one.until)
            for one in self.groups
            if one.child in given["children"]
        ]

    def _grouped(self, given: Mapping[str, Any]) -> list[Any]:
        members = {
            one.child
            for one in self.groups
            if one.group in given["groups"] and one.holds(given["on"])
        }
        found = (self.children[one] for one in sorted(members) if one in self.children)
        return [one for one in found if one.klass is not None]


def _open(row: Row) -> Row:
    return Row(**{name: getattr(row, name) for name in rows.OpenDuty.__dataclass_fields__})


ANSWERS: Mapping[Any, Callable[[Memory, Any], list[Any]]] = {
    rows.INSERT: Memory._insert,
    rows.UPDATE: Memory._update,
    rows.TOLD: lambda _memory, _given: [],
    rows.BY_IDS: Memory._by_ids,
    rows.AHEAD: Memory._ahead,
    # One replay is one piece of work, which remembers by itself what may be evidence later.
    rows.KEEP_FACT: lambda _memory, _given: [],
    rows.FACTS: lambda _memory, _given: [],
    rows.CHILDREN: Memory._of_children,
    rows.GROUPS_OF: Memory._groups_of,
    rows.GROUPED: Memory._grouped,
    timer.ARM: Memory._arm,
    timer.DISARM_FREE: Memory._disarm,
    # A stream that the replay has not touched yet has no state.
    batch.CURRENT: lambda _memory, _given: [],
}
