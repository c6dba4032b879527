"""A job that takes too long fails for good, and its worker ends, for nobody can end its thread."""

import pytest
from sqlalchemy.orm import Session, sessionmaker

from registry.jobs import find_job, submit_job
from registry.models import Job
from registry.rules.enumerations import JobStatus
from registry.settings import Settings
from registry.worker.kinds import KINDS, seconds_for
from tests.worker.conftest import PATIENCE, StartWorker

Sessions = sessionmaker[Session]


def read(sessions: Sessions, job_id: str) -> Job:
    with sessions() as session:
        return find_job(session, job_id)


def told(job: Job) -> tuple[str, str, str]:
    return job.status, job.error_code, job.error


FAILED = (JobStatus.FAILED, "job_timed_out", "It took longer than 1 s and was given up.")


def test_the_worker_ends_once_its_other_jobs_have(
    sessions: Sessions, start_worker: StartWorker
) -> None:
    submit_job(sessions, "held")
    worker = start_worker(watch_seconds=0.2, REGISTRY_REFRESH_TIMEOUT="1")
    worker.read()
    overstays = submit_job(sessions, "refresh")
    assert worker.read() == ["begun", overstays, "1"]
    while read(sessions, overstays).status == JobStatus.RUNNING:
        pass
    assert told(read(sessions, overstays)) == FAILED

    # Either of the two reads this; the one that was given up has no more say.
    worker.go_on(2)

    assert worker.process.wait(PATIENCE) != 0
    assert told(read(sessions, overstays)) == FAILED


def test_a_job_that_keeps_the_write_lock_fails_once_its_worker_is_gone(
    sessions: Sessions, start_worker: StartWorker
) -> None:
    if sessions.kw["bind"].dialect.name == "postgresql":
        pytest.skip("no job keeps others from writing")
    overstays = submit_job(sessions, "writing")
    worker = start_worker(watch_seconds=0.2, REGISTRY_JOB_TIMEOUT="1")
    assert worker.read() == ["begun", overstays, "1"]

    assert worker.process.wait(PATIENCE) != 0

    other = submit_job(sessions, "quick")
    next_worker = start_worker(watch_seconds=0.2, REGISTRY_JOB_TIMEOUT="1")
    assert next_worker.read() == ["ran", other, "1"]
    while read(sessions, overstays).status == JobStatus.RUNNING:
        pass
    assert told(read(sessions, overstays)) == FAILED
    assert next_worker.stop() == []


def test_every_kind_has_its_time() -> None:
    settings = Settings(processing_timeout=1, refresh_timeout=2, job_timeout=3)

    assert {kind: seconds_for(kind, settings) for kind in KINDS} == {
        "npm-lookup": 3,
        "process-upload": 1,
        "record-run": 3,
        "refresh": 2,
    }
