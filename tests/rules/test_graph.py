"""Directed graphs of names: circles in them, and what leads to what."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.rules.graph import find_cycles, find_groups, find_ways, follow_way

EDGES = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("abcdefgh")), max_size=24)


@pytest.mark.parametrize(
    ("edges", "groups", "cycles"),
    [
        ([], [], []),
        ([("a", "b")], [], []),
        ([("a", "a")], [["a"]], [["a"]]),
        ([("b", "a"), ("a", "b")], [["a", "b"]], [["a", "b"]]),
        # Named in the order in which one leads to the next.
        ([("c", "b"), ("b", "a"), ("a", "c"), ("c", "d")], [["a", "b", "c"]], [["a", "c", "b"]]),
        (
            [("x", "y"), ("y", "x"), ("y", "a"), ("a", "b"), ("b", "a")],
            [["a", "b"], ["x", "y"]],
            [["a", "b"], ["x", "y"]],
        ),
        # Two circles through one node are one group.
        (
            [("m", "a"), ("a", "m"), ("m", "z"), ("z", "y"), ("y", "m")],
            [["a", "m", "y", "z"]],
            [["a", "m"], ["m", "z", "y"]],
        ),
        # A shortcut hides the longer circle, of which every node is on a shorter one already.
        (
            [("a", "b"), ("b", "a"), ("b", "c"), ("c", "b"), ("c", "a")],
            [["a", "b", "c"]],
            [["a", "b"], ["b", "c"]],
        ),
        ([("a", "a"), ("a", "b"), ("b", "a")], [["a", "b"]], [["a"], ["a", "b"]]),
    ],
)
def test_cases(
    edges: list[tuple[str, str]], groups: list[list[str]], cycles: list[list[str]]
) -> None:
    assert find_groups(edges) == groups
    assert find_cycles(edges) == cycles


def test_a_chain_longer_than_pythons_stack() -> None:
    edges = [(f"{number:05}", f"{number + 1:05}") for number in range(20_000)]

    assert find_cycles(edges) == []
    (cycle,) = find_cycles([*edges, ("20000", "00000")])
    assert cycle == [f"{number:05}" for number in range(20_001)]
    assert len(find_ways(["00000"], {source: [target] for source, target in edges})) == 20_001


def test_a_dense_graph_has_some_circles_told_and_ends() -> None:
    chance = random.Random(1)  # noqa: S311 -- data, not secrets
    names = [f"{number:04}" for number in range(3_000)]
    # A ring makes one group of all; going back to the start takes long from nearly everywhere.
    edges = list(zip(names, names[1:] + names[:1], strict=True))
    edges += [(name, chance.choice(names[index:])) for index, name in enumerate(names[1:], 1)]

    cycles = find_cycles(edges)

    assert find_groups(edges) == [names]
    assert cycles
    assert len({name for cycle in cycles for name in cycle}) <= len(names)


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

    assert find_groups(edges) == sorted(list(group) for group in groups)


@given(EDGES)
def test_cycles_are_rings_and_leave_no_node_of_a_group_out(edges: list[tuple[str, str]]) -> None:
    cycles = find_cycles(edges)

    for cycle in cycles:
        assert len(set(cycle)) == len(cycle)
        assert cycle[0] == min(cycle)
        assert set(zip(cycle, cycle[1:] + cycle[:1], strict=True)) <= set(edges)
    assert {name for cycle in cycles for name in cycle} == {
        name for group in find_groups(edges) for name in group
    }


@given(EDGES)
def test_each_ring_is_the_shortest_through_a_node(edges: list[tuple[str, str]]) -> None:
    following: dict[str, set[str]] = {}
    for source, target in edges:
        following.setdefault(source, set()).add(target)

    def shortest(node: str) -> int:
        length, reached = 1, following.get(node, set())
        while node not in reached:
            length += 1
            reached = reached.union(*(following.get(each, set()) for each in reached))
        return length

    for cycle in find_cycles(edges):
        assert len(cycle) in {shortest(node) for node in cycle}


@given(EDGES, st.randoms())
def test_the_order_of_edges_says_nothing(
    edges: list[tuple[str, str]], chance: random.Random
) -> None:
    shuffled = list(edges)
    chance.shuffle(shuffled)

    assert find_cycles(shuffled) == find_cycles(edges)


def test_ways_are_the_shortest_and_then_the_first_by_name() -> None:
    following = {"a": ["c", "b"], "b": ["d"], "c": ["d"], "d": ["e"], "z": ["e"]}

    ways = find_ways(["a", "z"], following)

    assert list(ways) == ["a", "z", "b", "c", "e", "d"]
    assert follow_way(ways, "d", most=10) == ["d", "b", "a"]
    assert follow_way(ways, "e", most=10) == ["e", "z"]
    assert follow_way(ways, "a", most=10) == ["a"]
    assert follow_way(ways, "d", most=2) == ["d", "b"]


def test_ways_from_a_node_of_a_circle_come_to_an_end() -> None:
    ways = find_ways(["a"], {"a": ["b"], "b": ["a"]})

    assert ways == {"a": "a", "b": "a"}
