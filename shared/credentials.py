"""Passwords and one-time codes on paper: the only secrets of accounts, and how often one may guess."""

import asyncio
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import ceil
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.decider import CommandRejected

# OWASP's second choice: 19 MiB, twice; about 30 ms, so that a whole school signs in at 7:50.
HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Checked in vain for accounts that do not exist, so that the time does not tell which do.
NOBODY = (
    "$argon2id$v=19$m=19456,t=2,p=1$C0lzbsrj5nNhwo8oB37ajQ"
    "$Z9bfIxCTx1ewKVa8prnp9dMdngRDZ3SKpX/lJDZ3drQ"
)

# Read from paper and typed on a phone: no 0 O, 1 I L, 2 Z, 5 S, 8 B, U V.
CODE_ALPHABET = "34679ACDEFGHJKMNPQRTWXY"
CODE_CHARACTERS = 8
CODE_GROUP = 4
CODE_HOLDS = timedelta(days=14)

PASSWORD_CHARACTERS = 8
PASSWORD_MOST_CHARACTERS = 128
ACCOUNT_MOST_CHARACTERS = 64
FREE_FAILURES = 5
# A whole school, or a county behind one gateway, shares an address.
ADDRESS_FAILURES = 100
PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(minutes=15)
FAILURES_FORGOTTEN_AFTER = timedelta(days=1)
FORGOTTEN_AT_ONCE = 100

WRONG = "账号或密码不对。忘了密码，请学校的学籍管理员给一个新的一次性登录码。"
EXPIRED = "这个一次性登录码已过期。请学校的学籍管理员再给一个。"

TABLES = (
    """create table if not exists credential (
        account text primary key collate "C",
        kind text not null constraint known_kind check (kind in ('code', 'password')),
        hash text not null,
        expires_at timestamptz,
        changed_at timestamptz not null,
        constraint codes_expire check ((kind = 'code') = (expires_at is not null)))""",
    """create table if not exists sign_in_failure (
        who text primary key collate "C",
        failures integer not null,
        last_at timestamptz not null)""",
)
HELD = "select kind, hash, expires_at from credential where account = :account"
KEEP = """insert into credential (account, kind, hash, expires_at, changed_at)
    values (:account, :kind, :hash, :expires_at, :now)
    on conflict (account) do update set kind = excluded.kind, hash = excluded.hash,
        expires_at = excluded.expires_at, changed_at = excluded.changed_at"""
# The row is taken before the secret is looked at: guesses at one account come one after another.
TAKE = """insert into sign_in_failure as f (who, failures, last_at) values (:who, 0, :now)
    on conflict (who) do update set failures = case
        when f.last_at < :forgotten then 0 else f.failures end
    returning failures, last_at"""
COUNT = """insert into sign_in_failure as f (who, failures, last_at) values (:who, 1, :now)
    on conflict (who) do update set last_at = :now, failures = case
        when f.last_at < :forgotten then 1 else f.failures + 1 end"""
FORGET = """delete from sign_in_failure where who in (select who from sign_in_failure
    where last_at < :forgotten limit :some for update skip locked)"""


class PasswordRefused(CommandRejected):
    """A new password that is too easy to guess."""

    code = "password_refused"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The secret was the account's password. `account` as it is stored."""

    account: str


@dataclass(frozen=True, slots=True)
class FirstSignIn:
    """The secret was a code: no session yet, ask for a password and call `choose_password`."""

    account: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Not signed in; the same sentence whether the account exists or not."""

    say: str
    retry_after: timedelta | None = None


async def install(conn: AsyncConnection, app_role: str) -> None:
    """Create the two tables in enrollment's database; `app_role` exists. The caller commits."""
    quoted = await conn.execute(text("select quote_ident(:role)"), {"role": app_role})
    role = str(quoted.scalar_one())
    for table in TABLES:
        await conn.exec_driver_sql(table)
    await conn.exec_driver_sql(
        f"grant select, insert, update, delete on credential, sign_in_failure to {role}"
    )


def account_name(typed: str) -> str:
    """The account as it is stored: without blanks, width or case; never longer than 64."""
    plain = unicodedata.normalize("NFKC", typed).casefold()
    return "".join(c for c in plain if c.isprintable() and c != " ")[:ACCOUNT_MOST_CHARACTERS]


async def issue_code(conn: AsyncConnection, account: str, now: datetime) -> str:
    """A new code to print, like `K7QM-3XHR`, good for 14 days; the old secret ends at once."""
    code = "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_CHARACTERS))
    await _keep(conn, account, "code", code, now + CODE_HOLDS, now)
    await conn.execute(
        text("delete from sign_in_failure where who = :who"), {"who": _of_account(account)}
    )
    return f"{code[:CODE_GROUP]}-{code[CODE_GROUP:]}"


async def set_password(conn: AsyncConnection, account: str, password: str, now: datetime) -> None:
    """Replace the account's secret. Raises PasswordRefused."""
    check_password(account, password)
    await _keep(conn, account, "password", _typed(password), None, now)


async def close(conn: AsyncConnection, account: str) -> None:
    """Forget the secret of a closed account."""
    await conn.execute(
        text("delete from credential where account = :account"), {"account": account_name(account)}
    )


async def sign_in(
    conn: AsyncConnection, account: str, secret: str, address: str, now: datetime
) -> SignedIn | FirstSignIn | Refused:
    """Check a secret typed at `address`. Commit whatever the answer is: failures are counted.

    `now` is the machine's clock, never the simulated one.
    """
    name = account_name(account)
    pause = await _pause(conn, name, address, now)
    if pause:
        return Refused(f"错的次数太多，请等 {ceil(pause / PAUSE)} 分钟再试。", pause)
    row = (await conn.execute(text(HELD), {"account": name})).one_or_none()
    kind, stored, expires_at = row if row else ("password", NOBODY, None)
    typed = _code(secret) if kind == "code" else _typed(secret)
    if not await _fits(stored, typed) or not row:
        await _count_failure(conn, name, address, now)
        return Refused(WRONG)
    if expires_at is not None and expires_at <= now:
        return Refused(EXPIRED)
    await conn.execute(
        text("delete from sign_in_failure where who = :who"), {"who": _of_account(name)}
    )
    return FirstSignIn(name) if kind == "code" else SignedIn(name)


async def choose_password(
    conn: AsyncConnection, account: str, code: str, password: str, address: str, now: datetime
) -> SignedIn | Refused:
    """The first sign-in: the code buys one password and is gone. Raises PasswordRefused."""
    outcome = await sign_in(conn, account, code, address, now)
    if isinstance(outcome, FirstSignIn):
        await set_password(conn, outcome.account, password, now)
        return SignedIn(outcome.account)
    return outcome


def check_password(account: str, password: str) -> None:
    """Raises PasswordRefused with what to change; length counts, riddles of signs do not."""
    plain = _typed(password)
    if len(plain) < PASSWORD_CHARACTERS:
        raise PasswordRefused(f"密码至少要 {PASSWORD_CHARACTERS} 位。再加几位。")
    if len(plain) > PASSWORD_MOST_CHARACTERS:
        raise PasswordRefused(f"密码最多 {PASSWORD_MOST_CHARACTERS} 位。请改短一些。")
    if account_name(plain) == account_name(account):
        raise PasswordRefused("密码不能和账号相同。请另想一个。")
    if len(set(plain)) < PASSWORD_CHARACTERS // 2 or _is_run(plain):
        raise PasswordRefused("这个密码太容易猜到。请不要用重复或连续的字符。")


async def _pause(
    conn: AsyncConnection, account: str, address: str, now: datetime
) -> timedelta | None:
    words = {"now": now, "forgotten": now - FAILURES_FORGOTTEN_AFTER}
    own = (await conn.execute(text(TAKE), {"who": _of_account(account), **words})).one()
    found = await conn.execute(
        text("select failures, last_at from sign_in_failure where who = :who"),
        {"who": _of_address(address)},
    )
    rows = [(own, FREE_FAILURES), *((row, ADDRESS_FAILURES) for row in found)]
    ends = [
        last_at + _longer(failures - free) for (failures, last_at), free in rows if failures >= free
    ]
    return max(ends) - now if ends and max(ends) > now else None


def _longer(failures: int) -> timedelta:
    """A minute after the free failures, doubled with each more."""
    return min(PAUSE * 2 ** min(failures, 10), LONGEST_PAUSE)


async def _count_failure(conn: AsyncConnection, account: str, address: str, now: datetime) -> None:
    forgotten = now - FAILURES_FORGOTTEN_AFTER
    for who in (_of_account(account), _of_address(address)):
        await conn.execute(text(COUNT), {"who": who, "now": now, "forgotten": forgotten})
    await conn.execute(text(FORGET), {"forgotten": forgotten, "some": FORGOTTEN_AT_ONCE})


async def _keep(
    conn: AsyncConnection,
    account: str,
    kind: str,
    secret: str,
    expires_at: datetime | None,
    now: datetime,
) -> None:
    stored = await asyncio.to_thread(HASHER.hash, _bytes(secret))
    words = {"account": account_name(account), "kind": kind, "hash": stored}
    await conn.execute(text(KEEP), {**words, "expires_at": expires_at, "now": now})


async def _fits(stored: str, typed: str) -> bool:
    # In a thread: the others' requests do not wait 30 ms for each sign-in.
    try:
        return await asyncio.to_thread(HASHER.verify, stored, _bytes(typed))
    except (Argon2Error, InvalidHashError):
        return False


def _code(typed: str) -> str:
    plain = unicodedata.normalize("NFKC", typed).upper()
    return "".join(c for c in plain if c.isalnum())[:PASSWORD_MOST_CHARACTERS]


def _typed(password: str) -> str:
    # A longer one is cut one character above the limit, so that it fits nothing and costs nothing.
    return unicodedata.normalize("NFKC", password)[: PASSWORD_MOST_CHARACTERS + 1]


def _bytes(secret: str) -> bytes:
    # Whatever a form can carry is a secret that fits or does not: half a surrogate pair as well.
    return secret.encode("utf-8", "surrogatepass")


def _is_run(plain: str) -> bool:
    steps = {ord(b) - ord(a) for a, b in pairwise(plain)}
    return len(steps) == 1


def _of_account(account: str) -> str:
    return f"account:{account_name(account)}"


def _of_address(address: str) -> str:
    return f"address:{address[:ACCOUNT_MOST_CHARACTERS]}"
