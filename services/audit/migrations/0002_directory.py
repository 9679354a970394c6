"""The directory: who is where."""

from shared.migration_steps import create_directory

revision = "audit_0002"
down_revision = "audit_0001"


def upgrade() -> None:
    create_directory()
