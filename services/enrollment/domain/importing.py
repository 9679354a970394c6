"""An import: the file that was accepted, and what its rows changed once all were brought in."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias, assert_never

from shared.decider import CommandRejected, Decider

KINDS = frozenset({"staff", "roster", "roll", "calendar", "assignments"})
MAX_ROWS = 1_000_000
SHA256_HEX_DIGITS = 64


# Events. Class and field names are the storage format: never renamed, only upcast.
@dataclass(frozen=True, slots=True, kw_only=True)
class ImportStarted:
    """`digest`: SHA-256 of the file's bytes, in hex."""

    kind: str
    digest: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportFinished:
    new: int
    changed: int
    unchanged: int


ImportEvent: TypeAlias = ImportStarted | ImportFinished
EVENTS: dict[str, type] = {cls.__name__: cls for cls in (ImportStarted, ImportFinished)}


# State
@dataclass(frozen=True, slots=True)
class Unstarted:
    pass


@dataclass(frozen=True, slots=True)
class Running:
    kind: str
    digest: str
    rows: int


@dataclass(frozen=True, slots=True)
class Finished:
    kind: str
    digest: str
    rows: int
    new: int
    changed: int
    unchanged: int


Import: TypeAlias = Unstarted | Running | Finished
STATES: dict[str, type] = {"unstarted": Unstarted, "running": Running, "finished": Finished}


def evolve(state: Import, event: ImportEvent) -> Import:
    match event:
        case ImportStarted(kind=kind, digest=digest, rows=rows):
            return Running(kind, digest, rows) if isinstance(state, Unstarted) else state
        case ImportFinished(new=new, changed=changed, unchanged=unchanged):
            if isinstance(state, Unstarted):
                return Finished("", "", 0, new, changed, unchanged)
            return Finished(state.kind, state.digest, state.rows, new, changed, unchanged)
        case _:
            assert_never(event)


# Commands
@dataclass(frozen=True, slots=True, kw_only=True)
class StartImport:
    kind: str
    digest: str
    rows: int
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishImport:
    """Counts of rows (of child-days for rolls) that were new, changed something, or nothing."""

    new: int
    changed: int
    unchanged: int
    now: datetime


ImportCommand: TypeAlias = StartImport | FinishImport


class ImportInvalid(CommandRejected):
    code = "import_invalid"


class ImportStartedOtherwise(CommandRejected):
    code = "import_started_otherwise"


class ImportNotRunning(CommandRejected):
    code = "import_not_running"


def decide(command: ImportCommand, state: Import) -> list[ImportEvent]:
    """The events of a command, none if it is already so; raises CommandRejected."""
    match command:
        case StartImport():
            return _start(command, state)
        case FinishImport():
            return _finish(command, state)
        case _:
            assert_never(command)


def _start(command: StartImport, state: Import) -> list[ImportEvent]:
    _check_file(command)
    if isinstance(state, Unstarted):
        return [ImportStarted(kind=command.kind, digest=command.digest, rows=command.rows)]
    held = (state.kind, state.digest, state.rows)
    if held == (command.kind, command.digest, command.rows):
        return []
    raise ImportStartedOtherwise("这次导入已经开始，文件不同。请另起一次导入。", field="digest")


def _finish(command: FinishImport, state: Import) -> list[ImportEvent]:
    counts = (command.new, command.changed, command.unchanged)
    if min(counts) < 0:
        raise ImportInvalid("导入的计数不能是负数。请重新导入。", field="new")
    match state:
        case Running():
            return [
                ImportFinished(
                    new=command.new, changed=command.changed, unchanged=command.unchanged
                )
            ]
        case Finished(new=new, changed=changed, unchanged=same) if counts == (new, changed, same):
            return []
        case _:
            raise ImportNotRunning("没有正在进行的导入。请重新导入文件。")


def _check_file(command: StartImport) -> None:
    if command.kind not in KINDS:
        raise ImportInvalid("只能导入教职工、花名册、点名、校历。请选择种类。", field="kind")
    if not 0 < command.rows <= MAX_ROWS:
        raise ImportInvalid(f"行数应在 1 至 {MAX_ROWS} 之间。请分成几个文件。", field="rows")
    if len(command.digest) != SHA256_HEX_DIGITS:
        raise ImportInvalid("文件摘要不对。请重新选择文件。", field="digest")


IMPORT: Decider[ImportCommand, ImportEvent, Import] = Decider(Unstarted(), decide, evolve)
