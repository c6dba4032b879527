"""Writes the OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.1.html)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import orjson

from registry import __version__
from registry.rest.limits import Policy
from registry.rest.openapi.headers import HEADERS, RATE_LIMIT
from registry.rest.openapi.operation import Access, Annotation, Answer, Body, Operation, Parameter
from registry.rest.openapi.operations import OPERATIONS
from registry.rest.openapi.problem import Problem
from registry.rest.openapi.schemas import Schemas
from registry.settings import Settings

PROBLEM_JSON = "application/problem+json"

_DESCRIPTION = """\
Every package of a git monorepo, and everything that its authors publish.

Documented keys are always there; an unknown text is empty, an unknown number `null`. Every answer \
bears `X-Request-Id`. Whatever has a `GET` has a `HEAD`, and every address answers `OPTIONS`. More \
keys may come to an answer, so do not mind those that you do not know.

Where the server's writes are open (`REGISTRY_OPEN_WRITES`), what needs ManageWorkspace works \
without a token.
"""
_PROBLEMS = {
    400: "The request cannot be understood, or `errors` says what is wrong with it.",
    401: "There is no token (`unauthenticated`), or it is unknown, expired or revoked "
    "(`invalid_token`).",
    403: "The token lacks the permission.",
    409: "There is neither an author nor an address to count the request by (`nobody_to_count`).",
    413: "The body is larger than the server takes.",
    415: "The body is of a kind that is not read here.",
    429: "Too many requests.",
    500: "Something went wrong; the server's log tells it by `X-Request-Id`.",
    503: "What the answer needs is out of reach for now.",
}
# The components that operations refer to, by status.
_NAMES = {
    400: "BadRequest",
    401: "Unauthenticated",
    403: "Forbidden",
    409: "NobodyToCount",
    413: "BodyTooLarge",
    415: "UnsupportedMediaType",
    429: "TooManyRequests",
    500: "InternalError",
    503: "Unavailable",
}
_OF_STATUS = {
    401: ["WWW-Authenticate"],
    403: ["WWW-Authenticate"],
    429: ["Retry-After"],
    503: ["Retry-After"],
}
_ALWAYS = ("X-Request-Id",)
_IF_NONE_MATCH = Parameter(
    "If-None-Match",
    "The `ETag` of an answer that is at hand: 304 if it still stands.",
    is_header=True,
)
_VARIABLE = re.compile(r"<(?:\w+:)?\w+>")


def document_text() -> str:
    """Write the document as it is committed."""
    return orjson.dumps(make_document(), option=orjson.OPT_INDENT_2).decode() + "\n"


def make_document() -> dict[str, Any]:
    """Make the document of all operations; it depends on the release, and on nothing else."""
    return _Writer(OPERATIONS).document()


def openapi_path(route: str, parameters: list[str]) -> str:
    """Write a route's address as OpenAPI has it: `/jobs/<job_id>` as `/jobs/{jobId}`."""
    names = iter(parameters)
    return _VARIABLE.sub(lambda _: f"{{{next(names)}}}", route)


class _Writer:
    def __init__(self, operations: Mapping[str, Operation]) -> None:
        self._operations = operations
        self._schemas = Schemas([Problem, str, *_annotations(operations)])

    def document(self) -> dict[str, Any]:
        paths: dict[str, dict[str, Any]] = {}
        for key, operation in self._operations.items():
            method, _, route = key.partition(" ")
            path = openapi_path(route, [each.name for each in operation.path])
            paths.setdefault(path, {})[method.lower()] = self._operation(operation)
        tags = dict.fromkeys(operation.tag for operation in self._operations.values())
        return {
            "openapi": "3.1.1",
            "info": {"title": "Registry", "version": __version__, "description": _DESCRIPTION},
            "servers": [{"url": "/"}],
            "tags": [{"name": tag} for tag in tags],
            "paths": paths,
            "components": {
                "schemas": dict(sorted(self._schemas.components.items())),
                "responses": self._common_problems(),
                "headers": {
                    name: {"description": text, "schema": schema}
                    for name, (text, schema) in HEADERS.items()
                },
                "securitySchemes": {
                    "token": {
                        "type": "http",
                        "scheme": "bearer",
                        "description": "An author's token, with the permission that is named. "
                        "Admin implies all.",
                    }
                },
            },
        }

    def _operation(self, operation: Operation) -> dict[str, Any]:
        parameters = [self._parameter(each, "path") for each in operation.path]
        headers = [_IF_NONE_MATCH] if operation.is_conditional else []
        parameters += [
            self._parameter(each, "header" if each.is_header else "query")
            for each in [*operation.parameters, *headers]
        ]
        written: dict[str, Any] = {
            "operationId": operation.id,
            "summary": operation.summary,
            "description": " ".join(filter(None, [operation.description, _limit(operation)])),
            "tags": [operation.tag],
            "parameters": parameters,
        }
        if operation.body is not None:
            written["requestBody"] = self._body(operation.body)
        written["responses"] = dict(sorted(self._responses(operation).items()))
        written["security"] = _security(operation)
        return {key: value for key, value in written.items() if value or key == "security"}

    def _parameter(self, parameter: Parameter, where: str) -> dict[str, Any]:
        schema = self._schemas.of(parameter.type)
        if parameter.default is not None:
            schema["default"] = parameter.default
        written = {
            "name": parameter.name,
            "in": where,
            "description": parameter.description,
            "required": parameter.is_required or where == "path",
            "schema": schema,
        }
        if parameter.is_list:
            written |= {"style": "form", "explode": False}
        if parameter.example is not None:
            written["example"] = parameter.example
        return written

    def _body(self, body: Body) -> dict[str, Any]:
        written = {"required": True, "content": self._content(body.content)}
        return {"description": body.description, **written} if body.description else written

    def _content(self, content: Mapping[str, Annotation]) -> dict[str, Any]:
        return {
            media_type: {"schema": self._schemas.of(annotation)}
            for media_type, annotation in content.items()
        }

    def _responses(self, operation: Operation) -> dict[str, Any]:
        found = {
            str(status): self._answer(operation, answer)
            for status, answer in operation.answers.items()
        }
        if operation.is_conditional:
            found["304"] = {
                "description": "What `If-None-Match` names still stands.",
                "headers": _headers(["ETag", *_always(operation)]),
            }
        for status in {*_usual_problems(operation), *operation.problems}:
            text = operation.problems.get(status)
            if text is None and not operation.problem_content:
                name = f"{'Counted' if _counted(operation) else ''}{_NAMES[status]}"
                found[str(status)] = {"$ref": f"#/components/responses/{name}"}
            else:
                found[str(status)] = self._problem(
                    status, text or _PROBLEMS[status], _always(operation), operation.problem_content
                )
        return found

    def _answer(self, operation: Operation, answer: Answer) -> dict[str, Any]:
        stamped = ["ETag"] if operation.is_conditional else []
        written: dict[str, Any] = {
            "description": answer.description,
            "headers": _headers([*answer.headers, *stamped, *_always(operation)]),
        }
        if answer.content:
            written["content"] = self._content(answer.content)
        return written

    def _common_problems(self) -> dict[str, Any]:
        """Describe the refusals that many operations share, where a limit is told and where not."""
        return {
            f"{prefix}{_NAMES[status]}": self._problem(status, text, headers)
            for prefix, headers in (("", _ALWAYS), ("Counted", (*_ALWAYS, *RATE_LIMIT)))
            for status, text in _PROBLEMS.items()
        }

    def _problem(
        self,
        status: int,
        text: str,
        headers: Sequence[str],
        content: Mapping[str, Annotation] = MappingProxyType({}),
    ) -> dict[str, Any]:
        return {
            "description": text,
            "headers": _headers([*headers, *_OF_STATUS.get(status, ())]),
            "content": self._content({PROBLEM_JSON: Problem, **content}),
        }


def _annotations(operations: Mapping[str, Operation]) -> Iterator[Annotation]:
    """List every annotation that the operations name."""
    for operation in operations.values():
        for parameter in (*operation.path, *operation.parameters):
            yield parameter.type
        for answer in operation.answers.values():
            yield from answer.content.values()
        yield from operation.problem_content.values()
        if operation.body is not None:
            yield from operation.body.content.values()


def _counted(operation: Operation) -> bool:
    """Tell whether the route has a limit of its own, which its answers tell of."""
    return operation.policy not in (None, Policy.OTHER)


def _always(operation: Operation) -> tuple[str, ...]:
    return (*_ALWAYS, *RATE_LIMIT) if _counted(operation) else _ALWAYS


def _headers(names: list[str]) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _usual_problems(operation: Operation) -> Iterator[int]:
    """List the statuses that operations of this kind may have without saying so themselves."""
    yield from (400, 500)
    if operation.access is not Access.PUBLIC:
        yield 401
    if operation.access is Access.REQUIRED:
        yield 403
    if operation.policy is not None:
        yield from (409, 429)
    if operation.body is not None:
        yield from (413, 415)
    if operation.needs_database:
        yield 503


def _security(operation: Operation) -> list[dict[str, list[str]]]:
    """Write which tokens let pass: any one of the list; an empty one means none is needed."""
    if operation.access is Access.PUBLIC:
        return []
    if operation.access is Access.OPTIONAL:
        return [{}, {"token": []}]
    # OpenAPI 3.1 lets every scheme name roles, and these are ours.
    return [{"token": [permission.name or ""]} for permission in operation.permissions] or [
        {"token": []}
    ]


def _limit(operation: Operation) -> str:
    if operation.policy is None or not _counted(operation):
        return ""
    limit = Settings.model_fields[operation.policy.value].default
    return f"Limit: {limit}, unless the server has another."
