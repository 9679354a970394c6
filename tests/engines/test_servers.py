"""The session's servers are what everybody may rely on."""

import uuid

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic


async def test_the_admin_creates_roles_and_databases_for_them(postgres_server: str) -> None:
    name = f"t_{uuid.uuid4().hex[:12]}"
    connection = await asyncpg.connect(postgres_server)
    try:
        await connection.execute("SET createrole_self_grant = 'set, inherit'")
        await connection.execute(f"CREATE ROLE {name}_owner NOLOGIN")
        await connection.execute(f"CREATE DATABASE {name} OWNER {name}_owner")
        owner = await connection.fetchval(
            "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = $1", name
        )
        await connection.execute(f"DROP DATABASE {name}")
        await connection.execute(f"DROP ROLE {name}_owner")
    finally:
        await connection.close()
    assert owner == f"{name}_owner"


async def test_a_message_sent_to_the_broker_comes_back(kafka_server: str) -> None:
    topic = f"t.{uuid.uuid4().hex}"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_server)
    await admin.start()
    await admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)])
    async with AIOKafkaProducer(bootstrap_servers=kafka_server, acks="all") as producer:
        await producer.send_and_wait(topic, "保学".encode())
    async with AIOKafkaConsumer(
        topic, bootstrap_servers=kafka_server, group_id=topic, auto_offset_reset="earliest"
    ) as consumer:
        record = await consumer.getone()
    await admin.delete_topics([topic])
    await admin.close()
    assert record.value == "保学".encode()
