"""Checks of what is done in the background: the queue that wakes workers, and jobs that wait."""

from collections.abc import Iterator
from datetime import timedelta

import psycopg
import redis
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from registry.doctor.check import Check, fail, first_line, ok, warn
from registry.doctor.configuration import mask
from registry.models import Job
from registry.models.base import utc_now
from registry.rules.enumerations import JobStatus
from registry.settings import Settings

_TIMEOUT = 2
# A worker looks for jobs every few seconds.
_LONG = timedelta(minutes=1)


def check_jobs(settings: Settings, engine: Engine | None) -> Iterator[Check]:
    """Look at the queue, and whether jobs wait that a worker would have begun."""
    yield _check_queue(settings.queue_url)
    if engine is not None:
        yield _check_waiting(engine)


def _check_queue(url: str) -> Check:
    if not url:
        return ok("queue", "a file in the instance directory, which is right for one machine")
    try:
        if url.startswith("postgresql://"):
            psycopg.connect(url, connect_timeout=_TIMEOUT).close()
        else:
            timeouts = {"socket_timeout": _TIMEOUT, "socket_connect_timeout": _TIMEOUT}
            with redis.Redis.from_url(url, **timeouts) as client:
                client.ping()
    except (psycopg.Error, redis.RedisError, OSError, ValueError) as error:
        mend = "Start it, or correct REGISTRY_QUEUE_URL; jobs are begun some seconds later."
        return fail("queue", f"{mask(url)}: {first_line(error)}", mend)
    return ok("queue", mask(url))


def _check_waiting(engine: Engine) -> Check:
    late = (Job.status == JobStatus.QUEUED, Job.run_after < utc_now() - _LONG)
    with Session(engine) as session:
        waiting = session.scalar(select(func.count()).select_from(Job).where(*late)) or 0
    if not waiting:
        return ok("jobs", "none waits for a worker")
    mend = "Start `registry worker`, or `registry serve` without --no-worker."
    return warn("jobs", f"{waiting} wait for more than a minute: no worker seems to run", mend)
