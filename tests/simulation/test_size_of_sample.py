"""BAOXUE_SAMPLE_CHILDREN makes a smaller sample with the same people to sign in as."""

from datetime import date

import pytest

from baoxue.sample import SIZE, WrongSize, size_of_sample
from baoxue.simulation.demo import CHILDREN, FEWEST_CHILDREN, make_demo
from baoxue.simulation.year import term_to_show

TODAY = date(2026, 11, 24)


def test_a_small_sample_has_the_same_accounts_and_a_child_on_the_brink() -> None:
    small = make_demo(term_to_show(TODAY), TODAY, today=True, children=FEWEST_CHILDREN)
    assert sum(len(plan.county.children) for plan in small.plans) == FEWEST_CHILDREN
    assert {"banzhuren", "dudao", "xitong", "linxian"} <= {one.account for one in small.accounts}
    assert small.brink


def test_the_size_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SIZE, raising=False)
    assert size_of_sample() == CHILDREN
    monkeypatch.setenv(SIZE, "320")
    assert size_of_sample() == 320


@pytest.mark.parametrize("text", ["many", "-3", str(FEWEST_CHILDREN - 1)])
def test_an_unusable_size_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(SIZE, text)
    with pytest.raises(WrongSize, match=SIZE):
        size_of_sample()
