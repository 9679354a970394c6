"""The rules in force."""

from shared.migration_steps import create_rules

revision = "casework_0003"
down_revision = "casework_0002"


def upgrade() -> None:
    create_rules()
