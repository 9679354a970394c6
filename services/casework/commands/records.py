"""What every command about a child's record begins with: the record, the right, the rules."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.queries.charged import allowed_about, allowed_in_duty
from services.casework.queries.streams import OF_STREAM
from shared.access_words import Right
from shared.commands import Fields, FieldsInvalid
from shared.decider import CommandRejected
from shared.edge import Edge, Moment, allowed
from shared.event import Circumstances
from shared.policy.pack import Pack
from shared.rights import Grant, Viewer
from shared.sealed import MAX_TEXT_BYTES, Sealed, seal

CHILD = text("select child, ledger, klass, school, grade, path from child where child = :child")
PURPOSE = "casework"


class RecordUnknown(CommandRejected):
    """No such alert, case or child here; or it has not arrived yet."""

    code = "record_unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A child's place, and the stream a command is for; `version` 0 for one that is to begin."""

    child: UUID
    ledger: str
    path: str
    klass: UUID | None
    school: str
    stream: str = ""
    version: int = 0

    @property
    def subject(self) -> str:
        return str(self.child)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """One command being run: who, under which grant, at which moment, by which rules."""

    edge: Edge
    viewer: Viewer
    moment: Moment
    grant: Grant
    record: Record
    pack: Pack
    fields: Fields

    @property
    def person(self) -> UUID | None:
        return UUID(self.viewer.staff) if self.viewer.staff else None

    def circumstances(self) -> Circumstances:
        return self.edge.circumstances(
            self.moment,
            self.viewer,
            self.grant,
            self.record.ledger,
            self.record.path,
            command_id=self.fields.command_id,
            via=self.fields.via,
        )

    def code(self, list_name: str, field: str, code: str) -> str:
        """A code that the rules in force know. Raises FieldsInvalid naming the field."""
        if self.pack.code(list_name, code) is None:
            say = f"“{field}”选的“{code}”不在现行规则的代码里。请重新打开，再选一项。"
            raise FieldsInvalid(say, field=field, reason="unknown code")
        return code

    def codes(self, list_name: str, field: str, codes: list[str]) -> tuple[str, ...]:
        return tuple(self.code(list_name, field, code) for code in codes)

    async def seal(self, field: str, words: str | None) -> Sealed | None:
        """Free text about the child, sealed under its narrative key, which is made if need be."""
        if words is None or not words.strip():
            return None
        if len(words.encode()) > MAX_TEXT_BYTES:
            raise FieldsInvalid("写得太长。请分几次登记。", field=field)
        subject = self.record.subject
        keys = await self.edge.keyring.keys_for(
            [subject], PURPOSE, ["narrative"], create=True, ledger=self.record.ledger
        )
        key = keys.of(subject, "narrative")
        return seal(words.strip(), subject, "narrative", field, key)


async def acting(
    edge: Edge, viewer: Viewer, right: Right, fields: Fields, stream: str, records: str = ""
) -> Acting:
    """Begin a command for a record that exists. Raises RecordUnknown, NotAllowed, RulesMissing.

    `records`: the event that it is about to record, where a responsibility lends that much.
    """
    async with edge.service.engine.connect() as conn:
        record = await record_of(conn, stream)
        moment = await edge.moment(conn)
        if records:
            grant = await allowed_in_duty(conn, viewer, right, record, moment, records)
        else:
            grant = allowed(viewer, right, record.path, moment)
    return _begin(edge, viewer, moment, grant, fields, record)


async def acting_for_child(
    edge: Edge,
    viewer: Viewer,
    right: Right,
    fields: Fields,
    child: UUID,
    stream: str = "",
    records: str = "",
) -> Acting:
    """Begin a command for a child; `stream` is the record that would begin.

    Whoever answers for this child by name may do what that lends; where `records` names an event,
    what an own duty asks for by it.
    """
    async with edge.service.engine.connect() as conn:
        row = (await conn.execute(CHILD, {"child": child})).first()
        if row is None:
            raise RecordUnknown("没有这名学生。请从学生名册里打开再登记。", field="child")
        record = Record(
            child=child,
            ledger=row.ledger,
            path=row.path,
            klass=row.klass,
            school=row.school or "",
            stream=stream,
        )
        moment = await edge.moment(conn)
        if records:
            grant = await allowed_in_duty(conn, viewer, right, record, moment, records)
        else:
            grant = await allowed_about(conn, viewer, right, record.path, child, moment)
    return _begin(edge, viewer, moment, grant, fields, record)


def _begin(
    edge: Edge, viewer: Viewer, moment: Moment, grant: Grant, fields: Fields, record: Record
) -> Acting:
    return Acting(
        edge=edge,
        viewer=viewer,
        moment=moment,
        grant=grant,
        record=record,
        pack=moment.rules.pack(record.path, moment.today),
        fields=fields,
    )


async def record_of(conn: AsyncConnection, stream: str) -> Record:
    """The record where its child sits today. Raises RecordUnknown."""
    row = (await conn.execute(OF_STREAM, {"stream": stream})).first()
    if row is None:
        kind = "个案" if stream.startswith("case-") else "预警"
        raise RecordUnknown(f"没有这件{kind}。请回到列表重新打开。", stream=stream)
    return Record(
        child=row.child,
        ledger=row.ledger,
        path=row.path,
        klass=row.klass,
        school=row.school or "",
        stream=row.stream,
        version=row.version,
    )
