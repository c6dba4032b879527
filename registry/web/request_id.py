"""Every response bears `X-Request-Id`, and every request leaves one line in the log with it."""

import logging
import re
import time
import uuid
from typing import Any
from urllib.parse import quote

from flask import Flask, Response, has_request_context, request

from registry import logs

HEADER = "X-Request-Id"

# What a caller's own id may be: nothing that could break a header or a line of a log.
_SANE = re.compile(r"[A-Za-z0-9._-]{1,128}")
_LONGEST_LOGGED_PATH = 512
_ID, _BEGAN = "registry.request_id", "registry.began"

_log = logging.getLogger("registry.access")


def init_request_id(app: Flask) -> None:
    """Answer with an id and log each request; called before all that hooks into requests.

    Hooks after a request run in the reverse order, so what is logged is what is sent.
    """
    app.before_request(_begin)
    app.after_request(_end)


def current_request_id() -> str:
    """Give the id of the request at hand."""
    return request_id_of(request.environ)


def request_id_of(environ: dict[str, Any]) -> str:
    """Give a request's id: the caller's own where it is a sane one, else a new one.

    Args:
        environ: the request's environment, where the id is kept. Not `flask.g`: that outlives a
            request where the app's context was pushed around it.
    """
    request_id: str | None = environ.get(_ID)
    if request_id is None:
        sent = environ.get("HTTP_X_REQUEST_ID", "")
        request_id = environ[_ID] = sent if _SANE.fullmatch(sent) else uuid.uuid4().hex
    return request_id


def began_at() -> float:
    """Tell when the request began, by `time.perf_counter`."""
    # A request that was refused before the first hook has no beginning.
    began: float = request.environ.get(_BEGAN) or time.perf_counter()
    return began


def configure_logging(level: str, form: str = logs.TEXT) -> None:
    """Write the process's log lines to standard error, those of a request with its id.

    Args:
        level: of the service's own lines, the least severe that is written.
        form: `text` or `json`.
    """
    logs.configure_logging(
        level, form, request_id=lambda: current_request_id() if has_request_context() else ""
    )


def _begin() -> None:
    request.environ[_BEGAN] = time.perf_counter()


def _end(response: Response) -> Response:
    request_id = current_request_id()
    response.headers[HEADER] = request_id
    method = quote(request.method[:32])
    seconds = time.perf_counter() - began_at()
    log_request(method, loggable_path(request.path), response.status_code, seconds, request_id)
    return response


def loggable_path(path: str) -> str:
    """Quote a path, so that the line it stands in stays one.

    The query is left out: it may hold what nobody else should read.
    """
    return quote(path[:_LONGEST_LOGGED_PATH], safe="/@:+,;=~!$&'()*")


def log_request(method: str, path: str, status: int, seconds: float, request_id: str) -> None:
    """Write an answered request's line; its method and its path are quoted already."""
    if not _log.isEnabledFor(logging.INFO):
        return
    milliseconds = seconds * 1000
    fields = {"method": method, "path": path, "status": status, "ms": round(milliseconds, 1)}
    _log.info(
        "%s %s %d %.1f ms",
        method,
        path,
        status,
        milliseconds,
        extra={"request_id": request_id, logs.FIELDS: fields},
    )
