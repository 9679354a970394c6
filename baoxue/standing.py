"""How each process stands: health, lags and what is parked, as the status of all tells it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx2

from baoxue.system import System
from shared.contracts.topics import SERVICES

SEALER = "sealer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One process. `unpublished` is None where nothing is published; `lag` in entries."""

    name: str
    ready: bool
    unpublished: int | None
    lag: int
    parked: int
    problems: tuple[str, ...]


async def status_of(system: System) -> dict[str, Any]:
    """Health, lags and parked of each process; a part that does not answer is said."""

    async def one(service: str) -> tuple[str, dict[str, Any]]:
        try:
            return service, await system.get(service, "/status")
        except httpx2.HTTPError as error:
            return service, {"ready": False, "problems": [f"away: {type(error).__name__}"]}

    found = dict(await asyncio.gather(*(one(name) for name in (*SERVICES, SEALER))))
    addresses = {part["postgresql"] for part in found.values() if "postgresql" in part}
    return {
        "ok": all(part.get("ready") for part in found.values()),
        "postgresql": sorted(addresses),
        "kafka": system.settings.kafka,
        "services": found,
    }


def standings(status: Mapping[str, Any]) -> list[Standing]:
    """A line for each process of `status_of`."""
    return [_standing(name, one) for name, one in status["services"].items()]


def _standing(name: str, one: Mapping[str, Any]) -> Standing:
    lag = sum(part["lag"] for part in one.get("subscriptions", {}).values())
    lag += sum(part["size"] - part["sealed_size"] for part in one.get("logs", {}).values())
    return Standing(
        name=name,
        ready=bool(one["ready"]),
        unpublished=one.get("relay_lag"),
        lag=lag,
        parked=sum(one.get("parked", {}).values()),
        problems=tuple(one["problems"]),
    )
