"""PostgreSQL from the wheel: founded once, scram only, as root and as an ordinary user."""

import contextlib
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from baoxue.engines import postgres_user
from baoxue.engines.child import Child, stop
from baoxue.engines.outcome import EngineFailed, PostgresAddress
from baoxue.engines.postgres import clear_orphan, start_postgres
from tests.servers import HASTY, free_ports


@contextlib.contextmanager
def started(home: Path, port: int | None = None) -> Iterator[tuple[Child, PostgresAddress]]:
    child, address = start_postgres(home, port or free_ports(1)[0], HASTY)
    try:
        yield child, address
    finally:
        stop(child)


async def ask(address: PostgresAddress, query: str) -> object:
    connection = await asyncpg.connect(address.url())
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_a_second_start_continues_with_its_data(home: Path) -> None:
    with started(home) as (_, address):
        await ask(address, "CREATE DATABASE kept")
    with started(home) as (_, address):
        kept = "SELECT count(*) FROM pg_database WHERE datname = 'kept'"
        assert await ask(address, kept) == 1
        assert str(await ask(address, "SHOW server_version")).startswith("18.")
        assert await ask(address, "SHOW timezone") == "UTC"


async def test_fsync_is_on_unless_a_test_says_otherwise(durable_postgres_server: str) -> None:
    connection = await asyncpg.connect(durable_postgres_server)
    shown = [await connection.fetchval(f"SHOW {n}") for n in ("fsync", "synchronous_commit")]
    await connection.close()
    assert shown == ["on", "on"]


async def test_a_wrong_password_is_refused_and_nobody_is_trusted(home: Path) -> None:
    with started(home) as (_, address):
        for user in (address.user, "baoxue_super", "postgres"):
            with pytest.raises(asyncpg.InvalidPasswordError):
                await asyncpg.connect(
                    host=address.host,
                    port=address.port,
                    user=user,
                    password="postgres",
                    database="postgres",
                )
        superuser = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
        assert await ask(address, superuser) is False
        assert await ask(address, "SHOW password_encryption") == "scram-sha-256"


async def test_secrets_are_private_and_in_no_log(home: Path) -> None:
    with started(home) as (_, address):
        log = (home / "log" / "postgres.log").read_text()
        arguments = " ".join(word for p in psutil.process_iter() for word in cmdline(p))
    for secret in (home / "secrets").iterdir():
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600
        assert secret.read_text() not in log
        assert secret.read_text() not in arguments
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert address.password not in log


def cmdline(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


async def test_it_runs_as_nobody_from_a_copy_where_namespaces_are_forbidden(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root's other way; an ordinary user is never asked to copy and is refused in words."""
    base = Path(tempfile.mkdtemp(prefix="baoxue-copies-"))
    base.chmod(0o711)
    monkeypatch.setattr(postgres_user, "UNPRIVILEGED_HOME", base)
    monkeypatch.setattr(postgres_user, "reaches", lambda *_: False)
    home.mkdir(mode=0o700)
    try:
        if os.geteuid() == 0:
            await runs_as_nobody(home)
        else:
            with pytest.raises(EngineFailed, match="root"):
                postgres_user.copied(home, postgres_user.wheel())
    finally:
        shutil.rmtree(base)


async def runs_as_nobody(home: Path) -> None:
    with started(home) as (child, address):
        assert psutil.Process(child.process.pid).username() == "nobody"
        await ask(address, "CREATE DATABASE kept")
    assert (home / "postgres").is_symlink()
    with started(home) as (_, address):
        assert await ask(address, "SELECT 1 FROM pg_database WHERE datname = 'kept'") == 1


def test_an_ordinary_user_runs_the_binaries_in_place() -> None:
    """Root becomes nobody first; whoever is nobody special already asks as they are."""
    lower = "os.setresgid(65534, 65534, 65534); os.setresuid(65534, 65534, 65534); "
    code = (
        "import os, pathlib\n"
        "from baoxue.engines.postgres_user import choose_runner\n"
        f"{lower if os.geteuid() == 0 else ''}"
        f"runner = choose_runner(pathlib.Path('/nowhere'))\n"
        "print(runner.prefix, runner.uid)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "() None"


async def test_root_runs_it_in_a_namespace_without_changing_any_mode(home: Path) -> None:
    home.mkdir(mode=0o700)
    modes = {p: p.stat().st_mode for p in (home, *home.parents)}
    with started(home) as (child, address):
        assert await ask(address, "SELECT 1") == 1
        assert psutil.Process(child.process.pid).uids().real == os.geteuid()
    assert {p: p.stat().st_mode for p in modes} == modes


async def test_data_of_another_version_is_refused_in_one_line(home: Path) -> None:
    with started(home):
        pass
    (home / "postgres" / "PG_VERSION").write_text("17\n")
    with pytest.raises(EngineFailed, match="PostgreSQL 17 的数据") as refused:
        start_postgres(home, free_ports(1)[0])
    assert "\n" not in refused.value.line


async def test_a_founding_cut_short_is_begun_anew(home: Path) -> None:
    half = home / "postgres.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with started(home) as (_, address):
        assert await ask(address, "SELECT 1") == 1
    assert not half.exists()


async def test_a_server_that_outlived_its_supervisor_is_ended_first(home: Path) -> None:
    with started(home) as (left, _):
        clear_orphan(home / "postgres")
        assert left.process.wait(10) == 0
        with started(home) as (_, address):
            assert await ask(address, "SELECT 1") == 1


async def test_a_note_whose_number_another_process_has_got_is_dropped(home: Path) -> None:
    with started(home):
        pass
    (home / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n{home}/postgres\n")
    with started(home) as (_, address):
        assert await ask(address, "SELECT 1") == 1


def test_a_taken_port_is_one_line_with_what_to_do(home: Path, postgres_server: str) -> None:
    port = int(postgres_server.rpartition(":")[2].partition("/")[0])
    with pytest.raises(EngineFailed, match=f"端口 {port}.*已被占用.*BAOXUE_PORT"):
        start_postgres(home, port)
    assert not (home / "postgres").exists()
