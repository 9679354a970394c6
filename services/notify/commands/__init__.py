"""The command table of notify."""

from services.notify.commands.inbox import (
    PreferenceFields,
    ReadFields,
    RemindFields,
    read_notice,
    remind,
    set_preference,
)
from services.notify.commands.rolls import RemindClassFields, apart, remind_class
from shared.commands import Command, table

TABLE = table(
    Command("read_notice", ReadFields, read_notice),
    Command("set_preference", PreferenceFields, set_preference),
    Command("remind", RemindFields, remind),
    Command("remind_class", RemindClassFields, remind_class, apart),
)
