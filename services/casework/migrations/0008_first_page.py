"""What has climbed to a person, and what was done today, found without reading every duty."""

from shared.migration_steps import run_sql

revision = "casework_0008"
down_revision = "casework_0007"

INDEXES = """
create index duty_told on duty using gin (told jsonb_path_ops) where state = 'breached';
create index duty_done on duty (ended_at) where state in ('satisfied', 'late');
"""


def upgrade() -> None:
    run_sql(INDEXES)
