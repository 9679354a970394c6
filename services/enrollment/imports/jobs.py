"""One import's row: who uploaded what, how far it is, what was found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.imports.findings import Kept
from shared.rights import Viewer

State = Literal["reading", "asked", "checked", "refused", "storing", "done", "given_up"]
# Work goes on by itself in these.
OPEN: tuple[State, ...] = ("reading", "storing")
# A file waits this long for a person's word.
KEEP_HOURS = 24
MAX_PAST = 50

COLUMNS = (
    "import as id, ledger, path, account, viewer::text as viewer, kind, file_name, digest, state,"
    " answers::text as answers, school, auto, partial, via, done, total, report, details,"
    " created_at"
)
INSERT = text(
    "insert into import_job (import, path, account, viewer, kind, file_name, digest, state,"
    " answers, school, auto, partial, via, created_at)"
    " values (:id, :path, :account, cast(:viewer as jsonb), :kind, :file_name, :digest, 'reading',"
    " cast(:answers as jsonb), :school, :auto, :partial, :via, :created_at)"
    " on conflict (import) do nothing"
)
ONE = text(f"select {COLUMNS} from import_job where import = :id")
PAST = text(
    f"select {COLUMNS} from import_job where account = :account order by created_at desc limit :n"
)
WAITING = text(
    "select import from import_job where state = any(:states) order by created_at limit 20"
)
STALE = text(
    "update import_job set state = 'given_up' where state in ('asked', 'checked', 'refused')"
    " and touched_at < clock_timestamp() - make_interval(hours => :hours) returning import"
)
CLEAR_ROWS = text("delete from import_row where import = :id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A row of `import_job`. `auto`: stored without another word when nothing is wrong."""

    id: UUID
    path: str
    account: str
    viewer: Viewer
    kind: str
    file_name: str
    digest: str
    created_at: datetime
    ledger: str | None = None
    state: State = "reading"
    answers: Mapping[str, str] = field(default_factory=dict)
    school: str | None = None
    auto: bool = False
    partial: bool = False
    via: Literal["web", "cli"] = "web"
    done: int = 0
    total: int = 0
    report: str = ""
    details: bytes | None = None

    @property
    def kept(self) -> Kept | None:
        return msgspec.json.decode(self.report, type=Kept) if self.report else None


async def put(conn: AsyncConnection, job: Job) -> None:
    """A repeated upload (the same command id) changes nothing."""
    await conn.execute(
        INSERT,
        {
            "id": job.id,
            "path": job.path,
            "account": job.account,
            "viewer": msgspec.json.encode(job.viewer).decode(),
            "kind": job.kind,
            "file_name": job.file_name,
            "digest": job.digest,
            "answers": msgspec.json.encode(job.answers).decode(),
            "school": job.school,
            "auto": job.auto,
            "partial": job.partial,
            "via": job.via,
            "created_at": job.created_at,
        },
    )


async def get(conn: AsyncConnection, id: UUID) -> Job | None:
    row = (await conn.execute(ONE, {"id": id})).mappings().first()
    return _job({**row}) if row else None


async def past(conn: AsyncConnection, account: str) -> list[Job]:
    rows = await conn.execute(PAST, {"account": account, "n": MAX_PAST})
    return [_job({**row}) for row in rows.mappings()]


async def waiting(conn: AsyncConnection) -> list[UUID]:
    rows = await conn.execute(WAITING, {"states": list(OPEN)})
    return [row[0] for row in rows]


async def give_up_stale(conn: AsyncConnection) -> list[UUID]:
    """Those that nobody settled in KEEP_HOURS: their files are to be forgotten."""
    return [row[0] for row in await conn.execute(STALE, {"hours": KEEP_HOURS})]


async def change(
    conn: AsyncConnection, id: UUID, when: tuple[State, ...], **values: object
) -> bool:
    """Set columns if the import is in one of the states; whether it was."""
    sets = ", ".join(
        f"{name} = cast(:{name} as jsonb)" if name == "answers" else f"{name} = :{name}"
        for name in values
    )
    statement = text(
        f"update import_job set {sets}, touched_at = clock_timestamp()"
        " where import = :id and state = any(:when)"
    )
    done = await conn.execute(statement, {**values, "id": id, "when": list(when)})
    return done.rowcount == 1


def _job(row: Mapping[Any, Any]) -> Job:
    values: dict[str, Any] = dict(row)
    values["viewer"] = msgspec.json.decode(values["viewer"], type=Viewer)
    values["answers"] = msgspec.json.decode(values["answers"], type=dict[str, str])
    return Job(**values)
