"""The running system as its own programs see it: addresses, tokens, calls between its parts."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from time import time
from typing import Any

import httpx2

from shared.contracts.topics import SERVICES, source_of
from shared.session import ALL_LEDGERS, sign_call
from shared.settings import Settings
from shared.signing import Signer, load_signer

TIMEOUT_SECONDS = 30.0
QUIET_POLL_SECONDS = 0.05
QUIET_LIMIT_SECONDS = 600.0
# In this order, so that nobody's clock is ahead of those that cause its events.
CLOCK_ORDER = ("audit", "notify", "casework", "enrollment")


class NotQuiet(TimeoutError):
    """Some subscription did not reach its source's head in time."""


@dataclass(slots=True)
class System:
    """Calls services with the gateway's token. `http` is the caller's to close."""

    settings: Settings
    signer: Signer
    http: httpx2.AsyncClient

    @classmethod
    def here(cls, settings: Settings, http: httpx2.AsyncClient) -> "System":
        signer = load_signer(settings.home / "secrets", "gateway")
        return cls(settings, signer, http)

    def headers(self, service: str) -> dict[str, str]:
        token = sign_call(self.signer, service, [ALL_LEDGERS], time())
        return {"authorization": f"Bearer {token}"}

    async def get(self, service: str, path: str) -> Any:
        """JSON of a service's own path. Raises httpx2.HTTPError."""
        answer = await self.http.get(
            self.settings.url_of(service) + path,
            headers=self.headers(service),
            timeout=TIMEOUT_SECONDS,
        )
        answer.raise_for_status()
        return answer.json()

    async def post(self, service: str, path: str, body: Mapping[str, Any] | None = None) -> None:
        answer = await self.http.post(
            self.settings.url_of(service) + path,
            headers=self.headers(service),
            json=dict(body or {}),
            timeout=TIMEOUT_SECONDS,
        )
        answer.raise_for_status()

    async def positions(self) -> dict[str, Any]:
        found = await asyncio.gather(*(self.get(name, "/positions") for name in SERVICES))
        return dict(zip(SERVICES, found, strict=True))

    async def quiet(self, limit_seconds: float = QUIET_LIMIT_SECONDS) -> None:
        """Wait until every subscription is at its head and nothing is due. Raises NotQuiet."""
        loop = asyncio.get_running_loop()
        until = loop.time() + limit_seconds
        before: Any = None
        while True:
            found = await self.positions()
            waits = unfinished(found)
            heads = {name: one["heads"] for name, one in found.items()}
            if not waits and heads == before:
                return
            before = heads if not waits else None
            if loop.time() > until:
                raise NotQuiet("; ".join(waits[:5]))
            await asyncio.sleep(QUIET_POLL_SECONDS)


def unfinished(positions: Mapping[str, Any]) -> list[str]:
    """What is still on its way: timers due, ledgers not followed to their head."""
    heads = {
        (source_of(service, ledger), ledger): seq
        for service, one in positions.items()
        for ledger, seq in one["heads"].items()
        if seq
    }
    waits = [
        f"{name}: {one['timers_due']} timers due"
        for name, one in positions.items()
        if one["timers_due"]
    ]
    for one in positions.values():
        places = {(name, source, ledger): seq for name, source, ledger, seq in one["places"]}
        for name, sources in one["follows"].items():
            waits += [
                f"{name} at {places.get((name, source, ledger), 0)} of {seq} in {ledger}"
                for (source, ledger), seq in heads.items()
                if source in sources and places.get((name, source, ledger), 0) < seq
            ]
    return waits
