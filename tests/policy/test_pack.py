"""Policy packs: the seed's values, where they come from, and how a faulty file is refused."""

from datetime import UTC, date, datetime
from hashlib import sha256

import msgspec
import pytest

from services.casework.domain.alert import CLEAR_REASONS, SIGNS
from services.casework.domain.case import AFTER_OBSERVATION, WITHOUT_OBSERVATION
from shared.contracts.words import word
from shared.policy.day import business_day, due_day, moment_of, noon_of
from shared.policy.pack import (
    MAX_PACK_BYTES,
    PackInvalid,
    load_pack,
    pack_version,
    parameter_paths,
    seed_pack,
    seed_pack_bytes,
)
from shared.policy.schema import Share

SEED = seed_pack_bytes().decode()


def replaced(old: str, new: str) -> bytes:
    assert SEED.count(old) == 1, f"{SEED.count(old)} times: {old}"
    return SEED.replace(old, new).encode()


def line_of(text: str) -> int:
    return next(n for n, line in enumerate(SEED.splitlines(), 1) if text in line)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("absence.streak.more_than_days", 3),
        ("absence.streak.operator", ">"),
        ("roll.cut_off", "09:00"),
        ("roll.recall_minutes", 10),
        ("report.cut_off", "24:00"),
        ("target.class_veto.percent", 4),
        ("deadline.spring_report", "03-15"),
    ],
)
def test_the_seed_says(path: str, value: object) -> None:
    assert seed_pack().value(path) == value


def test_every_parameter_of_the_seed_cites_its_source() -> None:
    paths = list(parameter_paths(seed_pack().values))
    assert len(paths) > 25
    assert all(seed_pack().basis(path) for path in paths)
    assert "不过夜" in seed_pack().basis("report.cut_off")[0]


def test_an_unknown_key_path_is_a_key_error() -> None:
    for path in ("absence.streak.more_then_days", "absence.streak.operator.upper", "nothing"):
        with pytest.raises(KeyError):
            seed_pack().value(path)


def test_the_version_is_the_start_of_the_files_hash() -> None:
    digest = sha256(seed_pack_bytes()).hexdigest()
    assert seed_pack().sha256 == digest
    assert seed_pack().version == pack_version(seed_pack_bytes()) == digest[:16]
    assert load_pack(seed_pack_bytes() + b"\n# x\n").version != seed_pack().version


def test_persuasion_has_the_seven_methods_of_the_seed() -> None:
    methods = [code.zh for code in seed_pack().codes.methods]
    assert methods == ["宣传", "动员", "说服", "引导", "敦促", "批评", "教育"]


def test_an_absence_not_yet_explained_is_unexcused_and_suggests_a_call() -> None:
    code = seed_pack().code("absence_reasons", "not_known")
    assert code is not None
    assert (code.zh, code.mark, code.next) == ("还不知道", "unexcused", "call_guardian")
    assert seed_pack().code("absence_reasons", "sleepy") is None


def test_every_code_that_an_event_may_hold_has_words_for_replay() -> None:
    codes = seed_pack().codes
    offered = set(codes.__struct_fields__) - {"next_actions", "groups"}
    wordless = [
        entry.code
        for name in sorted(offered)
        for entry in getattr(codes, name)
        if word(entry.code) == entry.code
    ]
    assert wordless == []


def test_the_reasons_that_casework_decides_by_are_the_ones_offered() -> None:
    codes = seed_pack().codes
    assert {entry.code for entry in codes.clear_reasons} == CLEAR_REASONS
    assert {entry.code for entry in codes.signs} == SIGNS
    closing = {entry.code for entry in codes.closing_reasons}
    assert closing == AFTER_OBSERVATION | WITHOUT_OBSERVATION
    assert all(entry.evidence for entry in codes.closing_reasons)


def test_labels_that_stigmatise_are_restricted() -> None:
    restricted = {code.zh for code in seed_pack().codes.causes if code.restricted}
    assert {"厌学", "学习困难"} <= restricted


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("more_than_days: 3\n", "more_then_days: 3\n", "不认识的键"),
        ("more_than_days: 3\n", "more_than_days: three\n", "应是 int，写的是 str"),
        ("more_than_days: 3\n", "more_than_days: 0\n", "值不合要求"),
        ('      operator: ">"\n', '      operator: ">="\n', "值不合要求"),
        ('  cut_off: "09:00"', "  cut_off: 9:00", "cut_off.*应是 str"),
        ('  cut_off: "09:00"', '  cut_off: "24:01"', "值不合要求"),
        ("verify_hours: 48\n", "verify_hours: 48\n   verify_hours: 24\n", "不是合规的 YAML"),
        ("verify_hours: 48\n", "verify_hours: 48\n    verify_hours: 24\n", "两次"),
        ("  roll.recall_minutes: [house]\n", "", "没有写依据"),
        ("  late.hours: [house]", "  late.hours: [nobody]", "不在 sources"),
        ("  late.hours: [house]", "  late.hours: []", "不在 sources"),
        ("  late.hours: [house]", "  late.hours: [house]\n  late.days: [house]", "没有这个参数"),
        ("code: guide, zh: 引导", "code: urge, zh: 引导", "urge 重复"),
        ("mark: sick, next: call_guardian", "mark: sick, next: call_mum", "next_actions"),
        (", mark: personal", "", "mark"),
        ("evidence: [graduation]", "evidence: [gradation]", "evidence_kinds"),
        ("orphan: 2", "orphans: 2", "codes.groups"),
        ('      operator: ">"\n', "", "缺少键 operator"),
        ("format: 2\n", "format: [1\n", "不是合规的 YAML"),
        ("format: 2\n", "format: !!python/name:os.system 1\n", "不是合规的 YAML"),
    ],
)
def test_a_faulty_pack_is_refused_with_its_line(old: str, new: str, says: str) -> None:
    with pytest.raises(PackInvalid, match=says) as refused:
        load_pack(replaced(old, new))
    assert refused.value.line >= 1
    assert f"第 {refused.value.line} 行" in str(refused.value)


def test_the_line_is_where_the_fault_stands() -> None:
    with pytest.raises(PackInvalid) as refused:
        load_pack(replaced("more_than_days: 3\n", "more_then_days: 3\n"))
    assert refused.value.line == line_of("more_than_days: 3")
    assert refused.value.path == "values.absence.streak.more_then_days"
    with pytest.raises(PackInvalid) as refused:
        load_pack(replaced("code: guide, zh: 引导", "code: urge, zh: 引导"))
    assert refused.value.line == line_of("code: urge")


@pytest.mark.parametrize("content", [b"", b"# nothing\n", b"\xff\xfe\x00", b"x", b"- 1"])
def test_what_is_no_pack_is_refused(content: bytes) -> None:
    with pytest.raises(PackInvalid):
        load_pack(content)


def test_a_pack_larger_than_the_limit_is_refused_unread() -> None:
    with pytest.raises(PackInvalid, match="KiB"):
        load_pack(b"#" * (MAX_PACK_BYTES + 1))


@pytest.mark.parametrize(
    ("operator", "percent", "part", "whole", "holds"),
    [
        ("<=", 2, 1, 50, True),  # 2% 以下 includes 2%
        ("<=", 2, 1, 45, False),  # one of 45 misses 2%
        (">", 4, 1, 25, False),  # 超过 4% excludes 4%
        (">", 4, 1, 24, True),  # a class under 25 is vetoed by one
        (">", 4, 1, 45, False),
        (">", 4, 2, 45, True),
        (">=", 98, 49, 50, True),  # 98% 以上 includes 98%
        ("<", 2, 1, 50, False),
    ],
)
def test_inclusive_and_exclusive_bounds(
    operator: str, percent: int, part: int, whole: int, holds: bool
) -> None:
    share = Share(operator=operator, percent=percent)  # pyright: ignore[reportArgumentType]
    assert share.holds(part, whole) is holds


@pytest.mark.parametrize(
    ("grade", "tagged", "days"), [(6, False, 14), (7, False, 7), (6, True, 7), (9, True, 7)]
)
def test_junior_grades_and_tagged_children_are_watched_more_often(
    grade: int, tagged: bool, days: int
) -> None:
    assert seed_pack().values.monitoring.days_for(grade, tagged) == days


def test_grades_eight_and_nine_weigh_most() -> None:
    weights = seed_pack().values.risk.grade_weights
    assert weights[6] < weights[7] < weights[8] == weights[9]


@pytest.mark.parametrize(
    ("yearly", "year", "day"),
    [
        ("02-last", 2020, date(2020, 2, 29)),
        ("02-last", 2027, date(2027, 2, 28)),
        ("08-last", 2026, date(2026, 8, 31)),
        ("12-last", 2026, date(2026, 12, 31)),
        ("03-15", 2027, date(2027, 3, 15)),
    ],
)
def test_a_yearly_deadline_falls_in_every_year(yearly: str, year: int, day: date) -> None:
    assert due_day(yearly, year) == day


def test_the_29_february_of_the_plans_is_the_last_day_of_february() -> None:
    assert due_day(seed_pack().values.deadline.spring_notices, 2027) == date(2027, 2, 28)


def test_the_business_day_turns_at_midnight_in_shanghai() -> None:
    assert business_day(datetime(2026, 3, 2, 15, 59, 59, tzinfo=UTC)) == date(2026, 3, 2)
    assert business_day(datetime(2026, 3, 2, 16, 0, tzinfo=UTC)) == date(2026, 3, 3)
    assert moment_of(date(2026, 3, 2), "24:00") == datetime(2026, 3, 2, 16, 0, tzinfo=UTC)
    assert moment_of(date(2026, 3, 2), "09:00") == datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
    assert noon_of(date(2026, 3, 2)) == datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def test_a_fact_meets_every_kind_of_duty_that_names_its_type_and_no_other() -> None:
    pack = seed_pack()
    duties = pack.file.duties
    types = {one for kind in duties.values() for one in kind.events} | {"casework.NeverNamed"}
    for event in types:
        named = {code for code, kind in duties.items() if event in str(msgspec.to_builtins(kind))}
        assert pack.duties_about(event).keys() <= named
        for code in named - pack.duties_about(event).keys():
            kind = duties[code]
            whens = (*kind.arm.also, *kind.evidence, *kind.cancel)
            assert event not in {kind.arm.event, *(when.event for when in whens)}
