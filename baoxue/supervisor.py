"""Starts named children, watches them, restarts the fallen, and stops all in reverse order."""

import contextlib
import signal
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import FrameType

from baoxue.engines.child import Child, Launch, start, stop_all, wait_ready, why_ended
from baoxue.engines.outcome import EngineFailed

WATCH_SECONDS = 0.2
RESTARTS_ALLOWED = 5
RESTART_WINDOW_SECONDS = 120.0
RESTART_PAUSE_SECONDS = 0.5
# One that keeps falling and that the others do without: tried again at this pace.
SPARE_PAUSE_SECONDS = 30.0
HEALTH_SECONDS = 1.0
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

# Asked on loopback: a proxy of the environment must not be.
LOOPBACK = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class StopAsked(BaseException):
    """Somebody pressed Ctrl-C or sent a signal: no error, so no `except Exception` catches it."""


@contextlib.contextmanager
def stop_signals() -> Iterator[None]:
    """Within the block a stop signal raises StopAsked, once; what follows it is left in peace."""

    def ask(_number: int, _frame: FrameType | None) -> None:
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        raise StopAsked

    before = {number: signal.signal(number, ask) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@dataclass(slots=True)
class Watched:
    """A child, and when it was restarted lately (seconds of the monotonic clock)."""

    child: Child
    restarts: deque[float] = field(default_factory=lambda: deque(maxlen=RESTARTS_ALLOWED))


@dataclass(slots=True)
class Supervisor:
    """Children in groups: a group is started together, groups are stopped last first.

    `say` shows one line to the person who started us.
    """

    say: Callable[[str], None]
    groups: list[list[Watched]] = field(default_factory=list)

    def start_group(self, launches: Sequence[Launch]) -> None:
        """Starts all, then waits for each; EngineFailed names the first that does not come up.

        One that is not vital is told of, and tried again while the others run.
        """
        group: list[Watched] = []
        self.groups.append(group)
        began = time.monotonic()
        # Grows child by child: a start that fails leaves the ones before it to be stopped.
        group.extend(Watched(start(launch)) for launch in launches)
        for watched in group:
            try:
                wait_ready(watched.child)
            except EngineFailed as failed:
                if watched.child.launch.vital:
                    raise
                self.say(f"{failed.line}其余照常。")
                continue
            self.say(f"{watched.child.launch.name} 就绪({time.monotonic() - began:.1f} 秒)")

    def watch(self) -> None:
        """Keeps everything running until StopAsked; EngineFailed when a child keeps falling."""
        while True:
            time.sleep(WATCH_SECONDS)
            for watched in self.all():
                if not watched.child.running:
                    self.restart(watched)

    def restart(self, watched: Watched) -> None:
        name, now = watched.child.launch.name, time.monotonic()
        lately = [at for at in watched.restarts if now - at < RESTART_WINDOW_SECONDS]
        if len(lately) >= RESTARTS_ALLOWED and not watched.child.launch.vital:
            if now - lately[-1] < SPARE_PAUSE_SECONDS:
                return
            lately = []
        if len(lately) >= RESTARTS_ALLOWED:
            raise EngineFailed(
                f"{name} 在 {RESTART_WINDOW_SECONDS:.0f} 秒内退出了 {RESTARTS_ALLOWED + 1} 次，"
                f"已全部停止：请查看日志 {watched.child.launch.log} 后重试。"
            )
        log = watched.child.launch.log
        if watched.child.launch.vital:
            self.say(f"{name} 意外退出，正在重新启动(第 {len(lately) + 1} 次)，日志 {log}")
        else:
            self.say(f"{why_ended(watched.child.launch)}其余照常，稍后自动再试。")
        stop_all([watched.child])
        time.sleep(RESTART_PAUSE_SECONDS * len(lately))
        watched.restarts.append(now)
        watched.child = start(watched.child.launch)

    def all(self) -> list[Watched]:
        return [watched for group in self.groups for watched in group]

    def stop(self) -> None:
        """Stops the groups, last first: services before the servers that they write to."""
        while self.groups:
            stop_all([watched.child for watched in reversed(self.groups[-1])])
            self.groups.pop()


@contextlib.contextmanager
def supervised(say: Callable[[str], None]) -> Iterator[Supervisor]:
    """A supervisor whose children have ended, whatever happens, when the block ends."""
    supervisor = Supervisor(say)
    try:
        yield supervisor
    finally:
        supervisor.stop()


def healthy(url: str) -> bool:
    """Whether the address answers 200 within a second."""
    try:
        with LOOPBACK.open(url, timeout=HEALTH_SECONDS) as answer:
            return answer.status == 200
    except (OSError, urllib.error.URLError, ValueError):
        return False
