"""Signing, sessions and calls: whose word holds, for how long, and what is refused."""

import stat
from datetime import date
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest

from shared import session as se
from shared import signing as sg
from shared.rights import EVERYWHERE, Grant, Viewer

NOW = 1_795_000_000.0
SCHOOL = "990000/990100/990101/990101001/2199010001"
TEACHER = Viewer(
    account="he.lixin",
    staff="0198c5b0-0000-7000-8000-0000000000f1",
    grants=(
        Grant(
            role="homeroom_teacher",
            unit="0198c5b0-0000-7000-8000-0000000000aa",
            path=f"{SCHOOL}/0198c5b0-0000-7000-8000-0000000000aa",
            valid_from=date(2026, 9, 1),
            valid_to=date(2027, 7, 1),
        ),
    ),
    obtained_by="operator",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("keys")
    sg.make_signing_keys(made)
    return made


@pytest.fixture(scope="module")
def keys(folder: Path) -> sg.PublicKeys:
    return sg.load_public_keys(folder)


@pytest.fixture(scope="module")
def enrollment(folder: Path) -> sg.Signer:
    return sg.load_signer(folder, "enrollment")


def test_private_keys_are_private_and_the_public_file_holds_no_secret(folder: Path) -> None:
    for name in sg.SIGNERS:
        path = folder / f"{name}.signing.json"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert "d" in msgspec.json.decode(path.read_bytes())
    published = msgspec.json.decode((folder / sg.PUBLIC_KEYS).read_bytes())["keys"]
    assert len(published) == len(sg.SIGNERS)
    assert not any("d" in key for key in published)


def test_a_second_start_keeps_the_keys(folder: Path) -> None:
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    sg.make_signing_keys(folder)
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


def test_a_private_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    sg.make_signing_keys(tmp_path, ["audit"])
    (tmp_path / "audit.signing.json").chmod(0o644)
    with pytest.raises(sg.SigningKeyError, match="chmod 600"):
        sg.load_signer(tmp_path, "audit")


def test_a_session_carries_account_person_grants_and_who_obtained_it(
    keys: sg.PublicKeys, enrollment: sg.Signer
) -> None:
    token = se.sign_session(enrollment, TEACHER, NOW, NOW - 100)
    session = se.read_session(keys, token, NOW + 1)
    assert session.viewer == TEACHER
    assert session.signed_in_at == NOW - 100
    assert not session.due(NOW + se.RENEW_AFTER_SECONDS - 1)
    assert session.due(NOW + se.RENEW_AFTER_SECONDS)


def test_an_operators_grant_over_everything_survives(
    keys: sg.PublicKeys, enrollment: sg.Signer
) -> None:
    grant = Grant(role="operator", unit=EVERYWHERE, path=EVERYWHERE, valid_from=date(2026, 1, 1))
    operator = Viewer(account="operator", staff=None, grants=(grant,))
    token = se.sign_session(enrollment, operator, NOW, NOW)
    assert se.read_session(keys, token, NOW).viewer == operator


def test_thirty_classes_fit_a_cookie(enrollment: sg.Signer) -> None:
    grants = tuple(
        Grant(role="subject_teacher", unit=u, path=f"{SCHOOL}/{u}", valid_from=date(2026, 9, 1))
        for u in (str(uuid4()) for _ in range(30))
    )
    teacher = Viewer(account="he.lixin", staff=str(uuid4()), grants=grants)
    assert len(se.sign_session(enrollment, teacher, NOW, NOW)) < sg.MAX_TOKEN_BYTES


def test_a_session_holds_for_fifteen_minutes_and_can_be_renewed_for_two_hours(
    keys: sg.PublicKeys, enrollment: sg.Signer
) -> None:
    token = se.sign_session(enrollment, TEACHER, NOW, NOW)
    se.read_session(keys, token, NOW + se.SESSION_SECONDS - 1)
    with pytest.raises(se.SessionExpired):
        se.read_session(keys, token, NOW + se.SESSION_SECONDS)
    se.read_renewable(keys, token, NOW + se.IDLE_SECONDS - 1)
    with pytest.raises(se.SessionExpired):
        se.read_renewable(keys, token, NOW + se.IDLE_SECONDS)


def test_nobody_stays_signed_in_for_longer_than_a_working_day(
    keys: sg.PublicKeys, enrollment: sg.Signer
) -> None:
    token = se.sign_session(enrollment, TEACHER, NOW, NOW - se.SIGNED_IN_SECONDS)
    with pytest.raises(se.SessionExpired):
        se.read_session(keys, token, NOW)


def test_another_service_makes_no_sessions(keys: sg.PublicKeys, folder: Path) -> None:
    notify = sg.load_signer(folder, "notify")
    with pytest.raises(se.NotSignedIn):
        se.read_session(keys, se.sign_session(notify, TEACHER, NOW, NOW), NOW)
    pretending = sg.Signer("enrollment", notify.key)
    with pytest.raises(se.NotSignedIn):
        se.read_session(keys, se.sign_session(pretending, TEACHER, NOW, NOW), NOW)


def test_a_strangers_altered_unsigned_or_huge_token_is_refused(
    keys: sg.PublicKeys, enrollment: sg.Signer, tmp_path: Path
) -> None:
    sg.make_signing_keys(tmp_path, ["enrollment"])
    stranger = sg.load_signer(tmp_path, "enrollment")
    token = se.sign_session(enrollment, TEACHER, NOW, NOW)
    head, body, seal = token.split(".")
    unsigned = "eyJhbGciOiJub25lIn0." + body + "."
    for bad in (
        se.sign_session(stranger, TEACHER, NOW, NOW),
        f"{head}.{body[:-4]}AAAA.{seal}",
        unsigned,
        "",
        "...",
        "x" * 100_000,
    ):
        with pytest.raises(se.NotSignedIn):
            se.read_session(keys, bad, NOW)


def test_a_token_from_the_future_is_refused(keys: sg.PublicKeys, enrollment: sg.Signer) -> None:
    token = se.sign_session(enrollment, TEACHER, NOW + 60, NOW + 60)
    with pytest.raises(se.NotSignedIn):
        se.read_session(keys, token, NOW)


def test_a_call_names_its_service_and_the_ledgers_it_may_ask_about(
    keys: sg.PublicKeys, folder: Path
) -> None:
    casework = sg.load_signer(folder, "casework")
    token = se.sign_call(casework, "enrollment", ["990101"], NOW)
    caller = se.read_call(keys, token, "enrollment", NOW + 59)
    assert caller.service == "casework"
    caller.require("990101")
    with pytest.raises(se.NotACaller):
        caller.require("990102")
    everything = se.sign_call(casework, "enrollment", [se.ALL_LEDGERS], NOW)
    se.read_call(keys, everything, "enrollment", NOW).require("990102")


def test_a_call_holds_for_a_minute_at_one_service(keys: sg.PublicKeys, folder: Path) -> None:
    casework = sg.load_signer(folder, "casework")
    token = se.sign_call(casework, "enrollment", ["990101"], NOW)
    with pytest.raises(se.NotACaller):
        se.read_call(keys, token, "enrollment", NOW + se.CALL_SECONDS)
    with pytest.raises(se.NotACaller):
        se.read_call(keys, token, "audit", NOW)
    with pytest.raises(se.NotSignedIn):
        se.read_session(keys, token, NOW)


def test_a_session_is_no_call(keys: sg.PublicKeys, enrollment: sg.Signer) -> None:
    with pytest.raises(se.NotACaller):
        se.read_call(keys, se.sign_session(enrollment, TEACHER, NOW, NOW), "audit", NOW)
