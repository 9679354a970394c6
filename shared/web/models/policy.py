"""The editor of a policy pack: its text, what is wrong with it, what comes next."""

from dataclasses import dataclass

from shared.web.models.form import Option
from shared.web.models.layout import Link
from shared.web.models.tables import Section


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Where a pack is wrong: the line from 1, the text of that line, what to do."""

    line: int
    text: str
    say: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EditorPage:
    """Template `policy_edit.html`. `bases`: entries of the register that an activation may name.

    `checked`: the text was read and found good, so that it may be looked into and put in force.
    """

    title: str
    about: str
    back: str
    unit: str
    content: str
    command_id: str
    earliest: str
    fault: Fault | None = None
    checked: str = ""
    bases: tuple[Option, ...] = ()
    sections: tuple[Section, ...] = ()
    links: tuple[Link, ...] = ()

    @property
    def lines(self) -> int:
        """Rows of the editor: the text and some to write on."""
        return max(24, self.content.count("\n") + 8)
