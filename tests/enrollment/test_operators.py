"""Who runs the machine: the role over the whole deployment, by name, recorded, taken back."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from services.enrollment.sessions.grants import NoSuchAccount
from shared.event import read
from shared.rights import EVERYWHERE, NotAllowed, RolesNotTogether, may
from tests.county import MONDAY, at, data_of
from tests.enrollment.world import LEDGER, OPERATOR, Enrolled, uid

ACCESS = text("select body from events where ledger = :ledger order by seq")


async def _newcomer(county: Enrolled, account: str = "guan.yun") -> None:
    await county.give("register_staff", staff=uid("runs it"), unit=LEDGER, name="关云")
    await county.give("open_account", staff=uid("runs it"), account=account)
    await county.world.settled()


async def _runs(county: Enrolled, account: str = "guan.yun") -> bool:
    await county.world.settled()
    viewer = await county.viewer(account)
    return may(viewer, "system.operate", EVERYWHERE, MONDAY)


async def test_the_holder_of_the_keys_makes_an_account_an_operator_and_takes_it_back(
    county: Enrolled,
) -> None:
    await _newcomer(county)
    assert not await _runs(county)
    await county.give("grant_operator", account=" Guan.Yun ")
    assert await _runs(county)
    await county.give("grant_operator", account="guan.yun")
    await county.give("end_operator", account="guan.yun")
    assert not await _runs(county)
    told = [data_of(one) for one in await county.events("RoleGranted")]
    assert [one["path"] for one in told if one["role"] == "operator"] == [EVERYWHERE]


async def test_who_did_it_and_by_whose_keys_stands_in_the_access_ledger(county: Enrolled) -> None:
    await _newcomer(county)
    await county.give("grant_operator", account="guan.yun")
    async with county.world.engine.connect() as conn:
        rows = await conn.execute(ACCESS, {"ledger": f"{LEDGER}-access"})
        looks = [read(row.body) for row in rows]
    (look,) = [one for one in looks if data_of(one)["page"] == "account.operator"]
    assert data_of(look)["subjects"] == [str(uid("runs it"))]
    assert data_of(look)["obtained_by"] == OPERATOR.obtained_by
    assert look.actorrole == "operator"


async def test_nobody_who_reads_children_becomes_one_and_nobody_else_makes_one(
    county: Enrolled,
) -> None:
    await _newcomer(county)
    with pytest.raises(RolesNotTogether):
        await county.give("grant_operator", account="teacher")
    with pytest.raises(NoSuchAccount):
        await county.give("grant_operator", account="nobody.there")
    for who in ("officer", "principal"):
        with pytest.raises(NotAllowed):
            await county.give("grant_operator", who, account="guan.yun")
    await county.give("grant_operator", account="guan.yun")
    with pytest.raises(RolesNotTogether):
        await county.give("grant_role", staff=uid("runs it"), role="county_officer", unit=LEDGER)
    await county.to(at(MONDAY + timedelta(days=1)))
    assert await _runs(county)
