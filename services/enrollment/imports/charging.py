"""Responsibilities go to casework: asked what is new in them, then sent as who imported them."""

from collections.abc import Sequence
from time import time
from typing import Any
from uuid import UUID

import httpx2
import msgspec
import structlog

from services.enrollment.imports.deeds import PutCharge
from services.enrollment.imports.jobs import Job
from services.enrollment.imports.publishing import CaseworkAway
from shared.edge import Edge
from shared.rights import Viewer
from shared.session import sign_session

log = structlog.get_logger()

# So many rows does one of casework's commands take.
ROWS_A_REQUEST = 200


async def ask_casework(
    edge: Edge, viewer: Viewer, deeds: Sequence[PutCharge]
) -> list[dict[str, Any]]:
    """One answer a row: `state` new, same, taken (with `instead`) or refused (with `say`).

    Raises CaseworkAway.
    """
    told: list[dict[str, Any]] = []
    for start in range(0, len(deeds), ROWS_A_REQUEST):
        rows = [_row(one) for one in deeds[start : start + ROWS_A_REQUEST]]
        answer = await _post(edge, viewer, "/casework/coverage/compare", {"rows": rows})
        if answer.status_code >= 400:
            raise CaseworkAway(str(answer.status_code))
        told += answer.json()["rows"]
    return told


async def send_charges(
    edge: Edge, job: Job, command_id: UUID, deeds: Sequence[PutCharge]
) -> list[str]:
    """All rows in one command; where it is refused, row by row, with the sentences of refusals.

    The same command twice is one: a row's own id follows from the chunk's. Raises CaseworkAway.
    """
    refused = await _send(edge, job, command_id, deeds)
    if not refused or len(deeds) == 1:
        return refused
    sentences: list[str] = []
    for number, deed in enumerate(deeds):
        own = UUID(int=(command_id.int + number + 1) % 2**128)
        sentences += await _send(edge, job, own, [deed])
    return sentences


async def _send(edge: Edge, job: Job, command_id: UUID, deeds: Sequence[PutCharge]) -> list[str]:
    body = {
        "command_id": str(command_id),
        "via": "import",
        "rows": [_row(one) for one in deeds],
    }
    path = "/casework/commands/assign_responsibilities"
    answer = await _post(edge, job.viewer, path, body)
    if answer.status_code >= 500:
        raise CaseworkAway(str(answer.status_code))
    if answer.status_code >= 400:
        log.info("charges_refused", status=answer.status_code)
        return [str(answer.json().get("say", answer.status_code))]
    return []


async def _post(edge: Edge, viewer: Viewer, path: str, body: dict[str, Any]) -> httpx2.Response:
    token = sign_session(edge.signer, viewer, time(), time())
    headers = {"authorization": f"Bearer {token}", "accept": "application/json"}
    url = edge.service.settings.url_of("casework")
    return await edge.service.http.post(f"{url}{path}", json=body, headers=headers)


def _row(deed: PutCharge) -> dict[str, Any]:
    return {name: value for name, value in msgspec.to_builtins(deed).items() if name != "type"}
