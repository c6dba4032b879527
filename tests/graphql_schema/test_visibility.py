"""Nobody is told of what is not theirs to see, whichever way through the schema they take."""

from collections.abc import Iterator
from typing import Any

import pytest
from graphql import GraphQLInterfaceType, GraphQLObjectType, get_named_type
from sqlalchemy import select

from graphql_schema.schema import make_schema
from registry.database import reading
from registry.models import Author, Listing, Package, Publication, Version
from registry.rules.enumerations import VersionStatus
from registry.rules.permissions import Permission
from registry.rules.times import format_time
from registry.rules.viewer import ANONYMOUS, Viewer
from tests.graphql_schema.conftest import Catalogue

VIEWERS = {
    "nobody": ANONYMOUS,
    "a stranger": Viewer(99, Permission.ViewPackages),
    "author 1 without the permission": Viewer(1, Permission.CreatePackage),
    "author 1": Viewer(1, Permission.ViewPackages),
    "author 2, who may do all": Viewer(2, Permission.Admin),
}

SCHEMA: Any = make_schema()._schema
# A way: the fields from the root on, each with the type that it belongs to and the one it gives.
Step = tuple[str, str, str]
Way = tuple[Step, ...]


def steps() -> list[Step]:
    """List the fields that give objects."""
    found = []
    for type_ in SCHEMA.type_map.values():
        if not isinstance(type_, GraphQLObjectType) or type_.name.startswith("__"):
            continue
        for name, definition in type_.fields.items():
            below = get_named_type(definition.type)
            if isinstance(below, GraphQLInterfaceType):
                types = SCHEMA.get_possible_types(below)
                found += [(type_.name, name, each.name) for each in types]
            elif isinstance(below, GraphQLObjectType):
                found.append((type_.name, name, below.name))
    return found


def shortest_way(start: str, end: str) -> Way | None:
    """Find the shortest way from one type to another."""
    waiting: list[tuple[str, Way]] = [(start, ())]
    met = {start}
    while waiting:
        here, way = waiting.pop(0)
        if here == end:
            return way
        for step in steps():
            if step[0] == here and step[2] not in met:
                met.add(step[2])
                waiting.append((step[2], (*way, step)))
    return None


def ways_to_publications() -> list[Way]:
    """List ways to publications such that each field that can lie on one does."""
    found = []
    for step in steps():
        before = shortest_way("Query", step[0])
        after = shortest_way(step[2], "Publication")
        if before is not None and after is not None:
            found.append((*before, step, *after))
    return found


WAYS = ways_to_publications()

ARGUMENTS = {
    "package": '(name: "@acme/small-1")',
    "listing": '(packageId: "acme.package_{number}")',
    "commit": '(hash: "356a192b7913b04c54574d18c28d46e6395428ab")',
    "node": '(id: "{type}:{number}")',
    "search": '(query: "a")',
}


def query_along(way: Way, number: int) -> str:
    """Write the query that takes a way, and asks for the id of all that it meets."""
    text = "uploadDate"
    for owner, name, below in reversed(way):
        if "id" in SCHEMA.type_map[below].fields:
            text = f"id {text}"
        arguments = ""
        if owner == "Query":
            arguments = ARGUMENTS.get(name, "").replace("{type}", below)
            text = f"... on {below} {{ {text} }}" if name == "node" else text
        text = f"{name}{arguments.replace('{number}', str(number))} {{ {text} }}"
    return f"{{ {text} }}"


def leaves(value: Any, name: str) -> Iterator[Any]:
    """Find all values of a response key."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key == name:
                yield item
            else:
                yield from leaves(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item, name)


def owns(viewer: Viewer, author_id: int | None) -> bool:
    return viewer.may(Permission.ViewPackages) and viewer.author_id == author_id


class Truth:
    """What is in the database, and who may know of it: worked out row by row."""

    def __init__(self, catalogue: Catalogue) -> None:
        with reading(catalogue.sessions) as session:
            self.rows = session.execute(
                select(Version, Publication, Listing, Author, Package)
                .join(Package, Package.id == Version.package_id)
                .outerjoin(Publication, Publication.version_id == Version.id)
                .outerjoin(Listing, Listing.package_id == Package.id)
                .outerjoin(Author, Author.id == Listing.author_id)
            ).all()
            session.expunge_all()

    def publications(self, viewer: Viewer) -> set[str]:
        return {
            publication.loc
            for _, publication, listing, *_ in self.rows
            if publication is not None
            and (
                (publication.is_public and publication.status == VersionStatus.PROCESSED)
                or owns(viewer, listing.author_id)
            )
        }

    def versions(self, viewer: Viewer) -> set[str]:
        published = self.publications(viewer)
        return {
            f"Version:{version.id}"
            for version, publication, *_ in self.rows
            if version.from_git or (publication is not None and publication.loc in published)
        }

    def listings(self, viewer: Viewer) -> set[str]:
        return {
            listing.identifier
            for _, publication, listing, *_ in self.rows
            if listing is not None
            and (
                owns(viewer, listing.author_id)
                or (publication is not None and publication.loc in self.publications(ANONYMOUS))
            )
        }

    def ids(self, viewer: Viewer) -> set[str]:
        """Give the ids of versions, listings and packages, and the dates of publications."""
        listings, publications = self.listings(viewer), self.publications(viewer)
        return {
            *self.versions(viewer),
            *self.packages(viewer),
            *(
                f"Listing:{listing.package_id}"
                for _, _, listing, *_ in self.rows
                if listing is not None and listing.identifier in listings
            ),
            # The made-up ones are a day apart, so each is its publication's own.
            *(
                format_time(publication.upload_date)
                for _, publication, *_ in self.rows
                if publication is not None and publication.loc in publications
            ),
        }

    def packages(self, viewer: Viewer) -> set[str]:
        listings = self.listings(viewer)
        return {
            f"Package:{package.id}"
            for *_, listing, _author, package in self.rows
            if package.workspace_id is not None or listing.identifier in listings
        }


@pytest.fixture(scope="session")
def truth(catalogue: Catalogue) -> Truth:
    return Truth(catalogue)


@pytest.mark.parametrize("viewer", VIEWERS.values(), ids=VIEWERS)
def test_no_way_leads_to_what_is_not_the_viewers(
    catalogue: Catalogue, truth: Truth, viewer: Viewer
) -> None:
    allowed = truth.ids(viewer)
    told: set[str] = set()
    assert len(WAYS) > 40

    for way in WAYS:
        for number in (1, 4, 13, 14) if way[0][1] in {"node", "listing"} else (1,):
            answer = catalogue.ask(query_along(way, number), viewer=viewer)
            if "errors" in answer:
                assert way[0][1] == "viewer"
                assert answer["errors"][0]["extensions"]["code"] == "insufficient_scope"
            told |= {*leaves(answer["data"], "id"), *leaves(answer["data"], "uploadDate")}

    kinds = ("Package:", "Version:", "Listing:", "2")
    of_interest = {each for each in told if each.startswith(kinds)}
    assert {each[:2] for each in of_interest} == {"Pa", "Ve", "Li", "20"}
    assert of_interest <= allowed


@pytest.mark.parametrize("viewer", VIEWERS.values(), ids=VIEWERS)
def test_everyone_is_told_all_that_is_theirs_to_see(
    catalogue: Catalogue, truth: Truth, viewer: Viewer
) -> None:
    versions, publications, listings = set(), 0, set()
    for number in range(1, 15):
        package = catalogue.data(
            """query ($id: ID!) { node(id: $id) { ... on Package {
              listing { packageId versions { id } }
              versions(first: 100) { totalCount nodes { id publication { status } } }
            } } }""",
            {"id": f"Package:{number}"},
            viewer,
        )["node"]
        if package is None:
            assert f"Package:{number}" not in truth.packages(viewer)
            continue
        nodes = package["versions"]["nodes"]
        assert package["versions"]["totalCount"] == len(nodes)
        versions |= {node["id"] for node in nodes}
        published = [node["id"] for node in nodes if node["publication"]]
        publications += len(published)
        if package["listing"]:
            listings.add(package["listing"]["packageId"])
            assert {each["id"] for each in package["listing"]["versions"]} == set(published)

    assert versions == truth.versions(viewer)
    assert publications == len(truth.publications(viewer))
    assert listings == truth.listings(viewer)


@pytest.mark.parametrize("viewer", VIEWERS.values(), ids=VIEWERS)
def test_why_a_version_failed_is_its_authors_to_know(
    catalogue: Catalogue, truth: Truth, viewer: Viewer
) -> None:
    told: set[str] = set()
    for number in range(1, 15):
        answer = catalogue.data(
            """query ($id: ID!) { node(id: $id) { ... on Package {
              versions(first: 100) { nodes { publication { failureReason } } }
            } } }""",
            {"id": f"Package:{number}"},
            viewer,
        )
        told |= set(leaves(answer, "failureReason"))

    own = {
        publication.failure_reason
        for _, publication, listing, *_ in truth.rows
        if publication is not None and owns(viewer, listing.author_id)
    }
    assert told - {""} == own - {""}
    # Else nothing would be shown by this.
    assert bool(own - {""}) == (viewer.author_id in {1, 2} and viewer.may(Permission.ViewPackages))


@pytest.mark.parametrize("viewer", VIEWERS.values(), ids=VIEWERS)
def test_filters_tell_no_more_than_fields(
    catalogue: Catalogue, truth: Truth, viewer: Viewer
) -> None:
    def count(field: str, wanted: str) -> int:
        versions = f"versions(filter: {{{field}: {wanted}}}) {{ totalCount }}"
        data = catalogue.data(f"{{ packages {{ nodes {{ {versions} }} }} }}", viewer=viewer)
        return sum(each["versions"]["totalCount"] for each in data["packages"]["nodes"])

    seen = [
        publication
        for _, publication, _, _, package in truth.rows
        if package.workspace_id is not None
        and publication is not None
        and publication.loc in truth.publications(viewer)
    ]
    for status in VersionStatus:
        assert count("status", f"[{status}]") == sum(each.status == status for each in seen)
    assert count("published", "true") == len(seen)

    listed = catalogue.data("{ packages(filter: {listed: true}) { totalCount } }", viewer=viewer)
    members = {
        row[2].identifier
        for row in truth.rows
        if row[4].workspace_id is not None and row[2] is not None
    }
    assert listed["packages"]["totalCount"] == len(members & truth.listings(viewer))


def test_viewer_is_null_without_a_token_and_refused_without_the_permission(
    catalogue: Catalogue,
) -> None:
    query = "{ viewer { name packages { packageId versions { version } } } }"

    assert catalogue.data(query) == {"viewer": None}
    refused = catalogue.ask(query, viewer=VIEWERS["author 1 without the permission"])
    assert refused["data"] == {"viewer": None}
    assert refused["errors"][0]["extensions"] == {
        "code": "insufficient_scope",
        "scope": "ViewPackages",
    }
    told = catalogue.data(query, viewer=VIEWERS["author 1"])["viewer"]
    assert told["name"] == "Author 1"
    assert [each["packageId"] for each in told["packages"]] == sorted(
        each["packageId"] for each in told["packages"]
    )


def test_an_authors_id_is_told_to_that_author_only(catalogue: Catalogue) -> None:
    query = '{ one: node(id: "Author:1") { ...A } two: node(id: "Author:2") { ...A } }'
    fragment = " fragment A on Author { name authorId }"

    told = catalogue.data(query + fragment, viewer=VIEWERS["author 1"])

    assert told == {
        "one": {"name": "Author 1", "authorId": "Author1"},
        "two": {"name": "Author 2", "authorId": None},
    }


def test_hash_and_place_are_told_only_of_what_can_be_installed(catalogue: Catalogue) -> None:
    author = VIEWERS["author 1"]
    query = (
        "{ viewer { packages { versions { publication { status isPublic isStored hash loc } } } } }"
    )
    found = list(leaves(catalogue.data(query, viewer=author), "publication"))

    assert {each["status"] for each in found} > {VersionStatus.PROCESSED}
    for each in found:
        processed = each["status"] == "processed"
        assert (each["hash"] is not None) == processed
        assert (each["loc"] is not None) == (processed and each["isPublic"] and each["isStored"])
