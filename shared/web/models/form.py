"""Forms as data: a service says what is asked, one template draws it for phone and desktop.

Every form posts to `action` the hidden fields `command_id` (made when the page opened: a form sent
twice is one command) and `version` (of the stream it was drawn from), and its fields by name:
`text`, `number`, `date`, `area`, `choice`, `list` one value (a `list` has too many options to show
them all at once); `choices` the name once a chosen value;
`moment` two values, `<name>_on` (YYYY-MM-DD) and `<name>_time` (HH:MM), business time.

Answers. A command's form is sent by a script, which asks `Accept: application/json` and expects
`{"next": PATH}`, or 4xx with `{"code", "say", "fields"}`: `fields.field` names the field that the
sentence is about, or `fields` has a sentence for each. Without scripts the answer is 303, or a page
with the refusal.
"""

from dataclasses import dataclass
from typing import Literal

from shared.web.models.layout import Link
from shared.web.models.masked import Masked

FieldKind = Literal["text", "number", "date", "moment", "area", "choice", "choices", "list", "file"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One answer. `consequence` stands under the answers while this one is chosen."""

    value: str
    label: str
    consequence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One question. `value` is kept after an error; several values for `choices` and `moment`."""

    name: str
    label: str
    kind: FieldKind = "text"
    hint: str = ""
    options: tuple[Option, ...] = ()
    value: tuple[str, ...] = ()
    error: str = ""
    required: bool = False
    latest: str = ""
    shown_when: tuple[str, str] | None = None

    @property
    def first(self) -> str:
        return self.value[0] if self.value else ""

    @property
    def second(self) -> str:
        return self.value[1] if len(self.value) > 1 else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form and its main button.

    With `keeps` it is stored on the phone and sent when there is a network (存下 is not 提交):
    `keeps` is the title shown under 待提交, without names; `check` is the path asked with
    `?command_id=` for a command that got no answer: `{"known": bool, "next": PATH}`.
    """

    action: str
    command_id: str
    version: int
    submit: str
    fields: tuple[Field, ...] = ()
    hidden: tuple[tuple[str, str], ...] = ()
    second: Option | None = None
    cancel: Link | None = None
    keeps: str = ""
    check: str = ""
    refusal: str = ""

    @property
    def has_file(self) -> bool:
        """A form with a file is sent in parts."""
        return any(field.kind == "file" for field in self.fields)

    @property
    def faults(self) -> tuple[Field, ...]:
        return tuple(field for field in self.fields if field.error)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormPage:
    """Template `form.html`: one child, one form (call, visit, talk, notice, closing …).

    `guardians`: how to reach them, masked until opened.
    """

    title: str
    back: str
    form: Form
    child: str = ""
    about: str = ""
    detail: str = ""
    dial: Link | None = None
    explain: tuple[tuple[str, str], ...] = ()
    guardians: tuple[Masked, ...] = ()
