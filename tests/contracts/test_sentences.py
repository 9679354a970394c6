"""Every event has its line in both languages, and none tells a personal value."""

import re
from typing import Any
from uuid import UUID

import msgspec
import pytest

from shared.contracts.decode import Unknown
from shared.contracts.duties import DutyEscalated
from shared.contracts.entry import Entry, entry_of
from shared.contracts.notify import EscalationSent
from shared.contracts.sentences import SENTENCES, sentence
from tests.contracts.telling import at, told
from tests.stored import Example, examples

EXAMPLES = examples()
NAMES = [f"{number}-{example.type}" for number, example in enumerate(EXAMPLES)]
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize("example", EXAMPLES, ids=NAMES)
def test_every_event_has_a_line_in_both_languages(example: Example) -> None:
    entry = entry_of(example.body)
    for lang in ("zh", "en"):
        said = sentence(entry, lang)
        assert said
        assert "\n" not in said
        assert not re.search(r"[{}]|Sealed|None|[0-9a-f]{8}-", said), said
    assert CHINESE.search(sentence(entry))


def test_no_template_is_left_over_or_missing() -> None:
    used = {example.name for example in EXAMPLES}
    assert {key.partition("/")[0] for key in SENTENCES} == used


@pytest.mark.parametrize("example", EXAMPLES, ids=NAMES)
def test_no_sealed_or_unsealed_person_is_told(example: Example) -> None:
    said = sentence(entry_of(example.body))
    assert "shenxiulan" not in said
    assert "T0028" not in said


def entry(kind: str) -> Entry:
    return next(entry_of(e.body) for e in EXAMPLES if e.type == kind)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("enrollment.StudentAbsent", "点名：无故未到"),
        ("enrollment.AttendanceCorrected", "更正点名：无故未到 → 病假"),
        ("casework.RiskFlagged", "预警：连续 4 个上学日无故未到"),
        ("casework.RiskVerified", "核实属实，立案"),
        ("casework.HomeVisitLogged", "家访：见到祖辈，还没定"),
        ("casework.CaseClosed", "销号：复学稳定，依据 出勤记录、家访记录"),
    ],
)
def test_lines_read_as_people_write_them(kind: str, said: str) -> None:
    assert sentence(entry(kind)) == said


@pytest.mark.parametrize(
    ("event", "zh", "en"),
    [
        (
            EscalationSent(duty=UUID(int=1), step=0, account="shenxiulan"),
            "任务超期，已告知第 1 级的人",
            "Overdue duty: those of level 1 were told",
        ),
        (
            DutyEscalated(duty=UUID(int=1), step=0, role="principal", to=[]),
            "超期上报，第 1 级：校长",
            "Overdue duty told at level 1: principal",
        ),
    ],
)
def test_levels_of_a_climb_are_counted_from_one(event: Any, zh: str, en: str) -> None:
    story = told(event, happened=at(18), seq=1, stream="x-1")
    assert (sentence(story), sentence(story, "en")) == (zh, en)


def test_an_unknown_event_says_so() -> None:
    known = entry("casework.CaseOpened")
    stranger = msgspec.structs.replace(Unknown(type="casework.New", data=msgspec.Raw(b"{}")))
    unknown = Entry(
        type="casework.New",
        stream=known.stream,
        seq=1,
        ledger="990101",
        service="casework",
        occurred_at=known.occurred_at,
        recorded_at=known.recorded_at,
        actor="system",
        via="system",
        data=stranger,
    )
    assert sentence(unknown) == "还不认识的事件 casework.New"
    assert sentence(unknown, "en") == "Unknown event casework.New"
