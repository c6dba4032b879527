"""The compiled answer is the one that graphql-core completes field by field, whatever is asked."""

import os

from graphql import parse, validate
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from graphql_schema.schema import make_schema
from registry.rules.permissions import Permission
from registry.rules.viewer import ANONYMOUS, Viewer
from tests.graphql_schema.conftest import Catalogue
from tests.graphql_schema.queries import Known, Query, queries

# `EXAMPLES=1000` looks further than a run of all tests has time for.
EXAMPLES = int(os.environ.get("EXAMPLES", "40"))
SCHEMA = make_schema()._schema

# Texts that a database could take for something else stand among the sensible ones.
_HOSTILE = ["", "%", "_", "'", "\\", "/", "$1", "%(param_1)s", "'; DROP TABLE package; --", "é\n☃"]

VIEWERS = [
    ANONYMOUS,
    Viewer(1, Permission.ViewPackages),
    Viewer(2, Permission.ViewPackages),
    Viewer(1, Permission.ReadAuthorData),
    Viewer(3, Permission.Admin),
]


def known_in(catalogue: Catalogue) -> Known:
    """Look up values that are in the database."""
    data = catalogue.data(
        """{
          packages { nodes { id name path } }
          byName: packages { edges { cursor } }
          byScore: packages(orderBy: {field: score}) { edges { cursor } }
          commits { edges { cursor node { id hash author date } } }
          package(name: "@acme/small-1") {
            versions { edges { cursor node { id } } }
            dependencies { edges { cursor } }
            health { id }
          }
        }"""
    )
    packages = data["packages"]["nodes"]
    commits = [edge["node"] for edge in data["commits"]["edges"]]
    versions = data["package"]["versions"]["edges"]
    return Known(
        values={
            "String": [*(each["name"] for each in packages), "a", "small", *_HOSTILE],
            "ID": ["acme.package_1", "ACME.PACKAGE_4", "acme.package_13", "none"],
            "DateTime": [each["date"] for each in commits[:9]],
            "path": ["packages", *(each["path"] for each in packages[:3]), *_HOSTILE],
            "hash": [each["hash"][:length] for each in commits[:3] for length in (7, 12, 40)],
            "author": ["dev", "Dev 3", *_HOSTILE],
            "id": [
                *(each["id"] for each in packages[:3]),
                *(each["id"] for each in commits[:3]),
                *(each["node"]["id"] for each in versions),
                data["package"]["health"]["id"],
                "Package:13",
                "Package:14",
                "Package:99",
                "Listing:1",
                "Listing:13",
                "Author:2",
                "PageInfo:1",
            ],
        },
        cursors={
            "PackageConnection": _cursors(data["byName"]),
            "CommitConnection": _cursors(data["commits"]),
            "VersionConnection": [each["cursor"] for each in versions],
            "DependencyConnection": _cursors(data["package"]["dependencies"]),
        },
    )


def _cursors(connection: dict[str, list[dict[str, str]]]) -> list[str]:
    return [edge["cursor"] for edge in connection["edges"]]


def test_compiled_answers_equal_those_completed_field_by_field(catalogue: Catalogue) -> None:
    made = st.tuples(queries(SCHEMA, known_in(catalogue)), st.sampled_from(VIEWERS))

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        derandomize=True,
    )
    @given(made)
    def compare(asked: tuple[Query, Viewer]) -> None:
        query, viewer = asked
        assert not validate(SCHEMA, parse(query.text)), query.text
        expected = catalogue.ask_field_by_field(query.text, query.variables, viewer)

        found = catalogue.ask(query.text, query.variables, viewer)

        assert found["data"] == expected["data"]
        assert found.get("errors") == expected.get("errors")
        event("with an answer" if any((found["data"] or {}).values()) else "null")

    compare()
