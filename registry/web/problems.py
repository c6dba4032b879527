"""Every refusal and failure as `application/problem+json` (RFC 9457): the one mapping.

`type` is a relative reference with a full path (RFC 9457, 3.1.1): `/problems/CODE`, which
`registry/rest/root.py` answers with what the code means. `about:blank` would say that a problem
means no more than its status, and ours do: `code` may be finer than `type`, and `errors` names
fields. Only a status that the service itself never gives stays `about:blank`.
"""

import logging
import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from flask import Flask, Response
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as WerkzeugResponse

from registry.errors import (
    Forbidden,
    InvalidInput,
    NotFound,
    RegistryError,
    Unauthenticated,
    Unavailable,
)
from registry.web.database import explain_database_error
from registry.web.errors import (
    BodyTooLarge,
    MethodNotAllowed,
    RateLimited,
    UnsupportedMediaType,
)
from registry.web.json import dump_json

# Seconds after which to try again what is out of reach.
RETRY_AFTER = 5

# What Flask and its extensions refuse by status alone, in our words; theirs may tell internals.
_OF_STATUS: dict[int, RegistryError] = {
    400: InvalidInput("The request cannot be understood.", code="bad_request"),
    404: NotFound("There is nothing at this address."),
    405: MethodNotAllowed("This address knows other methods only; `Allow` lists them."),
    413: BodyTooLarge("The body is larger than the server takes."),
    415: UnsupportedMediaType("Send the body as application/json."),
    429: RateLimited("Too many requests: wait for as many seconds as `Retry-After` says."),
    500: RegistryError("Something went wrong; the server's log tells it by `X-Request-Id`."),
    503: Unavailable("The service cannot answer for now."),
}

_log = logging.getLogger("registry.problems")


def init_problems(app: Flask) -> None:
    """Answer every error in the one shape, those of unknown routes and of bugs included."""
    app.register_error_handler(RegistryError, problem_response)
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(DBAPIError, _answer_database)
    app.register_error_handler(PoolTimeout, _answer_database)


def problem_response(error: RegistryError) -> Response:
    """Represent an error of ours, with the headers that go with its status."""
    document: dict[str, Any] = {
        "type": f"/problems/{type(error).code}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
    }
    if isinstance(error, InvalidInput):
        document["errors"] = [
            {"field": each.field, "message": each.message} for each in error.errors
        ]
    response = _response(document)
    if isinstance(error, Unauthenticated | Forbidden):
        response.headers["WWW-Authenticate"] = _challenge(error)
    if isinstance(error, Unavailable):
        response.headers["Retry-After"] = str(RETRY_AFTER)
    return response


def problem_types() -> dict[str, type[RegistryError]]:
    """List the kinds of problems there are, by the code that ends their `type`.

    A special case of a kind that has no code of its own is that kind's.
    """
    return {kind.code: kind for kind in _with_descendants(RegistryError) if "code" in vars(kind)}


def _with_descendants(kind: type[RegistryError]) -> Iterator[type[RegistryError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _with_descendants(child)


def _response(document: dict[str, Any]) -> Response:
    response = Response(
        dump_json(document), document["status"], mimetype="application/problem+json"
    )
    # A 404 may be kept by caches that were told nothing (RFC 9110, 15.1), and it may end at once.
    response.headers["Cache-Control"] = "no-store"
    return response


def _challenge(error: Unauthenticated | Forbidden) -> str:
    """Write the header of a 401 or 403 (RFC 6750, 3): no error where no token was sent."""
    if isinstance(error, Forbidden):
        return f'Bearer error="insufficient_scope", scope="{error.scope}"'
    if error.code == "invalid_token":
        return 'Bearer error="invalid_token"'
    return "Bearer"


def _answer_http(error: HTTPException) -> WerkzeugResponse:
    status = error.code
    if error.response is not None or status is None or status < HTTPStatus.BAD_REQUEST:
        return error.get_response()
    known = _OF_STATUS.get(status)
    response = _response(_plain(error)) if known is None else problem_response(known)
    # `Allow` and the like are part of the answer; the page that they came with is not.
    headers = [(name, value) for name, value in error.get_headers() if name != "Content-Type"]
    response.headers.extend(headers)
    return response


def _plain(error: HTTPException) -> dict[str, Any]:
    """Describe an error that means no more than its status."""
    words = re.findall("[a-z]+", error.name.lower())
    return {
        "type": "about:blank",
        "title": error.name,
        "status": error.code,
        "detail": f"{error.name}.",
        "code": "_".join(words),
    }


def _answer_database(error: Exception) -> Response:
    problem = explain_database_error(error)
    if problem is None:
        # A bug: Flask logs it with its traceback and answers a 500.
        raise error
    return problem_response(problem)
