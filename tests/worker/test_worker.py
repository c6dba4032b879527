"""Workers as real processes: woken, killed, told to stop, side by side."""

import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url, select
from sqlalchemy.orm import Session, sessionmaker

from registry.jobs import JobQueue, find_job, submit_job
from registry.jobs.enqueue import QUEUE
from registry.models import Job
from registry.rules.enumerations import JobStatus
from registry.settings import Settings
from tests.databases import Databases
from tests.rest.redis_server import running_redis
from tests.worker.conftest import StartWorker, WorkerProcess

Sessions = sessionmaker[Session]
# Longer than any test: what is found then was found by a message.
NEVER = 100_000


def read(sessions: Sessions, job_id: str) -> Job:
    with sessions() as session:
        return session.execute(select(Job).where(Job.id == job_id)).scalar_one()


def test_a_job_that_no_message_told_of_is_found(
    sessions: Sessions, start_worker: StartWorker
) -> None:
    job_id = submit_job(sessions, "quick")

    worker = start_worker()

    assert worker.read() == ["ran", job_id, "1"]
    assert worker.stop() == []
    assert read(sessions, job_id).status == JobStatus.DONE


@pytest.fixture(params=["sqlite", "postgresql", "redis"])
def queue_url(request: pytest.FixtureRequest, databases: Databases) -> Iterator[str]:
    """Lend each kind of queue."""
    if request.param == "sqlite":
        yield ""
    elif request.param == "redis":
        with running_redis() as server:
            yield server.uri.removeprefix("redis+")
    else:
        url = databases.make_empty("postgresql")
        plain = make_url(url).set(drivername="postgresql")
        yield plain.render_as_string(hide_password=False)
        databases.drop(url)


def test_each_kind_of_queue_wakes_a_worker(
    engine: Engine, start_worker: StartWorker, queue_url: str, tmp_path: Path
) -> None:
    if engine.dialect.name == "postgresql":
        pytest.skip("the queue is apart from the database")
    worker = start_worker(watch_seconds=NEVER, REGISTRY_QUEUE_URL=queue_url)
    queue = JobQueue(Settings(queue_url=queue_url, instance_path=tmp_path / "instance"))

    job_id = submit_job(sessionmaker(engine, info={QUEUE: queue}), "quick")

    assert worker.read() == ["ran", job_id, "1"]
    worker.stop()
    queue.close()


def test_the_job_of_a_killed_worker_is_run_by_another(
    sessions: Sessions, start_worker: StartWorker
) -> None:
    job_id = submit_job(sessions, "held")
    killed = start_worker()
    assert killed.read() == ["begun", job_id, "1"]
    killed.process.send_signal(signal.SIGKILL)
    killed.process.wait()
    assert read(sessions, job_id).status == JobStatus.RUNNING

    other = start_worker(watch_seconds=0.2)

    assert other.read() == ["begun", job_id, "2"]
    other.go_on()
    other.stop()
    assert read(sessions, job_id).status == JobStatus.DONE


def test_a_worker_that_is_told_to_stop_finishes_what_it_has_begun_and_begins_no_more(
    sessions: Sessions, start_worker: StartWorker
) -> None:
    first = submit_job(sessions, "held", key="one at a time")
    worker = start_worker()
    assert worker.read() == ["begun", first, "1"]
    second = submit_job(sessions, "quick", key="one at a time")
    worker.begin_to_stop()

    worker.go_on()

    assert worker.end() == []
    assert read(sessions, first).status == JobStatus.DONE
    assert read(sessions, second).status == JobStatus.QUEUED


def test_progress_is_told_while_the_job_itself_keeps_the_database_busy(
    sessions: Sessions, start_worker: StartWorker
) -> None:
    """On SQLite nobody else can write until the job's transaction ends."""
    job_id = submit_job(sessions, "writing")
    worker = start_worker(watch_seconds=0.2)
    assert worker.read() == ["begun", job_id, "1"]

    seen = None
    while seen is None or seen.progress_what != "writing":
        with sessions() as session:
            seen = find_job(session, job_id)

    assert (seen.progress_done, seen.progress_total) == (3, 10)
    assert seen.heartbeat_at is not None
    assert seen.started_at is not None
    assert seen.heartbeat_at >= seen.started_at
    worker.go_on()
    worker.stop()
    ended = read(sessions, job_id)
    assert (ended.status, ended.progress_done) == (JobStatus.DONE, 10)


def test_workers_side_by_side_run_every_job_once(
    sessions: Sessions, start_worker: StartWorker
) -> None:
    jobs = {submit_job(sessions, "quick") for _ in range(30)}
    workers = [start_worker() for _ in range(2)]
    ran: list[str] = []
    all_ran = threading.Event()

    def follow(worker: WorkerProcess) -> None:
        for line in worker.output:
            ran.extend(line.split()[1:2])
            if len(ran) >= len(jobs):
                all_ran.set()

    followers = [threading.Thread(target=follow, args=(worker,)) for worker in workers]
    for follower in followers:
        follower.start()
    assert all_ran.wait(120)
    for worker in workers:
        worker.process.terminate()
    for follower in followers:
        follower.join(120)

    assert sorted(ran) == sorted(jobs)
