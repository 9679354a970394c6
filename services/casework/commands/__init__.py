"""The command table of casework: what people do about alerts, cases and rules."""

from services.casework.commands import activities, alerts, cases, charges, duties, entries, rules
from shared.commands import table

TABLE = table(
    *alerts.COMMANDS,
    *cases.COMMANDS,
    *entries.COMMANDS,
    *rules.COMMANDS,
    *charges.COMMANDS,
    *duties.COMMANDS,
    *activities.COMMANDS,
)
