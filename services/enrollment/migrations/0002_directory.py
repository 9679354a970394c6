"""The directory: who is where."""

from shared.migration_steps import create_directory

revision = "enrollment_0002"
down_revision = "enrollment_0001"


def upgrade() -> None:
    create_directory()
