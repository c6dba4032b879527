"""The OpenAPI document is the committed one, valid, and has every route and nothing else."""

import ast
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from openapi_spec_validator import OpenAPIV31SpecValidator

from registry.rest import POLICIES
from registry.rest.limits import Policy
from registry.rest.openapi.document import document_text, make_document
from registry.rest.openapi.operations import OPERATIONS
from registry.rest.openapi.problem import CODES

ROOT = Path(__file__).parents[3]
COMMITTED = ROOT / "openapi.json"
DOCUMENT = make_document()


def operations() -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
    ]


def test_the_committed_document_is_the_codes() -> None:
    assert document_text() == COMMITTED.read_text("utf-8"), (
        "run `python -m registry.rest.openapi > openapi.json`"
    )


def test_it_is_served(client: FlaskClient) -> None:
    response = client.get("/openapi.json")

    assert response.json == DOCUMENT
    assert (
        client.get("/openapi.json", headers={"If-None-Match": response.headers["ETag"]}).status_code
        == 304
    )


def test_nothing_of_it_is_loaded_before_it_is_asked_for() -> None:
    program = """
import sys
from app import create_app
from registry.settings import Settings
create_app(Settings(database_url="sqlite://")).test_client().get("/")
print([name for name in sys.modules if name.startswith(("registry.rest.openapi", "flask_swagger"))])
"""

    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )

    assert run.stdout == "[]\n"


def test_it_is_valid() -> None:
    OpenAPIV31SpecValidator(DOCUMENT).validate()


def test_every_route_has_an_operation_and_every_operation_a_route(app: Flask) -> None:
    routes = {
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }

    assert set(OPERATIONS) == routes


def test_limits_are_those_of_the_routes(app: Flask) -> None:
    policies = {blueprint.name: policy for blueprint, policy in POLICIES.items()}
    for rule in app.url_map.iter_rules():
        blueprint = rule.endpoint.partition(".")[0]
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            operation = OPERATIONS[f"{method} {rule.rule}"]
            assert operation.policy == policies.get(blueprint, Policy.OTHER), operation.id


def parameters_in(file: Path) -> set[str]:
    """Find the names of parameters that a module reads: `…_argument("name"`, `_references(…)`."""
    return {
        str(node.args[0].value)
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and (node.func.id.endswith("_argument") or node.func.id == "_references")
        and isinstance(node.args[0], ast.Constant)
    }


def test_parameters_are_those_that_the_views_read(app: Flask) -> None:
    documented: dict[str, set[str]] = {}
    for rule in app.url_map.iter_rules():
        module = app.view_functions[rule.endpoint].__module__
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            parameters = OPERATIONS[f"{method} {rule.rule}"].parameters
            names = {each.name for each in parameters if not each.is_header}
            documented.setdefault(module, set()).update(names)

    for module, names in documented.items():
        # GraphQL's are the members of what may be posted as well.
        if module.startswith("registry.rest."):
            assert parameters_in(ROOT / f"{module.replace('.', '/')}.py") == names, module


def test_ids_are_unique_and_good_names_of_functions() -> None:
    counted = Counter(operation.id for operation in OPERATIONS.values())

    assert [name for name, count in counted.items() if count > 1] == []
    assert [name for name in counted if not re.fullmatch(r"[a-z]+(_[a-z]+)+", name)] == []


def test_everything_is_described() -> None:
    undescribed = [
        where
        for where, operation in operations()
        if not operation.get("summary")
        or any(not each.get("description") for each in operation.get("parameters", ()))
    ]
    undescribed += [
        name
        for name, schema in DOCUMENT["components"]["schemas"].items()
        if not schema.get("description")
    ]

    assert undescribed == []


def test_nothing_is_left_unused() -> None:
    referred = set(re.findall(r'"\$ref": ?"#/components/([^"]+)"', document_text()))
    there = {
        f"{kind}/{name}" for kind in ("schemas", "headers") for name in DOCUMENT["components"][kind]
    }

    assert there - referred == set()


def codes_in_the_source() -> set[str]:
    """Find the codes that the source writes out: `code="…"`, and classes' `code = "…"`."""
    found = set()
    for file in (ROOT / "registry").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            match node:
                case ast.keyword(arg="code", value=ast.Constant(value=str(code))):
                    found.add(code)
                case ast.Assign(targets=[ast.Name(id="code")], value=ast.Constant(value=str(code))):
                    found.add(code)
                case _:
                    pass
    return found


# Those that only commands tell, and what they take for one where an answer has none.
COMMANDS_ONLY = {
    "",
    "address_unavailable",
    "author_exists",
    "author_not_found",
    "database_not_empty",
    "git_failed",
    "git_missing",
    "token_not_found",
}


def test_the_codes_of_problems_are_those_of_the_source() -> None:
    assert codes_in_the_source() - COMMANDS_ONLY - CODES == set()


def test_reads_may_be_repeated_for_nothing() -> None:
    for asked, operation in OPERATIONS.items():
        # Probes and figures tell of this moment; what is always refused has nothing to compare.
        of_this_moment = {"get_liveness", "get_readiness", "get_metrics"}
        if operation.id not in of_this_moment and operation.answers:
            assert operation.is_conditional == asked.startswith("GET "), asked
