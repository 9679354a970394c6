"""Who leaves hands over first: what a person still answers for is casework's, so it is asked."""

from datetime import date
from uuid import UUID

import httpx2
import structlog

from shared.decider import CommandRejected
from shared.edge import Edge

log = structlog.get_logger()

# So many are said in the sentence; the page of the handover lists all of them.
SAID = 5


class StillAnswers(CommandRejected):
    """The person holds responsibilities that nobody else holds yet."""

    code = "still_answers"


class AnswersUnknown(CommandRejected):
    """Casework did not say what the person answers for, so nothing was ended."""

    code = "answers_unknown"


async def require_handed_over(edge: Edge, staff: UUID, on: date, within: str | None = None) -> None:
    """Asked before the transaction. Raises StillAnswers, AnswersUnknown.

    `within`: only what lies at or below the path of the post that ends. What is assigned after
    the answer is caught by casework itself: it assigns to nobody whose accounts are closed.
    """
    held = await _held(edge, staff, on, within)
    if not held:
        return
    titles = list(dict.fromkeys(str(one["title"]) for one in held))
    listed = "、".join(titles[:SAID]) + ("等" if len(titles) > SAID else "")
    raise StillAnswers(
        f"还负责 {len(held)} 处（{listed}），没有停用。先逐处写明由谁接手。",
        field="staff",
        held=held,
        href=f"/casework/handover/{staff}",
        todo="去交接责任",
    )


async def _held(edge: Edge, staff: UUID, on: date, within: str | None) -> list[dict[str, object]]:
    url = f"{edge.service.settings.url_of('casework')}/casework/held/{staff}"
    params = {"on": on.isoformat()} | ({"within": within} if within else {})
    headers = {"authorization": f"Bearer {edge.call_token('casework')}"}
    try:
        answer = await edge.service.http.get(url, params=params, headers=headers)
        answer.raise_for_status()
        return answer.json()["held"]
    except (httpx2.HTTPError, ValueError) as error:
        log.warning("held_unknown", reason=type(error).__name__)
        say = "现在查不到他还负责什么（个案服务没有回音），所以没有停用。稍后再试。"
        raise AnswersUnknown(say, field="staff") from error
