"""Data of every age, of strangers and of the future."""

import msgspec
import pytest

from shared.contracts import casework, notify
from shared.contracts.decode import Unknown, decode
from shared.contracts.upcast import UPCASTERS, Data, NewerVersion, newest_version, raised

READ = b'{"notice":"00000000-0000-0000-0000-000000000001","account":"teacher"}'


def test_a_type_without_a_contract_stays_as_it_is_stored() -> None:
    unknown = decode("casework.SomethingNew", 3, b'{"a":1}')
    assert isinstance(unknown, Unknown)
    assert (unknown.type, bytes(unknown.data)) == ("casework.SomethingNew", b'{"a":1}')


def test_a_newer_version_is_refused_by_name() -> None:
    with pytest.raises(NewerVersion, match=r"notify.NotificationRead: version 2 is newer than 1"):
        decode("notify.NotificationRead", 2, READ)


def test_fields_of_a_newer_writer_are_ignored() -> None:
    more = READ[:-1] + b',"colour":"red"}'
    assert isinstance(decode("notify.NotificationRead", 1, more), notify.NotificationRead)


def test_data_that_does_not_fit_is_an_error() -> None:
    with pytest.raises(msgspec.ValidationError):
        decode("casework.CaseReopened", 1, b'{"case":1}')


def renamed(data: Data) -> Data:
    return {"notice": data["id"], "login": data["account"]}


def split(data: Data) -> Data:
    return {"notice": data["notice"], "account": data["login"]}


def test_old_shapes_are_raised_step_by_step() -> None:
    steps = {("notify.NotificationRead", 1): renamed, ("notify.NotificationRead", 2): split}
    old = READ.replace(b'"notice"', b'"id"')
    assert newest_version("notify.NotificationRead", steps) == 3
    read = decode("notify.NotificationRead", 1, old, steps)
    assert read == decode("notify.NotificationRead", 3, READ, steps)
    assert newest_version("casework.CaseOpened", steps) == 1


def test_the_newest_shape_keeps_its_very_bytes() -> None:
    blanks = b'{ "case" : 1 }'
    assert raised("casework.CaseReopened", 1, blanks) is blanks


def test_every_upcaster_belongs_to_a_contract_and_leaves_no_gap() -> None:
    for name, version in UPCASTERS:
        assert name in casework.EVENTS or name in notify.EVENTS or name.startswith("enrollment.")
        assert version == 1 or (name, version - 1) in UPCASTERS
