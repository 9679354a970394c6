"""Folding and tokens: what is the same for people is the same for the index."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import tokens as t

KEY = bytes(range(32))
# Stored for ever under this key; they can never change.
TOKENS = [-7444375530905676423, -1005091901542696818, 6999540344141877927]
NUMBER = "5c0c949d476f0992ea4b37cbc34b03d0e5d8d1f86c88039017d4e5f704292423"
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
# Few characters, so that queries often stand in texts.
NAMES = st.text("沙马木呷· 阿aA１1x\u200b", max_size=12)


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("张 三", "张三"),
        ("　张\u00a0三\t", "张三"),
        ("张\u200b三\ufeff", "张三"),
        ("葛\ufe00", "葛"),
        ("阿卜杜拉•买买提", "阿卜杜拉·买买提"),
        ("阿卜杜拉・买买提", "阿卜杜拉·买买提"),
        ("阿卜杜拉･买买提", "阿卜杜拉·买买提"),
        ("１２３ｘ", "123x"),
        ("ABC", "abc"),
        ("Straße", "strasse"),
        ("①㎏", "1kg"),
        ("e\u200b\u0301", "é"),
        ("", ""),
    ],
)
def test_texts_that_people_call_the_same_fold_to_one(written: str, folded: str) -> None:
    assert t.fold(written) == folded


@given(TEXTS)
def test_folding_twice_is_folding_once(text: str) -> None:
    assert t.fold(t.fold(text)) == t.fold(text)


@given(text=TEXTS, before=TEXTS, after=TEXTS)
def test_a_text_that_contains_the_query_has_all_its_tokens(
    text: str, before: str, after: str
) -> None:
    whole = before + text + after
    if t.contains(whole, text):
        assert set(t.query_tokens(text, KEY)) <= set(t.tokens(whole, KEY))


@given(texts=st.lists(NAMES, max_size=20), query=NAMES)
def test_narrowing_by_tokens_loses_nothing_that_like_finds(texts: list[str], query: str) -> None:
    wanted = set(t.query_tokens(query, KEY))
    narrowed = [text for text in texts if wanted and wanted <= set(t.tokens(text, KEY))]
    found = [text for text in narrowed if t.contains(text, query)]
    assert found == [text for text in texts if t.fold(query) and t.fold(query) in t.fold(text)]


@given(TEXTS)
def test_tokens_fit_bigint_and_are_sorted(text: str) -> None:
    made = t.tokens(text, KEY)
    assert made == sorted(set(made))
    assert all(-(2**63) <= token < 2**63 for token in made)


def test_tokens_of_another_key_have_nothing_in_common() -> None:
    assert not set(t.tokens("沙马木呷", KEY)) & set(t.tokens("沙马木呷", bytes(32)))


def test_the_stored_tokens_of_a_text_do_not_change() -> None:
    assert t.tokens("沙马", KEY) == TOKENS


def test_an_empty_query_matches_nothing() -> None:
    assert t.query_tokens(" \u200b", KEY) == []
    assert not t.contains("沙马", " ")


def test_whole_numbers_match_however_they_are_typed() -> None:
    first = t.number_token("99010120120901001x", KEY)
    assert t.number_token("990101 20120901 001Ｘ", KEY) == first
    assert t.number_token("990101201209010011", KEY) != first
    assert t.number_token("99010120120901001x", bytes(32)) != first
    assert first.hex() == NUMBER
