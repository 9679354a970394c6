"""P4: the `eventsourcing` library on PostgreSQL, its safe default and its fast mode."""

import threading
from time import perf_counter
from uuid import UUID, uuid4

from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import (
    PostgresAggregateRecorder,
    PostgresApplicationRecorder,
    PostgresDatastore,
)
from sqlalchemy.engine import URL

from tests.benchmarks.payload import VISIT, example

WRITERS = 8
EVENTS = 800


class Library:
    """Eight threads, each appending single events of aggregates of its own."""

    def __init__(self, url: URL, table: str) -> None:
        self.datastore = PostgresDatastore(
            dbname=url.database or "",
            host=url.host or "",
            port=str(url.port),
            user=url.username or "",
            password=str(url.password),
            pool_size=WRITERS,
            max_overflow=WRITERS,
        )
        self.recorder = PostgresApplicationRecorder(self.datastore, events_table_name=table)
        self.recorder.create_table()
        self.body = example(VISIT).encode()

    def measure(self) -> float:
        threads = [
            threading.Thread(target=self._write, args=(EVENTS // WRITERS,)) for _ in range(WRITERS)
        ]
        began = perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return EVENTS / (perf_counter() - began)

    def _write(self, count: int) -> None:
        for _ in range(count):
            one = StoredEvent(
                originator_id=UUID(str(uuid4())), originator_version=1, topic=VISIT, state=self.body
            )
            self.recorder.insert_events([one])

    def close(self) -> None:
        self.datastore.close()


__all__ = ["Library", "PostgresAggregateRecorder"]
