"""How log lines are written: as text for people, or as JSON for programs.

One handler writes to standard error. What must never be in a log is taken out of every line at the
end, whoever wrote it: no secret is put in on purpose, but an error of a library may quote one.
"""

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import orjson

from registry.rules.inert_text import make_inert
from registry.rules.times import format_time

TEXT, JSON = "text", "json"

# What a line may bear besides its message: `extra={FIELDS: {...}}`.
FIELDS = "registry_fields"

# A token, and a password in an address (RFC 3986, 3.2.1) or among its parameters.
_SECRET = re.compile(
    r"(?P<token>\breg_[A-Za-z0-9_-]{6})[A-Za-z0-9_-]+"
    r"|(?P<user>://[^/@\s:]*:)[^/\s]+(?=@)"
    r"|(?P<name>\b(?i:password|passwd|secret)=['\"]?)[^&\s'\"]+",
)

_MARKS = ("reg_", "://", "=")

_job: ContextVar[str] = ContextVar("registry_job", default="")


@contextmanager
def naming_job(job_id: str) -> Iterator[None]:
    """Have the lines that are written meanwhile, in this thread, bear the job's id."""
    before = _job.set(job_id)
    try:
        yield
    finally:
        _job.reset(before)


def take_secrets_out(text: str) -> str:
    """Replace tokens and passwords in a text, whatever it is."""
    # Most lines have nothing that could begin one, which is seen in a fraction of the time.
    if not any(mark in text for mark in _MARKS):
        return text
    return _SECRET.sub(lambda found: f"{found[found.lastgroup or 0]}***", text)


class TextLines(logging.Formatter):
    """Lines for people, which nothing in a message can break, forge, or make a terminal act on.

    Each has the time, the level, the logger, the request's or the job's id and the message.
    """

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        record.request_id = getattr(record, "request_id", "") or _job.get() or "-"
        return take_secrets_out(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 -- logging's name
        """Write the line; nothing that its message quotes can break it."""
        return make_inert(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802 -- as above
        """Write a traceback, set in, so that it cannot pass for lines of the log."""
        lines = super().formatException(ei).split("\n")
        return "\n".join(f"  {make_inert(line)}" for line in lines)


class JsonLines(logging.Formatter):
    """Lines for programs: one JSON object each, a traceback in it."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record; members that it has nothing for are left out."""
        line: dict[str, Any] = {
            "time": format_time(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id := getattr(record, "request_id", ""):
            line["requestId"] = request_id
        if job_id := _job.get():
            line["jobId"] = job_id
        fields: Mapping[str, Any] = getattr(record, FIELDS, {})
        line.update(fields)
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        # Before it is JSON, where a quote has a backslash before it.
        clean = {
            key: _clean(value) if isinstance(value, str) else value for key, value in line.items()
        }
        return orjson.dumps(clean, default=str).decode()


def _clean(text: str) -> str:
    # A name that is no UTF-8 has surrogates, which JSON cannot hold.
    return take_secrets_out(text.encode("utf-8", "backslashreplace").decode())


def formatter_of(form: str) -> logging.Formatter:
    """Give what writes lines in a form: `text` or `json`."""
    return JsonLines() if form == JSON else TextLines()


def configure_logging(
    level: str, form: str = TEXT, *, request_id: Callable[[], str] = lambda: ""
) -> None:
    """Write the process's log lines to standard error; the service's own from `level` on.

    A process that has configured the root logger before keeps what it has.

    Args:
        level: of the service's own lines; of libraries' it is WARNING.
        form: `text` or `json`.
        request_id: tells the id of the request at hand; empty: there is none.
    """
    logging.getLogger("registry").setLevel(level)
    root = logging.getLogger()
    if root.handlers:
        return
    # What no line of ours tells; finding it takes longer than writing the line (logging's HOWTO,
    # "Optimization").
    logging.logThreads = logging.logMultiprocessing = logging.logProcesses = False

    def add_request_id(record: logging.LogRecord) -> bool:
        if not hasattr(record, "request_id"):
            record.request_id = request_id()
        return True

    handler = logging.StreamHandler()
    handler.addFilter(add_request_id)
    handler.setFormatter(formatter_of(form))
    root.addHandler(handler)
