"""What an export discloses: sealed values with their salts, and the files that events name."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import httpx2
import msgspec

from services.audit.export.contents import Disclosure, LogPart
from services.audit.export.members import Members
from services.audit.queries.replay import Whole
from shared.attachments import FIELD, head_of, opened_file
from shared.decider import CommandRejected
from shared.edge import Edge
from shared.event import read
from shared.reading import Reading
from shared.sealed import Sealed, subject_of

AWAY = "附件现在取不到：个案服务没有响应。过几分钟再导出。"
# Disclosures of each entry, by number of its log and sequence.
Shown: TypeAlias = dict[tuple[int, int], list[Disclosure]]


class ExportImpossible(CommandRejected):
    """What was asked for cannot be put into a bundle; `say` tells why and what to do."""

    code = "export_impossible"


async def disclosures(reading: Reading, whole: Whole, parts: Sequence[LogPart]) -> Shown:
    """What the requester may see of the child's own values; other people's stay sealed."""
    found: list[tuple[int, int, str, str, Sealed]] = []
    for number, part in enumerate(parts):
        for seq, body in part.entries():
            one = read(body)
            for pointer, field, sealed in sealed_in(msgspec.json.decode(one.data)):
                if subject_of(sealed, one.subject or "") == whole.subject:
                    found.append((number, seq, pointer, field, sealed))
    values = [(whole.subject, field, sealed) for *_, field, sealed in found]
    shown: Shown = {}
    texts = await reading.open_salted(values, whole.path)
    for (number, seq, pointer, *_), told in zip(found, texts, strict=True):
        if told is not None:
            shown.setdefault((number, seq), []).append(Disclosure(pointer, *told))
    return shown


async def attachments(
    edge: Edge, reading: Reading, whole: Whole, parts: Sequence[LogPart], members: Members
) -> Shown:
    """Puts the child's files into `members`, each with the disclosure that binds it to its event.

    One that is lost or does not open is not disclosed: the verifier calls that unexplained.
    Raises ExportImpossible while the service that keeps them is away, and KeyringAway.
    """
    shown: Shown = {}
    for number, part in enumerate(parts):
        for seq, body in part.entries():
            one = read(body)
            data = msgspec.json.decode(one.data) if one.subject == whole.subject else None
            for pointer, file in files_in(data):
                name = f"attachments/{file['sha256']}.{file['type'].partition('/')[2]}"
                opened = await _opened(edge, reading, whole, part.service, file["sha256"])
                if opened is not None:
                    salt, content = opened
                    await asyncio.to_thread(members.put, name, content)
                    shown.setdefault((number, seq), []).append(Disclosure(pointer, salt, name))
    return shown


async def _opened(
    edge: Edge, reading: Reading, whole: Whole, service: str, sha256: str
) -> tuple[bytes, bytes] | None:
    """Salt and content of a file, read through the export's one reading."""
    kept = await _kept(edge, service, sha256)
    if kept is None:
        return None
    (told,) = await reading.open_salted([(whole.subject, FIELD, head_of(kept))], whole.path)
    try:
        return opened_file(kept, whole.subject, told[1]) if told else None
    except ValueError:
        return None


async def _kept(edge: Edge, service: str, sha256: str) -> bytes | None:
    """The file as its service keeps it, sealed; None where that has it no longer."""
    url = f"{edge.service.settings.url_of(service)}/{service}/attachments/{sha256}"
    headers = {"authorization": f"Bearer {edge.call_token(service)}"}
    try:
        answer = await edge.service.http.get(url, headers=headers)
        if answer.status_code == 404:
            return None
        return answer.raise_for_status().content
    except httpx2.HTTPError as error:
        raise ExportImpossible(AWAY) from error


def sealed_in(value: Any, pointer: str = "", field: str = "") -> Iterator[tuple[str, str, Sealed]]:
    """(JSON pointer, name it is sealed under, value) of everything sealed in `data`."""
    for at, name, found in objects_in(value, pointer, field):
        if found.get("sealed") == 1 and "commit" in found:
            yield at, name, msgspec.convert(found, Sealed)


def files_in(value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """(JSON pointer, what the event says of it) of every file that `data` commits to."""
    for at, _, found in objects_in(value):
        if "sha256" in found and found.get("commit"):
            yield at, found


def objects_in(
    value: Any, pointer: str = "", field: str = ""
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(JSON pointer, name of the member it stands under, object) of every object, outer first."""
    if isinstance(value, dict):
        yield pointer, field, value
        steps = [(str(name), inner, str(name)) for name, inner in value.items()]
    elif isinstance(value, list):
        steps = [(str(number), inner, field) for number, inner in enumerate(value)]
    else:
        return
    for step, inner, name in steps:
        yield from objects_in(inner, f"{pointer}/{_escaped(step)}", name)


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")
