"""Packs of format 2: what extends what, and references that lead nowhere are refused by line."""

import pytest

from shared.policy.merging import SHIPPED, merged, shipped_pack
from shared.policy.pack import Pack, PackInvalid, load_pack, seed_pack

HEAD = "format: 2\nname: 试验县\nextends: seed\n"


def shipped(name: str) -> Pack:
    content = shipped_pack(name)
    assert content is not None
    return load_pack(content)


def test_what_a_pack_leaves_out_is_taken_over_and_what_it_writes_counts() -> None:
    pack = load_pack((HEAD + "values: {roll: {cut_off: '08:10'}}\n").encode())
    assert pack.values.roll.cut_off == "08:10"
    assert pack.values.roll.recall_minutes == seed_pack().values.roll.recall_minutes
    assert pack.file.duties == seed_pack().file.duties
    assert pack.version != seed_pack().version


def test_null_takes_a_duty_away() -> None:
    pack = load_pack((HEAD + "duties: {spring_report: null}\n").encode())
    assert set(seed_pack().file.duties) - set(pack.file.duties) == {"spring_report"}


def test_a_chain_of_packs_is_followed_by_their_hashes() -> None:
    county = (HEAD + "values: {alert: {verify_hours: 12}}\n").encode()
    held = load_pack(county)
    school = (
        f"format: 2\nname: 校\nextends: {held.sha256}\nvalues: {{roll: {{recall_minutes: 3}}}}\n"
    )
    pack = load_pack(school.encode(), {held.sha256: county}.get)
    assert (pack.values.alert.verify_hours, pack.values.roll.recall_minutes) == (12, 3)


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("extends: " + "b" * 64 + "\n", 3, "找不到被继承的规则包"),
        ("extends: seed\nduties:\n  daily_roll: {holder: {role: king}}\n", 5, "不认识的职务"),
        ("extends: seed\nduties:\n  daily_roll:\n    due: {days: 3}\n", 6, "期限要写一种"),
        ("extends: seed\nduties:\n  x:\n    zh: 试\n", 5, "缺少键 en"),
        ("extends: seed\nschemes:\n  baobao: {basis: [nowhere]}\n", 5, "依据不在 sources 里"),
        ("extends: seed\nduties:\n  weekly_visit:\n    holder: {tier: none}\n", 6, "没有这一层"),
        ("extends: seed\nduties:\n  bulletin: {rows: [], basis: []}\n", 5, "值不合要求"),
        ("extends: seed\nvalues: {roll: {cut_of: '08:00'}}\n", 4, "不认识的键"),
    ],
)
def test_a_reference_that_leads_nowhere_names_its_line(text: str, line: int, says: str) -> None:
    with pytest.raises(PackInvalid, match=says) as refused:
        load_pack(("format: 2\nname: 试\n" + text).encode())
    assert refused.value.line == line


def test_packs_that_extend_each_other_for_ever_are_refused() -> None:
    loop = ("format: 2\nname: 环\nextends: " + "a" * 64 + "\n").encode()
    with pytest.raises(PackInvalid, match="继承超过"):
        load_pack(loop, lambda _: loop)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_pack_loads_and_cites_what_it_says(name: str) -> None:
    pack = shipped(name)
    for duty in pack.file.duties.values():
        assert pack.cited(duty.basis)
        assert duty.rows


def test_merging_keeps_what_is_not_named() -> None:
    assert merged({"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"c": None, "e": 4}}) == {
        "a": {"b": 1, "e": 4},
        "d": 3,
    }
