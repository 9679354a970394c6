"""Given these events, when this command, then those events or that refusal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from shared.decider import CommandRejected, Decider


@dataclass(frozen=True)
class When:
    decider: Decider[Any, Any, Any]
    state: Any
    command: Any

    def then(self, *events: object) -> None:
        assert self.decider.decide(self.command, self.state) == list(events)

    def then_nothing(self) -> None:
        self.then()

    def then_rejected(self, error: type[CommandRejected]) -> CommandRejected:
        with pytest.raises(error) as caught:
            self.decider.decide(self.command, self.state)
        assert caught.value.say.endswith("。"), "a refusal is a whole sentence"
        return caught.value


@dataclass(frozen=True)
class Given:
    decider: Decider[Any, Any, Any]
    state: Any

    def when(self, command: object) -> When:
        return When(self.decider, self.state, command)


def given(decider: Decider[Any, Any, Any], *events: object) -> Given:
    return Given(decider, decider.fold(events))
