"""Operations of which everything is known, run before Flask is asked.

What surrounds a small query takes several times as long as the query: contexts, routing, hooks, a
response object. So here, around the application, a query is run whose plan or whose answer is at
hand, if nobody in particular sent it and no limit counts it. It is sent with the headers that Flask
gave to the like of it before. Everything else is Flask's.
"""

import time
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import TYPE_CHECKING, Any

from flask import Flask

from graphql_schema.engine.lru import Lru
from registry.settings import Settings
from registry.web import request_id
from registry.web.codings import Coding, choose_coding
from registry.web.database import single_reads
from registry.web.json import read_json
from registry.web.metrics import current_metrics
from registry.web.ready_answers import COUNTED, Application, Environ, StartResponse

if TYPE_CHECKING:
    # Half of all there is to load, and loaded with the first request that Flask answers.
    from graphql_schema.operations import Known, Operations

PATH = "/graphql"
# Where a request's environment has what went wrong when its operation was run here.
FAILURE = "registry.graphql.failure"

# Other ways to say the same are left to Flask.
_MEDIA_TYPES = frozenset({"application/json", "application/json; charset=utf-8"})
# What a request must not bear: who sends it, for whom, or in what shape the body is.
_TELLING = frozenset(
    {"HTTP_AUTHORIZATION", "HTTP_ORIGIN", "HTTP_CONTENT_ENCODING", "HTTP_TRANSFER_ENCODING"}
)
_MEMBERS = ("query", "variables", "operationName")
# The headers that are of one answer alone.
_OWN_HEADERS = frozenset({"Content-Length", "Content-Encoding", request_id.HEADER})
# How many ways to write `Accept` are told apart.
_KEPT = 64

Headers = list[tuple[str, str]]


class ReadyOperations:
    """A WSGI application (PEP 3333) that answers what it can, and asks another for the rest."""

    def __init__(
        self, app: Flask, settings: Settings, operations: "Callable[[], Operations | None]"
    ) -> None:
        """Stand before an app, whose metrics and database are there.

        Args:
            app: the application.
            settings: the longest body is in them.
            operations: gives what runs the app's operations; None: it is not made yet.
        """
        self._ask: Application = app.wsgi_app
        self._operations = operations
        self._most_bytes = settings.max_body_bytes
        self._read_once = single_reads(app).row
        with app.app_context():
            self._metrics = current_metrics()
        # By `Accept`, what an answer is sent with besides the headers of its own.
        self._headers: Lru[Headers] = Lru(_KEPT)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        if not self._is_plain(environ):
            return self._ask(environ, start_response)
        accept = environ.get("HTTP_ACCEPT", "")
        headers = self._headers.get(accept)
        operations = self._operations()
        if headers is None or operations is None:
            return self._ask(environ, self._remembering(accept, environ, start_response))
        began = time.perf_counter()
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        environ["wsgi.input"] = BytesIO(body)
        result, failure = self._run(operations, body)
        if result is None:
            environ[FAILURE] = failure
            return self._ask(environ, start_response)
        sent, coding = result.encoded(choose_coding(environ.get("HTTP_ACCEPT_ENCODING", "")))
        answered = request_id.request_id_of(environ)
        own = [("Content-Length", str(len(sent))), (request_id.HEADER, answered)]
        if coding is not Coding.IDENTITY:
            own.append(("Content-Encoding", coding))
        start_response("200 OK", headers + own)
        seconds = time.perf_counter() - began
        request_id.log_request("POST", PATH, 200, seconds, answered)
        if self._metrics is not None:
            self._metrics.count_request("POST", PATH, 200, seconds)
        return (sent,)

    def _is_plain(self, environ: Environ) -> bool:
        """Tell whether a request is nothing but an operation that someone sends."""
        length = environ.get("CONTENT_LENGTH", "")
        return (
            environ["REQUEST_METHOD"] == "POST"
            and environ["PATH_INFO"] == PATH
            and not environ.get("SCRIPT_NAME")
            and not environ.get("QUERY_STRING")
            and environ.get("CONTENT_TYPE") in _MEDIA_TYPES
            and length.isdecimal()
            and int(length) <= self._most_bytes
            and _TELLING.isdisjoint(environ)
        )

    def _run(self, operations: "Operations", body: bytes) -> "Known | tuple[None, None]":
        try:
            asked = read_json(body)
        except ValueError:
            return None, None
        # PostgreSQL has no place for U+0000, and Flask's side says so.
        if not isinstance(asked, dict) or asked.keys() - _MEMBERS or b"\\u0000" in body:
            return None, None
        query, variables, name = (asked.get(member) for member in _MEMBERS)
        if not (
            isinstance(query, str)
            and isinstance(variables, dict | None)
            and isinstance(name, str | None)
        ):
            return None, None
        try:
            return operations.run_known(query, variables, name or None, self._read_once)
        except Exception:  # noqa: BLE001 -- whatever it is, Flask's side meets it too, and tells it
            return None, None

    def _remembering(
        self, accept: str, environ: Environ, start_response: StartResponse
    ) -> StartResponse:
        """Keep the headers of an answer, with which others may be sent."""

        def start(status: str, headers: Headers, *error: Any) -> Callable[[bytes], object]:
            if status.startswith("200") and COUNTED not in environ:
                kept = [each for each in headers if each[0] not in _OWN_HEADERS]
                self._headers.put(accept, kept)
            return start_response(status, headers, *error)

        return start
