"""A county is founded once; units, classes and staff follow, each by whoever may."""

import httpx2
import pytest

from services.enrollment.commands.staff import RoleOutOfScope
from services.enrollment.domain.staff import AccountOpenAlready
from services.enrollment.domain.unit import CountyFoundedOtherwise
from shared.rights import NotAllowed, RolesNotTogether
from tests.county import LEDGER
from tests.enrollment.world import (
    KLASS,
    OPENS,
    OTHER_SCHOOL,
    SCHOOL,
    Enrolled,
    uid,
)
from tests.followed import World


def anybody(world: World, accept: str = "text/html") -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=world.app),
        base_url="http://test",
        headers={"accept": accept},
    )


async def test_the_county_is_the_first_event_of_its_ledger(county: Enrolled) -> None:
    first, *rest = await county.events("CountyFounded", "UnitRegistered")
    assert first.ledgerseq == 1
    assert [one.stream for one in rest[:3]] == ["unit-990000", "unit-990100", "unit-990101"]
    assert rest[2].unitpath == "990000/990100/990101"


async def test_founding_again_changes_nothing_and_another_name_is_refused(
    county: Enrolled,
) -> None:
    before = len(await county.events())
    done = await county.give("found_county", code=LEDGER, name="青禾县")
    assert done.outcome.repeated
    assert len(await county.events()) == before
    with pytest.raises(CountyFoundedOtherwise):
        await county.give("found_county", code=LEDGER, name="别的县")


async def test_anybody_founds_the_first_county_and_goes_on_as_operator(empty: World) -> None:
    async with anybody(empty) as browser:
        assert (await browser.get("/enrollment/sign-in")).headers["location"] == "/founding"
        assert "这里还没有县" in (await browser.get("/enrollment/founding")).text
        wish = {"command_id": str(uid("founding")), "code": "99010", "name": "青禾县"}
        refused = await browser.post("/enrollment/founding", data=wish)
        assert refused.status_code == 422 and "6 位" in refused.text
        done = await browser.post("/enrollment/founding", data=wish | {"code": LEDGER})
        assert done.status_code == 303 and "baoxue_session" in done.cookies
    async with anybody(empty, "application/json") as other:
        again = await other.post("/enrollment/founding", json=wish | {"code": "990102"})
        assert again.status_code == 401


async def test_a_principal_acts_in_the_own_school_alone(county: Enrolled) -> None:
    own = {"school": SCHOOL, "grade": 7, "name": "2班"}
    await county.give("open_class", "principal", **own)
    with pytest.raises(NotAllowed):
        await county.give("open_class", "stranger", **own)
    with pytest.raises(NotAllowed):
        await county.give(
            "grant_role", "principal", staff=uid("teacher"), role="principal", unit=OTHER_SCHOOL
        )


async def test_an_inspector_holds_no_role_that_acts(county: Enrolled) -> None:
    with pytest.raises(RolesNotTogether):
        await county.give("grant_role", staff=uid("teacher"), role="inspector", unit=LEDGER)
    with pytest.raises(RoleOutOfScope):
        await county.give("grant_role", staff=uid("teacher"), role="principal", unit=LEDGER)


async def test_two_people_never_get_one_account(county: Enrolled) -> None:
    staff = uid("newcomer")
    await county.give("register_staff", staff=staff, unit=SCHOOL, name="新人")
    with pytest.raises(AccountOpenAlready):
        await county.give("open_account", staff=staff, account="Teacher")


async def test_a_form_sent_twice_is_one_command(county: Enrolled) -> None:
    wish = {"command_id": uid("one form"), "school": SCHOOL, "grade": 9, "name": "3班"}
    first = await county.give("open_class", **wish)
    second = await county.give("open_class", **wish)
    assert second.outcome.repeated
    assert [one.stream for one in second.outcome.envelopes] == [f"class-{uid('one form')}"]
    assert first.outcome.envelopes == second.outcome.envelopes


async def test_grants_are_those_of_the_day(county: Enrolled) -> None:
    teacher = await county.viewer("teacher")
    assert [(one.role, one.unit) for one in teacher.grants] == [("homeroom_teacher", str(KLASS))]
    await county.give("end_homeroom", klass=KLASS, staff=uid("teacher"))
    assert (await county.viewer("teacher")).grants == ()
    officer = await county.viewer("officer")
    assert [(one.role, one.valid_from) for one in officer.grants] == [("county_officer", OPENS)]
