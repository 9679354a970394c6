"""The command table of casework: what people do about alerts, cases and rules."""

from services.casework.commands import alerts, cases, charges, entries, rules
from shared.commands import table

TABLE = table(
    *alerts.COMMANDS, *cases.COMMANDS, *entries.COMMANDS, *rules.COMMANDS, *charges.COMMANDS
)
