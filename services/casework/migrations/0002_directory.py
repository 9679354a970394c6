"""The directory: who is where."""

from shared.migration_steps import create_directory

revision = "casework_0002"
down_revision = "casework_0001"


def upgrade() -> None:
    create_directory()
