"""The directory: who is where."""

from shared.migration_steps import create_directory

revision = "notify_0002"
down_revision = "notify_0001"


def upgrade() -> None:
    create_directory()
