"""Apache Kafka from pinned jars: checked before use, continued at the next start."""

import hashlib
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError

from baoxue.engines.child import stop
from baoxue.engines.jars import LOCK, digest_of, ensured_jars, locked_jars
from baoxue.engines.kafka import VERSION, launch_kafka, start_kafka
from baoxue.engines.outcome import EngineFailed
from tests.servers import free_ports

TOPIC = "kept"


async def create_topic(bootstrap: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(TOPIC, num_partitions=1, replication_factor=1)])
    await admin.close()


async def send(bootstrap: str, topic: str) -> int:
    """The offset at which the broker stored it."""
    async with AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", request_timeout_ms=5000
    ) as producer:
        return (await producer.send_and_wait(topic, b"x")).offset


async def test_a_second_start_continues_with_its_data_under_other_ports(home: Path) -> None:
    offsets = []
    for first in (True, False):
        port, controller = free_ports(2)
        child, address = start_kafka(home, port, controller)
        try:
            if first:
                await create_topic(address.bootstrap)
            offsets.append(await send(address.bootstrap, TOPIC))
        finally:
            stop(child)
    assert offsets == [0, 1]


async def test_a_topic_that_nobody_made_stays_unmade(kafka_server: str) -> None:
    with pytest.raises(KafkaError):
        await send(kafka_server, "never-made")


def test_data_of_a_newer_version_is_refused_in_one_line(home: Path) -> None:
    (home / "kafka").mkdir(parents=True)
    (home / "kafka" / "version").write_text("4.99.0")
    with pytest.raises(EngineFailed, match=r"Kafka 4\.99\.0 的数据"):
        launch_kafka(home, *free_ports(2))


def one_jar(folder: Path, content: bytes) -> tuple[Path, Path]:
    """A lock of one jar and the cached file that it pins."""
    lock = folder / "one.lock"
    lock.write_text(f"org.example:thing:1.0 sha256:{hashlib.sha256(content).hexdigest()}\n")
    cached = folder / f"kafka-{digest_of(lock)[:12]}" / "thing-1.0.jar"
    cached.parent.mkdir()
    cached.write_bytes(content)
    return lock, cached


def test_a_jar_with_another_digest_is_refused_by_name(tmp_path: Path) -> None:
    lock, cached = one_jar(tmp_path, b"the jar")
    assert ensured_jars(tmp_path, lock) == cached.parent
    cached.write_bytes(b"the jar, changed")
    with pytest.raises(EngineFailed, match=r"org\.example:thing:1\.0.*SHA-256"):
        ensured_jars(tmp_path, lock)


def test_no_network_at_the_first_start_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = free_ports(1)[0]
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed}")
    with pytest.raises(EngineFailed, match="首次启动需要网络") as refused:
        ensured_jars(tmp_path)
    assert "\n" not in refused.value.line


def test_every_jar_is_pinned_by_digest_and_no_address_is_named() -> None:
    jars = locked_jars(LOCK)
    assert f"org.apache.kafka:kafka_2.13:{VERSION}" in {jar.coordinate for jar in jars}
    assert all(len(bytes.fromhex(jar.sha256)) == 32 for jar in jars)
    assert "//" not in LOCK.read_text()
