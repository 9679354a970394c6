"""What a process is told from outside: read once, by the composition roots."""

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict

PORT_OFFSETS = {
    "gateway": 0,
    "enrollment": 1,
    "casework": 2,
    "notify": 3,
    "audit": 4,
    "sealer": 5,
}


class Settings(BaseSettings):
    """`BAOXUE_…` variables of one process. `name` prefixes databases, topics and groups.

    `database_url` and `keyring_url` are this service's own credentials and nobody else's.
    """

    model_config = SettingsConfigDict(env_prefix="BAOXUE_", extra="ignore")

    name: str = "baoxue"
    home: Path = Path(".baoxue")
    port: int = 8700
    host: str = "127.0.0.1"
    domain: str = "baoxue.local"
    database_url: str = ""
    feed_database_url: str = ""
    keyring_url: str = ""
    kafka: str = ""
    keys: Path = Path()
    secrets: Path = Path()
    enrollment_url: str = ""
    casework_url: str = ""
    notify_url: str = ""
    audit_url: str = ""
    sealer_url: str = ""
    pool_size: int = 10
    log_level: str = "INFO"

    @property
    def prefix(self) -> str:
        """Before every topic and group; empty for the default name."""
        return "" if self.name == "baoxue" else f"{self.name}."

    def url_of(self, service: str) -> str:
        """Base address of another service (or the gateway)."""
        given = getattr(self, f"{service}_url", "")
        return given or f"http://{self.host}:{self.port + PORT_OFFSETS[service]}"
