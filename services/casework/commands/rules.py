"""What changes the rules of a unit: activating a policy pack, publishing a calendar layer."""

from datetime import date

from sqlalchemy import text

from services.casework.aggregates import RULES
from services.casework.commands.pack_events import slips
from services.casework.commands.records import RecordUnknown
from services.casework.domain.rules import ActivatePolicyVersion, PublishCalendar
from shared.access_words import Right
from shared.commands import Command, Done, Fields, FieldsInvalid
from shared.edge import Edge, Moment, allowed
from shared.event_store import Order
from shared.policy.layer import Layer, LayerInvalid, encode_layer, load_layer
from shared.policy.merging import chain, pinned, whole_tree
from shared.policy.pack import Pack, PackInvalid, load_pack
from shared.policy.yaml_lines import line_of
from shared.rights import Grant, Viewer
from shared.rulebook import keep, kept_packs

UNIT = text("select ledger, path from unit where unit = :unit")


class PolicyFields(Fields, frozen=True):
    """`content` is the pack's YAML; `basis` an entry of its register, or the words themselves."""

    unit: str
    content: str
    valid_from: date
    basis: str


class CalendarFields(Fields, frozen=True):
    """`content` is the layer's JSON. `founding`: the unit's first of its kind, which may begin in
    the past; a later one holds from tomorrow at the earliest.
    """

    unit: str
    content: str
    valid_from: date
    founding: bool = False


async def activate_policy(edge: Edge, viewer: Viewer, fields: PolicyFields) -> Done:
    """Keep a pack by its hash and put it in force, tomorrow at the earliest."""
    now, grant, path, ledger = await _begin(edge, viewer, "policy.activate", fields.unit)
    pack, files = await read_pack(edge, fields.content)
    command = ActivatePolicyVersion(
        unit=fields.unit,
        pack=pack.sha256,
        valid_from=fields.valid_from,
        basis=pack.citation(fields.basis),
        now=now.now,
    )
    for content in files:
        await _keep(edge, content)
    return await _submit(edge, viewer, fields, now, grant, path, ledger, command)


async def publish_calendar(edge: Edge, viewer: Viewer, fields: CalendarFields) -> Done:
    """Keep a calendar layer by its hash and publish it, as the domain allows."""
    layer = _layer(fields.content.encode())
    content = encode_layer(layer)  # equal calendars have equal hashes
    now, grant, path, ledger = await _begin(edge, viewer, "calendar.publish", fields.unit)
    sha = await _keep(edge, content)
    command = PublishCalendar(
        unit=fields.unit,
        layer=layer.layer,
        sha256=sha,
        valid_from=fields.valid_from,
        now=now.now,
        founding=fields.founding,
    )
    return await _submit(edge, viewer, fields, now, grant, path, ledger, command)


async def read_pack(edge: Edge, given: str) -> tuple[Pack, list[bytes]]:
    """The pack of a text, and the files to keep for it: what it rests on first, then its own.

    Raises FieldsInvalid with the line and the reason.
    """
    content = pinned(_file(given))
    async with edge.service.engine.connect() as conn:
        kept = await kept_packs(conn)
    try:
        pack = load_pack(content, kept.get)
        _require_heard(pack, whole_tree(content, kept.get)[1])
    except PackInvalid as error:
        raise FieldsInvalid(str(error), field="content", line=error.line) from error
    rests_on = [pinned(below) for _, below in chain(content, kept.get) if below is not None]
    return pack, [*reversed(rests_on), content]


def _require_heard(pack: Pack, lines: dict[str, int]) -> None:
    """Of a pack that is handed in, not of one that is kept: raises PackInvalid at the first slip.

    What was put in force once is read for ever, whatever is asked of new ones.
    """
    for path, reason in slips(pack):
        raise PackInvalid(path, line_of(f"$.{path}", lines), reason)


def _file(text: str) -> bytes:
    """A form takes blanks at both ends away; a text file ends with one newline."""
    return (text.strip().replace("\r\n", "\n") + "\n").encode()


def _layer(content: bytes) -> Layer:
    try:
        return load_layer(content)
    except LayerInvalid as error:
        raise FieldsInvalid(f"{error}。改好后再提交。", field="content") from error


async def _begin(
    edge: Edge, viewer: Viewer, right: Right, unit: str
) -> tuple[Moment, Grant, str, str]:
    async with edge.service.engine.connect() as conn:
        row = (await conn.execute(UNIT, {"unit": unit})).first()
        moment = await edge.moment(conn)
    if row is None:
        raise RecordUnknown("没有这个单位。核对单位代码再提交。", field="unit")
    return moment, allowed(viewer, right, row.path, moment), row.path, row.ledger


async def _keep(edge: Edge, content: bytes) -> str:
    """Bytes come first: an event that names a file nobody has would stop every service."""
    async with edge.service.engine.begin() as conn:
        return await keep(conn, content)


async def _submit(
    edge: Edge,
    viewer: Viewer,
    fields: Fields,
    moment: Moment,
    grant: Grant,
    path: str,
    ledger: str,
    command: ActivatePolicyVersion | PublishCalendar,
) -> Done:
    circumstances = edge.circumstances(
        moment, viewer, grant, ledger, path, command_id=fields.command_id, via=fields.via
    )
    order = Order(
        aggregate=RULES,
        stream=f"unit-{command.unit}",
        command=command,
        circumstances=circumstances,
        unitpath=path,
        expected=fields.version,
    )
    outcome = await edge.submit(order)
    edge.rulebook.forget()
    policy = isinstance(command, ActivatePolicyVersion)
    return Done(
        outcome, f"/casework/policy?unit={command.unit}" if policy else "/enrollment/calendar"
    )


COMMANDS = (
    Command("activate_policy", PolicyFields, activate_policy),
    Command("publish_calendar", CalendarFields, publish_calendar),
)
