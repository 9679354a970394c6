"""What the four composition roots have in common."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from time import time

from fastapi import FastAPI

from shared import access, answers, clock_http, feed, integrity, logs, redrive_http, rulebook
from shared.directory import DIRECTORY_TYPES, project_directory
from shared.edge import Edge
from shared.founding import founding
from shared.key_files import load_key_file
from shared.keyring import Keyring
from shared.pool import pooled_engine
from shared.rulebook import RULE_TYPES, project_rules
from shared.service import Service, add_health
from shared.session import ALL_LEDGERS, sign_call
from shared.session_http import caller, feed_reader
from shared.settings import Settings
from shared.signing import load_public_keys, load_signer
from shared.subscription import Subscription

KEYRING_POOL_SIZE, KEYRING_POOL_OVERFLOW = 4, 10


def compose(name: str, settings: Settings) -> Edge:
    """The edge of one service process, following what every service follows."""
    logs.configure(name, settings.log_level)
    signer = load_signer(settings.secrets, name)
    service = Service(
        name, settings, lambda audience: sign_call(signer, audience, [ALL_LEDGERS], time())
    )
    keyring_engine = pooled_engine(settings.keyring_url, KEYRING_POOL_SIZE, KEYRING_POOL_OVERFLOW)
    keyring = Keyring(keyring_engine, load_key_file(settings.keys))
    edge = Edge(service, keyring, signer)
    service.follow(*_followed(name, settings.domain))
    return edge


def _followed(name: str, domain: str) -> list[Subscription]:
    """The directory and the rules; a service follows its own events from its own store."""
    directory = Subscription(
        f"{name}.directory",
        ("enrollment",),
        project_directory,
        own=name == "enrollment",
        types=DIRECTORY_TYPES,
    )
    rules = Subscription(
        f"{name}.rules", ("casework",), project_rules, own=name == "casework", types=RULE_TYPES
    )
    return [directory, rules, *([] if name == "enrollment" else [founding(name, domain)])]


def application(edge: Edge, refusal: answers.Refusal | None = None) -> FastAPI:
    """The FastAPI application of a composed service: feed, health, error answers."""
    service = edge.service

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await service.start()
        fetching = asyncio.create_task(
            rulebook.fetch_missing(
                service.engine,
                service.http,
                service.settings.url_of("casework"),
                lambda: edge.call_token("casework"),
            )
        )
        yield
        fetching.cancel()
        await service.stop()

    app = FastAPI(title=f"baoxue {service.name}", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.public_keys = load_public_keys(service.settings.secrets)
    app.state.service = service.name
    app.include_router(feed.router(service.engine, service.waking, feed_reader))
    kinds = (*service.aggregates, access.aggregate(service.name))
    app.include_router(integrity.router(service.engine, service.name, kinds, caller))
    app.include_router(clock_http.router(service, caller))
    app.include_router(redrive_http.router(service, caller))
    add_health(app, service)
    answers.install(app, refusal)
    return app
