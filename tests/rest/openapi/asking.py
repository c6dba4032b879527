"""What generated requests are sent with, and what is asked of the answers."""

from typing import Any

import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]

# Pieces of files (docs/publishing.md): any bytes.
schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")


def headers(token: str, who: str) -> dict[str, str]:
    """Give the headers that say who asks: `nobody` or `author`."""
    return {"Authorization": f"Bearer {token}"} if who == "author" else {}


def check_graphql(case: Any, response: Any) -> None:
    """Assert that an operation was answered, or refused in so many words."""
    assert response.status_code in {200, 400}, case.body
    for error in response.json().get("errors", ()):
        assert error["extensions"]["code"] != "internal_error", case.body
