"""The keyring on real PostgreSQL: made once, seen by class, gone when destroyed."""

import asyncio
import os
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import create_async_engine

from shared import keyring as k
from shared.key_files import ClassNotHeld, WrongMaster, load_key_file, make_key_files
from shared.sealed import CLASSES
from tests.shared.conftest import Deployment, install_keyring

COUNTY = "990101"


def some_subjects(count: int) -> list[str]:
    return [str(UUID(bytes=os.urandom(16), version=4)) for _ in range(count)]


async def test_keys_are_made_once_and_the_same_for_every_service(deployment: Deployment) -> None:
    subjects = some_subjects(20)
    async with deployment.keyring("enrollment") as ours, deployment.keyring("audit") as theirs:
        made = await ours.keys_for(subjects, "import", CLASSES, create=True, ledger=COUNTY)
        seen = await theirs.keys_for(subjects, "index", ["identity"])
    assert len(made) == 100
    assert len(set(made.values())) == 100
    assert seen == {(s, "identity"): made.of(s, "identity") for s in subjects}


async def test_without_create_a_missing_key_stays_missing(deployment: Deployment) -> None:
    (subject,) = some_subjects(1)
    async with deployment.keyring("enrollment") as ring:
        keys = await ring.keys_for([subject], "page", ["identity"])
    assert keys == {}
    with pytest.raises(k.KeyMissing):
        keys.of(subject, "identity")


async def test_services_that_create_at_once_agree(deployment: Deployment) -> None:
    subjects = some_subjects(300)
    async with deployment.keyring("enrollment") as one, deployment.keyring("casework") as two:
        first, second = await asyncio.gather(
            one.keys_for(subjects, "import", CLASSES, create=True, ledger=COUNTY),
            two.keys_for(subjects[::-1], "note", CLASSES[::-1], create=True, ledger=COUNTY),
        )
    assert first == second
    assert len(first) == 1500


async def test_a_class_outside_the_key_file_is_refused(deployment: Deployment) -> None:
    async with deployment.keyring("audit") as ring:
        with pytest.raises(ClassNotHeld):
            await ring.keys_for(some_subjects(1), "search", ["identity", "health"])


async def test_each_role_sees_only_rows_of_its_classes(deployment: Deployment) -> None:
    async with deployment.keyring("enrollment") as ring:
        await ring.keys_for(some_subjects(3), "import", CLASSES, create=True, ledger=COUNTY)
    for service, expected in (
        ("enrollment", set(CLASSES)),
        ("casework", set(CLASSES)),
        ("notify", {"identity", "contact"}),
        ("audit", {"identity", "narrative"}),
    ):
        async with deployment.database.connect(deployment.role(service)) as conn:
            found = await conn.execute(text("select distinct class from subject_key"))
            assert set(found.scalars()) == expected


@pytest.mark.parametrize(
    "statement",
    [
        "insert into subject_key values (gen_random_uuid(), 'health', '990101', '\\x00', 1)",
        "insert into token_key values ('990101', 'health', '\\x00', 1)",
        "update subject_key set destroyed_at = now()",
        "delete from subject_key",
        "truncate subject_key",
        "drop table subject_key",
        "alter table subject_key disable row level security",
        "create table mine (n int)",
    ],
)
async def test_a_service_cannot_do_more_than_read_and_add_its_classes(
    deployment: Deployment, statement: str
) -> None:
    with pytest.raises(ProgrammingError):
        async with deployment.database.connect(deployment.role("audit")) as conn:
            await conn.execute(text(statement))


async def test_a_destroyed_key_is_said_and_never_made_again(deployment: Deployment) -> None:
    (subject,) = some_subjects(1)
    async with deployment.keyring("enrollment") as ring:
        await ring.keys_for([subject], "import", ["identity"], create=True, ledger=COUNTY)
        async with deployment.database.connect() as conn:
            await conn.execute(
                text("update subject_key set wrapped = null, destroyed_at = clock_timestamp()")
            )
        ring.forget()
        keys = await ring.keys_for([subject], "import", ["identity"], create=True, ledger=COUNTY)
    assert keys == {(subject, "identity"): k.DESTROYED}
    with pytest.raises(k.KeyGone):
        keys.of(subject, "identity")


async def test_cached_keys_need_no_database_until_their_time_is_up(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    subjects = some_subjects(5)
    async with deployment.keyring("enrollment") as ring:
        made = await ring.keys_for(subjects, "import", CLASSES, create=True, ledger=COUNTY)
        async with deployment.database.connect() as conn:
            await conn.execute(text("delete from subject_key"))
        assert await ring.keys_for(subjects, "page", CLASSES) == made
        later = k.monotonic() + k.CACHE_SECONDS + 1
        monkeypatch.setattr(k, "monotonic", lambda: later)
        assert await ring.keys_for(subjects, "page", CLASSES) == {}


async def test_the_cache_has_a_limit(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(k, "CACHE_KEYS", 10)
    async with deployment.keyring("enrollment") as ring:
        made = await ring.keys_for(some_subjects(8), "x", CLASSES, create=True, ledger=COUNTY)
        async with deployment.database.connect() as conn:
            await conn.execute(text("delete from subject_key"))
        kept = await ring.keys_for([s for s, _ in made], "x", CLASSES)
    assert len(made) == 40
    assert len(kept) == 10


async def test_many_subjects_are_written_and_read_in_batches(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(k, "READ_SUBJECTS", 7)
    monkeypatch.setattr(k, "WRITE_KEYS", 11)
    subjects = some_subjects(50)
    async with deployment.keyring("enrollment") as ring:
        made = await ring.keys_for(subjects, "import", CLASSES, create=True, ledger=COUNTY)
        ring.forget()
        assert await ring.keys_for(subjects, "import", CLASSES) == made
    assert len(made) == 250


async def test_token_keys_differ_by_county_and_class_and_agree_between_services(
    deployment: Deployment,
) -> None:
    async with deployment.keyring("enrollment") as one, deployment.keyring("audit") as two:
        names, same = await asyncio.gather(
            one.token_key(COUNTY, "identity"), two.token_key(COUNTY, "identity")
        )
        notes = await two.token_key(COUNTY, "narrative")
        elsewhere = await two.token_key("990102", "identity")
        numbers = await one.number_key()
        assert await two.number_key() == numbers
    assert names == same
    assert len({names, notes, elsewhere, numbers}) == 4


async def test_what_the_service_opened_for_itself_is_counted_by_purpose(
    deployment: Deployment,
) -> None:
    subjects = some_subjects(4)
    async with deployment.keyring("enrollment") as ring:
        await ring.keys_for(subjects, "import", ["identity"], create=True, ledger=COUNTY)
        await ring.keys_for(subjects, "index", ["identity"])
        await ring.keys_for(subjects, "page", ["identity"], counted=False)
        assert ring.take_counts() == {"import": 4, "index": 4}
        assert ring.take_counts() == {}


async def test_keys_wrapped_under_other_masters_are_not_opened(
    deployment: Deployment, tmp_path: Path
) -> None:
    subjects = some_subjects(1)
    async with deployment.keyring("enrollment") as ring:
        await ring.keys_for(subjects, "import", ["identity"], create=True, ledger=COUNTY)
    other = make_key_files(tmp_path / "other")["enrollment"]
    engine = deployment.database.engine(deployment.role("enrollment"))
    with pytest.raises(WrongMaster):
        await k.Keyring(engine, load_key_file(other)).keys_for(subjects, "page", ["identity"])
    await engine.dispose()


async def test_a_keyring_that_does_not_answer_is_away(deployment: Deployment) -> None:
    engine = create_async_engine(deployment.database.url.set(port=1))
    ring = k.Keyring(engine, load_key_file(deployment.keys / "enrollment.json"))
    with pytest.raises(k.KeyringAway):
        await ring.keys_for(some_subjects(1), "page", ["identity"])
    with pytest.raises(k.KeyringAway):
        await ring.number_key()
    await engine.dispose()


async def test_a_keyring_that_goes_away_in_between_is_away_and_then_back(
    deployment: Deployment,
) -> None:
    subjects = some_subjects(1)
    engine = create_async_engine(deployment.database.url)
    ring = k.Keyring(engine, load_key_file(deployment.keys / "enrollment.json"))
    await ring.keys_for(subjects, "import", ["identity"], create=True, ledger=COUNTY)
    ring.forget()
    async with deployment.database.connect() as conn:
        ended = (
            "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()"
            " and backend_type = 'client backend'"
        )
        await conn.execute(text(ended + " and datname = current_database()"))
    with pytest.raises(k.KeyringAway):
        await ring.keys_for(subjects, "page", ["identity"])
    assert len(await ring.keys_for(subjects, "page", ["identity"])) == 1
    await engine.dispose()


async def test_installing_again_changes_nothing(deployment: Deployment) -> None:
    subjects = some_subjects(2)
    async with deployment.keyring("enrollment") as ring:
        made = await ring.keys_for(subjects, "import", CLASSES, create=True, ledger=COUNTY)
        await install_keyring(deployment)
        ring.forget()
        assert await ring.keys_for(subjects, "import", CLASSES) == made
