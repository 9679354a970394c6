"""The command table of casework: what people do about alerts, cases and rules."""

from services.casework.commands import (
    activities,
    alerts,
    bodies,
    cascading,
    cases,
    charges,
    duties,
    entries,
    many_charges,
    rules,
)
from shared.commands import table

TABLE = table(
    *alerts.COMMANDS,
    *cases.COMMANDS,
    *entries.COMMANDS,
    *rules.COMMANDS,
    *charges.COMMANDS,
    *many_charges.COMMANDS,
    *bodies.COMMANDS,
    *cascading.COMMANDS,
    *duties.COMMANDS,
    *activities.COMMANDS,
)
