"""Who leaves hands over first, and so does a class: who answers for what is casework's to say."""

from collections.abc import Mapping, Sequence
from datetime import date
from urllib.parse import urlencode
from uuid import UUID

import httpx2
import structlog

from shared.decider import CommandRejected
from shared.edge import Edge

log = structlog.get_logger()

# So many are said in the sentence; the page of the handover lists all of them.
SAID = 5


class StillAnswers(CommandRejected):
    """Responsibilities that would be lost with the person's post, or with the class."""

    code = "still_answers"


class AnswersUnknown(CommandRejected):
    """Casework did not say what the person answers for, so nothing was ended."""

    code = "answers_unknown"


async def require_handed_over(edge: Edge, staff: UUID, on: date, within: str | None = None) -> None:
    """Asked before the transaction. Raises StillAnswers, AnswersUnknown.

    `within`: only what lies at or below the path of the post that ends. What is assigned after
    the answer is caught by casework itself: it assigns to nobody whose accounts are closed.
    """
    params = {"on": on.isoformat()} | ({"within": within} if within else {})
    unknown = "现在查不到他还负责什么（个案服务没有回音），所以没有停用。稍后再试。"
    held = await _held(edge, str(staff), params, unknown, field="staff")
    if not held:
        return
    raise StillAnswers(
        f"还负责 {len(held)} 处（{_listed(held)}），没有停用。先逐处写明由谁接手。",
        field="staff",
        held=held,
        href=f"/casework/handover/{staff}",
        todo="去交接责任",
    )


async def require_nobody_answers(edge: Edge, klass: UUID, school: str, on: date) -> None:
    """For a class that still has pupils: nobody answers for it or for one of them by hand.

    What follows from the post of its homeroom teacher ends with the class. Asked before the
    transaction. Raises StillAnswers, AnswersUnknown.
    """
    unknown = "现在查不到还有谁负责这个班（个案服务没有回音），所以没有撤班。稍后再试。"
    params = {"on": on.isoformat()}
    held = await _held(edge, f"class/{klass}", params, unknown, field="klass")
    if not held:
        return
    query = urlencode({"scheme": held[0]["scheme"], "unit": school, "on": on.isoformat()})
    raise StillAnswers(
        f"班里还有学生，并且有人按名负责 {len(held)} 处（{_listed(held)}），没有撤班。"
        "先把学生转到新的班，对学生的责任跟着学生走。",
        field="klass",
        held=held,
        href=f"/casework/coverage?{query}",
        todo="看谁在负责",
    )


def _listed(held: Sequence[Mapping[str, object]]) -> str:
    titles = list(dict.fromkeys(str(one["title"]) for one in held))
    return "、".join(titles[:SAID]) + ("等" if len(titles) > SAID else "")


async def _held(
    edge: Edge, whose: str, params: Mapping[str, str], unknown: str, field: str
) -> list[dict[str, object]]:
    """What casework lists; `unknown` is said where it lists nothing at all."""
    url = f"{edge.service.settings.url_of('casework')}/casework/held/{whose}"
    headers = {"authorization": f"Bearer {edge.call_token('casework')}"}
    try:
        answer = await edge.service.http.get(url, params=dict(params), headers=headers)
        answer.raise_for_status()
        return answer.json()["held"]
    except (httpx2.HTTPError, ValueError) as error:
        log.warning("held_unknown", reason=type(error).__name__)
        raise AnswersUnknown(unknown, field=field) from error
