"""What starting a server ends in: an address to connect to, or one line that says what to do."""

from dataclasses import dataclass
from urllib.parse import quote


class EngineFailed(Exception):
    """A server that cannot start; `line` is one Chinese sentence with what to do next."""

    def __init__(self, line: str) -> None:
        super().__init__(line)
        self.line = line


@dataclass(frozen=True, slots=True)
class PostgresAddress:
    """Where a PostgreSQL server listens and who may create databases and roles there."""

    host: str
    port: int
    user: str
    password: str

    def url(self, database: str = "postgres") -> str:
        """`postgresql://user:password@host:port/database`, as asyncpg and libpq read it."""
        who = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"
        return f"postgresql://{who}@{self.host}:{self.port}/{database}"


@dataclass(frozen=True, slots=True)
class KafkaAddress:
    """`host:port` of the broker that clients ask first."""

    bootstrap: str
