"""Codes, passwords and guesses, on real PostgreSQL."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from shared import credentials as c
from tests.shared.conftest import Database

NOW = datetime(2026, 11, 23, 7, 50, tzinfo=UTC)
HERE = "192.0.2.7"
GOOD = "木里的春天来得晚"


@pytest.fixture
async def accounts(database: Database) -> AsyncIterator[Database]:
    async with database.connect() as conn:
        await conn.execute(text(f"create role {database.prefix}_app login password 'secret'"))
        for _ in range(2):
            await c.install(conn, f"{database.prefix}_app")
    yield database


async def sign_in(
    accounts: Database, account: str, secret: str, now: datetime = NOW, address: str = HERE
) -> c.SignedIn | c.FirstSignIn | c.Refused:
    async with accounts.connect(f"{accounts.prefix}_app") as conn:
        return await c.sign_in(conn, account, secret, address, now)


async def with_password(accounts: Database, account: str = "he.lixin") -> None:
    async with accounts.connect(f"{accounts.prefix}_app") as conn:
        await c.set_password(conn, account, GOOD, NOW)


async def with_code(accounts: Database) -> str:
    async with accounts.connect(f"{accounts.prefix}_app") as conn:
        return await c.issue_code(conn, "he.lixin", NOW)


async def test_a_code_is_short_unambiguous_and_stored_only_as_a_hash(accounts: Database) -> None:
    code = await with_code(accounts)
    assert re.fullmatch(f"[{c.CODE_ALPHABET}]{{4}}-[{c.CODE_ALPHABET}]{{4}}", code)
    assert not set("0O1IL2Z5S8BUV") & set(c.CODE_ALPHABET)
    async with accounts.connect() as conn:
        (row,) = (await conn.execute(text("select * from credential"))).all()
    assert code not in str(row)
    assert code.replace("-", "") not in str(row)


async def test_a_code_buys_one_password_and_is_gone(accounts: Database) -> None:
    code = await with_code(accounts)
    assert await sign_in(accounts, "he.lixin", code) == c.FirstSignIn("he.lixin")
    async with accounts.connect(f"{accounts.prefix}_app") as conn:
        chosen = await c.choose_password(conn, "he.lixin", code, GOOD, HERE, NOW)
    assert chosen == c.SignedIn("he.lixin")
    assert await sign_in(accounts, "he.lixin", GOOD) == c.SignedIn("he.lixin")
    assert await sign_in(accounts, "he.lixin", code) == c.Refused(c.WRONG)


async def test_a_code_is_read_however_it_is_typed(accounts: Database) -> None:
    code = await with_code(accounts)
    for typed in (code.lower(), code.replace("-", " "), code.replace("-", ""), f" {code} "):
        assert await sign_in(accounts, " He.Lixin ", typed) == c.FirstSignIn("he.lixin")


async def test_a_refused_password_leaves_the_code_good(accounts: Database) -> None:
    code = await with_code(accounts)
    with pytest.raises(c.PasswordRefused):
        async with accounts.connect(f"{accounts.prefix}_app") as conn:
            await c.choose_password(conn, "he.lixin", code, "12345678", HERE, NOW)
    assert await sign_in(accounts, "he.lixin", code) == c.FirstSignIn("he.lixin")


async def test_a_code_expires(accounts: Database) -> None:
    code = await with_code(accounts)
    just = NOW + c.CODE_HOLDS
    assert await sign_in(accounts, "he.lixin", code, just) == c.Refused(c.EXPIRED)
    assert isinstance(
        await sign_in(accounts, "he.lixin", code, just - timedelta(seconds=1)), c.FirstSignIn
    )


async def test_a_new_code_ends_the_old_secret_and_the_pause(accounts: Database) -> None:
    await with_password(accounts)
    for _ in range(c.FREE_FAILURES):
        await sign_in(accounts, "he.lixin", "wrong")
    code = await with_code(accounts)
    assert await sign_in(accounts, "he.lixin", GOOD) == c.Refused(c.WRONG)
    assert await sign_in(accounts, "he.lixin", code) == c.FirstSignIn("he.lixin")


async def test_an_unknown_account_is_answered_like_a_wrong_password(accounts: Database) -> None:
    await with_password(accounts)
    for account in ("he.lixin", "nobody"):
        answers = [
            await sign_in(accounts, account, "wrong", address=account)
            for _ in range(c.FREE_FAILURES + 1)
        ]
        assert answers[:-1] == [c.Refused(c.WRONG)] * c.FREE_FAILURES
        assert answers[-1] == c.Refused("错的次数太多，请等 1 分钟再试。", c.PAUSE)


def test_the_hash_of_nobody_costs_what_others_cost() -> None:
    assert not c.HASHER.check_needs_rehash(c.NOBODY)


async def test_guesses_are_slowed_and_the_right_password_waits_too(accounts: Database) -> None:
    await with_password(accounts)
    for _ in range(c.FREE_FAILURES):
        await sign_in(accounts, "he.lixin", "wrong")
    assert isinstance(await sign_in(accounts, "he.lixin", GOOD), c.Refused)
    later = NOW + c.PAUSE
    assert await sign_in(accounts, "he.lixin", "wrong", later) == c.Refused(c.WRONG)
    answer = await sign_in(accounts, "he.lixin", GOOD, later)
    assert answer == c.Refused("错的次数太多，请等 2 分钟再试。", 2 * c.PAUSE)
    assert await sign_in(accounts, "he.lixin", GOOD, later + 2 * c.PAUSE) == c.SignedIn("he.lixin")


async def test_the_pause_has_an_end(accounts: Database) -> None:
    await with_password(accounts)
    now = NOW
    for _ in range(20):
        await sign_in(accounts, "he.lixin", "wrong", now)
        now += c.LONGEST_PAUSE
    assert await sign_in(accounts, "he.lixin", GOOD, now) == c.SignedIn("he.lixin")


async def test_a_success_forgets_the_failures_before_it(accounts: Database) -> None:
    await with_password(accounts)
    for _ in range(3):
        for _ in range(c.FREE_FAILURES - 1):
            await sign_in(accounts, "he.lixin", "wrong")
        assert await sign_in(accounts, "he.lixin", GOOD) == c.SignedIn("he.lixin")


async def test_one_address_cannot_try_all_accounts(
    accounts: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(c, "ADDRESS_FAILURES", 6)
    await with_password(accounts)
    for number in range(6):
        await sign_in(accounts, f"teacher{number}", "wrong")
    assert isinstance(await sign_in(accounts, "he.lixin", GOOD), c.Refused)
    elsewhere = await sign_in(accounts, "he.lixin", GOOD, address="192.0.2.8")
    assert elsewhere == c.SignedIn("he.lixin")


async def test_guesses_at_once_are_counted_one_by_one(accounts: Database) -> None:
    await with_password(accounts)
    answers = await asyncio.gather(*(sign_in(accounts, "he.lixin", f"guess{n}") for n in range(12)))
    wrong = [answer for answer in answers if answer == c.Refused(c.WRONG)]
    assert len(wrong) == c.FREE_FAILURES


async def test_old_failures_are_forgotten(accounts: Database) -> None:
    for number in range(3):
        await sign_in(accounts, f"nobody{number}", "wrong")
    tomorrow = NOW + c.FAILURES_FORGOTTEN_AFTER + timedelta(minutes=1)
    await sign_in(accounts, "somebody", "wrong", tomorrow)
    async with accounts.connect() as conn:
        left = set((await conn.execute(text("select who from sign_in_failure"))).scalars())
    assert left == {"account:somebody", f"address:{HERE}"}


async def test_a_closed_account_signs_in_no_more(accounts: Database) -> None:
    await with_password(accounts)
    async with accounts.connect(f"{accounts.prefix}_app") as conn:
        await c.close(conn, "he.lixin")
    assert await sign_in(accounts, "he.lixin", GOOD) == c.Refused(c.WRONG)


@pytest.mark.parametrize("account", ["", "\x00", "x" * 10_000, "'; drop table credential; --"])
async def test_strange_accounts_and_secrets_are_simply_wrong(
    accounts: Database, account: str
) -> None:
    assert await sign_in(accounts, account, account) == c.Refused(c.WRONG)
    assert await sign_in(accounts, account, "\ud800") == c.Refused(c.WRONG)


async def test_other_roles_see_no_credentials(accounts: Database) -> None:
    async with accounts.connect() as conn:
        await conn.execute(text(f"create role {accounts.prefix}_feed login password 'secret'"))
    with pytest.raises(ProgrammingError, match="permission denied"):
        async with accounts.connect(f"{accounts.prefix}_feed") as conn:
            await conn.execute(text("select * from credential"))


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("short", "至少"),
        ("x" * 200, "最多"),
        ("He.Lixin", "和账号相同"),
        ("88888888", "太容易"),
        ("12345678", "太容易"),
        ("87654321", "太容易"),
        ("abcdefghij", "太容易"),
        ("abababab", "太容易"),
    ],
)
def test_easy_passwords_are_refused_with_what_to_change(password: str, said: str) -> None:
    with pytest.raises(c.PasswordRefused) as refused:
        c.check_password("he.lixin", password)
    assert said in refused.value.say


@pytest.mark.parametrize("password", [GOOD, "correct horse", "Xk29!pqd", "十年树木百年树人"])
def test_ordinary_passwords_are_taken(password: str) -> None:
    c.check_password("he.lixin", password)
