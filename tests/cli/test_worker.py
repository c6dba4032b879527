"""`registry worker`, alone and inside `registry serve`, as real processes."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from registry.commands.worker import NICENESS
from registry.database import make_engine, reading
from registry.jobs import submit_job
from registry.models import Job, Package
from registry.rules.enumerations import JobStatus
from tests.cli.conftest import REGISTRY, Run, Start
from tests.ports import free_port
from tests.repositories import small_monorepo

PATIENCE = 120


def wait_for(process: subprocess.Popen[str], words: str) -> None:
    """Read what a process says until a line holds `words`."""
    assert process.stderr is not None
    for line in process.stderr:
        if words in line:
            return
    raise AssertionError(f"it never said {words!r}")


@pytest.mark.parametrize("command", [["worker"], ["serve", "--port"]])
def test_it_refreshes_the_workspace_when_a_job_says_so(
    start: Start, migrated_either: str, tmp_path: Path, command: list[str]
) -> None:
    tree = small_monorepo(tmp_path / "acme")
    engine = make_engine(migrated_either)
    sessions = sessionmaker(engine)
    job_id = submit_job(sessions, "refresh", key="refresh")
    if command[0] == "serve":
        command = [*command, str(free_port())]
        # Else the server itself catalogues what never was.
        subprocess.run([REGISTRY, "refresh"], check=True, env=with_workspace(tree.path))
        tree.package("packages/new", name="new", version="1.0.0")
    process = start(*command, env=with_workspace(tree.path))

    wait_for(process, f"{job_id} (refresh) is done")

    process.terminate()
    said = process.communicate(timeout=PATIENCE)[1]
    assert process.returncode == 0
    assert said.endswith("Stopped.\n")
    with reading(sessions) as session:
        job = session.execute(select(Job)).scalar_one()
        assert (job.status, job.attempts) == (JobStatus.DONE, 1)
        assert "two" in session.scalars(select(Package.name)).all()
    engine.dispose()


def with_workspace(path: Path) -> dict[str, str]:
    return {**os.environ, "REGISTRY_WORKSPACE": str(path)}


def test_serve_leaves_jobs_to_others_where_it_is_told_so(start: Start, migrated: str) -> None:
    engine = make_engine(migrated)
    job_id = submit_job(sessionmaker(engine), "refresh")
    process = start("serve", "--port", str(free_port()), "--no-worker")
    wait_for(process, "answers on")

    process.terminate()

    assert f"job {job_id}" not in process.communicate(timeout=PATIENCE)[1]
    with Session(engine) as session:
        assert session.execute(select(Job.attempts)).scalar_one() == 0
    engine.dispose()


_PARENT = """
import subprocess, sys, os
child = subprocess.Popen([sys.argv[1], "worker", "--parent", str(os.getpid())])
sys.exit(child.wait())
"""


def test_it_ends_with_its_parent_however_that_ends(migrated: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _PARENT, str(REGISTRY)],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as parent:
        wait_for(parent, "Working on jobs")
        process = psutil.Process(parent.pid)
        nice, worker_nice = process.nice(), process.children()[0].nice()

        parent.kill()

        # The end of what both write to: none of them is left.
        assert parent.stderr is not None
        assert parent.stderr.read().endswith("Stopped.\n")
    # Who waits for the server's answers goes first.
    assert worker_nice == min(nice + NICENESS, 19)


def test_a_database_that_is_not_migrated(run: Run) -> None:
    result = run("worker")

    assert result.exit_code == 1
    assert "run `registry migrate`" in result.stderr


@pytest.mark.usefixtures("migrated")
@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("unix:///nowhere/redis.sock", "The queue of jobs cannot be reached"),
        ("amqp://localhost", "REGISTRY_QUEUE_URL is wrong"),
    ],
)
def test_a_queue_that_cannot_be_used(run: Run, url: str, said: str) -> None:
    result = run("worker", REGISTRY_QUEUE_URL=url)

    assert result.exit_code == 1
    assert said in result.stderr
