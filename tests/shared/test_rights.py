"""Role × jurisdiction × class: who may do what, and who never may."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import rights as r
from shared.access_words import PAGES, PURPOSES, RIGHTS
from shared.roles import CASEWORK_COMMANDS, ROLES

COUNTY = "990000/990100/990101"
TOWN = f"{COUNTY}/990101001"
SCHOOL = f"{TOWN}/2199010001"
KLASS = f"{SCHOOL}/0198c5b0-0000-7000-8000-0000000000aa"
CHILD_PATH = KLASS
OTHER_COUNTY = "990000/990100/990102"
DAY = date(2026, 11, 23)


def viewer(
    *grants: tuple[str, str], since: date = date(2026, 9, 1), to: date | None = None
) -> r.Viewer:
    return r.Viewer(
        account="he.lixin",
        staff="0198c5b0-0000-7000-8000-0000000000f1",
        grants=tuple(
            r.Grant(role=role, unit=path.split("/")[-1], path=path, valid_from=since, valid_to=to)
            for role, path in grants
        ),
    )


@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_role_gives_exactly_its_rights_at_its_unit_and_below_and_nowhere_else(role: str) -> None:
    path = r.EVERYWHERE if ROLES[role].scope == "deployment" else SCHOOL
    who = viewer((role, path))
    for right in RIGHTS:
        held = right in ROLES[role].rights
        assert r.may(who, right, SCHOOL, DAY) is held
        assert r.may(who, right, KLASS, DAY) is held
        if path != r.EVERYWHERE:
            assert not r.may(who, right, TOWN, DAY)
            assert not r.may(who, right, SCHOOL + "9", DAY)
            assert not r.may(who, right, OTHER_COUNTY, DAY)


def test_the_second_countys_officer_sees_nothing_of_the_first() -> None:
    who = viewer(("county_officer", OTHER_COUNTY))
    assert not any(r.may(who, right, KLASS, DAY) for right in RIGHTS)
    assert r.paths_for(who, "child.view", DAY) == [OTHER_COUNTY]


@pytest.mark.parametrize("path", ["", "990101", "99000", "990000/99010", f"{COUNTY}0"])
def test_only_whole_segments_from_the_root_cover(path: str) -> None:
    assert not r.covers(path, f"{COUNTY}/990101001")


segments = st.lists(st.sampled_from(["1", "11", "111"]), min_size=1, max_size=4)


@given(above=segments, path=segments)
def test_covering_is_being_a_prefix_of_the_segments(above: list[str], path: list[str]) -> None:
    assert r.covers("/".join(above), "/".join(path)) == (path[: len(above)] == above)


def test_a_grant_holds_from_its_first_day_to_its_last() -> None:
    who = viewer(("principal", SCHOOL), since=date(2026, 9, 1), to=date(2026, 11, 23))
    for day, held in (
        (date(2026, 8, 31), False),
        (date(2026, 9, 1), True),
        (date(2026, 11, 23), True),
        (date(2026, 11, 24), False),
    ):
        assert r.may(who, "child.view", KLASS, day) is held
        assert bool(r.paths_for(who, "child.view", day)) is held
        assert bool(r.navigation(who, day)) is held


def test_inspectors_read_search_and_replay_and_command_nothing() -> None:
    rights = ROLES["inspector"].rights
    assert {"child.view", "case.view", "search", "replay", "integrity.view"} <= rights
    assert not rights & CASEWORK_COMMANDS
    assert not {right for right in rights if right.endswith((".manage", ".run", ".publish"))}


def test_the_operator_opens_no_class_and_gives_no_command_of_casework() -> None:
    who = viewer(("operator", r.EVERYWHERE))
    assert r.classes_for(who, DAY) == frozenset()
    assert not ROLES["operator"].rights & CASEWORK_COMMANDS
    assert not r.may(who, "child.view", KLASS, DAY)
    assert r.may(who, "system.operate", KLASS, DAY)


def test_no_other_role_reaches_everywhere() -> None:
    for name, role in ROLES.items():
        held = r.may_open(viewer((name, r.EVERYWHERE)), "identity", KLASS, DAY)
        assert not held, name
        assert r.paths_for(viewer((name, r.EVERYWHERE)), "child.view", DAY) == [], role.zh


def test_jurisdictions_are_the_fewest_prefixes() -> None:
    who = viewer(("homeroom_teacher", KLASS), ("principal", SCHOOL), ("principal", SCHOOL + "9"))
    assert r.paths_for(who, "child.view", DAY) == [SCHOOL, SCHOOL + "9"]
    assert r.paths_for(who, "case.close", DAY) == []


def test_one_acts_under_the_nearest_grant() -> None:
    who = viewer(("principal", SCHOOL), ("homeroom_teacher", KLASS))
    assert r.require(who, "roll.submit", KLASS, DAY).role == "homeroom_teacher"
    assert r.require(who, "roll.submit", SCHOOL, DAY).role == "principal"


def test_classes_hold_only_within_the_jurisdiction_of_the_role_that_opens_them() -> None:
    who = viewer(("subject_teacher", KLASS), ("registrar", SCHOOL + "9"))
    assert r.may_open(who, "identity", KLASS, DAY)
    assert not r.may_open(who, "contact", KLASS, DAY)
    assert r.may_open(who, "contact", SCHOOL + "9", DAY)
    assert r.classes_for(who, DAY) == {"identity", "contact", "health", "family"}


def test_a_refusal_says_why_and_whom_to_ask() -> None:
    who = viewer(("principal", SCHOOL))
    with pytest.raises(r.NotAllowed) as outside:
        r.require(who, "child.view", OTHER_COUNTY, DAY)
    assert outside.value.say == "这里不在你的管辖范围内。需要看，请向县学籍科申请；申请会记录。"
    with pytest.raises(r.NotAllowed) as without:
        r.require(who, "case.close", SCHOOL, DAY)
    assert without.value.say.startswith("你的职务没有这项权限。销号由县教育局办理")
    assert without.value.code == "not_allowed"


@pytest.mark.parametrize(
    ("held", "new", "together"),
    [
        ("principal", "homeroom_teacher", True),
        ("registrar", "subject_teacher", True),
        ("principal", "principal", True),
        ("county_officer", "policy_officer", True),
        ("county_officer", "inspector", False),
        ("inspector", "homeroom_teacher", False),
        ("operator", "principal", False),
        ("registrar", "operator", False),
        ("operator", "inspector", False),
        ("operator", "policy_officer", True),
    ],
)
def test_duties_that_watch_each_other_are_not_one_persons(
    held: str, new: str, together: bool
) -> None:
    if together:
        r.require_separate([held], new)
    else:
        with pytest.raises(r.RolesNotTogether):
            r.require_separate([held], new)


CHILD, BESIDE = (UUID(f"0198c5b0-0000-7000-8000-0000000000c{n}") for n in (1, 2))


def charged(who: r.Viewer, to: date | None = None) -> r.Viewer:
    """The viewer who answers for CHILD by name since September."""
    place = r.of_child(KLASS, CHILD)
    charge = r.Grant(
        role=r.CHARGE_HOLDER, unit=str(CHILD), path=place, valid_from=date(2026, 9, 1), valid_to=to
    )
    return r.lent(who, [charge], DAY)


def test_what_a_responsibility_lends_holds_at_that_child_alone_and_makes_no_jurisdiction() -> None:
    who = charged(viewer(("subject_teacher", SCHOOL + "9")))
    assert r.may(who, "child.visit", r.of_child(KLASS, CHILD), DAY)
    assert r.may_open(who, "contact", r.of_child(KLASS, CHILD), DAY)
    for place in (KLASS, SCHOOL, r.of_child(KLASS, BESIDE)):
        assert not r.may(who, "child.visit", place, DAY)
        assert not r.may_open(who, "identity", place, DAY)
    assert r.paths_for(who, "child.visit", DAY) == [SCHOOL + "9"]
    assert r.charge_of(who, BESIDE, DAY) is None
    assert r.charge_of(charged(viewer(), date(2026, 11, 22)), CHILD, DAY) is None


@pytest.mark.parametrize("role", ["inspector", "operator"])
def test_who_never_acts_is_lent_nothing(role: str) -> None:
    path = r.EVERYWHERE if role == "operator" else COUNTY
    who = charged(viewer((role, path)))
    assert not r.may(who, "child.visit", r.of_child(KLASS, CHILD), DAY)


def test_each_role_has_names_pages_and_purposes() -> None:
    used = {right for role in ROLES.values() for right in role.rights}
    assert used == set(RIGHTS)
    for role in ROLES.values():
        assert role.zh
        assert role.en
        assert role.navigation[0] == "today"
        assert set(role.navigation) <= set(PAGES)
        assert set(role.purposes) <= set(PURPOSES)
        assert bool(role.purposes)


def test_pages_of_two_roles_are_joined_without_repeats() -> None:
    who = viewer(("homeroom_teacher", KLASS), ("principal", SCHOOL))
    pages = [page for page, _, _ in r.navigation(who, DAY)]
    assert pages[0] == "today"
    assert len(pages) == len(set(pages))
    assert set(pages) == {*ROLES["homeroom_teacher"].navigation, *ROLES["principal"].navigation}


def test_a_role_of_a_newer_release_gives_nothing_and_breaks_nothing() -> None:
    assert r.paths_for(viewer(("village_cadre", TOWN)), "child.view", DAY) == []
