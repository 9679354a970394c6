"""What is wrong with a field is told in the words of the pages, and in English too."""

from datetime import UTC, datetime

import pytest

from services.casework.pages.questions import ASKED
from shared.commands import Fields, FieldsInvalid, read
from shared.field_words import NAMES, wrong_address, wrong_field
from shared.policy.pack import seed_pack
from shared.web.english import CHINESE, english


class Visited(Fields):
    child: str
    visited_at: str = ""


def test_an_address_is_mended_in_the_words_of_the_page() -> None:
    said = wrong_address(
        [
            ("child", "Input should be a valid UUID, invalid length: found 1"),
            ("on", "Input should be a valid date or datetime, input is too short"),
        ]
    )
    assert said == "地址里填得不对：孩子要从页面里的链接打开；日期要写成 2026-11-18 这样。"


def test_a_field_that_is_missing_is_named_as_on_the_page() -> None:
    with pytest.raises(FieldsInvalid) as refused:
        read(Visited, {"command_id": "01890000-0000-7000-8000-000000000000"})
    assert refused.value.say == "填得不对：孩子不能空着。改好后再提交。"
    assert refused.value.fields["field"] == "child"


def test_no_form_of_a_case_names_what_is_left_out_by_its_code() -> None:
    """销号 without a tick at 依据 once said: evidence不能空着."""
    asked = {field.name for ask in ASKED.values() for field in ask(seed_pack(), datetime.now(UTC))}
    assert {"evidence", "methods", "causes"} <= asked
    assert asked - {"note", "present"} <= set(NAMES)


@pytest.mark.parametrize("field", sorted(NAMES))
def test_a_wrong_field_is_told_in_english_too(field: str) -> None:
    for reason in ("Invalid UUID", "Invalid RFC3339 encoded date", "something new"):
        assert not CHINESE.search(english(wrong_field(field, reason)))
        assert not CHINESE.search(english(wrong_address([(field, reason), ("on", reason)])))
