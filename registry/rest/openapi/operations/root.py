"""What is here, and whether it works."""

from typing import Literal

from registry.rest.openapi.operation import Answer, Operation, Parameter, json_answer
from registry.rest.openapi.shape import Shape


class Root(Shape):
    """What is here."""

    name: str
    version: str
    """The release."""
    links: dict[str, str]
    """Addresses by what they lead to; with braces, templates (RFC 6570)."""


class ProblemType(Shape):
    """What the `type` of a problem means."""

    code: str
    title: str
    status: int
    meaning: str


class Live(Shape):
    """That the process answers."""

    status: Literal["ok"]


class Ready(Shape):
    """That requests can be answered."""

    status: Literal["ready"]


OPERATIONS = {
    "GET /": Operation(
        id="get_root",
        summary="Tell what is here",
        tag="Service",
        answers=json_answer("Name, version, links.", Root),
        is_conditional=True,
        needs_database=False,
    ),
    "GET /problems/<code>": Operation(
        id="get_problem_type",
        summary="Tell what the `type` of a problem means",
        tag="Service",
        path=[Parameter("code", "The end of the `type`.", example="not_found")],
        answers=json_answer("What it means.", ProblemType),
        problems={404: "There is no such problem."},
        is_conditional=True,
        needs_database=False,
    ),
    "GET /healthz": Operation(
        id="get_liveness",
        summary="Tell that the process answers",
        tag="Service",
        answers=json_answer("It does.", Live),
        policy=None,
        needs_database=False,
    ),
    "GET /readyz": Operation(
        id="get_readiness",
        summary="Tell whether requests can be answered",
        tag="Service",
        answers=json_answer("The database is there, migrated and catalogued.", Ready),
        problems={
            503: "Not yet: `database_unavailable`, `database_not_migrated` or "
            "`workspace_not_catalogued`."
        },
        policy=None,
    ),
    "GET /metrics": Operation(
        id="get_metrics",
        summary="Give figures for Prometheus",
        tag="Service",
        answers={200: Answer("The figures, in Prometheus' text format.", {"text/plain": str})},
        problems={404: "You may not read them (`REGISTRY_METRICS`)."},
        policy=None,
        needs_database=False,
    ),
}
