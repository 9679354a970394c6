"""Fixtures that every test shares: the servers, started once a session."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

from baoxue.engines.child import stop
from baoxue.engines.postgres import start_postgres
from tests.servers import Servers, free_ports, servers

TOGETHER = ("tests/guard/",)

# How long an example takes says more about the machine than about the code.
settings.register_profile("baoxue", deadline=None)
settings.load_profile("baoxue")


@pytest.fixture(scope="session")
def engine_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """PostgreSQL and Kafka of the tier that this machine offers."""
    with servers(tmp_path_factory.mktemp("servers")) as found:
        yield found


@pytest.fixture(scope="session")
def postgres_server(engine_servers: Servers) -> str:
    """`postgresql://…/postgres` of a role that may create databases and roles."""
    return engine_servers.database_url


@pytest.fixture(scope="session")
def kafka_server(engine_servers: Servers) -> str:
    """`host:port` of a broker that creates no topic by itself."""
    return engine_servers.kafka


@pytest.fixture(scope="session")
def durable_postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of its own with fsync and synchronous_commit on, for tests of what survives."""
    home: Path = tmp_path_factory.mktemp("durable")
    child, address = start_postgres(home, free_ports(1)[0])
    yield address.url()
    stop(child)


class ByFile(LoadFileScheduling):
    """What shares costly fixtures stays in one process: the tests of a file, those of the guard."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return next((name for name in TOGETHER if file.startswith(name)), file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    return ByFile(config, log)
