"""Which version is in force: the nearest unit's, and of those the one that started last."""

from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from shared.policy.versions import EVERYWHERE, Activation, earliest_start, in_force, units_of

PATH = "990000/990100/990101/2199010001"
SHIPPED = Activation(EVERYWHERE, "a" * 64, date(2004, 1, 1))
COUNTY = Activation("990101", "b" * 64, date(2026, 3, 1))
COUNTY_LATER = Activation("990101", "c" * 64, date(2026, 4, 1))
SCHOOL = Activation("2199010001", "d" * 64, date(2026, 3, 15))


def test_nothing_activated_is_nothing_in_force() -> None:
    assert in_force([], PATH, date(2026, 3, 1)) is None
    assert in_force([COUNTY], PATH, date(2026, 2, 28)) is None


def test_a_policy_changed_in_mid_year_holds_from_its_day_on() -> None:
    activations = [COUNTY_LATER, SHIPPED, COUNTY]
    assert in_force(activations, PATH, date(2026, 2, 28)) == SHIPPED
    assert in_force(activations, PATH, date(2026, 3, 1)) == COUNTY
    assert in_force(activations, PATH, date(2026, 4, 1)) == COUNTY_LATER


def test_the_nearest_unit_wins_over_a_later_start_further_up() -> None:
    assert in_force([SCHOOL, COUNTY_LATER], PATH, date(2026, 5, 1)) == SCHOOL
    assert in_force([SCHOOL, COUNTY], "990000/990100/990101", date(2026, 5, 1)) == COUNTY


def test_of_two_activations_for_one_day_the_later_made_wins() -> None:
    again = Activation("990101", "e" * 64, COUNTY.valid_from)
    assert in_force([COUNTY, again], PATH, date(2026, 3, 1)) == again
    assert in_force([again, COUNTY], PATH, date(2026, 3, 1)) == COUNTY


def test_a_new_version_starts_tomorrow_at_the_earliest_by_the_schools_date() -> None:
    assert earliest_start(datetime(2026, 3, 2, 16, 30, tzinfo=UTC)) == date(2026, 3, 4)


@given(
    st.lists(
        st.builds(
            Activation,
            st.sampled_from([*units_of(PATH), "990102"]),
            st.sampled_from(["a", "b", "c"]),
            st.dates(date(2026, 1, 1), date(2026, 1, 9)),
        )
    ),
    st.dates(date(2026, 1, 1), date(2026, 1, 9)),
)
def test_what_is_in_force_is_what_sorting_says(activations: list[Activation], on: date) -> None:
    ranked = sorted(
        (
            (-units_of(PATH).index(entry.unit), entry.valid_from, order, entry)
            for order, entry in enumerate(activations)
            if entry.unit in units_of(PATH) and entry.valid_from <= on
        ),
        key=lambda row: row[:3],
    )
    assert in_force(activations, PATH, on) == (ranked[-1][3] if ranked else None)
