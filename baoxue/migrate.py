"""Before the services start: databases, roles, tables, keys and topics, each made once."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import create_async_engine

from baoxue.engines.secrets import kept_secret as secret
from services.audit.sealer.keys import make_key_file
from shared.contracts.topics import SERVICES
from shared.kafka import create_topics
from shared.key_files import SERVICE_CLASSES, make_key_files
from shared.keyring_schema import KeyringRole, install
from shared.ledger_schema import (
    Passwords,
    Roles,
    async_url,
    create_database,
    migrate,
    write_clock,
)
from shared.settings import Settings
from shared.signing import make_signing_keys

SERVICES_FOLDER = Path(__file__).parent.parent / "services"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to make: `admin` may create databases and roles; `sim_at`: born simulated from then."""

    settings: Settings
    admin: URL
    placed: Mapping[str, URL]
    sim_at: datetime | None
    replication: int = 1

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "Plan":
        """From BAOXUE_DATABASE_URL, BAOXUE_<SERVICE>_DATABASE_URL, BAOXUE_SIMULATED_FROM."""
        settings = Settings()
        admin = async_url(environ["BAOXUE_DATABASE_URL"])
        names = (*SERVICES, "keyring")
        found = {name: environ.get(f"BAOXUE_{name.upper()}_DATABASE_URL") for name in names}
        placed = {name: async_url(url) for name, url in found.items() if url}
        sim = environ.get("BAOXUE_SIMULATED_FROM")
        replication = int(environ.get("BAOXUE_KAFKA_REPLICATION", "1"))
        return cls(
            settings, admin, placed, datetime.fromisoformat(sim) if sim else None, replication
        )

    def database(self, service: str) -> str:
        return f"{self.settings.name}_{service}"

    def server(self, service: str) -> URL:
        return self.placed.get(service, self.admin)


async def prepare(plan: Plan) -> None:
    """Everything, repeatable: what is there stays."""
    make_key_files(plan.settings.home / "keys")
    make_key_file(plan.settings.home / "keys")
    make_signing_keys(plan.settings.home / "secrets")
    for service in SERVICES:
        await prepare_service(plan, service)
    await prepare_keyring(plan)
    for service in SERVICES:
        write_environment(plan, service)
    write_sealer_environment(plan)
    if plan.settings.kafka:
        await create_topics(plan.settings.kafka, plan.settings.prefix, plan.replication)


def passwords(plan: Plan, service: str) -> Passwords:
    home = plan.settings.home
    sealer = secret(home, "sealer") if service == "audit" else None
    return Passwords(secret(home, f"{service}_app"), secret(home, f"{service}_feed"), sealer)


async def prepare_service(plan: Plan, service: str) -> None:
    server = create_async_engine(plan.server(service))
    try:
        await create_database(server, plan.database(service), passwords(plan, service))
    finally:
        await server.dispose()
    versions = SERVICES_FOLDER / service / "migrations"
    await migrate(plan.server(service), plan.database(service), versions)
    await write_clock(plan.server(service), plan.database(service), plan.sim_at)


async def prepare_keyring(plan: Plan) -> None:
    database = plan.database("keyring")
    server = create_async_engine(plan.server("keyring"))
    try:
        await create_database(server, database, None)
    finally:
        await server.dispose()
    roles = {
        service: KeyringRole(
            name=f"{database}_{service}",
            password=secret(plan.settings.home, f"keyring_{service}"),
            classes=SERVICE_CLASSES[service],
        )
        for service in SERVICES
    }
    engine = create_async_engine(plan.server("keyring").set(database=database))
    try:
        async with engine.begin() as conn:
            await install(conn, Roles.of(database).owner, roles)
    finally:
        await engine.dispose()


def write_environment(plan: Plan, service: str) -> None:
    """Each service's own credentials and nobody else's, as `NAME=value` lines (mode 0600)."""
    home, database = plan.settings.home, plan.database(service)
    own, keyring = Roles.of(database), plan.database("keyring")
    secrets = passwords(plan, service)
    lines = {
        "BAOXUE_DATABASE_URL": login(plan.server(service), database, own.app, secrets.app),
        "BAOXUE_FEED_DATABASE_URL": login(plan.server(service), database, own.feed, secrets.feed),
        "BAOXUE_KEYRING_URL": login(
            plan.server("keyring"),
            keyring,
            f"{keyring}_{service}",
            secret(home, f"keyring_{service}"),
        ),
        "BAOXUE_KEYS": str(home / "keys" / f"{service}.json"),
        "BAOXUE_SECRETS": str(home / "secrets"),
    }
    write_lines(home, service, lines)


def write_sealer_environment(plan: Plan) -> None:
    """The sealer's: its own role in audit's database and its own key file, nothing of a service."""
    home, database = plan.settings.home, plan.database("audit")
    role, password = Roles.of(database).sealer, secret(home, "sealer")
    lines = {
        "BAOXUE_DATABASE_URL": login(plan.server("audit"), database, role, password),
        "BAOXUE_KEYS": str(home / "keys" / "sealer.json"),
        "BAOXUE_SECRETS": str(home / "secrets"),
    }
    write_lines(home, "sealer", lines)


def write_lines(home: Path, name: str, lines: Mapping[str, str]) -> None:
    """`secrets/<name>.env`, which only we can read."""
    file = home / "secrets" / f"{name}.env"
    file.touch(mode=0o600, exist_ok=True)
    file.write_text("".join(f"{name}={value}\n" for name, value in lines.items()), encoding="utf-8")


def login(server: URL, database: str, role: str, password: str) -> str:
    url = server.set(database=database, username=role, password=password, drivername="postgresql")
    return url.render_as_string(hide_password=False)


def main() -> None:
    asyncio.run(prepare(Plan.read(os.environ)))


if __name__ == "__main__":
    main()
