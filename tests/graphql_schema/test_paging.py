"""Pages: cursors walk all rows once, forward and backward, while other rows come and go."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import delete, insert

from registry.database import writing
from registry.models import Base, Commit, Dependency, Package, PackageCommit, Version
from tests.graphql_schema.conftest import Catalogue
from tests.graphql_schema.generated import WORKSPACE_ID, Size

# A connection: how it is reached, with `%s` for its arguments, and what tells its nodes apart.
CONNECTIONS = {
    "packages": ("{ c: packages%s", "}", "name"),
    "by score": ("{ c: packages%s", "}", "name"),
    "commits": ("{ c: commits%s", "}", "hash"),
    "versions": ('{ package(name: "@acme/small-1") { c: versions%s', "} }", "version"),
    "package's commits": ('{ package(name: "@acme/small-1") { c: commits%s', "} }", "hash"),
    "commits where it was": ('{ package(name: "@acme/small-1") { c: commits%s', "} }", "hash"),
    "dependencies": ('{ package(name: "@acme/small-1") { c: dependencies%s', "} }", "name"),
    "search": ("{ c: search%s", "}", "name"),
}
FURTHER = {
    "by score": "orderBy: {field: score, direction: desc}",
    "commits where it was": "follow: true",
    "search": 'query: "a"',
}


def page(catalogue: Catalogue, connection: str, arguments: str) -> dict[str, Any]:
    before, after, key = CONNECTIONS[connection]
    given = ", ".join(each for each in (FURTHER.get(connection), arguments) if each)
    data = catalogue.data(
        f"""{before % (f"({given})" if given else "")} {{
          totalCount
          pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}
          edges {{ cursor node {{ key: {key} }} }}
        }} {after}"""
    )
    found: dict[str, Any] = data["c"] if "c" in data else data["package"]["c"]
    return found


def walk(
    catalogue: Catalogue, connection: str, size: int, *, backward: bool = False
) -> Iterator[list[str]]:
    """Give the keys of one page after the other, each in its own order."""
    place = ""
    # A walk that stood still would never end.
    for _ in range(500):
        taken = f"{'last' if backward else 'first'}: {size}{place}"
        found = page(catalogue, connection, taken)
        info = found["pageInfo"]
        yield [edge["node"]["key"] for edge in found["edges"]]
        if not info["hasPreviousPage" if backward else "hasNextPage"]:
            return
        cursor = info["startCursor" if backward else "endCursor"]
        place = f', {"before" if backward else "after"}: "{cursor}"'
    raise AssertionError("the walk does not end")


@pytest.mark.parametrize("connection", CONNECTIONS)
@pytest.mark.parametrize("size", [1, 3])
def test_pages_one_after_the_other_are_the_whole_list(
    catalogue: Catalogue, connection: str, size: int
) -> None:
    whole = page(catalogue, connection, "first: 1000")
    keys = [edge["node"]["key"] for edge in whole["edges"]]
    assert len(keys) == whole["totalCount"] == len(set(keys)) > size

    forward = list(walk(catalogue, connection, size))
    backward = list(walk(catalogue, connection, size, backward=True))

    assert [key for keys in forward for key in keys] == keys
    assert [key for keys in reversed(backward) for key in keys] == keys
    assert {len(keys) for keys in forward[:-1]} <= {size}


def test_orders_are_the_contracts(catalogue: Catalogue) -> None:
    def keys(connection: str) -> list[str]:
        found = page(catalogue, connection, "first: 1000")
        return [edge["node"]["key"] for edge in found["edges"]]

    # By code point: capitals first, whatever the server's locale.
    assert keys("packages") == sorted(keys("packages"))
    assert keys("versions") == sorted(keys("versions"), reverse=True)
    data = catalogue.data("{ commits { nodes { date id } } }")["commits"]["nodes"]
    moments = [(each["date"], int(each["id"].partition(":")[2])) for each in data]
    assert moments == sorted(moments, reverse=True)
    assert len({date for date, _ in moments}) < len(moments)


def test_page_info_tells_what_lies_before_and_after(catalogue: Catalogue) -> None:
    cursors = [edge["cursor"] for edge in page(catalogue, "packages", "first: 1000")["edges"]]

    def info(arguments: str) -> tuple[bool, bool]:
        found = page(catalogue, "packages", arguments)["pageInfo"]
        return found["hasPreviousPage"], found["hasNextPage"]

    assert info("first: 3") == (False, True)
    assert info("last: 3") == (True, False)
    assert info(f'first: 3, after: "{cursors[0]}"') == (True, True)
    assert info(f'last: 3, before: "{cursors[-1]}"') == (True, True)
    assert info(f'first: 3, after: "{cursors[-4]}"') == (True, False)
    assert info(f'last: 3, before: "{cursors[3]}"') == (False, True)
    assert info(f'first: 3, before: "{cursors[2]}"') == (False, True)
    assert info("first: 0") == (False, True)
    empty = page(catalogue, "packages", f'after: "{cursors[-1]}"')["pageInfo"]
    assert (empty["startCursor"], empty["endCursor"]) == (None, None)


def test_both_ends_and_a_window_between_two_cursors(catalogue: Catalogue) -> None:
    edges = page(catalogue, "packages", "first: 1000")["edges"]
    keys = [edge["node"]["key"] for edge in edges]
    between = f'after: "{edges[1]["cursor"]}", before: "{edges[6]["cursor"]}"'

    def window(arguments: str) -> list[str]:
        found = page(catalogue, "packages", arguments)
        return [edge["node"]["key"] for edge in found["edges"]]

    assert window(between) == keys[2:6]
    assert window(f"first: 2, {between}") == keys[2:4]
    assert window(f"last: 2, {between}") == keys[4:6]


INTRUDERS: dict[str, tuple[type[Base], Callable[[int], dict[str, Any]]]] = {
    "packages": (
        Package,
        lambda key: {"id": key, "workspace_id": WORKSPACE_ID, "name": f"{'aZ'[key % 2]}{key}"},
    ),
    "dependencies": (
        Dependency,
        lambda key: {
            "id": key,
            "package_id": 1,
            "kind": "dependency",
            "name": f"{'az'[key % 2]}{key}",
            "range": "*",
        },
    ),
    "versions": (
        Version,
        lambda key: {
            "id": key,
            "package_id": 1,
            "version": f"9.{key}.0",
            "sort_key": bytes([key % 2 * 9, key % 250]),
            "from_git": True,
        },
    ),
}


@pytest.mark.parametrize("connection", INTRUDERS)
def test_a_walk_misses_and_repeats_nothing_while_rows_come_and_go(
    make_catalogue: Callable[[Size], Catalogue], connection: str
) -> None:
    catalogue = make_catalogue(Size(packages=8, versions=8, dependencies=8))
    model, row = INTRUDERS[connection]
    there = [edge["node"]["key"] for edge in page(catalogue, connection, "first: 1000")["edges"]]
    met: list[str] = []

    for number, keys in enumerate(walk(catalogue, connection, 2)):
        met += keys
        with writing(catalogue.sessions) as session:
            session.execute(insert(model), [row(1000 + number), row(2001 + number)])

    assert [key for key in met if key in there] == there
    assert len(met) == len(set(met))


def test_a_cursor_is_good_after_its_row_is_gone(
    make_catalogue: Callable[[Size], Catalogue],
) -> None:
    catalogue = make_catalogue(Size(packages=4, commits=6))
    edges = page(catalogue, "package's commits", "first: 1000")["edges"]

    with writing(catalogue.sessions) as session:
        gone = int(
            catalogue.data(f'{{ commit(hash: "{edges[2]["node"]["key"]}") {{ id }} }}')["commit"][
                "id"
            ].partition(":")[2]
        )
        session.execute(delete(PackageCommit).where(PackageCommit.commit_id == gone))
        session.execute(delete(Commit).where(Commit.id == gone))

    after = page(catalogue, "package's commits", f'after: "{edges[2]["cursor"]}"')["edges"]
    assert after == edges[3:]


def test_a_cursor_is_no_place_in_another_order(catalogue: Catalogue) -> None:
    def packages(field: str, arguments: str) -> str:
        order = f"orderBy: {{field: {field}}}"
        return f"{{ packages({order}, first: 1{arguments}) {{ edges {{ cursor }} }} }}"

    (edge,) = catalogue.data(packages("createdAt", ""))["packages"]["edges"]
    after = f', after: "{edge["cursor"]}"'

    assert len(catalogue.data(packages("createdAt", after))["packages"]["edges"]) == 1
    # Its key is of the same kind: a moment and a number.
    assert catalogue.code(packages("lastUpdated", after)) == "invalid_cursor"
    assert catalogue.code(packages("name", after)) == "invalid_cursor"
