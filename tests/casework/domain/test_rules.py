"""The rules of a unit change from tomorrow on, never backwards."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.casework.domain.refusals import BasisNeeded, NotADigest, TooEarly
from services.casework.domain.rules import (
    RULES,
    ActivatePolicyVersion,
    CalendarPublished,
    PolicyVersionActivated,
    PublishCalendar,
)
from tests.casework.domain.samples import NOW, TODAY
from tests.scenario import given

TOMORROW = date(2026, 11, 21)
ACTIVATE = ActivatePolicyVersion(
    unit="990101", pack="ab" * 32, valid_from=TOMORROW, basis="云溪县实施方案第五条", now=NOW
)
PUBLISH = PublishCalendar(
    unit="990101", layer="county", sha256="cd" * 32, valid_from=TOMORROW, now=NOW
)
ACTIVATED = PolicyVersionActivated(
    unit="990101", pack="ab" * 32, valid_from=TOMORROW, basis="云溪县实施方案第五条"
)
PUBLISHED = CalendarPublished(unit="990101", layer="county", sha256="cd" * 32, valid_from=TOMORROW)


def test_rules_take_effect_tomorrow_and_only_once() -> None:
    given(RULES).when(ACTIVATE).then(ACTIVATED)
    given(RULES, ACTIVATED).when(ACTIVATE).then_nothing()
    given(RULES).when(PUBLISH).then(PUBLISHED)
    given(RULES, PUBLISHED).when(PUBLISH).then_nothing()


@pytest.mark.parametrize("command", [ACTIVATE, PUBLISH])
def test_rules_of_today_do_not_change(command: Any) -> None:
    given(RULES).when(replace(command, valid_from=TODAY)).then_rejected(TooEarly)


@pytest.mark.parametrize("command", [ACTIVATE, PUBLISH])
def test_a_founding_starts_in_the_past_but_only_the_first_time(command: Any) -> None:
    founding = replace(command, valid_from=date(2026, 9, 1), founding=True)
    first = RULES.decide(founding, RULES.initial)
    assert first
    again = replace(founding, valid_from=date(2026, 8, 1))
    given(RULES, *first).when(again).then_rejected(TooEarly)


def test_each_layer_of_the_calendar_has_its_own_founding() -> None:
    founding = replace(PUBLISH, valid_from=date(2026, 9, 1), founding=True)
    national = replace(founding, layer="national")
    assert RULES.decide(national, RULES.fold(RULES.decide(founding, RULES.initial)))


@pytest.mark.parametrize("digest", ["ab", "AB" * 32, "zz" * 32])
def test_a_file_is_named_by_its_digest(digest: str) -> None:
    given(RULES).when(replace(ACTIVATE, pack=digest)).then_rejected(NotADigest)
    given(RULES).when(replace(PUBLISH, sha256=digest)).then_rejected(NotADigest)


def test_a_policy_needs_its_legal_basis() -> None:
    given(RULES).when(replace(ACTIVATE, basis=" ")).then_rejected(BasisNeeded)
