"""Holds answers to the OpenAPI document: each that any test gets through the client of an app.

Stricter than the document, which lets answers have more keys one day: here every key must be
documented, and stand where the document has it.
"""

from collections.abc import Iterator
from functools import cache
from http import HTTPStatus
from typing import Any

import jsonschema_rs
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from werkzeug.test import TestResponse

from registry.rest.openapi.document import make_document, openapi_path
from registry.rest.openapi.operations import OPERATIONS


class DocumentedClient(FlaskClient):
    """Calls an app, and holds its answers to the document."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        response = super().open(*args, **kwargs)
        check_answer(self.application, response)
        return response


def check_answer(app: Flask, response: TestResponse) -> None:
    """Assert that the document has an answer to its request, in this shape.

    What a test's own routes answer, and preflights, the document does not have.
    """
    request = response.request
    method = "GET" if request.method == "HEAD" else request.method
    if method == "OPTIONS":
        return
    environ = dict(request.environ)
    if response.status_code != HTTPStatus.BAD_REQUEST:
        # A host that is none has no routes; but an answer that is kept is given whatever it says.
        environ["HTTP_HOST"] = "localhost"
    try:
        rule, _ = app.url_map.bind_to_environ(environ).match(return_rule=True)
    except RequestRedirect:
        return
    except HTTPException:
        _check_content(_unknown_route(response.status_code), response, "an unknown route")
        return
    asked = f"{method} {rule.rule}"
    if asked not in operations():
        return
    responses = operations()[asked]["responses"]
    answered = f"{asked} answered {response.status_code}"
    assert str(response.status_code) in responses, f"{answered}, which is not documented"
    documented = _follow(responses[str(response.status_code)])
    assert "X-Request-Id" in response.headers
    if response.status_code == 304 or (response.status_code == 200 and method == "GET"):
        may_be_stamped = "ETag" in documented.get("headers", {})
        # What a private key opened is kept by nobody.
        must_be_stamped = may_be_stamped and "no-store" not in response.headers["Cache-Control"]
        stamped = "ETag" in response.headers
        assert must_be_stamped <= stamped <= may_be_stamped, answered
    _check_content(documented, response, answered)


@cache
def operations() -> dict[str, dict[str, Any]]:
    """Give the document's operations by method and route."""
    found = {}
    for key, operation in OPERATIONS.items():
        method, _, route = key.partition(" ")
        path = openapi_path(route, [each.name for each in operation.path])
        found[key] = strict_document()["paths"][path][method.lower()]
    return found


@cache
def strict_document() -> dict[str, Any]:
    """Give the document with every object closed to keys that it does not name."""
    document = make_document()
    for schema in _objects(document["components"]["schemas"]):
        schema.setdefault("additionalProperties", False)
    return document


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if value.get("type") == "object" and "properties" in value:
            yield value
        for each in value.values():
            yield from _objects(each)
    elif isinstance(value, list):
        for each in value:
            yield from _objects(each)


def _unknown_route(status: int) -> dict[str, Any]:
    # Refused before it is known whether there is such a route: 400, 413.
    assert status in {400, 404, 405, 413}
    return _follow({"$ref": "#/components/responses/BadRequest"})


def _follow(value: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in value:
        return value
    found: Any = strict_document()
    for name in value["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    assert isinstance(found, dict)
    return found


def _check_content(documented: dict[str, Any], response: TestResponse, answered: str) -> None:
    content = documented.get("content", {})
    if response.request.method == "HEAD" and response.status_code < 300:
        return
    if not content:
        assert response.get_data() == b"", f"{answered} with a body, where none is documented"
        return
    assert response.mimetype in content, f"{answered} with {response.mimetype}"
    if response.request.method == "HEAD" or "Content-Encoding" in response.headers:
        return
    if (response.mimetype or "").endswith("json"):
        schema = content[response.mimetype]["schema"]
        body = response.get_json()
        if error := next(_validator(str(schema), **schema).iter_errors(body), None):
            raise AssertionError(f"{answered} with {error.instance_path}: {error.message}")
        check_order(schema, body)


@cache
def _validators() -> dict[str, Any]:
    return {}


def _validator(key: str, **schema: Any) -> Any:
    made = _validators()
    if key not in made:
        components = strict_document()["components"]
        made[key] = jsonschema_rs.Draft202012Validator({**schema, "components": components})
    return made[key]


def check_order(schema: dict[str, Any], value: Any) -> None:
    """Assert that keys stand in the order in which the document has them."""
    schema = _follow(schema)
    for branch in map(_follow, schema.get("anyOf", ())):
        if not isinstance(value, dict) or set(value) <= set(branch.get("properties", ())):
            check_order(branch, value)
    if isinstance(value, list):
        for each in value:
            check_order(schema.get("items", {}), each)
    elif isinstance(value, dict) and "properties" in schema:
        order = [key for key in schema["properties"] if key in value]
        assert list(value) == order, f"{list(value)} is not the documented order, {order}"
        for key, each in value.items():
            check_order(schema["properties"][key], each)
