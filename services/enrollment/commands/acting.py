"""One command as it begins: who acts under which of the fitting rights, and where it is recorded"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from services.enrollment.bulk.writing import Step, With, circumstances, write
from services.enrollment.queries.places import StaffPlace
from shared.access_words import Right
from shared.commands import Done, Fields
from shared.edge import Edge, Moment
from shared.event import Circumstances
from shared.rights import Viewer, may, require

# Rosters come in by hand or by file; whoever may do the one may do the other.
PUPILS: tuple[Right, ...] = ("child.change", "import.run")
CLASSES: tuple[Right, ...] = ("import.run",)
PEOPLE: tuple[Right, ...] = ("import.staff", "account.manage")
ROLES: tuple[Right, ...] = ("account.manage", "import.staff")
ACCOUNTS: tuple[Right, ...] = ("account.manage",)
# Who runs the machine names who else does.
OPERATORS: tuple[Right, ...] = ("system.operate",)
UNITS: tuple[Right, ...] = ("unit.manage",)
TERMS: tuple[Right, ...] = ("calendar.publish",)
LEAVE: tuple[Right, ...] = ("leave.record",)
# Who knows the child or keeps its record: homeroom teacher, school leadership, registrar, county.
GROUPS: tuple[Right, ...] = ("child.change", "leave.record")


@dataclass(frozen=True, slots=True)
class Acting:
    """A viewer with a form in hand, at a moment."""

    edge: Edge
    viewer: Viewer
    fields: Fields
    moment: Moment

    def may(self, rights: Sequence[Right], path: str) -> bool:
        return any(may(self.viewer, right, path, self.moment.today) for right in rights)

    def require(self, rights: Sequence[Right], path: str) -> Right:
        """The first of the rights that is held there. Raises NotAllowed."""
        today = self.moment.today
        for right in rights:
            if may(self.viewer, right, path, today):
                return right
        require(self.viewer, rights[0], path, today)
        return rights[0]

    def require_person(self, rights: Sequence[Right], person: StaffPlace, path: str) -> None:
        """Who takes up somebody of another county at `path` holds the right there as well.

        Otherwise a known id would be enough to read the name and to write into that ledger.
        Raises NotAllowed.
        """
        if person.ledger not in path.split("/"):
            self.require(rights, person.path)

    def told(self, rights: Sequence[Right], ledger: str, path: str) -> Circumstances:
        """Raises NotAllowed."""
        return circumstances(
            self.moment,
            self.viewer,
            self.require(rights, path),
            ledger,
            path,
            command_id=self.fields.command_id,
            via=self.fields.via,
        )

    async def write(
        self,
        told: Circumstances,
        *steps: Step,
        next: str,
        before: With | None = None,
        after: With | None = None,
    ) -> Done:
        """All steps or none; see `bulk.writing.write`."""
        outcome = await write(self.edge, told, steps, before=before, after=after)
        return Done(outcome, next)


async def acting(
    edge: Edge, viewer: Viewer, fields: Fields, conn: AsyncConnection | None = None
) -> Acting:
    return Acting(edge, viewer, fields, await edge.moment(conn))
