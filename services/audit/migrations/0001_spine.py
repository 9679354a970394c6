"""The spine: clock, ledgers, events, checkpoints, timers."""

from shared.migration_steps import create_spine

revision = "audit_0001"
down_revision = None


def upgrade() -> None:
    create_spine()
