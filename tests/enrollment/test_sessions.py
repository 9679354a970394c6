"""Sign-in by password, code and tap; sessions for programs; renewal."""

from datetime import datetime
from time import time

import httpx2
import pytest

from services.enrollment.sessions.codes import issue_codes
from services.enrollment.sessions.demo import DemoRow, set_demo_accounts
from services.enrollment.sessions.grants import OPERATOR as OPERATOR_ACCOUNT
from shared.rights import NotAllowed
from shared.session import ALL_LEDGERS, read_session, sign_call
from shared.signing import load_public_keys, load_signer
from tests.enrollment.test_founding import anybody
from tests.enrollment.world import OPERATOR, Enrolled, at, day, nothing_is_held, uid

PASSWORD = "石桥-mima-2026"


async def code_of(county: Enrolled, account: str) -> str:
    (made,) = await issue_codes(county.world.edge, OPERATOR, [account])
    return made.code


def program(county: Enrolled, service: str = "gateway") -> httpx2.AsyncClient:
    signer = load_signer(county.world.secrets.secrets, service)
    client = anybody(county.world, "application/json")
    token = sign_call(signer, "enrollment", [ALL_LEDGERS], time())
    client.headers["authorization"] = f"Bearer {token}"
    return client


async def test_a_code_buys_one_password(county: Enrolled) -> None:
    code = await code_of(county, "teacher")
    async with anybody(county.world) as browser:
        typed = {"account": "teacher", "code": code}
        asked = await browser.post("/enrollment/sign-in", data=typed)
        assert asked.status_code == 200 and code in asked.text and "设一个密码" in asked.text
        differs = typed | {"password": PASSWORD, "again": "别的"}
        assert "两次" in (await browser.post("/enrollment/sign-in", data=differs)).text
        short = typed | {"password": "abc", "again": "abc"}
        refused = await browser.post("/enrollment/sign-in", data=short)
        assert refused.status_code == 422 and "至少" in refused.text
        right = typed | {"password": PASSWORD, "again": PASSWORD}
        done = await browser.post("/enrollment/sign-in", data=right)
        assert (done.status_code, done.headers["location"]) == (303, "/")
        assert "baoxue_session" in done.cookies
    async with anybody(county.world) as browser:
        assert (await browser.post("/enrollment/sign-in", data=right)).status_code == 422


async def test_a_password_signs_in_and_goes_back_to_a_page_of_ours(county: Enrolled) -> None:
    code = await code_of(county, "teacher")
    async with anybody(county.world, "application/json") as client:
        typed = {"account": "teacher", "password": PASSWORD}
        first = await client.post("/enrollment/sign-in", json=typed | {"code": code})
        keys = load_public_keys(county.world.secrets.secrets)
        viewer = read_session(keys, first.json()["token"], time()).viewer
        assert viewer.staff == str(uid("teacher"))
        wrong = await client.post("/enrollment/sign-in", json=typed | {"password": "wrong-one"})
        assert wrong.status_code == 401 and "token" not in wrong.json()
    async with anybody(county.world) as browser:
        for back, to in (("/casework/cases", "/casework/cases"), ("//elsewhere", "/")):
            done = await browser.post("/enrollment/sign-in", data=typed | {"back": back})
            assert done.headers["location"] == to
        out = await browser.post("/enrollment/sign-out")
        assert out.headers["location"] == "/sign-in" and "Max-Age=0" in out.headers["set-cookie"]


async def test_programs_of_the_home_obtain_sessions(county: Enrolled) -> None:
    keys = load_public_keys(county.world.secrets.secrets)
    async with program(county) as client:
        for account in (OPERATOR_ACCOUNT, "teacher"):
            made = await client.post("/enrollment/sessions", json={"account": account})
            viewer = read_session(keys, made.json()["token"], time()).viewer
            assert (viewer.account, viewer.obtained_by) == (account, OPERATOR_ACCOUNT)
        assert viewer.grants
        nobody = await client.post("/enrollment/sessions", json={"account": "nobody"})
        assert nobody.status_code == 409
    async with program(county, "casework") as client:
        refused = await client.post("/enrollment/sessions", json={"account": "teacher"})
        assert refused.status_code == 401


async def test_a_session_is_renewed_until_the_account_is_closed(county: Enrolled) -> None:
    await nothing_is_held(county.world)
    async with program(county) as client:
        made = await client.post("/enrollment/sessions", json={"account": "teacher"})
        fresh = await client.post("/enrollment/session/renew", json=made.json())
        assert fresh.status_code == 200
        closing = {"staff": uid("teacher"), "account": "teacher", "reason": "调离"}
        await county.give("close_account", **closing)
        ended = await client.post("/enrollment/session/renew", json=made.json())
        assert ended.status_code == 401


async def test_a_closed_accounts_password_opens_nothing(county: Enrolled) -> None:
    await nothing_is_held(county.world)
    code = await code_of(county, "teacher")
    await county.give("close_account", staff=uid("teacher"), account="teacher", reason="调离")
    async with anybody(county.world, "application/json") as client:
        typed = {"account": "teacher", "code": code, "password": PASSWORD}
        assert (await client.post("/enrollment/sign-in", json=typed)).status_code == 401


async def test_a_demonstration_signs_in_with_a_tap(county: Enrolled) -> None:
    row = DemoRow(account="teacher", name="沈老师", role="班主任", tries="点名")
    async with county.world.engine.begin() as conn:
        await set_demo_accounts(conn, [row])
    async with anybody(county.world) as browser:
        assert "沈老师" in (await browser.get("/enrollment/sign-in")).text
        done = await browser.post("/enrollment/sign-in", data={"demo": "teacher"})
        assert done.status_code == 303 and "baoxue_session" in done.cookies
        other = await browser.post("/enrollment/sign-in", data={"demo": "principal"})
        assert other.status_code == 422


async def test_the_next_school_day_is_after_today_in_the_morning(county: Enrolled) -> None:
    await county.to(at(day(4), "10:00"))
    async with program(county) as client:
        found = (await client.get("/enrollment/next-school-day")).json()["at"]
    assert datetime.fromisoformat(found) == at(day(5), "07:30")


async def test_codes_are_made_for_own_people_alone(county: Enrolled) -> None:
    stranger = await county.viewer("stranger")
    with pytest.raises(NotAllowed):
        await issue_codes(county.world.edge, stranger, ["teacher"])
    registrar = await county.viewer("registrar")
    async with county.world.browser(registrar, "application/json") as client:
        made = await client.post("/enrollment/codes", json={"accounts": ["teacher"]})
    assert [one["account"] for one in made.json()["codes"]] == ["teacher"]
