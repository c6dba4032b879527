"""A worker's process: threads that run jobs when the queue wakes them, and one that keeps watch."""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import sessionmaker

from registry.errors import RegistryError
from registry.health.build_figures import roll_figures
from registry.jobs.claims import (
    JobOverstayed,
    any_due,
    claim_job,
    fail_job,
    finish_job,
    forget_ended,
    record_heartbeats,
    release_abandoned,
)
from registry.jobs.enqueue import QUEUE
from registry.jobs.presence import Heartbeat, Presence, be_present
from registry.jobs.queue import JobQueue
from registry.jobs.work import Work
from registry.logs import naming_job
from registry.models import Job
from registry.models.base import utc_now
from registry.rules.times import format_time
from registry.settings import Settings
from registry.wakeup import Wakeup
from registry.worker.kinds import KINDS, seconds_for
from registry.worker.publishing import keep_publications

THREADS = 2
# A job on PostgreSQL may need two connections at a time, and the pool has fifteen.
MOST_THREADS = 6
# How long a stopping worker may take for the jobs it has begun, in seconds.
DRAIN_SECONDS = 30
# How long it may take to write down that a job was given up.
NOTE_SECONDS = 5
# Between two heartbeats, and two looks for jobs that no message told of.
WATCH_SECONDS = 5
# Between two notes of progress, where they cost next to nothing.
_BEAT_SECONDS = 1
_PARENT_SECONDS = 1
_DRAIN_LOOK_SECONDS = 0.1

_log = logging.getLogger("registry.worker")

Kinds = Mapping[str, Callable[[Work], None]]
# A job and the attempt.
Claim = tuple[str, int]


def run_worker(
    engine: Engine,
    settings: Settings,
    *,
    threads: int = THREADS,
    parent: int | None = None,
    kinds: Kinds = KINDS,
    when_ready: Callable[[], None] = lambda: None,
) -> None:
    """Run jobs until SIGINT, SIGTERM or SIGHUP, then finish those begun and return.

    To be called in the main thread. A second signal ends the process at once; the jobs that it had
    begun are run again by another worker.

    Args:
        engine: the database with the jobs.
        settings: where the queue is, and what the jobs' functions need.
        threads: how many jobs may run at a time.
        parent: the process with which this one is to end, whatever ended that; None: none.
        kinds: the functions by kind of job; other kinds are left to other workers.
        when_ready: called once the worker runs jobs.

    Raises:
        Unavailable: the queue cannot be reached.
        JobOverstayed: a job took longer than its kind may. Python cannot end a thread, so the
            process has to end, and to be started again by whoever watches over it.
    """
    # huey tells of every message.
    logging.getLogger("huey").setLevel(logging.WARNING)
    stop = threading.Event()
    asked = Wakeup()
    queue = JobQueue(settings)
    presence = be_present(engine)
    worker = _Worker(engine, settings, kinds, queue, presence, stop)
    watch = threading.Thread(target=worker.watch, name="watch", daemon=True)
    try:
        consumer = queue.listen(worker.run_due, threads=threads, shutdown_timeout=DRAIN_SECONDS)
        _stop_on_signals(asked)
        consumer.start()
        watch.start()
        keeper = threading.Thread(
            target=keep_publications, args=(worker.sessions, settings, stop), daemon=True
        )
        keeper.start()
        when_ready()
        while not asked.wait(_PARENT_SECONDS):
            consumer.check_worker_health()
            if parent is not None and os.getppid() != parent:
                break
            if worker.given_up:
                break
        stop.set()
        if worker.given_up:
            worker.drain()
        consumer.stop(graceful=not worker.given_up)
        watch.join(_BEAT_SECONDS)
    finally:
        # Else the lock stays until the process is gone: its threads may be at work until then.
        if not worker.running and not watch.is_alive():
            presence.end()
        queue.close()
        asked.close()
    if worker.given_up:
        raise next(iter(worker.given_up.values()))


def _stop_on_signals(asked: Wakeup) -> None:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def handle(_number: int, _frame: object) -> None:
        asked.set()
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)

    for number in numbers:
        signal.signal(number, handle)


@dataclass
class _Worker:
    """What the threads of a worker share."""

    engine: Engine
    settings: Settings
    kinds: Kinds
    queue: JobQueue
    presence: Presence
    stop: threading.Event
    running: dict[Claim, tuple[Job, Work]] = field(default_factory=dict)
    # Those of them that took too long, and whose threads nobody can end.
    given_up: dict[Claim, JobOverstayed] = field(default_factory=dict)
    # Those of them whose failure is written down.
    told: set[Claim] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.sessions = sessionmaker(self.engine, info={QUEUE: self.queue})
        self.fallback = threading.Thread(target=self.run_due)

    def run_due(self) -> None:
        """Run jobs until none is due."""
        while not self.stop.is_set():
            try:
                job = claim_job(self.sessions, self.presence.worker, list(self.kinds))
            except SQLAlchemyError as error:
                # The watch will find what is due.
                _log.warning("no job could be claimed: %s", error)
                return
            if job is None:
                return
            self._run(job)

    def watch(self) -> None:
        """Do what time brings, until the worker stops: heartbeats, and jobs left behind."""
        while True:
            try:
                self._beat()
                self._give_up_overdue()
                self._look_around()
            except SQLAlchemyError as error:
                _log.warning("the database is out of reach or too busy: %s", error)
            looked = time.monotonic()
            while (left := looked + WATCH_SECONDS - time.monotonic()) > 0:
                if self.stop.wait(min(left, _BEAT_SECONDS)):
                    return
                self._note_progress()

    def _beat(self) -> None:
        self.presence.renew()
        if not self._note_progress():
            running = [(job, work.latest) for job, work in list(self.running.values())]
            record_heartbeats(self.sessions, running)

    def _give_up_overdue(self) -> None:
        """Fail what takes too long, for good: tried again, it would hold up the next worker.

        Beside SQLite such a job may keep the one write lock. Then it fails once this process is
        gone, by `release_abandoned`.
        """
        for claim, (job, work) in list(self.running.items()):
            limit = seconds_for(job.kind, self.settings)
            if claim in self.given_up or time.monotonic() - work.began < limit:
                continue
            error = JobOverstayed(limit)
            _log.error("job %s (%s) failed, and this worker ends: %s", job.id, job.kind, error)
            self.given_up[claim] = error
            # Else the last sign of it may be from a moment before its time was over.
            self._note_progress()
            threading.Thread(target=self._fail, args=(job, error), daemon=True).start()

    def _fail(self, job: Job, error: JobOverstayed) -> None:
        try:
            fail_job(self.sessions, job, error)
        except SQLAlchemyError as failure:
            _log.warning("the end of a job could not be noted: %s", failure)
        else:
            self.told.add((job.id, job.attempts))

    def drain(self) -> None:
        """Wait for the jobs that may still end, and a little for it to be noted which did not."""
        began = time.monotonic()
        while (left := began + DRAIN_SECONDS - time.monotonic()) > 0:
            untold = self.given_up.keys() - self.told and left > DRAIN_SECONDS - NOTE_SECONDS
            if not (untold or self.running.keys() - self.given_up.keys()):
                return
            time.sleep(_DRAIN_LOOK_SECONDS)

    def _note_progress(self) -> bool:
        """Note how far the jobs are where that costs no write to the database."""
        now = format_time(utc_now())
        heartbeats = {
            job.id: Heartbeat(work.latest.done, work.latest.total, work.latest.what, now)
            for job, work in list(self.running.values())
        }
        return self.presence.note(heartbeats)

    def _look_around(self) -> None:
        released = release_abandoned(self.engine, lambda kind: seconds_for(kind, self.settings))
        if released:
            _log.warning("%d jobs of workers that are gone were taken from them", released)
        forget_ended(self.sessions)
        roll_figures(self.sessions, days=self.settings.build_window_days)
        if any_due(self.sessions) and not self.queue.wake() and not self.fallback.is_alive():
            # The queue is out of reach, which must not stop the work.
            self.fallback = threading.Thread(target=self.run_due, name="fallback", daemon=True)
            self.fallback.start()

    def _run(self, job: Job) -> None:
        with naming_job(job.id):
            self._run_named(job)

    def _run_named(self, job: Job) -> None:
        work = Work(
            job_id=job.id,
            kind=job.kind,
            payload=job.payload,
            attempt=job.attempts,
            engine=self.engine,
            sessions=self.sessions,
            settings=self.settings,
        )
        claim = (job.id, job.attempts)
        self.running[claim] = (job, work)
        _log.info("job %s (%s) begins, attempt %d", job.id, job.kind, job.attempts)
        began = time.perf_counter()
        try:
            self.kinds[job.kind](work)
        except Exception as error:  # noqa: BLE001 -- whatever a job does, the worker goes on
            # An error of ours says all in its sentence.
            trace = None if isinstance(error, RegistryError) else error
            _log.error("job %s (%s) failed: %s", job.id, job.kind, error, exc_info=trace)
            failure = error
            self._note(lambda: fail_job(self.sessions, job, failure))
        else:
            seconds = time.perf_counter() - began
            _log.info("job %s (%s) is done in %.1f s", job.id, job.kind, seconds)
            self._note(lambda: finish_job(self.sessions, job, work.latest))
        finally:
            del self.running[claim]

    def _note(self, write: Callable[[], Any]) -> None:
        """Write down how a job ended, however long the database is out of reach or too busy."""
        while True:
            try:
                write()
            except SQLAlchemyError as error:
                _log.warning("the end of a job cannot be noted yet: %s", error)
                time.sleep(1)
            else:
                return
