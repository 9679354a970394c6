"""The command table of enrollment: units, classes, staff, children, rolls, leave."""

from services.enrollment.commands import (
    children,
    classes,
    groups,
    homerooms,
    leave,
    operators,
    rolls,
    staff,
    units,
    villages,
)
from shared.commands import table

TABLE = table(
    *units.COMMANDS,
    *classes.COMMANDS,
    *homerooms.COMMANDS,
    *staff.COMMANDS,
    *operators.COMMANDS,
    *children.COMMANDS,
    *rolls.COMMANDS,
    *leave.COMMANDS,
    *groups.COMMANDS,
    *villages.COMMANDS,
)
