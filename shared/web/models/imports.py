"""An import in its steps: file, check, taking in, done (template `import.html`)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shared.web.models.form import Form, Option
from shared.web.models.layout import Link


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a person must decide; each answer posts `question=<key>` and `answer=<value>`.

    Without `options` the answer is typed; `hint` shows its form.
    """

    key: str
    where: str
    name: str
    text: str
    options: tuple[Option, ...]
    chosen: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultRow:
    """One fault; `value` is masked already. `cells` names cells as a spreadsheet does."""

    sheet: str
    cells: str
    column: str
    value: str
    wrong: str
    mend: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRow:
    name: str
    where: str
    what: str
    was: str
    now: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What reading the file found. `good` rows could be taken in; nothing is stored yet.

    Long lists hold their first entries only: `all_…` say how many there are.
    """

    kind: str
    file_name: str
    read: str
    rows: int
    faulty: int
    good: int
    questions: tuple[Question, ...]
    faults: tuple[FaultRow, ...]
    changes: tuple[ChangeRow, ...]
    missing: tuple[str, ...]
    warnings: tuple[str, ...]
    new: int
    changed: int
    unchanged: int
    answer: Form | None
    accept: Form | None
    accept_part: Form | None
    errors: Link | None
    give_up: Form
    columns: tuple[tuple[str, str], ...] = ()
    all_faults: int
    all_changes: int
    all_missing: int
    all_warnings: int

    @property
    def open_questions(self) -> int:
        return sum(not question.chosen for question in self.questions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """`refresh` is asked each second and answers this page again."""

    kind: str
    done: int
    total: int
    refresh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    kind: str
    new: int
    changed: int
    unchanged: int
    errors: Link | None
    next: Link


@dataclass(frozen=True, slots=True, kw_only=True)
class PastImport:
    at: datetime
    kind: str
    file_name: str
    who: str
    result: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A multipart form: `kind` (one of `kinds`), `file`, and the hidden fields of `form`."""

    form: Form
    kinds: tuple[Option, ...]
    chosen: str = ""
    error: str = ""
    past: tuple[PastImport, ...] = ()
    most_megabytes: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPage:
    """Exactly one of the four is set, as `step` says."""

    step: Literal["upload", "check", "progress", "done"]
    upload: Upload | None = None
    check: Check | None = None
    progress: Progress | None = None
    done: Done | None = None
