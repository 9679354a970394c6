"""A decider: whatever keeps state is an initial state, `decide` and `evolve`, all pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Generic, TypeVar

C = TypeVar("C")
E = TypeVar("E")
S = TypeVar("S")


class CommandRejected(Exception):
    """A command that the rules refuse: answered 409 with a reason a person can act on.

    `code` is stable and names the rule; `say` is the sentence shown to a person (zh-CN).
    Never carries personal values.
    """

    code = "rejected"

    def __init__(self, say: str, **fields: object) -> None:
        super().__init__(say)
        self.say = say
        self.fields = fields


@dataclass(frozen=True, slots=True)
class Decider(Generic[C, E, S]):
    """`decide` refuses or answers events; `evolve` never refuses, for the past has happened."""

    initial: S
    decide: Callable[[C, S], list[E]]
    evolve: Callable[[S, E], S]

    def fold(self, events: Iterable[E], state: S | None = None) -> S:
        return reduce(self.evolve, events, self.initial if state is None else state)
