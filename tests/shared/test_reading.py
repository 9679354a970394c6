"""A reading: what was opened is what is recorded, and nothing is shown unrecorded."""

import os
from collections.abc import AsyncIterator
from datetime import date
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from shared import reading as rd
from shared.access_words import Purpose
from shared.contracts import access
from shared.key_files import load_key_file
from shared.keyring import Keyring
from shared.rights import Grant, NotAllowed, Viewer
from shared.sealed import CLASSES, Sealed, SensitivityClass, seal
from tests.shared.conftest import Deployment

COUNTY = "990101"
SCHOOL = "990000/990100/990101/990101001/2199010001"
DAY = date(2026, 11, 23)
KLASS = "0198c5b0-0000-7000-8000-0000000000aa"


def who(role: str, obtained_by: str | None = None) -> Viewer:
    grant = Grant(role=role, unit="2199010001", path=SCHOOL, valid_from=date(2026, 9, 1))
    return Viewer(account="he.lixin", staff=KLASS, grants=(grant,), obtained_by=obtained_by)


class School:
    """A keyring, sealed values of some children, and the access ledger as a list."""

    def __init__(self, keyring: Keyring) -> None:
        self.keyring = keyring
        self.written: list[tuple[str, access.Event]] = []
        self.seen: set[str] = set()

    async def children(self, count: int) -> list[str]:
        subjects = [str(UUID(bytes=os.urandom(16), version=4)) for _ in range(count)]
        self.keys = await self.keyring.keys_for(
            subjects, "import", CLASSES, create=True, ledger=COUNTY
        )
        return subjects

    def sealed(self, child: str, cls: SensitivityClass, field: str, clear: str) -> Sealed:
        return seal(clear, child, cls, field, self.keys.of(child, cls))

    def names(self, subjects: list[str]) -> list[tuple[str, str, Sealed]]:
        return [
            (child, "name", self.sealed(child, "identity", "name", f"学生{number}"))
            for number, child in enumerate(subjects)
        ]

    def reading(self, viewer: Viewer, purpose: Purpose = "attendance") -> rd.Reading:
        return rd.Reading(viewer, COUNTY, purpose, "roll", self.keyring, on=DAY)

    async def append(self, ledger: str, event: access.Event) -> None:
        self.written.append((ledger, event))

    async def first(self, key: str) -> bool:
        known = key in self.seen
        self.seen.add(key)
        return not known


@pytest.fixture
async def school(deployment: Deployment) -> AsyncIterator[School]:
    async with deployment.keyring("enrollment") as keyring:
        yield School(keyring)


async def test_a_page_opens_in_order_and_records_the_subjects_it_showed(school: School) -> None:
    subjects = await school.children(45)
    reading = school.reading(who("homeroom_teacher", obtained_by="operator"))
    names = await reading.open_all(school.names(subjects))
    assert names == [f"学生{n}" for n in range(45)]
    assert await reading.record(school.append)
    assert school.written == [
        (
            "990101-access",
            access.RecordViewed(
                page="roll",
                purpose="attendance",
                subjects=sorted(subjects),
                classes=["identity"],
                obtained_by="operator",
            ),
        )
    ]


async def test_only_what_was_opened_or_touched_is_recorded(school: School) -> None:
    first, second, third = await school.children(3)
    reading = school.reading(who("homeroom_teacher"))
    await reading.open_all(school.names([first]))
    reading.touch(second)
    opened = reading.opened()
    assert opened.subjects == sorted([first, second])
    assert third not in opened.subjects


async def test_a_page_that_shows_nobody_records_nothing(school: School) -> None:
    reading = school.reading(who("homeroom_teacher"))
    assert await reading.open_all([]) == []
    assert not await reading.record(school.append)
    assert school.written == []


async def test_classes_outside_the_role_stay_shut_and_are_not_recorded(school: School) -> None:
    (child,) = await school.children(1)
    values = [
        (child, "name", school.sealed(child, "identity", "name", "沙马")),
        (child, "phone", school.sealed(child, "contact", "phone", "13812346027")),
    ]
    reading = school.reading(who("subject_teacher"))
    assert await reading.open_all(values) == ["沙马", rd.NOT_OPENED]
    assert reading.opened().classes == ["identity"]


async def test_outside_its_jurisdiction_a_role_opens_nothing(school: School) -> None:
    (child,) = await school.children(1)
    reading = school.reading(who("principal"), "oversight")
    elsewhere = "990000/990100/990102/990102001/2199010009"
    assert await reading.open_all(school.names([child]), elsewhere) == [rd.NOT_OPENED]
    assert await reading.open_all(school.names([child]), SCHOOL) == ["学生0"]


async def test_the_operator_opens_nothing(school: School) -> None:
    subjects = await school.children(2)
    grant = Grant(role="operator", unit="*", path="*", valid_from=DAY)
    operator = Viewer(account="operator", staff=None, grants=(grant,))
    reading = school.reading(operator, "operation")
    assert await reading.open_all(school.names(subjects)) == [rd.NOT_OPENED] * 2
    assert reading.opened().subjects == []


async def test_a_purpose_outside_the_role_is_refused(school: School) -> None:
    with pytest.raises(NotAllowed, match="purpose inspection"):
        school.reading(who("homeroom_teacher"), "inspection")


async def test_a_masked_value_opened_on_request_names_its_field(school: School) -> None:
    (child,) = await school.children(1)
    reading = school.reading(who("homeroom_teacher"), "contact")
    sealed = school.sealed(child, "contact", "phone", "13812346027")
    assert await reading.open_restricted(child, "phone", sealed) == "13812346027"
    await reading.record(school.append)
    ((_, event),) = school.written
    assert isinstance(event, access.RestrictedFieldViewed)
    assert (event.subjects, event.classes, event.fields) == ([child], ["contact"], ["phone"])


async def test_a_value_of_another_subject_is_recorded_under_that_one(school: School) -> None:
    child, sibling = await school.children(2)
    key = school.keys.of(sibling, "identity")
    value = seal("沙马", sibling, "identity", "name", key, carry_subject=True)
    reading = school.reading(who("homeroom_teacher"))
    assert await reading.open_all([(child, "name", value)]) == ["沙马"]
    assert reading.opened().subjects == [sibling]


async def test_an_erased_child_and_an_altered_value_cost_only_their_own_line(
    school: School, deployment: Deployment
) -> None:
    erased, altered, whole = await school.children(3)
    values = school.names([erased, altered, whole])
    async with deployment.database.connect() as conn:
        await conn.execute(
            text("update subject_key set wrapped = null, destroyed_at = now() where subject = :s"),
            {"s": erased},
        )
    school.keyring.forget()
    values[1] = (altered, "name", msgspec.structs.replace(values[1][2], commit="AAAA"))
    reading = school.reading(who("homeroom_teacher"))
    assert await reading.open_all(values) == [rd.ERASED, rd.UNREADABLE, "学生2"]
    assert reading.opened().subjects == [whole]


async def test_a_child_whose_key_was_never_made_is_unreadable(school: School) -> None:
    (child,) = await school.children(1)
    stranger = KLASS
    value = seal("沙马", stranger, "identity", "name", bytes(32))
    reading = school.reading(who("homeroom_teacher"))
    values = [(stranger, "name", value), *school.names([child])]
    assert await reading.open_all(values) == [rd.UNREADABLE, "学生0"]


async def test_while_the_keyring_is_away_names_wait(school: School, deployment: Deployment) -> None:
    subjects = await school.children(2)
    engine = create_async_engine(deployment.database.url.set(port=1))
    away = Keyring(engine, load_key_file(deployment.keys / "enrollment.json"))
    values, school.keyring = school.names(subjects), away
    reading = school.reading(who("homeroom_teacher"))
    assert await reading.open_all(values) == [rd.WAITING] * 2
    assert not await reading.record(school.append)
    await engine.dispose()


async def test_a_page_that_cannot_be_recorded_is_refused(school: School) -> None:
    async def broken(ledger: str, event: access.Event) -> None:
        raise ConnectionError(f"{ledger} is away")

    reading = school.reading(who("homeroom_teacher"))
    await reading.open_all(school.names(await school.children(1)))
    with pytest.raises(rd.ReadingNotRecorded) as refused:
        await reading.record(broken)
    assert refused.value.say.startswith("这次查阅没能登记")


async def test_nothing_is_opened_after_the_record(school: School) -> None:
    values = school.names(await school.children(2))
    reading = school.reading(who("homeroom_teacher"))
    await reading.open_all(values[:1])
    await reading.record(school.append)
    with pytest.raises(AssertionError, match="unseen"):
        await reading.open_all(values[1:])


async def test_a_search_records_itself_even_when_it_finds_nobody(school: School) -> None:
    (child,) = await school.children(1)
    query = school.sealed(child, "narrative", "query", "李")

    def searched(opened: rd.Opened) -> access.Event:
        return access.RecordSearched(
            purpose=opened.purpose, query=query, found=0, subjects=opened.subjects
        )

    assert await school.reading(who("inspector"), "inspection").record(school.append, searched)
    assert isinstance(school.written[0][1], access.RecordSearched)


async def test_ones_own_class_is_recorded_once_a_day_until_it_changes(school: School) -> None:
    values = school.names(await school.children(3))
    written: list[bool] = []
    for shown in (values[:2], values[:2], values, values[:2]):
        reading = school.reading(who("homeroom_teacher"))
        await reading.open_all(shown)
        written.append(await reading.record_once(school.append, school.first, KLASS))
    assert written == [True, False, True, False]


async def test_another_person_class_or_day_is_another_view(school: School) -> None:
    reading = school.reading(who("homeroom_teacher"))
    await reading.open_all(school.names(await school.children(1)))
    opened = reading.opened()
    keys = {
        rd.once_key("he.lixin", KLASS, DAY, opened),
        rd.once_key("wu.min", KLASS, DAY, opened),
        rd.once_key("he.lixin", SCHOOL, DAY, opened),
        rd.once_key("he.lixin", KLASS, date(2026, 11, 24), opened),
    }
    assert len(keys) == 4


async def test_a_page_of_more_subjects_than_an_event_holds_must_be_divided(
    school: School,
) -> None:
    reading = school.reading(who("homeroom_teacher"))
    for number in range(rd.MAX_SUBJECTS + 1):
        reading.touch(str(UUID(int=number)))
    with pytest.raises(rd.ReadingTooLarge):
        await reading.record(school.append)


async def test_what_people_read_is_not_counted_as_the_services_own(school: School) -> None:
    values = school.names(await school.children(2))
    school.keyring.take_counts()
    await school.reading(who("homeroom_teacher")).open_all(values)
    assert school.keyring.take_counts() == {}
