"""The folder of one system's data, secrets and logs, held by one process at a time."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from baoxue.engines.outcome import EngineFailed

# `make clean-data` removes a folder only where it finds this file.
MARK = "baoxue.home"


@contextlib.contextmanager
def held_home(home: Path) -> Iterator[None]:
    """Holds the home while the block lasts; EngineFailed when another process does.

    Two servers on one data folder would destroy it: Kafka writes before it looks for its lock.
    The kernel drops the lock with the process, so a crash leaves nothing to clear.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(home / MARK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise EngineFailed(
            f"{home} 正由另一个保学进程使用：请先停止它(Ctrl-C)，"
            "或设 BAOXUE_HOME 与 BAOXUE_PORT 另开一套。"
        ) from error
    try:
        yield
    finally:
        os.close(handle)
