"""PostgreSQL 18 from its wheel: founded once with scram passwords, then started on loopback."""

import os
import shutil
import signal
import time
from collections.abc import Mapping
from pathlib import Path

import psutil

from baoxue.engines.child import (
    Child,
    Launch,
    never,
    require_free_port,
    require_space,
    run_once,
    start,
    wait_ready,
)
from baoxue.engines.outcome import EngineFailed, PostgresAddress
from baoxue.engines.postgres_user import Runner, choose_runner
from baoxue.engines.secrets import kept_secret

NAME = "PostgreSQL"
MAJOR = "18"
SUPERUSER = "baoxue_super"
ADMIN = "baoxue_admin"
READY_SECONDS = 60.0
ORPHAN_SECONDS = 20.0
ORPHAN_POLL_SECONDS = 0.1
STATUS_LINE = 7

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    "fsync": "on",
    "synchronous_commit": "on",
    "idle_in_transaction_session_timeout": "60s",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "password_encryption": "scram-sha-256",
    "jit": "off",
}


def launch_postgres(
    home: Path, port: int, settings: Mapping[str, str] | None = None
) -> tuple[Launch, PostgresAddress]:
    """Founds the data under `home`/postgres if need be and says how the server is started.

    `settings` go over our own (`{"fsync": "off"}`). The address names a role that may create
    databases and roles and is no superuser, as on a server that somebody else runs.
    """
    require_space(home)
    require_free_port(port, NAME)
    runner = choose_runner(home)
    if not (runner.data / "PG_VERSION").exists():
        found(home, runner)
    require_major(runner.data)
    clear_orphan(runner.data)
    address = PostgresAddress("127.0.0.1", port, ADMIN, kept_secret(home, "postgres-admin"))
    return server_launch(home, runner, {**SETTINGS, **(settings or {}), "port": str(port)}), address


def start_postgres(
    home: Path, port: int, settings: Mapping[str, str] | None = None
) -> tuple[Child, PostgresAddress]:
    """Starts the server and waits until it answers; EngineFailed with one line otherwise."""
    launch, address = launch_postgres(home, port, settings)
    child = start(launch)
    wait_ready(child)
    return child, address


def server_launch(home: Path, runner: Runner, settings: Mapping[str, str]) -> Launch:
    options = [word for pair in settings.items() for word in ("-c", "=".join(pair))]
    return Launch(
        name=NAME,
        argv=program(runner, "postgres", "-D", str(runner.data), *options),
        env=environment(),
        cwd=runner.data,
        log=home / "log" / "postgres.log",
        ready=lambda: is_ready(runner.data),
        ready_seconds=READY_SECONDS,
        # Fast shutdown: open sessions are ended, the data is checkpointed.
        stop_signal=signal.SIGINT,
        uid=runner.uid,
    )


def program(runner: Runner, name: str, *arguments: str) -> tuple[str, ...]:
    return (*runner.prefix, str(runner.binaries / name), *arguments)


def environment() -> dict[str, str]:
    """Ours without PG* variables, which would redirect initdb and the server."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
    return {**kept, "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def found(home: Path, runner: Runner) -> None:
    """Makes the data folder and its two roles beside its final place: all of it or nothing."""
    fresh = runner.data.with_name(runner.data.name + ".new")
    make_empty(fresh, runner)
    words = ("-D", str(fresh), "-U", SUPERUSER, "-E", "UTF8", "--locale=C.UTF-8")
    run_once(founding(home, runner, "initdb", *words, "--auth=reject", "--no-instructions"))
    # Before the first network connection: roles by single-user mode, which listens nowhere.
    words = ("--single", "-D", str(fresh), "-c", "exit_on_error=true", "postgres")
    run_once(founding(home, runner, "postgres", *words), roles(home).encode())
    (fresh / "pg_hba.conf").write_text("host all all 127.0.0.1/32 scram-sha-256\n")
    fresh.rename(runner.data)


def make_empty(fresh: Path, runner: Runner) -> None:
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    if runner.uid is not None:
        os.chown(fresh, runner.uid, runner.uid)


def founding(home: Path, runner: Runner, name: str, *arguments: str) -> Launch:
    return Launch(
        name=NAME,
        argv=program(runner, name, *arguments),
        env=environment(),
        cwd=runner.binaries,
        log=home / "log" / "postgres.log",
        ready=never,
        uid=runner.uid,
    )


def roles(home: Path) -> str:
    """One statement a line. The admin inherits the roles that it makes, as a superuser would."""
    root, admin = kept_secret(home, "postgres-super"), kept_secret(home, "postgres-admin")
    return (
        f"ALTER ROLE {SUPERUSER} PASSWORD '{root}';\n"
        f"CREATE ROLE {ADMIN} LOGIN CREATEDB CREATEROLE PASSWORD '{admin}';\n"
        f"ALTER ROLE {ADMIN} SET createrole_self_grant = 'set, inherit';\n"
        f"GRANT pg_monitor TO {ADMIN};\n"
    )


def require_major(data: Path) -> None:
    found_major = (data / "PG_VERSION").read_text().strip()
    if found_major != MAJOR:
        raise EngineFailed(
            f"{data} 是 PostgreSQL {found_major} 的数据，本程序带的是 {MAJOR}："
            "请用当时的版本导出，或另设 BAOXUE_HOME。"
        )


def is_ready(data: Path) -> bool:
    """What pg_ctl looks at: the status line that the server writes when it takes connections."""
    lines = pid_lines(data)
    return len(lines) > STATUS_LINE and lines[STATUS_LINE].strip() == "ready"


def pid_lines(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return []


def clear_orphan(data: Path) -> None:
    """Ends a server that outlived its supervisor, and drops the note of one that did not.

    The note alone would stop a start when another process has got the old number meanwhile.
    """
    lines = pid_lines(data)
    if not lines:
        return
    pid, limit = abs(int(lines[0])), time.monotonic() + ORPHAN_SECONDS
    while serves(pid, data):
        if time.monotonic() > limit:
            raise EngineFailed(f"上次的 PostgreSQL(进程 {pid})没有结束：请结束它后重试。")
        os.kill(pid, signal.SIGINT)
        time.sleep(ORPHAN_POLL_SECONDS)
    (data / "postmaster.pid").unlink(missing_ok=True)


def serves(pid: int, data: Path) -> bool:
    try:
        process = psutil.Process(pid)
        return process.is_running() and str(data) in process.cmdline()
    except psutil.Error:
        return False
