"""The rules in force."""

from shared.migration_steps import create_rules

revision = "audit_0003"
down_revision = "audit_0002"


def upgrade() -> None:
    create_rules()
