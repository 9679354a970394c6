"""The supervisor: everything up in one command, nothing left running whatever happens."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from baoxue.engines.outcome import EngineFailed
from baoxue.supervisor import LOOPBACK
from baoxue.up import Settings
from tests.servers import Servers, free_ports

WAIT_SECONDS = 60.0
POLL_SECONDS = 0.05
Environment = dict[str, str]


@pytest.fixture
def environment(home: Path, engine_servers: Servers) -> Environment:
    """A system that uses the session's servers."""
    return {
        **os.environ,
        "BAOXUE_HOME": str(home),
        "BAOXUE_PORT": str(free_ports(1)[0] % 40000 + 10000),
        "BAOXUE_DATABASE_URL": engine_servers.database_url,
        "BAOXUE_KAFKA": engine_servers.kafka,
        "BAOXUE_CASEWORK_DATABASE_URL": "postgresql://another.example/casework",
    }


@contextlib.contextmanager
def running(environment: Environment) -> Iterator[subprocess.Popen[str]]:
    words = [sys.executable, "-m", "tests.engines.sample_up"]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, env=environment, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def read_until(process: subprocess.Popen[str], text: str) -> str:
    assert process.stdout is not None
    seen = ""
    for line in process.stdout:
        seen += line
        if text in line:
            return seen
    assert process.stderr is not None
    raise AssertionError(f"{text!r} never came: {seen}{process.stderr.read()}")


def until(condition: Callable[[], bool]) -> bool:
    limit = time.monotonic() + WAIT_SECONDS
    while not condition() and time.monotonic() < limit:
        time.sleep(POLL_SECONDS)
    return condition()


def descendants(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def ended(processes: list[psutil.Process]) -> bool:
    return not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in processes)


def fails(environment: Environment) -> str:
    """What a start that is refused says."""
    words = [sys.executable, "-m", "tests.engines.sample_up"]
    done = subprocess.run(
        words, env=environment, capture_output=True, text=True, timeout=WAIT_SECONDS, check=False
    )
    assert done.returncode != 0
    assert "Traceback" not in done.stderr + done.stdout
    return done.stderr


def test_everything_starts_from_nothing_and_ctrl_c_leaves_nothing(environment: Environment) -> None:
    own = {k: v for k, v in environment.items() if k not in ("BAOXUE_DATABASE_URL", "BAOXUE_KAFKA")}
    with running(own) as process:
        said = read_until(process, "baoxue ready")
        children = descendants(process)
        process.send_signal(signal.SIGINT)
        read_until(process, "已全部停止")
        assert process.wait(WAIT_SECONDS) == 0
    assert [name in said for name in ("PostgreSQL", "Kafka", "sample")] == [True] * 3
    assert said.rstrip().endswith(f"baoxue ready http://127.0.0.1:{own['BAOXUE_PORT']}")
    assert len(children) > 3
    assert ended(children)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_the_children_end_with_their_supervisor(
    environment: Environment, number: signal.Signals
) -> None:
    with running(environment) as process:
        read_until(process, "baoxue ready")
        services = psutil.Process(process.pid).children()
        process.send_signal(number)
        assert until(lambda: ended(services))


def test_a_service_that_is_killed_comes_back(environment: Environment) -> None:
    with running(environment) as process:
        read_until(process, "baoxue ready")
        first = psutil.Process(process.pid).children()[0]
        first.kill()
        read_until(process, "sample 意外退出，正在重新启动(第 1 次)")
        assert until(lambda: health(environment) is not None)
        assert psutil.Process(process.pid).children()[0].pid != first.pid


def health(environment: Environment) -> str | None:
    url = f"http://127.0.0.1:{int(environment['BAOXUE_PORT']) + 1}/health/ready"
    try:
        with LOOPBACK.open(url, timeout=1) as answer:
            return answer.read().decode()
    except OSError:
        return None


def test_a_service_sees_no_database_but_its_own(environment: Environment, home: Path) -> None:
    (home / "secrets").mkdir(parents=True)
    own = "BAOXUE_SAMPLE_DATABASE_URL=postgresql://own.example/sample\n"
    (home / "secrets" / "sample.env").write_text(own)
    with running(environment) as process:
        read_until(process, "baoxue ready")
        assert health(environment) == "BAOXUE_SAMPLE_DATABASE_URL"


def test_a_service_that_cannot_start_is_one_line_with_its_log(environment: Environment) -> None:
    said = fails({**environment, "SAMPLE_SERVICE": "falls"})
    assert said.count("\n") == 1
    assert "sample 意外退出(the sample service falls)" in said
    assert "sample.log" in said


def test_a_second_supervisor_on_the_same_home_is_refused(environment: Environment) -> None:
    with running(environment) as process:
        read_until(process, "baoxue ready")
        assert "正由另一个保学进程使用" in fails(environment)
        assert process.poll() is None


def test_a_taken_port_is_found_before_anything_starts(environment: Environment, home: Path) -> None:
    with running(environment) as process:
        read_until(process, "baoxue ready")
        other = {**environment, "BAOXUE_HOME": str(home.with_name("other"))}
        other.pop("BAOXUE_DATABASE_URL")
        taken = int(environment["BAOXUE_PORT"]) + 1
        assert f"端口 {taken}(sample)已被占用" in fails(other)
    assert not (home.with_name("other") / "postgres").exists()


def test_a_given_server_that_does_not_answer_is_named(environment: Environment) -> None:
    port = free_ports(1)[0]
    said = fails({**environment, "BAOXUE_KAFKA": f"127.0.0.1:{port}"})
    assert f"BAOXUE_KAFKA 指定的服务器 127.0.0.1:{port} 连接不上" in said


@pytest.mark.parametrize(
    ("name", "value"),
    [("BAOXUE_PORT", "65530"), ("BAOXUE_PORT", "http"), ("BAOXUE_NAME", "Bao-Xue")],
)
def test_a_setting_that_cannot_be_used_is_named(name: str, value: str) -> None:
    with pytest.raises(EngineFailed, match=f"{name}={value}"):
        Settings.read({name: value})
