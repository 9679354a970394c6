"""The command table of notify."""

from services.notify.commands.inbox import ReadFields, RemindFields, read_notice, remind
from services.notify.commands.rolls import RemindClassFields, apart, remind_class
from shared.commands import Command, table

TABLE = table(
    Command("read_notice", ReadFields, read_notice),
    Command("remind", RemindFields, remind),
    Command("remind_class", RemindClassFields, remind_class, apart),
)
