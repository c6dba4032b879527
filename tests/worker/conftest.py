"""Workers as real processes, whose kinds of jobs a test can watch and hold."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest

PATIENCE = 120

# Each job tells of itself in a line on standard output; one that is held waits for a line.
PROGRAM = """
import sys

from registry.database import begin_write, make_engine
from registry.settings import Settings
from registry.worker import runner


def tell(*words):
    sys.stdout.write(" ".join(map(str, words)) + "\\n")
    sys.stdout.flush()


def quick(work):
    tell("ran", work.job_id, work.attempt)


def held(work):
    tell("begun", work.job_id, work.attempt)
    sys.stdin.readline()


def writing(work):
    with work.sessions() as session:
        begin_write(session)
        work.report(3, 10, "writing")
        tell("begun", work.job_id, work.attempt)
        sys.stdin.readline()


listen = runner.JobQueue.listen


def listen_and_tell(queue, *arguments, **options):
    consumer = listen(queue, *arguments, **options)
    stop = consumer.stop

    # Called once the worker begins no more jobs.
    def tell_and_stop(**options):
        tell("stopping")
        stop(**options)

    consumer.stop = tell_and_stop
    return consumer


runner.JobQueue.listen = listen_and_tell
watch = float(sys.argv[1])
if watch:
    runner.WATCH_SECONDS = watch
    runner.NOTE_SECONDS = 1
settings = Settings()
runner.run_worker(
    make_engine(settings.database_address()),
    settings,
    kinds={"quick": quick, "held": held, "writing": writing, "refresh": held},
    when_ready=lambda: tell("ready"),
)
"""


class WorkerProcess:
    """A worker that was started."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    @property
    def output(self) -> IO[str]:
        assert self.process.stdout is not None
        return self.process.stdout

    def read(self) -> list[str]:
        """Give the words of the next line that it tells."""
        line = self.output.readline()
        assert line, "the worker has ended"
        return line.split()

    def go_on(self, jobs: int = 1) -> None:
        """Let a held job end, or several at once."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n" * jobs)
        self.process.stdin.flush()

    def begin_to_stop(self) -> None:
        """Tell it to stop, and wait until it begins no more jobs."""
        self.process.terminate()
        assert self.read() == ["stopping"]

    def stop(self) -> list[str]:
        """Tell it to stop, wait until it has, and give the lines that were not read."""
        self.process.terminate()
        return self.end()

    def end(self) -> list[str]:
        """Wait until it has stopped, which it was told to, and give the lines that were not read.

        Told a second time, it would stop at once.
        """
        rest = self.output.read().splitlines()
        assert self.process.wait(PATIENCE) == 0
        return [line for line in rest if line != "stopping"]


StartWorker = Callable[..., WorkerProcess]


@pytest.fixture
def start_worker(database_url: str, tmp_path: Path) -> Iterator[StartWorker]:
    """Start workers on the test's database; they are ended after the test."""
    started: list[subprocess.Popen[str]] = []

    def begin(*, watch_seconds: float = 0, **environment: str) -> WorkerProcess:
        settings = {
            "REGISTRY_DATABASE_URL": database_url,
            "REGISTRY_INSTANCE_PATH": str(tmp_path / "instance"),
        }
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(watch_seconds)],
            env={**os.environ, **settings, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        worker = WorkerProcess(process)
        assert worker.read() == ["ready"]
        return worker

    yield begin
    for process in started:
        process.kill()
        process.wait(PATIENCE)
        for stream in (process.stdin, process.stdout):
            if stream:
                stream.close()
