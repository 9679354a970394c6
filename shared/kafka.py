"""The broker: topics, the idempotent producer, subscribers that never acknowledge early."""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from aiokafka import AIOKafkaProducer, ConsumerRecord
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaAckableMessage

from shared.contracts.topics import (
    LEDGER_SEQ,
    PARTITIONS,
    PREVIOUS_HASH,
    SOURCE,
    SUBJECT,
    TYPE,
    all_topics,
)
from shared.event import BODY_LIMIT_BYTES

# The only names of the broker's client that other modules use.
Broker = KafkaBroker
Producer = AIOKafkaProducer

RETENTION_MILLISECONDS = 7 * 24 * 3600 * 1000
MESSAGE_LIMIT_BYTES = 64 * 1024
# The broker's limit counts a whole batch of records, not one: a batch stays below it.
BATCH_LIMIT_BYTES = MESSAGE_LIMIT_BYTES - 4 * 1024
REQUEST_LIMIT_BYTES = 2 << 20
BATCH_LIMIT_RECORDS = 4000
# While a fetch waits for the quiet partitions, one that was just read is not asked again: so long
# may an event of a burst be late, and so often does an idle consumer ask.
FETCH_WAIT_MILLISECONDS = 200
# The loop over what has been fetched wakes by itself when something comes.
IDLE_WAIT_MILLISECONDS = 1000
FETCH_LIMIT_BYTES = 4 << 20
SESSION_MILLISECONDS = 15_000
STOP_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Arrived:
    """One of our records: whose, which place, and the exact body. `previous` may be empty."""

    source: str
    ledger: str
    seq: int
    subject: str
    previous: str
    body: bytes


class _Place(msgspec.Struct, frozen=True):
    type: str
    source: str
    ledgerseq: int


_place = msgspec.json.Decoder(_Place)
HIGHEST_SEQ = 2**63 - 1
# RecursionError: a body nested a thousand deep. Whatever is not listed would come again for ever.
NOT_OURS = (KeyError, ValueError, IndexError, TypeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Strange:
    """Bytes that do not come from a relay of ours; set aside, never applied."""

    topic: str
    partition: int
    offset: int
    value: bytes
    reason: str


async def create_topics(bootstrap: str, prefix: str, replication: int = 1) -> None:
    """Create every topic of the system; those that exist are left as they are."""
    settings = {
        "retention.ms": str(RETENTION_MILLISECONDS),
        "max.message.bytes": str(MESSAGE_LIMIT_BYTES),
        "min.insync.replicas": "2" if replication >= 3 else "1",
    }
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        existing = set(await admin.list_topics())
        wanted = [t for t in all_topics(prefix) if t not in existing]
        topics = [NewTopic(t, PARTITIONS, replication, topic_configs=settings) for t in wanted]
        if topics:
            await admin.create_topics(topics)
    except TopicAlreadyExistsError:
        pass  # another migration job was faster
    finally:
        await admin.close()


def producer(bootstrap: str) -> Producer:
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        enable_idempotence=True,
        acks="all",
        linger_ms=0,
        max_request_size=REQUEST_LIMIT_BYTES,
        max_batch_size=BATCH_LIMIT_BYTES,
    )


def broker(bootstrap: str) -> Broker:
    return KafkaBroker(
        bootstrap,
        logger=None,
        apply_types=False,
        graceful_timeout=STOP_SECONDS,
        allow_auto_create_topics=False,
    )


def digest(body: bytes) -> str:
    """SHA-256 of a body, hex: what checkpoints keep."""
    return hashlib.sha256(body).hexdigest()


def subscribe(
    kafka: Broker,
    topics: Sequence[str],
    group: str,
    handle: Callable[[Sequence[Arrived], Sequence[Strange]], Awaitable[None]],
    **options: Any,
) -> Any:
    """A batch subscriber that redelivers the whole batch when `handle` raises.

    Returns FastStream's subscriber; `.consumer` is aiokafka's once it has started.
    """

    async def parse(records: Sequence[ConsumerRecord[Any, Any]]) -> KafkaAckableMessage:
        first = records[0]
        return KafkaAckableMessage(
            body=b"",
            headers={},
            raw_message=records,
            message_id=f"{first.topic}/{first.partition}/{first.offset}",
            correlation_id=None,
            content_type=None,
            reply_to="",
            consumer=subscriber.consumer,
        )

    async def decode(message: KafkaAckableMessage) -> Any:
        return message.raw_message

    subscriber = kafka.subscriber(
        *topics,
        group_id=group,
        batch=True,
        max_records=BATCH_LIMIT_RECORDS,
        batch_timeout_ms=IDLE_WAIT_MILLISECONDS,
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.NACK_ON_ERROR,
        fetch_max_wait_ms=FETCH_WAIT_MILLISECONDS,
        max_partition_fetch_bytes=FETCH_LIMIT_BYTES,
        session_timeout_ms=SESSION_MILLISECONDS,
        parser=parse,
        decoder=decode,
        **options,
    )

    @subscriber
    async def receive(records: Any) -> None:
        arrived, strange = sort_records(records)
        await handle(arrived, strange)

    return subscriber


def sort_records(records: Sequence[Any]) -> tuple[list[Arrived], list[Strange]]:
    """Our records in order of arrival, and what came from strangers."""
    arrived: list[Arrived] = []
    strange: list[Strange] = []
    for record in records:
        try:
            arrived.append(_arrived(record))
        except NOT_OURS as error:
            strange.append(
                Strange(
                    record.topic,
                    record.partition,
                    record.offset,
                    record.value or b"",
                    f"not from a relay of ours: {type(error).__name__}",
                )
            )
    return arrived, strange


def _arrived(record: Any) -> Arrived:
    headers = dict(record.headers)
    origin, seq = headers[SOURCE].decode(), int(headers[LEDGER_SEQ])
    _, ledger, service = origin.split("/")
    source = f"{service}.access" if ledger.endswith("-access") else service
    if record.key is None or record.key.decode() != ledger or not record.value:
        raise ValueError("the key is not the ledger")
    if not 0 < seq <= HIGHEST_SEQ:
        raise ValueError("no ledger has such a place")
    # Headers alone would let anybody's bytes stop a ledger at the place that they claim.
    if _place.decode(_storable(record.value)) != _Place(headers[TYPE].decode(), origin, seq):
        raise ValueError("the body stands elsewhere than its headers say")
    return Arrived(
        source,
        ledger,
        seq,
        headers.get(SUBJECT, b"").decode(),
        headers.get(PREVIOUS_HASH, b"").decode(),
        record.value,
    )


def _storable(value: bytes) -> bytes:
    """The value, if a store could have held it: its size, UTF-8, no U+0000."""
    if len(value) > BODY_LIMIT_BYTES or b"\0" in value:
        raise ValueError("no store holds such a body")
    value.decode()
    return value
