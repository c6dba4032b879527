"""The queue wakes, and what somebody else writes into it does no harm."""

import json
import pickle
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import make_url
from sqlalchemy.orm import Session, sessionmaker

from registry.jobs import JobQueue, submit_job
from registry.settings import Settings
from tests.databases import Databases
from tests.worker.conftest import StartWorker


class Trap:
    """Makes a directory where its pickle is read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.mkdir, (self._path,)  # type: ignore[return-value]  # what `pickle` calls


def test_messages_are_json(tmp_path: Path) -> None:
    queue = JobQueue(Settings(instance_path=tmp_path))

    assert queue.wake()

    queue.close()
    with sqlite3.connect(tmp_path / "queue.db") as connection:
        ((message,),) = connection.execute("SELECT data FROM task").fetchall()
    connection.close()
    assert json.loads(message)[1].endswith("wake")


# The queue is a file of its own.
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_pickle_in_the_queue_is_not_read(
    sessions: sessionmaker[Session], start_worker: StartWorker, tmp_path: Path
) -> None:
    job_id = submit_job(sessions, "quick")
    trap = tmp_path / "trapped"
    queue = JobQueue(Settings(instance_path=tmp_path / "instance"))
    queue.wake()
    queue.close()
    with sqlite3.connect(tmp_path / "instance" / "queue.db") as connection:
        messages = [(pickle.dumps(Trap(trap)),), (b"{",), (b"[]",), (b"[1, 2]",)]
        connection.executemany(
            "INSERT INTO task (queue, data, priority) VALUES ('registry', ?, 9)", messages
        )
    connection.close()

    worker = start_worker()

    assert worker.read() == ["ran", job_id, "1"]
    worker.stop()
    assert not trap.exists()


def test_processes_that_make_the_queue_at_once_all_have_it(databases: Databases) -> None:
    url = databases.make_empty("postgresql")
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    queues = [JobQueue(Settings(queue_url=plain)) for _ in range(6)]
    together = Barrier(len(queues))

    def wake(queue: JobQueue) -> bool:
        together.wait(120)
        return queue.wake()

    with ThreadPoolExecutor(len(queues)) as pool:
        woken = list(pool.map(wake, queues))

    for queue in queues:
        queue.close()
    databases.drop(url)
    assert all(woken)
