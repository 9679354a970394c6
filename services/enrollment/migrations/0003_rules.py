"""The rules in force."""

from shared.migration_steps import create_rules

revision = "enrollment_0003"
down_revision = "enrollment_0002"


def upgrade() -> None:
    create_rules()
