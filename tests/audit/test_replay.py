"""Replay in both times: what happened by then, as it was known then, folded from stored bytes."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from shared.contracts import casework, enrollment, notify
from shared.contracts.entry import entry_of, recorded_order
from shared.contracts.views import as_json, story
from shared.event import business_day, read, utc_text
from tests.audit.conftest import INSPECTOR, NOW, OFFICER, STRANGER, World, viewer
from tests.audit.county import COUNTY
from tests.contracts.telling import ALERT, CASE, CHILD, SCHOOL, TEACHER, at, nov, whole_story

SEED = 20261107
THEN = "2026-11-08T18:00"
NOTE = "家里只有祖母。孩子跟父亲住在邻县采石场边，帮着做饭。"
NUMBER = "G990101201209010012"


async def told(world: World) -> UUID:
    """The child of the pictures: registered, absent, flagged, a case, a late visit with a note."""
    books = world.books
    from shared.sealed import CLASSES

    await books.keyring.keys_for([str(CHILD)], "test", CLASSES, create=True, ledger=COUNTY)
    fields = {
        "name": await books.sealed(CHILD, "identity", "name", "吉克阿依"),
        "studentnumber": await books.sealed(CHILD, "identity", "studentnumber", NUMBER),
        "phone": await books.sealed(CHILD, "contact", "phone", "13800006027"),
    }
    registered = enrollment.ChildRegistered(child=CHILD, fields=fields)
    world.here.event(registered, CHILD, f"child-{CHILD}", datetime(2026, 9, 1, 2, tzinfo=UTC))
    placed = enrollment.StudentEnrolled(
        child=CHILD, klass=world.here.klass, school=SCHOOL, grade=8, seat=28, on=date(2026, 9, 1)
    )
    world.here.event(placed, CHILD, f"child-{CHILD}", date(2026, 9, 1))
    for one in sorted(whole_story(), key=recorded_order):
        data = one.data
        if isinstance(data, casework.HomeVisitLogged):
            notes = await books.sealed(CHILD, "narrative", "notes", NOTE)
            data = msgspec.structs.replace(data, notes=notes)
        world.here.event(data, CHILD, one.stream, one.occurred_at, one.recorded_at)
    roll = enrollment.DailyRollSubmitted(
        klass=world.here.klass,
        on=nov(12),
        present=[CHILD],
        absent=[],
        author=str(TEACHER),
        submitted_at=at(12, "08:06"),
        settles_at=at(12, "08:16"),
    )
    stream = f"roll-{world.here.klass}-2026-11-12"
    books.write(COUNTY, roll, stream=stream, subject=world.here.klass, happened=at(12, "08:06"))
    notice = notify.NotificationQueued(
        notice=UUID(int=77),
        account="luo",
        staff=TEACHER,
        kind="risk_flagged",
        child=CHILD,
        about=f"alert-{ALERT}",
        persons=[TEACHER],
    )
    books.write(COUNTY, notice, stream="inbox-luo", happened=at(12, "09:00"))
    await world.follow()
    return CHILD


def stored(world: World) -> list[bytes]:
    sources = ("enrollment", "casework", "notify")
    bodies = [body for source in sources for body in world.books.bodies[source, COUNTY]]
    return [body for body in bodies if str(CHILD).encode() in body]


def expected(world: World, happened: datetime | None, known: datetime) -> dict[str, Any]:
    """The fold of the events, filtered here in Python."""
    entries = [entry_of(body) for body in stored(world)]
    chosen = [
        one
        for one in entries
        if one.recorded_at <= known
        and (happened is None or one.occurred_at <= happened)
        and not one.stream.startswith("roll-")
    ]
    folded = as_json(story(chosen), business_day(happened or known))
    return msgspec.json.decode(msgspec.json.encode(folded))


async def replayed(world: World, **asked: str) -> dict[str, Any]:
    query = "&".join(f"{name}={quote(value)}" for name, value in asked.items())
    answer = await world.get(INSPECTOR, f"/audit/replay?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_at_random_instants_replay_is_the_fold_of_what_was_known(world: World) -> None:
    await told(world)
    chance = random.Random(SEED)
    begin, span = datetime(2026, 8, 31, tzinfo=UTC), NOW - datetime(2026, 8, 31, tzinfo=UTC)
    instants = [begin + chance.random() * span for _ in range(30)]
    instants += [read(body).recorded_at for body in stored(world)]
    for known in instants:
        happened = chance.choice([None, *instants])
        asked = {"subject": str(CHILD), "known_at": utc_text(known)}
        asked |= {"at": utc_text(happened)} if happened else {}
        found, want = await replayed(world, **asked), expected(world, happened, known)
        for part in (found["state"]["child"], want["child"]):
            part.pop("fields")
        assert found["state"] == want, (SEED, known, happened)


async def test_the_state_and_its_events_have_the_stable_shape(world: World) -> None:
    await told(world)
    found = await replayed(world, subject=str(CHILD))
    assert set(found) == {"state", "events"}
    assert set(found["state"]) == {"child", "attendance", "alerts", "cases"}
    assert set(found["state"]["cases"][0]) == {
        "stream",
        "state",
        "owner",
        "opened_at",
        "closed_at",
        "open_steps",
    }
    assert found["state"]["child"]["fields"]["name"] == "吉克阿依"
    # Audit holds no key of contact data.
    assert found["state"]["child"]["fields"]["phone"] == "〔未打开〕"
    visit = next(one for one in found["events"] if one["type"] == "casework.HomeVisitLogged")
    assert visit["late"]
    assert visit["notes"] == {"notes": NOTE}
    assert visit["actor_role"] == "homeroom_teacher"
    assert visit["policy_version"]
    (roll,) = [one for one in found["events"] if one["mentioned"]]
    assert roll["type"] == "enrollment.DailyRollSubmitted"
    assert any(one["service"] == "notify" for one in found["events"])


@pytest.mark.parametrize("subject", [NUMBER, f"case-{CASE}", f"alert-{ALERT}"])
async def test_a_number_and_a_stream_name_the_child_too(world: World, subject: str) -> None:
    await told(world)
    found = await replayed(world, subject=subject)
    assert found["state"]["child"]["id"] == str(CHILD)


async def test_both_times_apart_differ_by_what_was_recorded_late(world: World) -> None:
    await told(world)
    then = await replayed(world, subject=str(CHILD), at=THEN, known_at=THEN)
    now = await replayed(world, subject=str(CHILD), at=THEN)
    assert then["state"]["attendance"]["run"]["days"] == 4
    assert now["state"]["attendance"]["run"]["days"] == 3
    assert then["state"]["cases"][0]["state"] == "tracing"
    assert now["state"]["cases"][0]["state"] == "suspected"


async def test_the_page_shows_what_was_known_and_the_event_that_changed_it(world: World) -> None:
    await told(world)
    path = f"/audit/cases/case-{CASE}?happened={THEN}&known={THEN}&linked=1"
    html = (await world.get(INSPECTOR, path, "text/html")).text
    assert "吉克阿依" in html
    assert "当时已知" in html
    assert "当时已发生，还不知道" in html
    assert "补录" in html
    assert "4 天，11月3日至11月6日" in html
    assert "3 天，11月3日至11月6日" in html
    assert "待封存" in html
    assert "现在可以办" not in html
    apart = f"/audit/children/{CHILD}?happened={THEN}&known=2026-11-18T08:30"
    assert "还不知道" not in (await world.get(INSPECTOR, apart, "text/html")).text


async def test_an_entry_is_opened_beside_its_page(world: World) -> None:
    await told(world)
    seq = next(
        read(body).ledgerseq
        for body in world.books.bodies["casework", COUNTY]
        if b"HomeVisitLogged" in body
    )
    path = f"/audit/children/{CHILD}?entry=casework/{COUNTY}/{seq}"
    html = (await world.get(INSPECTOR, path, "text/html")).text
    assert "这一条的证明" in html
    assert f"/audit/entries/casework/{COUNTY}/{seq}" in html


async def test_a_replay_is_recorded_and_the_next_one_shows_who_looked(world: World) -> None:
    await told(world)
    await replayed(world, subject=str(CHILD), at=THEN, known_at=THEN)
    (body,) = await world.accesses()
    recorded = msgspec.json.decode(body)
    assert recorded["type"] == "audit.ReplayPerformed"
    assert recorded["actorrole"] == "inspector"
    assert recorded["data"]["child"] == str(CHILD)
    assert recorded["data"]["subjects"] == [str(CHILD)]
    assert recorded["data"]["known_at"] == "2026-11-08T10:00:00.000000Z"
    assert recorded["data"]["classes"] == ["identity"]
    await world.follow_own()
    html = (await world.get(OFFICER, f"/audit/children/{CHILD}", "text/html")).text
    assert "到这时，谁看过" in html
    assert "督导检查" in html


async def test_a_replay_that_cannot_be_recorded_is_refused(world: World) -> None:
    await told(world)
    admin = create_async_engine(world.store.admin.set(database=world.store.database))
    async with admin.begin() as conn:
        await conn.execute(text("delete from published where ledger like '%-access'"))
        await conn.execute(text("delete from ledger where ledger like '%-access'"))
    await admin.dispose()
    for path in (f"/audit/replay?subject={CHILD}", f"/audit/children/{CHILD}"):
        answer = await world.get(INSPECTOR, path, "text/html")
        assert answer.status_code == 503
        assert "吉克阿依" not in answer.text


async def test_only_who_may_replay_here_does(world: World) -> None:
    await told(world)
    assert (await world.get(STRANGER, f"/audit/replay?subject={CHILD}")).status_code == 403
    assert (await world.get(STRANGER, f"/audit/replay?subject={NUMBER}")).status_code == 404
    teacher = viewer("homeroom_teacher", path=world.here.path)
    assert (await world.get(teacher, f"/audit/children/{CHILD}")).status_code == 403
    nobody = UUID(int=404)
    assert (await world.get(INSPECTOR, f"/audit/children/{nobody}")).status_code == 404
    wrong = await world.get(INSPECTOR, f"/audit/replay?subject={CHILD}&at=昨天")
    assert wrong.status_code == 422


async def test_before_anything_happened_the_state_is_empty(world: World) -> None:
    await told(world)
    early = NOW - timedelta(days=365)
    found = await replayed(world, subject=str(CHILD), known_at=utc_text(early))
    assert found["events"] == []
    assert found["state"]["cases"] == []
    page = f"/audit/children/{CHILD}?happened=2025-11-18T08:00&known=2025-11-18T08:00&linked=1"
    assert (await world.get(INSPECTOR, page, "text/html")).status_code == 200
