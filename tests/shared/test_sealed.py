"""Sealing and opening one value, and every way of opening it wrongly."""

import os
from dataclasses import dataclass

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import sealed as s

CHILD = "0198c5b0-0000-7000-8000-000000000001"
OTHER = "0198c5b0-0000-7000-8000-000000000002"
KEY = bytes(range(32))
ENTROPY = bytes(range(100, 144))
# The stored bytes of one value under a known key, nonce and salt. They can never change.
STORED = (
    b'{"sealed":1,"class":"identity","nonce":"ZGVmZ2hpamtsbW5v","box":"OGqsFQ2cIOlGGyWTphgUgsJD'
    b'hIkP6XX1L1gmw3cuK8dyW9kp5b59mFUW6YhqeI+kKkkhCr/92QuITIwT",'
    b'"commit":"cEl01G8pzFPeWWXd6dcxkQvGSCGmCarp6zd6A840Yqc="}'
)


def test_the_stored_bytes_of_a_value_do_not_change() -> None:
    value = s.seal("沙马木呷", CHILD, "identity", "name", KEY, entropy=ENTROPY)
    assert msgspec.json.encode(value) == STORED


def test_a_stored_value_opens() -> None:
    value = msgspec.json.decode(STORED, type=s.Sealed)
    assert s.open_sealed(value, CHILD, "name", KEY) == "沙马木呷"


@given(
    text=st.text(st.characters(exclude_categories=["Cs"]), max_size=200),
    cls=st.sampled_from(s.CLASSES),
    field=st.text("abcdefghij", min_size=1, max_size=10),
)
def test_whatever_was_sealed_opens_to_itself(
    text: str, cls: s.SensitivityClass, field: str
) -> None:
    key = os.urandom(32)
    stored = msgspec.json.encode(s.seal(text, CHILD, cls, field, key))
    assert s.open_sealed(msgspec.json.decode(stored, type=s.Sealed), CHILD, field, key) == text


def test_the_same_text_never_looks_the_same_twice() -> None:
    first, second = (s.seal("病假", CHILD, "narrative", "note", KEY) for _ in range(2))
    assert first.nonce != second.nonce
    assert first.box != second.box
    assert first.commit != second.commit


def test_another_key_subject_or_field_does_not_open() -> None:
    value = s.seal("沙马木呷", CHILD, "identity", "name", KEY)
    for subject, field, key in (
        (CHILD, "name", bytes(32)),
        (OTHER, "name", KEY),
        (CHILD, "guardian", KEY),
    ):
        with pytest.raises(s.WrongKey):
            s.open_sealed(value, subject, field, key)


def test_another_class_does_not_open() -> None:
    value = s.seal("沙马木呷", CHILD, "identity", "name", KEY)
    with pytest.raises(s.WrongKey):
        s.open_sealed(msgspec.structs.replace(value, cls="contact"), CHILD, "name", KEY)


def test_an_altered_commitment_is_refused_though_the_box_opens() -> None:
    value = s.seal("沙马木呷", CHILD, "identity", "name", KEY)
    foreign = s.seal("沙马木呷", CHILD, "identity", "name", KEY).commit
    with pytest.raises(s.WrongCommitment):
        s.open_sealed(msgspec.structs.replace(value, commit=foreign), CHILD, "name", KEY)


def test_altered_or_cut_bytes_are_refused() -> None:
    value = s.seal("沙马木呷", CHILD, "identity", "name", KEY)
    flipped = ("B" if value.box[0] == "A" else "A") + value.box[1:]
    with pytest.raises(s.WrongKey):
        s.open_sealed(msgspec.structs.replace(value, box=flipped), CHILD, "name", KEY)
    for changes in ({"box": "A"}, {"nonce": "###"}, {"nonce": "AAAA"}):
        with pytest.raises(s.SealError):
            s.open_sealed(msgspec.structs.replace(value, **changes), CHILD, "name", KEY)


def test_a_value_that_names_its_subject_opens_for_no_other() -> None:
    value = s.seal("沙马木呷", CHILD, "identity", "name", KEY, carry_subject=True)
    assert s.subject_of(value, OTHER) == CHILD
    assert s.open_sealed(value, CHILD, "name", KEY) == "沙马木呷"
    with pytest.raises(s.WrongSubject):
        s.open_sealed(value, OTHER, "name", KEY)


def test_a_text_beyond_the_limit_is_refused() -> None:
    with pytest.raises(s.TextTooLong):
        s.seal("长" * s.MAX_TEXT_BYTES, CHILD, "narrative", "note", KEY)


def test_neither_the_value_nor_its_errors_print_the_text() -> None:
    value = s.seal("沙马木呷", CHILD, "identity", "name", KEY)
    assert repr(value) == "Sealed(identity)"
    with pytest.raises(s.WrongKey) as refused:
        s.open_sealed(value, OTHER, "name", KEY)
    assert "沙马" not in str(refused.value)


def test_a_domain_event_that_holds_sealed_values_is_written_and_read_back() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Registered:
        fields: dict[str, s.Sealed | None]

    event = Registered(
        fields={"name": s.seal("沙马", CHILD, "identity", "name", KEY), "born": None}
    )
    assert msgspec.json.decode(msgspec.json.encode(event), type=Registered) == event
