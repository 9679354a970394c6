"""A child's story as it was known, and as it is known now."""

from datetime import datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from shared.contracts import casework, enrollment
from shared.contracts.attendance_view import Run
from shared.contracts.difference import FACT_NAMES, alike, difference
from shared.contracts.entry import Entry, Ref
from shared.contracts.state_names import STATE_NAMES, STEP_NAMES
from shared.contracts.views import as_json, story
from shared.sealed import Sealed
from tests.contracts.telling import (
    ALERT,
    CASE,
    CHILD,
    KLASS,
    SCHOOL,
    TEACHER,
    absent,
    at,
    corrected,
    exceeded,
    nov,
    present,
    told,
    whole_story,
)

STORY = whole_story()
THEN = at(8, "18:00")
NAME = Sealed(sealed=1, cls="identity", nonce="bm8=", box="Ym94", commit="Y29tbWl0")
RENAMED = Sealed(sealed=1, cls="identity", nonce="bm8=", box="Ym94", commit="bmV3")


def known_at(moment: datetime) -> list[Entry]:
    return [entry for entry in STORY if entry.recorded_at <= moment]


def test_what_the_county_knew_on_that_evening() -> None:
    then = story(known_at(THEN))
    assert then.attendance.run == Run(first=nov(3), last=nov(6), days=4)
    assert then.alerts[0].state == "verified"
    assert then.cases[0].state == "tracing"
    assert then.cases[0].logged == ()


def test_then_and_now_differ_by_what_was_recorded_late_and_name_the_event() -> None:
    then = story(known_at(THEN))
    now = story([entry for entry in STORY if entry.occurred_at <= THEN])
    rows = {row.name: (row.a, row.b, row.because) for row in difference(then, now)}
    late = Ref("enrollment", "990101", 20604)
    visit, found = Ref("casework", "990101", 918), Ref("casework", "990101", 919)
    assert rows == {
        "连续无故": ("4 天，11月3日至11月6日", "3 天，11月3日至11月6日", late),
        "到预警线": ("11月6日", "没有", late),
        "11月4日 出勤": ("无故未到", "病假", late),
        "个案状态": ("去向不明", "疑似辍学", found),
        "去向": ("不明", "随父母在外", found),
        "家访": ("没有", "11月7日 不在家", visit),
    }
    assert alike(then, now) > len(rows)


def test_the_difference_speaks_english_too() -> None:
    then = story(known_at(THEN))
    names = [row.name for row in difference(then, story(STORY), "en")]
    assert "Unexcused in a row" in names
    assert "4 Nov Attendance" in names


def test_a_story_does_not_differ_from_itself() -> None:
    assert difference(story(STORY), story(STORY)) == []


def test_every_fact_has_a_name() -> None:
    assert {fact.label for fact in story(STORY).facts} <= FACT_NAMES.keys()


@given(st.permutations(STORY))
def test_the_order_of_reading_does_not_matter(entries: list[Entry]) -> None:
    assert story(entries) == story(STORY)


def test_a_run_is_folded_by_date_and_not_by_arrival() -> None:
    late_present = present(4, 9)
    assert story([absent(3, 1), absent(5, 2), late_present]).attendance.run == Run(
        first=nov(5), last=nov(5), days=1
    )


def test_a_day_without_a_mark_and_an_excused_day_neither_count_nor_reset() -> None:
    entries = [absent(3, 1), absent(5, 2), corrected(5, "personal", 3, at(6)), absent(9, 4)]
    assert story(entries).attendance.run == Run(first=nov(3), last=nov(9), days=2)


def test_presence_ends_the_run() -> None:
    ended = story([absent(3, 1), exceeded(2), present(9, 3)])
    assert ended.attendance.run is None
    assert ended.attendance.over_the_line is None
    assert len(ended.attendance.streaks) == 1, "that it was crossed stays known"


def test_leave_is_listed_and_ends_early() -> None:
    granted = enrollment.LeaveGranted(
        child=CHILD, kind="sick", first_on=nov(3), last_on=nov(10), note=None
    )
    ended = enrollment.LeaveEnded(child=CHILD, on=nov(5))
    leaves = story(
        [told(granted, happened=at(3), seq=1), told(ended, happened=at(5), seq=2)]
    ).attendance.leaves
    assert [(leave.kind, leave.last_on) for leave in leaves] == [("sick", nov(4))]


def enrolled(klass: int, seat: int, day: int, seq: int) -> Entry:
    data = enrollment.StudentEnrolled(
        child=CHILD, klass=UUID(int=klass), school=SCHOOL, grade=8, seat=seat, on=nov(day)
    )
    return told(data, happened=at(day), seq=seq, stream=f"child-{CHILD}")


def test_a_child_sits_where_it_was_enrolled_last() -> None:
    left = enrollment.StudentLeftClass(child=CHILD, klass=KLASS, on=nov(4), reason="transferred")
    moves = [
        enrolled(2, 28, 2, 1),
        enrolled(2, 29, 3, 2),
        told(left, happened=at(4), seq=3, stream=f"child-{CHILD}"),
        enrolled(9, 5, 5, 4),
    ]
    assert story(moves[:1]).child.seat == 28
    assert story(moves[:2]).child.seat == 29
    assert story(moves[:3]).child.klass is None
    after = story(moves).child
    assert (after.seat, after.school, len(after.enrollments)) == (5, SCHOOL, 2)


def test_sealed_values_stay_sealed_in_views_differences_and_json() -> None:
    registered = enrollment.ChildRegistered(child=CHILD, fields={"name": NAME, "phone": NAME})
    changed = enrollment.ChildChanged(
        child=CHILD, fields={"name": RENAMED, "phone": None}, was={"name": NAME, "phone": NAME}
    )
    stream = f"child-{CHILD}"
    first = told(registered, happened=at(2), seq=1, stream=stream)
    second = told(changed, happened=at(3), seq=2, stream=stream)
    then, now = story([first]), story([first, second])
    assert now.child.fields == {"name": RENAMED}
    rows = {row.name: (row.a, row.b) for row in difference(then, now)}
    assert rows == {"姓名": (NAME, RENAMED), "电话": (NAME, "没有")}
    assert as_json(now)["child"]["fields"]["name"]["sealed"] == 1


def test_the_json_of_a_story_is_stable() -> None:
    shape = as_json(story(STORY))
    assert list(shape) == ["child", "attendance", "alerts", "cases"]
    assert shape["cases"] == [
        {
            "stream": f"case-{CASE}",
            "state": "suspected",
            "owner": str(TEACHER),
            "opened_at": "2026-11-06T02:13:00Z",
            "closed_at": None,
            "open_steps": ["record_cause", "heart_talk", "reinstate", "close"],
        }
    ]
    assert shape["alerts"][0]["stream"] == f"alert-{ALERT}"
    assert shape["attendance"]["run"] == {"first": "2026-11-03", "last": "2026-11-06", "days": 3}
    assert shape["attendance"]["marks"]["2026-11-04"] == "sick"


def test_an_observation_in_a_stream_of_its_own_is_no_alert() -> None:
    seen = casework.ObservationLogged(
        child=CHILD, case=None, observed_at=at(3), kind="mood", present=None, notes=None
    )
    view = story([told(seen, happened=at(3), seq=1, stream="alert-x")])
    assert view.alerts[0].observations == 1
    assert as_json(view)["alerts"] == []
    assert difference(story([]), view) == []


def test_an_observation_that_is_over_is_no_open_step_any_more() -> None:
    back = casework.Reinstated(
        case=CASE, on=nov(16), school=SCHOOL, klass=KLASS, observe_until=nov(30)
    )
    view = story([*STORY, told(back, happened=at(16), seq=931)])
    last = nov(30)
    before = as_json(view, last - timedelta(days=1))["cases"][0]["open_steps"]
    assert "finish_observation" in before
    assert "finish_observation" not in as_json(view, last)["cases"][0]["open_steps"]
    assert "finish_observation" in view.cases[0].open_steps


def test_every_open_step_and_state_has_names_in_both_languages() -> None:
    for names in (STATE_NAMES, STEP_NAMES):
        assert all(set(name) == {"zh", "en"} and all(name.values()) for name in names.values())
