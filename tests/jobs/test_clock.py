"""Jobs, where the clock was set back since they were queued."""

from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from registry.database import writing
from registry.jobs import submit_job
from registry.jobs.claims import any_due, claim_job
from registry.models import Job
from registry.models.base import utc_now


@pytest.mark.parametrize(
    ("waits", "due"),
    [
        (timedelta(seconds=-1), True),
        (timedelta(seconds=30), False),
        # As long as the longest wait before another attempt, and still to be waited for.
        (timedelta(minutes=20), False),
        (timedelta(days=1), True),
    ],
)
def test_a_job_waits_for_minutes_and_not_for_another_age(
    sessions: sessionmaker[Session], waits: timedelta, due: bool
) -> None:
    submit_job(sessions, "refresh")
    with writing(sessions) as session:
        session.execute(update(Job).values(run_after=utc_now() + waits))

    assert any_due(sessions) == due
    assert (claim_job(sessions, "a", ["refresh"]) is not None) == due
