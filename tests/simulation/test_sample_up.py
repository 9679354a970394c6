"""What a first start with the sample tells the migration, and a start without it does not."""

from datetime import UTC, datetime
from pathlib import Path

from baoxue.simulation.demo import ALSO_LEFT_OUT, last_day, make_demo
from baoxue.simulation.year import birth_of_sample, term_to_show
from baoxue.up import SIMULATED_FROM, Settings, simulated

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


def test_with_a_sample_new_databases_are_born_before_the_term() -> None:
    told = simulated(birth_of_sample(NOW), {})
    born = datetime.fromisoformat(told[SIMULATED_FROM])
    assert born.date() < term_to_show(NOW.date()).opens_on
    assert born.utcoffset() is not None


def test_without_one_nothing_is_said_and_a_given_time_stays() -> None:
    assert simulated(None, {}) == {}
    assert simulated(birth_of_sample(NOW), {SIMULATED_FROM: "2020-01-01T00:00:00+08:00"}) == {}
    assert Settings(home=Path("x")).port == 8700


def test_the_sample_has_its_people_and_leaves_some_rolls_to_take() -> None:
    term = term_to_show(NOW.date())
    last, today = last_day(term, NOW.date(), morning_is_over=True)
    assert (last, today) == (NOW.date(), True)
    demo = make_demo(term, last, today=today)
    first, second = demo.plans
    assert [len(one.county.schools) for one in demo.plans] == [3, 1]
    assert sum(len(one.county.children) for one in demo.plans) == 2000
    accounts = {one.account for plan in demo.plans for one in plan.county.staff}
    assert {one.account for one in demo.accounts} <= accounts
    assert first.brink is not None and second.brink is None
    assert first.brink.child.klass in demo.left_out
    assert len(demo.left_out) == 1 + ALSO_LEFT_OUT
    # Today is the fourth day: its roll is the newcomer's to take.
    assert first.brink.first == len(first.days) - 1


def test_before_school_and_on_a_holiday_the_sample_ends_with_yesterday() -> None:
    term = term_to_show(NOW.date())
    last, today = last_day(term, NOW.date(), morning_is_over=False)
    assert not today and (NOW.date() - last).days == 1
    sunday = datetime(2026, 11, 22, 3, 0, tzinfo=UTC).date()
    assert last_day(term, sunday, morning_is_over=True)[1] is False
