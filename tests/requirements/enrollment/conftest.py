"""Enrollment with a class of pupils, and casework that hears of it under the same keyring."""

import pytest

from tests.casework.conftest import casework_template
from tests.casework.conftest import world as casework
from tests.enrollment.conftest import county, empty, enrollment_secrets, enrollment_template
from tests.enrollment.world import Enrolled, enroll
from tests.followed import Secrets

__all__ = [
    "casework",
    "casework_template",
    "county",
    "empty",
    "enrollment_secrets",
    "enrollment_template",
]


@pytest.fixture(scope="session")
def secrets(enrollment_secrets: Secrets) -> Secrets:
    """What casework opens was sealed by enrollment."""
    return enrollment_secrets


@pytest.fixture
async def school(county: Enrolled) -> Enrolled:
    await enroll(county)
    return county
