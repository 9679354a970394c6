"""From the nation to a school: the nearest pack holds, from its day on, and names its chain."""

from datetime import date
from hashlib import sha256

import pytest

from services.casework.duties.due import Ground, due_at
from shared.policy.calendar import SchoolCalendar
from shared.policy.day import moment_of
from shared.policy.merging import chain, pinned, shipped_pack
from shared.policy.pack import Pack, load_pack
from shared.policy.versions import Activation, in_force

LEVELS = ("000000", "990000", "990100", "990101", "990101001", "2199010001")
PATH = "/".join(LEVELS[1:])


def below(parent: bytes, hours: int) -> bytes:
    return (
        f'format: 2\nname: 第 {hours} 级\nextends: "{sha256(parent).hexdigest()}"\n'
        f"values: {{alert: {{verify_hours: {hours}}}}}\n"
    ).encode()


def levels() -> tuple[dict[str, bytes], dict[str, Pack]]:
    """Nation, province, city, county, township, school: each extends the one above."""
    files: dict[str, bytes] = {}
    packs: dict[str, Pack] = {}
    above = shipped_pack("seed") or b""
    for hours, unit in enumerate(LEVELS, 10):
        above = below(above, hours)
        files[sha256(above).hexdigest()] = above
        packs[unit] = load_pack(above, files.get)
    return files, packs


def test_the_nearest_unit_that_has_a_pack_decides() -> None:
    _, packs = levels()
    activations: list[Activation] = []
    for hours, unit in enumerate(LEVELS, 10):
        where = "" if unit == LEVELS[0] else unit  # the nation is everywhere
        activations.append(Activation(where, packs[unit].sha256, date(2026, 9, 1)))
        found = in_force(activations, PATH, date(2026, 9, 1))
        assert found is not None
        held = next(one for one in packs.values() if one.sha256 == found.sha256)
        assert held.values.alert.verify_hours == hours
        assert held.values.roll == packs[LEVELS[0]].values.roll, "the rest is the nation's"


def test_the_hash_of_a_file_names_its_whole_chain_whatever_a_later_release_ships() -> None:
    county = pinned(b"format: 2\nname: x\nextends: rhythm2024\n")
    assert b"rhythm2024" not in county
    names = [name for name, found in chain(county, lambda _: None) if found is not None]
    assert len(names) == 2, "the second pack, and the seed that it extends"
    assert all(len(name) == 64 for name in names)
    assert pinned(county) == county
    assert load_pack(county).values.absence.streak.more_than_days == 2


def test_what_a_chain_lacks_is_named() -> None:
    files, packs = levels()
    school = files[packs[LEVELS[-1]].sha256]
    held = {sha: one for sha, one in files.items() if sha != packs[LEVELS[2]].sha256}
    lacking = [name for name, found in chain(school, held.get) if found is None]
    assert lacking == [packs[LEVELS[2]].sha256]


@pytest.mark.parametrize(
    ("on", "due"),
    [(date(2027, 2, 13), date(2027, 3, 15)), (date(2027, 3, 1), date(2027, 3, 20))],
)
def test_a_deadline_moved_in_mid_year_moves_nothing_that_was_begun(on: date, due: date) -> None:
    """Trap 28: 3/15 becomes 3/20 from 1 March on; what began before keeps its rules."""
    seed = load_pack(shipped_pack("seed") or b"")
    later = load_pack(
        b"format: 2\nname: x\nextends: seed\nduties: {spring_report: {due: {date: '03-20'}}}\n"
    )
    packs = {one.sha256: one for one in (seed, later)}
    activations = [
        Activation("990101", seed.sha256, date(2026, 9, 1)),
        Activation("990101", later.sha256, date(2027, 3, 1)),
    ]
    found = in_force(activations, PATH, on)
    assert found is not None
    kind = packs[found.sha256].file.duties["spring_report"]
    ground = Ground(path=PATH, calendar=SchoolCalendar(), term=None)
    assert due_at(kind.due, moment_of(on, "00:00"), ground, {}) == moment_of(due, "24:00")
