"""Assignment sheets are a kind of import."""

from shared.migration_steps import run_sql

revision = "enrollment_0007"
down_revision = "enrollment_0006"

KINDS = """
alter table import_job drop constraint import_job_kind_check;
alter table import_job add constraint import_job_kind_check
    check (kind in ('staff', 'roster', 'roll', 'calendar', 'assignments'));
"""


def upgrade() -> None:
    run_sql(KINDS)
