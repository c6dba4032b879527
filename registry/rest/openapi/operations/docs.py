"""This document, and the page that shows it."""

from typing import Any

from registry.rest.openapi.operation import JSON, Answer, Operation, Parameter

OPERATIONS = {
    "GET /openapi.json": Operation(
        id="get_openapi_document",
        summary="Give this document",
        tag="Service",
        answers={200: Answer("OpenAPI 3.1.", {JSON: dict[str, Any]})},
        is_conditional=True,
        needs_database=False,
    ),
    "GET /docs": Operation(
        id="show_docs",
        summary="Show this document in a browser",
        tag="Service",
        answers={200: Answer("The page.", {"text/html": str})},
        is_conditional=True,
        needs_database=False,
    ),
    "GET /docs/<name>": Operation(
        id="get_docs_file",
        summary="Give a file of the page",
        tag="Service",
        path=[Parameter("name", "The file's name.", example="swagger-ui.css")],
        answers={
            200: Answer("The file.", {"text/css": str, "text/javascript": str, "image/png": str})
        },
        problems={404: "There is no such file."},
        is_conditional=True,
        needs_database=False,
    ),
}
