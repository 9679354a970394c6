"""The plan of a county: the same from the same seed, valid, and enough to reach every action."""

from datetime import date

import pytest

from baoxue.simulation.county import Holders, Wish, make_county
from baoxue.simulation.names import MIDDLE_DOT
from baoxue.simulation.numbers import CHECK, PHONE_PREFIX, WEIGHTS
from baoxue.simulation.plan import make_plan, with_brink
from baoxue.simulation.reached import wanted
from baoxue.simulation.scripts import SCRIPTS
from baoxue.simulation.story import DAYS_BEFORE_ALERT, Script, facts
from baoxue.simulation.year import birth, school_days, term_to_show, terms_of
from services.enrollment.domain.identity import check_character
from tests.simulation.staging import Stage, stages

TERMS = terms_of(2025)


def wish(seed: str = "1", children: int = 900) -> Wish:
    return Wish(code="990199", name="试验县", seed=seed, schools=3, children=children, terms=TERMS)


def test_a_county_and_its_days_repeat_from_their_seed_and_from_no_other() -> None:
    first, last = TERMS[0].opens_on, date(2025, 10, 31)
    plans = [make_plan(wish(seed), first, last) for seed in ("1", "1", "2")]
    told = []
    for plan in plans:
        rolls = plan.rolls()
        days = [rolls.on(place) for place in range(len(plan.days))]
        told.append((plan.county, [facts(one) for one in plan.episodes], days))
    assert told[0] == told[1]
    assert told[0][0] != told[2][0]
    assert told[0][2] != told[2][2]


def test_identity_numbers_are_valid_and_of_an_area_that_nobody_lives_in() -> None:
    county = make_county(wish(children=4000))
    numbers = [one.fields["idnumber"] for one in county.children if "idnumber" in one.fields]
    everybody = [*numbers, *(one.idnumber for one in county.staff)]
    assert len(set(everybody)) == len(everybody)
    for number in everybody:
        assert number.startswith("990199")
        assert check_character(number[:17]) == number[17]
        assert sum(int(d) * w for d, w in zip(number, WEIGHTS, strict=False)) % 11 == CHECK.index(
            number[17]
        )
    for child in county.children:
        if "idnumber" in child.fields:
            assert child.fields["idnumber"][6:14] == child.fields["born"].replace("-", "")
            assert int(child.fields["idnumber"][16]) % 2 == int(child.fields["sex"]) % 2


def test_some_children_have_no_number_and_some_names_a_middle_dot() -> None:
    county = make_county(wish(children=2000))
    without = [one for one in county.children if "idnumber" not in one.fields]
    assert 20 < len(without) < 120
    assert sum(MIDDLE_DOT in one.name for one in county.children) > 50
    assert len({one.fields["ethnic"] for one in county.children}) >= 5
    assert all(one.fields["phone"].startswith(PHONE_PREFIX) for one in county.children)


def test_every_class_has_its_people_up_to_the_county() -> None:
    county = make_county(wish())
    holders = Holders(county)
    roles = ("homeroom_teacher", "subject_teacher", "principal", "township_officer")
    for klass in county.classes:
        assert all(holders.of_class(role, klass.key) for role in roles)
    assert len({one.account for one in county.staff}) == len(county.staff)
    assert {one.seat for one in county.children if one.klass == 0} == set(
        range(1, 1 + sum(one.klass == 0 for one in county.children))
    )


@pytest.mark.parametrize(
    ("today", "term"),
    [
        (date(2026, 11, 24), "2026秋"),
        (date(2026, 9, 5), "2026春"),
        (date(2026, 8, 10), "2026春"),
        (date(2026, 3, 20), "2026春"),
        (date(2026, 2, 24), "2025秋"),
    ],
)
def test_the_sample_shows_the_term_that_runs_or_the_last_one(today: date, term: str) -> None:
    shown = term_to_show(today)
    assert shown.code == term
    assert birth(shown).date() < shown.opens_on


def test_school_days_follow_the_published_holidays() -> None:
    days = school_days("990000/990100/990199", TERMS, date(2025, 9, 1), date(2026, 7, 31))
    assert date(2025, 10, 1) not in days
    assert date(2025, 9, 28) in days  # a make-up Sunday
    assert date(2026, 2, 1) not in days
    assert 170 < len(days) < 205


def test_absences_are_those_of_a_real_year() -> None:
    plan = make_plan(wish(children=3000), TERMS[0].opens_on, TERMS[1].ends_on)
    rolls = plan.rolls()
    away = {"sick": 0, "personal": 0, "unexcused": 0}
    taken = late = 0
    for place in range(len(plan.days)):
        day = rolls.on(place)
        taken, late = taken + len(day.morning), late + len(day.afternoon)
        for sheet in day.morning:
            for mark in sheet.absent.values():
                away[mark.mark] += 1
    share = sum(away.values()) / (3000 * len(plan.days))
    assert 0.02 < share < 0.06
    assert away["sick"] > away["unexcused"] > 0
    assert 0 < late < taken / 10


def test_the_child_on_the_brink_was_away_on_the_last_three_days_and_there_before() -> None:
    plan = with_brink(make_plan(wish(), TERMS[0].opens_on, date(2025, 11, 28)))
    assert plan.brink is not None
    key, rolls = plan.brink.child.key, plan.rolls()
    marks = []
    for place in range(len(plan.days)):
        sheets = {one.klass: one for one in rolls.on(place).morning}
        mark = sheets[plan.brink.child.klass].absent.get(key)
        marks.append(mark.mark if mark else "present")
    assert marks[-DAYS_BEFORE_ALERT:] == ["unexcused"] * DAYS_BEFORE_ALERT
    assert marks[-DAYS_BEFORE_ALERT - 1] != "unexcused"


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda one: one.name)
def test_every_step_of_a_script_is_allowed_where_it_stands(script: Script) -> None:
    assert Stage(script).play().pairs


def test_the_scripts_together_reach_every_action_in_every_state() -> None:
    reached = set().union(*(stage.pairs for stage in stages(SCRIPTS)))
    assert sorted(wanted() - reached) == []
