"""The rules in force."""

from shared.migration_steps import create_rules

revision = "notify_0003"
down_revision = "notify_0002"


def upgrade() -> None:
    create_rules()
