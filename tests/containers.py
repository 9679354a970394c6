"""The Docker tier of the test servers: official images of PostgreSQL and Apache Kafka."""

import contextlib
import secrets
import socket
import time
from collections.abc import Iterator

from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.container import DockerContainer

from baoxue.engines.kafka import VERSION

POSTGRES_IMAGE = "postgres:18"
KAFKA_IMAGE = f"apache/kafka:{VERSION}"
CLIENT_PORT = 9092
READY_SECONDS = 120.0
POLL_SECONDS = 0.2
HASTY = "postgres -c fsync=off -c full_page_writes=off -c synchronous_commit=off"


@contextlib.contextmanager
def container_servers() -> Iterator[tuple[str, str]]:
    """A database address and a bootstrap address, as long as the block lasts."""
    with contextlib.ExitStack() as running:
        yield postgres_container(running), kafka_container(running)


def postgres_container(running: contextlib.ExitStack) -> str:
    password = secrets.token_urlsafe(16)
    container = PostgresContainer(POSTGRES_IMAGE, password=password, driver=None)
    container.with_command(f"{HASTY} -c max_connections=200")
    return running.enter_context(container).get_connection_url()


def kafka_container(running: contextlib.ExitStack) -> str:
    """A port of the host bound in advance: the broker must tell clients where it is seen."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    container = DockerContainer(KAFKA_IMAGE).with_bind_ports(CLIENT_PORT, port)
    for name, value in kafka_settings(port).items():
        container.with_env(name, value)
    running.enter_context(container)
    wait_until_serving(container)
    return f"127.0.0.1:{port}"


def kafka_settings(port: int) -> dict[str, str]:
    return {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_LISTENERS": f"PLAINTEXT://:{CLIENT_PORT},CONTROLLER://:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://127.0.0.1:{port}",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
    }


def wait_until_serving(container: DockerContainer) -> None:
    limit = time.monotonic() + READY_SECONDS
    while b"Kafka Server started" not in b"".join(container.get_logs()):
        if time.monotonic() > limit:
            raise TimeoutError(f"{KAFKA_IMAGE} did not start in {READY_SECONDS:.0f} s")
        time.sleep(POLL_SECONDS)
