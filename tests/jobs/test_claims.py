"""A job is one worker's at a time, is tried again within bounds, and outlives its worker."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session, sessionmaker

from registry.database import begin_write, make_engine
from registry.errors import InvalidInput, Unavailable
from registry.jobs import MAX_ATTEMPTS, submit_job
from registry.jobs.claims import (
    FIRST_DELAY,
    claim_job,
    fail_job,
    finish_job,
    forget_ended,
    record_heartbeats,
    release_abandoned,
)
from registry.jobs.presence import Presence, be_present, find_absent
from registry.jobs.work import Progress
from registry.models import Job
from registry.models.base import utc_now
from registry.rules.enumerations import JobStatus
from tests.databases import Databases, fresh_database

Sessions = sessionmaker[Session]
KINDS = ["refresh"]


@pytest.fixture
def present(engine: Engine) -> Iterator[Presence]:
    presence = be_present(engine)
    yield presence
    presence.end()


def read(sessions: Sessions, job_id: str) -> Job:
    with sessions() as session:
        return session.execute(select(Job).where(Job.id == job_id)).scalar_one()


def claim(sessions: Sessions, worker: str = "0a") -> Job:
    job = claim_job(sessions, worker, KINDS)
    assert job is not None
    return job


def make_due(sessions: Sessions) -> None:
    with sessions() as session:
        begin_write(session)
        session.execute(update(Job).values(run_after=utc_now() - timedelta(seconds=1)))
        session.commit()


def test_jobs_are_claimed_once_and_in_order(sessions: Sessions) -> None:
    ids = [submit_job(sessions, "refresh") for _ in range(3)]
    with sessions() as session:
        begin_write(session)
        for age, job_id in enumerate(ids):
            moment = utc_now() - timedelta(seconds=60 - age)
            session.execute(update(Job).where(Job.id == job_id).values(run_after=moment))
        session.commit()

    assert [claim(sessions).id for _ in ids] == ids
    assert claim_job(sessions, "0a", KINDS) is None


def test_a_kind_that_a_worker_does_not_know_is_left_to_others(sessions: Sessions) -> None:
    submit_job(sessions, "another")

    assert claim_job(sessions, "0a", KINDS) is None
    assert claim_job(sessions, "0a", ["another"]) is not None


def test_two_jobs_of_a_key_do_not_run_at_a_time(sessions: Sessions) -> None:
    submit_job(sessions, "refresh", key="refresh")
    first = claim(sessions)
    second = submit_job(sessions, "refresh", key="refresh")

    assert claim_job(sessions, "0b", KINDS) is None
    finish_job(sessions, first, Progress())
    assert claim(sessions).id == second


def test_many_workers_share_the_jobs_and_none_is_run_twice(engine: Engine) -> None:
    sessions = sessionmaker(engine)
    ids = {submit_job(sessions, "refresh") for _ in range(20)}

    def work(number: int) -> list[str]:
        own = make_engine(engine.url.render_as_string(hide_password=False))
        claimed = []
        while (job := claim_job(sessionmaker(own), f"{number:x}", KINDS)) is not None:
            claimed.append(job.id)
        own.dispose()
        return claimed

    with ThreadPoolExecutor(4) as pool:
        claims = [job_id for part in pool.map(work, range(4)) for job_id in part]

    assert sorted(claims) == sorted(ids)


def test_a_job_that_is_done(sessions: Sessions) -> None:
    submit_job(sessions, "refresh")
    job = claim(sessions)
    record_heartbeats(sessions, [(job, Progress(3, 10, "history"))])
    assert read(sessions, job.id).progress_done == 3

    finish_job(sessions, job, Progress(9, 10, "history"))

    ended = read(sessions, job.id)
    assert (ended.status, ended.attempts) == (JobStatus.DONE, 1)
    assert (ended.progress_done, ended.progress_total) == (10, 10)
    assert ended.finished_at is not None


@pytest.mark.parametrize("error", [Unavailable("It is away."), KeyError("secret")])
def test_a_failure_that_may_pass_is_tried_again_ever_later(
    sessions: Sessions, error: Exception
) -> None:
    submit_job(sessions, "refresh")
    waits = []
    for attempt in range(1, MAX_ATTEMPTS + 1):
        make_due(sessions)
        job = claim(sessions)
        assert job.attempts == attempt
        before = utc_now()
        fail_job(sessions, job, error)
        waits.append(read(sessions, job.id).run_after - before)
        assert claim_job(sessions, "0b", KINDS) is None

    ended = read(sessions, job.id)
    assert ended.status == JobStatus.FAILED
    assert ended.finished_at is not None
    assert "secret" not in ended.error
    assert waits[0] >= FIRST_DELAY
    assert all(late >= 3 * early for early, late in pairwise(waits[:-1]))


def test_a_failure_of_the_input_is_final(sessions: Sessions) -> None:
    submit_job(sessions, "refresh")
    job = claim(sessions)

    fail_job(sessions, job, InvalidInput("The branch is none."))

    ended = read(sessions, job.id)
    assert (ended.status, ended.attempts) == (JobStatus.FAILED, 1)
    assert (ended.error_code, ended.error) == ("invalid_input", "The branch is none.")


def test_a_retry_gives_way_to_a_job_of_its_key_that_was_queued_meanwhile(
    sessions: Sessions,
) -> None:
    submit_job(sessions, "refresh", key="refresh")
    job = claim(sessions)
    second = submit_job(sessions, "refresh", key="refresh")

    fail_job(sessions, job, Unavailable("It is away."))

    assert read(sessions, job.id).status == JobStatus.SUPERSEDED
    assert claim(sessions).id == second


def test_a_worker_that_lives_keeps_its_jobs(
    engine: Engine, sessions: Sessions, present: Presence
) -> None:
    submit_job(sessions, "refresh")
    job = claim(sessions, present.worker)

    assert release_abandoned(engine) == 0
    present.renew()
    assert read(sessions, job.id).status == JobStatus.RUNNING


def test_the_jobs_of_a_worker_that_is_gone_are_run_again(
    engine: Engine, sessions: Sessions, present: Presence
) -> None:
    other = make_engine(engine.url.render_as_string(hide_password=False))
    gone = be_present(other)
    submit_job(sessions, "refresh")
    lost = claim(sessions, gone.worker)
    assert release_abandoned(engine) == 0
    gone.end()
    other.dispose()

    assert release_abandoned(engine) == 1
    assert read(sessions, lost.id).error_code == "worker_lost"
    again = claim(sessions, present.worker)
    assert (again.id, again.attempts) == (lost.id, 2)


@pytest.mark.parametrize("same_worker", [True, False])
def test_who_was_taken_for_dead_has_no_more_say(
    engine: Engine, sessions: Sessions, same_worker: bool
) -> None:
    submit_job(sessions, "refresh")
    lost = claim(sessions)
    release_abandoned(engine)
    again = claim(sessions, lost.worker if same_worker else "0b")

    record_heartbeats(sessions, [(lost, Progress(7, 7, "late"))])
    fail_job(sessions, lost, InvalidInput("Too late."))
    finish_job(sessions, lost, Progress(7, 7, "late"))

    job = read(sessions, again.id)
    assert (job.status, job.progress_what) == (JobStatus.RUNNING, "")


def test_a_job_that_ends_worker_after_worker_fails_in_the_end(
    engine: Engine, sessions: Sessions
) -> None:
    submit_job(sessions, "refresh")
    for _ in range(MAX_ATTEMPTS):
        make_due(sessions)
        job = claim(sessions)
        release_abandoned(engine)

    assert read(sessions, job.id).status == JobStatus.FAILED


@pytest.mark.parametrize(
    ("seen", "status", "code"),
    [
        (59, JobStatus.QUEUED, "worker_lost"),
        (60, JobStatus.FAILED, "job_timed_out"),
        # However long ago that was: nobody worked on it since.
        (0, JobStatus.QUEUED, "worker_lost"),
    ],
)
def test_a_job_that_overstayed_before_its_worker_was_gone_has_failed(
    engine: Engine, sessions: Sessions, seen: int, status: JobStatus, code: str
) -> None:
    submit_job(sessions, "refresh")
    job = claim(sessions)
    began = utc_now() - timedelta(days=1)
    with sessions() as session:
        begin_write(session)
        last = began + timedelta(seconds=seen)
        session.execute(update(Job).values(started_at=began, heartbeat_at=last))
        session.commit()

    release_abandoned(engine, lambda _kind: 60)

    found = read(sessions, job.id)
    assert (found.status, found.error_code) == (status, code)


def test_jobs_that_ended_long_ago_are_forgotten(sessions: Sessions) -> None:
    submit_job(sessions, "refresh")
    recent = claim(sessions)
    finish_job(sessions, recent, Progress())
    submit_job(sessions, "refresh")
    old = claim(sessions)
    finish_job(sessions, old, Progress())
    with sessions() as session:
        begin_write(session)
        long_ago = utc_now() - timedelta(days=8)
        session.execute(update(Job).where(Job.id == old.id).values(finished_at=long_ago))
        session.commit()

    forget_ended(sessions)

    with sessions() as session:
        assert session.scalars(select(Job.id)).all() == [recent.id]


def test_a_worker_that_was_killed_leaves_no_file_for_ever(databases: Databases) -> None:
    with fresh_database(databases, "sqlite") as url:
        engine = make_engine(url)
        database = Path(str(engine.url.database))
        left = database.with_name(f"{database.name}.worker-0123456789abcdef")
        left.touch()
        first, second = be_present(engine), be_present(engine)

        assert not left.exists()
        assert find_absent(engine, {first.worker, second.worker}) == set()
        first.end()
        assert find_absent(engine, {first.worker, second.worker}) == {first.worker}
        second.end()
        assert list(database.parent.glob(f"{database.name}.worker-*")) == []
        engine.dispose()
