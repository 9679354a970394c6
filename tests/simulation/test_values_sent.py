"""What the simulator sends through the gateway is JSON, whatever a wish is made of."""

import json
from datetime import UTC, date, datetime, time
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from baoxue.simulation.accounts import jsonable

plain = st.none() | st.booleans() | st.integers() | st.text()
typed = st.uuids() | st.dates() | st.times() | st.datetimes(timezones=st.just(UTC))
values = st.recursive(plain | typed, lambda inner: st.lists(inner, max_size=3), max_leaves=8)


@given(st.dictionaries(st.text(min_size=1), values, max_size=5))
def test_every_wish_can_be_sent(wish: dict[str, object]) -> None:
    sent = json.loads(json.dumps(jsonable(wish)))
    assert set(sent) == {name for name, value in wish.items() if value is not None}


def test_people_of_a_meeting_are_named_as_text() -> None:
    who = UUID(int=7)
    wish = {"attended": [who], "on": date(2026, 9, 1), "at": time(8, 30), "left": None}
    told = {"attended": [str(who)], "on": "2026-09-01", "at": "08:30:00"}
    assert jsonable(wish) == told
    assert jsonable({"at": datetime(2026, 9, 1, tzinfo=UTC)}) == {"at": "2026-09-01T00:00:00+00:00"}
