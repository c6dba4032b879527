"""Kept answers, given before Flask is asked.

Of what an answer takes that is kept, nearly all is Flask's: contexts, routing, hooks, a response
object. So here, around the application, an answer is given again as it was sent before, headers and
all, if the database says that it still stands. Only one that is the same for whoever asks, and that
no limit counts; everything else is Flask's.
"""

import time
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from flask import Flask, Request
from werkzeug.http import parse_etags, remove_entity_headers

from registry.web import request_id
from registry.web.codings import choose_coding
from registry.web.kept_answers import (
    VIEW_HEADERS,
    KeptAnswer,
    Sent,
    answered_with,
    kept_answers,
    question_of,
)
from registry.web.metrics import current_metrics
from registry.web.revision import newest_revision_if_known

Environ: TypeAlias = dict[str, Any]
StartResponse: TypeAlias = Callable[..., Callable[[bytes], object]]
Application: TypeAlias = Callable[[Environ, StartResponse], Iterable[bytes]]

# Set in the environment of a request that a limit counted: the next one is to be counted, too.
COUNTED = "registry.counted"


def init_ready_answers(app: Flask) -> None:
    """Put kept answers in front of the app; its metrics and its room for answers are there."""
    app.wsgi_app = ReadyAnswers(app)  # type: ignore[method-assign]  # Flask's own way to wrap one


class ReadyAnswers:
    """A WSGI application (PEP 3333) that answers what it can, and asks another for the rest."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._ask: Application = app.wsgi_app
        with app.app_context():
            self._answers = kept_answers()
            self._metrics = current_metrics()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        if not _is_plain(environ):
            return self._ask(environ, start_response)
        began = time.perf_counter()
        coding = choose_coding(environ.get("HTTP_ACCEPT_ENCODING", ""))
        kept = self._answers.find(question_of(environ, coding=coding))
        if kept is None or kept.sent is None:
            return self._ask(environ, _remembering(environ, start_response))
        if kept.revision != newest_revision_if_known(self._app):
            return self._ask(environ, start_response)
        return self._give(kept, kept.sent, environ, start_response, began)

    def _give(
        self,
        kept: KeptAnswer,
        before: Sent,
        environ: Environ,
        start_response: StartResponse,
        began: float,
    ) -> Iterable[bytes]:
        known = environ.get("HTTP_IF_NONE_MATCH")
        # Weak comparison (RFC 9110, 13.1.2).
        unchanged = known is not None and parse_etags(known).contains_weak(kept.tag)
        headers = before.unchanged if unchanged else before.headers
        answered = request_id.request_id_of(environ)
        start_response(
            "304 NOT MODIFIED" if unchanged else "200 OK",
            [*headers, (request_id.HEADER, answered)],
        )
        status = 304 if unchanged else 200
        seconds = time.perf_counter() - began
        request_id.log_request("GET", before.path, status, seconds, answered)
        if self._metrics is not None:
            self._metrics.count_request("GET", before.route, status, seconds)
        return () if unchanged else (kept.body,)


def _is_plain(environ: Environ) -> bool:
    """Tell whether a request asks by its address and nothing else that Flask would look at."""
    return (
        environ["REQUEST_METHOD"] == "GET"
        # What web pages of other origins are told depends on the origin.
        and "HTTP_ORIGIN" not in environ
        and environ.get("CONTENT_LENGTH", "") in {"", "0"}
        and "HTTP_TRANSFER_ENCODING" not in environ
    )


def _remembering(environ: Environ, start_response: StartResponse) -> StartResponse:
    """Keep the headers of an answer that may be given again."""

    def start(
        status: str, headers: list[tuple[str, str]], *error: Any
    ) -> Callable[[bytes], object]:
        kept = answered_with(environ)
        if kept is not None and status.startswith("200") and COUNTED not in environ:
            kept.sent = _sent(environ, headers)
        return start_response(status, headers, *error)

    return start


def _sent(environ: Environ, headers: list[tuple[str, str]]) -> Sent:
    again = [(name, value) for name, value in headers if name != request_id.HEADER]
    unchanged = [(name, value) for name, value in again if name not in VIEW_HEADERS]
    remove_entity_headers(unchanged)
    request: Request = environ["werkzeug.request"]
    rule = request.url_rule
    return Sent(
        headers=again,
        unchanged=unchanged,
        path=request_id.loggable_path(request.path),
        route=rule.rule if rule else "none",
    )
