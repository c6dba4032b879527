"""Circles in a graph: the groups in which each node can be reached from each other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphql_schema.cycles import find_cycles

EDGES = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("abcdefgh")), max_size=24)


@pytest.mark.parametrize(
    ("edges", "cycles"),
    [
        ([], []),
        ([("a", "b")], []),
        ([("a", "a")], [["a"]]),
        ([("b", "a"), ("a", "b")], [["a", "b"]]),
        ([("a", "b"), ("b", "c"), ("c", "a"), ("c", "d")], [["a", "b", "c"]]),
        ([("x", "y"), ("y", "x"), ("y", "a"), ("a", "b"), ("b", "a")], [["a", "b"], ["x", "y"]]),
    ],
)
def test_cases(edges: list[tuple[str, str]], cycles: list[list[str]]) -> None:
    assert find_cycles(edges) == cycles


def test_a_chain_longer_than_pythons_stack() -> None:
    edges = [(f"{number:05}", f"{number + 1:05}") for number in range(20_000)]

    assert find_cycles(edges) == []
    assert len(find_cycles([*edges, ("20000", "00000")])[0]) == 20_001


@given(EDGES)
def test_groups_are_those_that_reach_each_other(edges: list[tuple[str, str]]) -> None:
    reach: dict[str, set[str]] = {}
    for source, target in edges:
        reach.setdefault(source, set()).add(target)
    for middle in "abcdefgh":
        for targets in reach.values():
            if middle in targets:
                targets.update(reach.get(middle, set()))

    groups = {
        tuple(other for other in sorted(reach) if node in reach[other] and other in reach[node])
        for node in reach
        if node in reach[node]
    }

    assert find_cycles(edges) == sorted(list(group) for group in groups)
