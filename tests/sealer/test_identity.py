"""The sealer's token reads the feeds of all four services, and opens nothing else."""

from pathlib import Path
from time import time
from typing import Annotated

import httpx2
import pytest
from fastapi import Depends

from shared.contracts.topics import SERVICES
from shared.session import ALL_LEDGERS, Caller, NotSignedIn, read_session, sign_call
from shared.session_http import caller
from shared.signing import load_public_keys, load_signer
from tests.sealer.staging import COUNTY, Producer, feed_app


async def status_of(producer: Producer, secrets: Path, who: str, path: str) -> int:
    """What a service answers to somebody who asks for a path of its own."""
    app = feed_app(secrets, producer)

    @app.get("/positions")
    async def positions(_asking: Annotated[Caller, Depends(caller)]) -> dict[str, int]:
        return {}

    token = sign_call(load_signer(secrets, who), producer.service, [ALL_LEDGERS], time())
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://x") as http:
        headers = {"authorization": f"Bearer {token}"}
        return (await http.get(path, headers=headers)).status_code


@pytest.mark.parametrize("service", SERVICES)
async def test_it_reads_feeds_and_nothing_else(
    producers: dict[str, Producer], secrets: Path, service: str
) -> None:
    producer = producers[service]
    for path in ("/feed/heads", f"/feed/{COUNTY}?after=0"):
        assert await status_of(producer, secrets, "sealer", path) == 200
    assert await status_of(producer, secrets, "sealer", "/positions") == 401
    assert await status_of(producer, secrets, "gateway", "/positions") == 200


def test_it_signs_no_session(secrets: Path, producers: dict[str, Producer]) -> None:
    token = sign_call(load_signer(secrets, "sealer"), "baoxue-session", [ALL_LEDGERS], time())
    with pytest.raises(NotSignedIn):
        read_session(load_public_keys(secrets), token, time())
