"""Kafka's jars: fetched by coordinate once, kept for every home, checked by digest at each start."""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from jgo.maven import MavenContext

from baoxue.engines.outcome import EngineFailed

LOCK = Path(__file__).with_name("kafka_jars.lock")
FETCHERS = 6
FETCH_TIMEOUT_SECONDS = 30
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Jar:
    """One locked file: its coordinate `group:artifact:version` and what its bytes must hash to."""

    coordinate: str
    sha256: str

    @property
    def file_name(self) -> str:
        _, artifact, version = self.coordinate.split(":")
        return f"{artifact}-{version}.jar"


def cache_folder() -> Path:
    """Shared by all homes of a user: `BAOXUE_CACHE`, else `~/.cache/baoxue`."""
    return Path(os.environ.get("BAOXUE_CACHE") or Path.home() / ".cache" / "baoxue")


def quiet(done: int, total: int) -> None:
    pass


def ensured_jars(cache: Path, lock: Path = LOCK, progress: Progress = quiet) -> Path:
    """The folder with exactly the locked jars, each with its digest checked.

    `progress(done, total)` is called as files arrive. EngineFailed names the file that does
    not match, or says that the first start needs a network.
    """
    jars = locked_jars(lock)
    folder = cache / f"kafka-{digest_of(lock)[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    missing = [jar for jar in jars if not (folder / jar.file_name).exists()]
    if missing:
        fetch_all(missing, folder, progress)
    for jar in jars:
        require_digest(folder / jar.file_name, jar)
    return folder


def locked_jars(lock: Path) -> list[Jar]:
    pairs = (line.split(" sha256:") for line in lock.read_text(encoding="ascii").splitlines())
    return [Jar(coordinate, digest) for coordinate, digest in pairs]


def fetch_all(jars: list[Jar], folder: Path, progress: Progress) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        context = MavenContext(repo_cache=Path(scratch), timeout=FETCH_TIMEOUT_SECONDS)
        with ThreadPoolExecutor(FETCHERS) as pool:
            arrived = pool.map(lambda jar: fetch(context, jar, folder), jars)
            report(arrived, len(jars), progress)


def report(arrived: Iterable[None], total: int, progress: Progress) -> None:
    for done, _ in enumerate(arrived, start=1):
        progress(done, total)


def fetch(context: MavenContext, jar: Jar, folder: Path) -> None:
    """Fetches into a scratch folder; only checked bytes move to where they are used."""
    group, artifact, version = jar.coordinate.split(":")
    try:
        path = context.project(group, artifact).at_version(version).artifact().resolve()
    except (OSError, RuntimeError) as error:
        raise EngineFailed(unfetched(error, jar)) from error
    require_digest(path, jar)
    os.replace(path, folder / jar.file_name)


def unfetched(error: Exception, jar: Jar) -> str:
    if "No space left on device" in str(error):
        return "磁盘已满，无法保存 Kafka 的程序包：请清理磁盘后重试。"
    return (
        f"取不到 Kafka 的程序包 {jar.coordinate}：首次启动需要网络，请检查网络或代理后重试；"
        "也可用 BAOXUE_KAFKA 指定已有的 Kafka。"
    )


def require_digest(path: Path, jar: Jar) -> None:
    if digest_of(path) != jar.sha256:
        raise EngineFailed(
            f"{jar.coordinate} 的内容与登记的 SHA-256 不符，拒绝使用：请删除 {path} 后重试，"
            "仍不符时请检查网络是否改写了下载内容。"
        )


def digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


