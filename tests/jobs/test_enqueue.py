"""A job exists if and only if the write that leaves it behind commits, once for each key."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session, sessionmaker

from registry.database import begin_write, make_engine, writing
from registry.errors import NotFound, Unavailable
from registry.jobs import JobQueue, enqueue_job, find_job, submit_job
from registry.jobs.claims import claim_job, fail_job
from registry.jobs.enqueue import QUEUE
from registry.models import Job
from registry.rules.enumerations import JobStatus
from registry.settings import Settings

Sessions = sessionmaker[Session]


def count_jobs(sessions: Sessions) -> int:
    with sessions() as session:
        return session.scalar(select(func.count()).select_from(Job)) or 0


def test_a_job_waits_with_what_it_needs_to_know(sessions: Sessions) -> None:
    job_id = submit_job(sessions, "refresh", {"branch": "main"}, key="refresh")

    with sessions() as session:
        job = find_job(session, job_id)
        assert (job.kind, job.key, job.payload) == ("refresh", "refresh", {"branch": "main"})
        assert (job.status, job.attempts, job.started_at) == (JobStatus.QUEUED, 0, None)


def test_ids_cannot_be_guessed(sessions: Sessions) -> None:
    ids = {submit_job(sessions, "refresh") for _ in range(10)}

    assert len(ids) == 10
    assert min(map(len, ids)) >= 22


def test_an_unknown_job(sessions: Sessions) -> None:
    with sessions() as session, pytest.raises(NotFound, match="no such job"):
        find_job(session, "none")


def test_a_write_that_fails_leaves_no_job(sessions: Sessions) -> None:
    def fail() -> None:
        with writing(sessions) as session:
            enqueue_job(session, "refresh")
            raise KeyError

    with pytest.raises(KeyError):
        fail()

    assert count_jobs(sessions) == 0


def test_one_job_waits_for_each_key(sessions: Sessions) -> None:
    first = submit_job(sessions, "refresh", key="refresh")

    assert submit_job(sessions, "refresh", key="refresh") == first
    assert submit_job(sessions, "refresh", key="another") != first
    assert submit_job(sessions, "refresh") != submit_job(sessions, "refresh")


def test_work_that_comes_after_a_job_has_begun_is_another_job(sessions: Sessions) -> None:
    first = submit_job(sessions, "refresh", key="refresh")
    assert claim_job(sessions, "0a", ["refresh"]) is not None

    second = submit_job(sessions, "refresh", key="refresh")

    assert second != first
    assert submit_job(sessions, "refresh", key="refresh") == second


def test_who_asks_anew_does_not_wait_for_the_next_attempt(sessions: Sessions) -> None:
    first = submit_job(sessions, "refresh", key="refresh")
    claimed = claim_job(sessions, "0a", ["refresh"])
    assert claimed is not None
    fail_job(sessions, claimed, Unavailable("Not now."))
    assert claim_job(sessions, "0a", ["refresh"]) is None

    assert submit_job(sessions, "refresh", key="refresh") == first
    assert claim_job(sessions, "0a", ["refresh"]) is None
    assert submit_job(sessions, "refresh", key="refresh", asked=True) == first

    again = claim_job(sessions, "0a", ["refresh"])
    assert again is not None
    assert (again.id, again.attempts) == (first, 2)


def test_many_at_once_make_one_job_of_a_key(engine: Engine) -> None:
    together = Barrier(6)

    def submit() -> str:
        own = make_engine(engine.url.render_as_string(hide_password=False))
        together.wait(120)
        try:
            return submit_job(sessionmaker(own), "refresh", key="refresh")
        finally:
            own.dispose()

    with ThreadPoolExecutor(6) as pool:
        ids = {future.result(120) for future in [pool.submit(submit) for _ in range(6)]}

    assert len(ids) == 1
    assert count_jobs(sessionmaker(engine)) == 1


def test_a_worker_does_not_begin_a_job_before_what_was_written_for_it_is_there(
    engine: Engine, sessions: Sessions
) -> None:
    """Whoever finds a job of its key waiting relies on it to see what the transaction writes."""
    if engine.dialect.name == "sqlite":
        pytest.skip("one writer at a time: a worker that claims waits for the transaction's end")
    queued = submit_job(sessions, "refresh", key="refresh")
    with sessions() as session:
        begin_write(session)
        assert enqueue_job(session, "refresh", key="refresh") == queued

        assert claim_job(sessions, "0a", ["refresh"]) is None
        session.commit()

    claimed = claim_job(sessions, "0a", ["refresh"])
    assert claimed is not None
    assert claimed.id == queued


class Heard:
    """Notes what would wake a worker."""

    def __init__(self, queue: JobQueue) -> None:
        queue.wake()
        self._queue = queue
        self._before = self._pending()

    def _pending(self) -> int:
        huey: Any = self._queue._huey
        return int(huey.pending_count())

    @property
    def count(self) -> int:
        return self._pending() - self._before


def test_a_worker_is_woken_after_the_commit_and_once(engine: Engine, tmp_path: Path) -> None:
    queue = JobQueue(Settings(instance_path=tmp_path))
    heard = Heard(queue)
    sessions = sessionmaker(engine, info={QUEUE: queue})

    with writing(sessions) as session:
        with session.begin_nested():
            enqueue_job(session, "refresh")
        enqueue_job(session, "refresh")
        assert heard.count == 0
    assert heard.count == 1

    with sessions() as session:
        begin_write(session)
        enqueue_job(session, "refresh")
        session.rollback()
        assert heard.count == 1
        begin_write(session)
        session.commit()
        assert heard.count == 1
        begin_write(session)
        enqueue_job(session, "refresh")
        session.commit()
        assert heard.count == 2
    queue.close()


def test_a_queue_out_of_reach_fails_no_write(
    engine: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    queue = JobQueue(Settings(queue_url=f"unix://{tmp_path / 'none.sock'}"))

    submit_job(sessionmaker(engine, info={QUEUE: queue}), "refresh")

    assert "queue of jobs cannot be reached" in caplog.text
