"""The command table of enrollment: units, classes, staff, children, rolls, leave, groups."""

from services.enrollment.commands import children, classes, groups, leave, rolls, staff, units
from shared.commands import table

TABLE = table(
    *units.COMMANDS,
    *classes.COMMANDS,
    *staff.COMMANDS,
    *children.COMMANDS,
    *rolls.COMMANDS,
    *leave.COMMANDS,
    *groups.COMMANDS,
)
