"""What a pack would have changed: the term's facts, lived through twice, and nothing written."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.casework.commands.rules import read_pack
from services.casework.processes.duty_times import ensure_plans
from services.casework.whatif.asking import gathered, what_if, with_pack
from services.casework.whatif.replay import replay
from shared import clock
from shared.commands import FieldsInvalid
from shared.contracts import enrollment as e
from shared.policy.merging import pinned
from shared.policy.pack import load_pack
from tests.casework.acting import TEACHER_VIEW
from tests.casework.feeds import serve
from tests.county import CHILD, COUNTY_PATH, LEDGER, MONDAY, PATH, SCHOOL, SECOND, Told, at, uid
from tests.followed import World, viewer_of

POLICY = viewer_of(uid("policy"), "policy_officer", COUNTY_PATH)
HEAD = "format: 2\nname: 试行规则\nextends: seed\n"
STRICTER = (
    HEAD
    + """values: {absence: {streak: {more_than_days: 2}}}
basis: {absence.streak.more_than_days: [house]}
duties: {absence_streak: {due: {days: 2}}, bulletin: null}
"""
)


async def lived(world: World, told: Told) -> None:
    """A fortnight of the county: a run of four days, one of three, leave, a return."""
    async with world.engine.begin() as conn:
        await ensure_plans(conn, await clock.now(conn))
    for day in range(4):
        told.absent(MONDAY + timedelta(days=day))
        if day == 3:
            told.exceeded(MONDAY, MONDAY + timedelta(days=3), 4)
            told.present(MONDAY + timedelta(days=3), SECOND)
        else:
            told.absent(MONDAY + timedelta(days=day), SECOND)
    told.tell(
        e.LeaveGranted(
            child=SECOND,
            kind="sick",
            first_on=MONDAY + timedelta(days=7),
            last_on=MONDAY + timedelta(days=8),
            note=None,
        ),
        PATH,
        SECOND,
        at(MONDAY + timedelta(days=7)),
        f"attendance-{SECOND}",
    )
    told.present(MONDAY + timedelta(days=9))
    for entry in told.entries:
        await pass_to(world, entry.envelope.recorded_at)
        await world.hear("enrollment", [entry])
    await pass_to(world, at(MONDAY + timedelta(days=14), 12))


async def pass_to(world: World, when: Any) -> None:
    async with world.engine.connect() as conn:
        now = await clock.now(conn)
    if when <= now:
        return
    while now < when:
        now = min(when, now + timedelta(hours=6))
        await world.move_to(now)
        while await world.tick():
            pass


async def asked(world: World, content: str) -> Any:
    async with world.browser(POLICY, "application/json") as browser:
        return await browser.post("/casework/whatif", json={"unit": LEDGER, "content": content})


def seen(rows: Any) -> Counter[tuple[Any, ...]]:
    return Counter(
        (one.kind, one.target, one.due_at, one.state, tuple(one.holders))
        for one in rows
        if one.began_at >= at(MONDAY, 0, 0)
    )


@pytest.mark.timeout(300)
async def test_a_term_lived_again_is_as_it_was_and_a_pack_shows_what_it_would_change(
    world: World, told: Told
) -> None:
    await lived(world, told)
    serve(world, enrollment=told.entries)
    async with world.engine.connect() as conn:
        recorded = (await conn.execute(text("select * from duty"))).all()
        counted = text("select (select count(*) from events), (select count(*) from timer)")
        before = tuple((await conn.execute(counted)).one())
    moment = await world.edge.moment()
    same = moment.rules.pack(COUNTY_PATH, moment.today)
    found = await what_if(world.edge, moment, LEDGER, COUNTY_PATH, LEDGER, same)
    assert (found.duties, found.flags) == ([], []), "the rules in force change nothing"
    assert found.total.breached.now > 0
    answer = (await asked(world, STRICTER)).json()
    async with world.engine.connect() as conn:
        assert tuple((await conn.execute(counted)).one()) == before, "nothing is written"
    flags = {one["child"]: one for one in answer["flags"]}
    assert flags[str(CHILD)]["change"] == "earlier"
    assert (flags[str(CHILD)]["now"], flags[str(CHILD)]["then"]) == ("2026-11-19", "2026-11-18")
    assert flags[str(SECOND)]["change"] == "added", "three days are flagged under the new rule"
    changes = Counter((one["kind"], one["change"]) for one in answer["duties"])
    assert changes["absence_streak", "breached"] == 1, "three days, where two are allowed"
    assert changes["first_visit", "added"] == 1
    assert changes["first_visit", "moved"] == 1
    assert {kind for (kind, change) in changes if change == "dropped"} == {"bulletin"}
    school = next(one for one in answer["units"] if one["unit"] == SCHOOL)
    assert school["flags"]["earlier"] == 1
    assert school["flags"]["added"] == 1
    assert answer["then"] == load_pack(pinned(STRICTER.encode())).version
    term = await gathered(world.edge, moment, COUNTY_PATH, LEDGER, [same])
    again = replay(term, with_pack(moment.rules, LEDGER, same))
    assert seen(again.duties.values()) == seen(recorded), "every duty ends as it did"


async def test_a_broken_pack_names_its_line_and_is_not_lived_through(
    world: World, told: Told
) -> None:
    refused = await asked(world, HEAD + "values:\n  roll: {cut_of: '08:00'}\n")
    assert refused.status_code == 422
    assert refused.json()["fields"]["line"] == 5
    assert "不认识的键" in refused.json()["say"]


async def test_who_may_not_see_the_rules_is_refused(world: World, told: Told) -> None:
    async with world.browser(TEACHER_VIEW, "application/json") as browser:
        refused = await browser.post("/casework/whatif", json={"content": STRICTER})
    assert refused.status_code == 403


@pytest.mark.parametrize(
    ("duty", "said"),
    [
        ("leave_call: {arm: {where: {kynd: [sick]}}}", "enrollment.LeaveGranted 没有字段 kynd"),
        ("return_notice_term: {due: {field: nosuch}}", "没有字段 nosuch"),
        ("weekly_visit: {form: vist}", "没有表单 vist"),
        ("weekly_visit: {evidence: [{event: casework.ChildVisited, where: {who: [me]}}]}", "who"),
    ],
)
async def test_a_slip_that_would_arm_or_end_nothing_names_its_line(
    world: World, duty: str, said: str
) -> None:
    """The pack would be put in force, and the duty stand still for ever."""
    content = f"{HEAD}duties:\n  {duty}\n"
    with pytest.raises(FieldsInvalid) as refused:
        await read_pack(world.edge, content)
    assert said in str(refused.value) and refused.value.fields["line"] == 5
