"""The contract's flagship query: as it is written there, in a constant number of statements."""

from collections.abc import Callable

from tests.graphql_schema.conftest import FLAGSHIP, Catalogue
from tests.graphql_schema.generated import Size


def test_the_flagship_is_one_statement_whatever_the_number_of_rows(
    make_catalogue: Callable[[Size], Catalogue],
) -> None:
    for packages in (0, 3, 300):
        catalogue = make_catalogue(Size(packages=packages))

        data = catalogue.data(FLAGSHIP)

        assert data["packages"]["totalCount"] == packages
        assert len(data["packages"]["nodes"]) == min(packages, 50)
        assert len(catalogue.queries()) == 1


def test_the_flagship_is_what_graphql_completes_field_by_field(catalogue: Catalogue) -> None:
    expected = catalogue.ask_field_by_field(FLAGSHIP)

    assert {"data": catalogue.data(FLAGSHIP)} == expected


def test_the_flagship_gives_members_in_the_order_of_the_query(catalogue: Catalogue) -> None:
    first = catalogue.data(FLAGSHIP)["packages"]["nodes"][0]

    assert list(first) == [
        "name",
        "version",
        "type",
        "description",
        "path",
        "versions",
        "commits",
        "health",
        "dependencies",
        "dependents",
        "listing",
    ]
