"""Sending a calendar to casework, which keeps the rules, as the one who imported it."""

from time import time
from uuid import UUID

import structlog

from services.enrollment.imports.deeds import PublishDays
from services.enrollment.imports.jobs import Job
from shared.edge import Edge
from shared.session import sign_session

log = structlog.get_logger()


class CaseworkAway(Exception):
    """Casework does not answer: the import waits and goes on by itself."""


async def publish(edge: Edge, job: Job, command_id: UUID, deed: PublishDays) -> list[str]:
    """Publish one layer; sentences of what was refused. The same command twice is one."""
    token = sign_session(edge.signer, job.viewer, time(), time())
    url = edge.service.settings.url_of("casework")
    answer = await edge.service.http.post(
        f"{url}/casework/commands/publish_calendar",
        json={
            "command_id": str(command_id),
            "via": "import",
            "unit": deed.unit,
            "content": deed.content,
            "valid_from": deed.valid_from.isoformat(),
            "founding": deed.founding,
        },
        headers={"authorization": f"Bearer {token}", "accept": "application/json"},
    )
    if answer.status_code >= 500:
        raise CaseworkAway(str(answer.status_code))
    if answer.status_code >= 400:
        log.info("calendar_refused", status=answer.status_code)
        return [str(answer.json().get("say", answer.status_code))]
    return []
