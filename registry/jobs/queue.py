"""The queue that wakes workers: huey, on SQLite, PostgreSQL or Redis.

It holds no work, only that there is some: a message that is lost costs a worker's next look at the
table of jobs, and one too many costs a query.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any

import orjson

from registry.errors import Unavailable
from registry.settings import Settings

_NAME = "registry"
# Any number, the same for all that use one queue.
_LOCK_KEY = 0x7265_716A

_log = logging.getLogger("registry.jobs")


class JobQueue:
    """A queue of wake-up messages; connects when it is first used, and may be shared by threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = Lock()
        self._huey: Any = None
        self._message: Any = None
        self._heard: Callable[[], None] = _ignore

    def wake(self) -> bool:
        """Tell a worker that there is work, and tell whether the queue could be reached.

        If not, that is logged and no failure: the write that left the work behind is committed,
        and workers look by themselves.
        """
        try:
            self._connect()
            self._message()
        except Exception as error:  # noqa: BLE001 -- each kind of queue fails in its own way
            _log.warning("the queue of jobs cannot be reached: %s", error)
            return False
        return True

    def listen(self, heard: Callable[[], None], *, threads: int, shutdown_timeout: float) -> Any:
        """Make huey's consumer of the messages: `heard` is called for each, in one of its threads.

        Raises:
            Unavailable: the queue cannot be reached.
        """
        self._heard = heard
        # A queue that is gone for an hour shall not fill the log.
        logging.getLogger("huey.consumer.Worker").addFilter(_in_one_line)
        try:
            self._connect()
            self._huey.pending_count()
        except Exception as error:
            raise Unavailable(
                f"The queue of jobs cannot be reached ({type(error).__name__}: {error}); "
                "see that it runs, or set REGISTRY_QUEUE_URL.",
                code="queue_unavailable",
            ) from error
        from huey.consumer import Consumer  # noqa: PLC0415 -- as below

        class Listener(Consumer):  # type: ignore[misc]  # huey has no types
            """A consumer whose process decides what a signal means.

            huey's own handlers finish what was begun on one signal only, and start anew on a
            hangup; between the consumer's start and handlers set after it, one would be lost.
            """

            def _set_signal_handlers(self) -> None:
                pass

        return Listener(
            self._huey,
            # Its scheduler has nothing to do: nothing is periodic, and waiting is in our table.
            workers=threads,
            periodic=False,
            scheduler_interval=60,
            # Seconds between two looks at a queue that cannot tell by itself (SQLite).
            max_delay=1,
            shutdown_timeout=shutdown_timeout,
        )

    def close(self) -> None:
        """Let go of the connection."""
        if self._huey is not None:
            self._huey.storage.close()

    def _connect(self) -> None:
        with self._lock:
            if self._huey is None:
                huey = _make_huey(self._settings)
                # Named alike in every process: those that send know no function that works.
                self._message = huey.task(name="wake")(self._hear)
                self._huey = huey

    def _hear(self) -> None:
        self._heard()


def _in_one_line(record: logging.LogRecord) -> bool:
    """Write an error without its traceback, which says no more than that the queue is gone."""
    if record.exc_info and record.exc_info[1] is not None:
        record.msg = f"{record.getMessage()}: {record.exc_info[1]}"
        record.args, record.exc_info = (), None
    return True


def _make_huey(settings: Settings) -> Any:
    # Not at start: it brings the drivers of all its queues, and most requests wake nobody.
    import psycopg  # noqa: PLC0415 -- as huey
    from huey import PostgresHuey, RedisHuey, SqliteHuey  # noqa: PLC0415

    url = settings.queue_url
    options = {
        # What is kept is in the table of jobs.
        "results": False,
        "store_intermediate_errors": False,
        "serializer": _JsonMessages(),
    }
    if url.startswith("postgresql://"):
        # One process at a time makes huey's tables: `IF NOT EXISTS` fails where two try at once.
        # The lock ends with the connection.
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK_KEY,))
            return PostgresHuey(_NAME, dsn=url, **options)
    if url:
        return RedisHuey(_NAME, url=url, **options)
    directory = settings.instance_path.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    return SqliteHuey(_NAME, filename=str(Path(directory, "queue.db")), **options)


class _JsonMessages:
    """Writes huey's messages as JSON: reading its pickles would run what another wrote."""

    def serialize(self, message: Any) -> bytes:
        return orjson.dumps(list(message))

    def deserialize(self, data: bytes) -> Any:
        from huey.registry import Message  # noqa: PLC0415 -- as above

        return Message(*orjson.loads(bytes(data)))


def _ignore() -> None:
    """Hear nothing: a process that only sends has no work to do."""
