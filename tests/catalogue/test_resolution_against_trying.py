"""What the search for versions finds is what trying everything finds."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from registry.database import begin_write
from registry.rules.selections import Selection
from registry.rules.versions import RegistryVersion
from tests.catalogue.releases import Graph, ask, publish

SELECTIONS = st.sampled_from(["*", "1", "2", "1-2", "2-", "3", "1,3"])
LETTERS = "abcd"


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    def relations(letter: str) -> dict[str, str]:
        others = [other for other in LETTERS if other != letter]
        return draw(st.dictionaries(st.sampled_from(others), SELECTIONS, max_size=2))

    return {
        letter: {
            f"{number}.0.0": (needs := relations(letter), avoided(relations(letter), needs))
            for number in range(1, draw(st.integers(1, 3)) + 1)
        }
        for letter in LETTERS
    }


def avoided(relations: dict[str, str], needs: dict[str, str]) -> dict[str, str]:
    return {other: text for other, text in relations.items() if other not in needs}


WANTS = st.dictionaries(st.sampled_from(LETTERS), SELECTIONS, min_size=1, max_size=2)


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(graph=graphs(), wanted=WANTS, data=st.data())
def test_it_finds_what_trying_everything_finds(
    engine: Engine, graph: Graph, wanted: dict[str, str], data: st.DataObject
) -> None:
    installed: dict[str, str] = {}
    if data.draw(st.booleans()):
        letter = data.draw(st.sampled_from(LETTERS))
        installed = {letter: data.draw(st.sampled_from(sorted(graph[letter])))}
    with Session(engine) as session:
        begin_write(session)
        publish(session, graph)
        found = ask(session, wanted, installed)
        again = ask(session, wanted, installed)

    assert found == again
    solutions = list(try_everything(graph, wanted, installed))
    assert bool(solutions) == (not found.reason)
    if found.reason:
        return
    chosen = {
        each.identifier.removeprefix("xpkg/acme."): str(each.version) for each in found.packages
    }
    assert chosen in solutions
    # Nothing could be newer by itself, but for what is installed and not wanted.
    for letter, version in chosen.items():
        if letter in installed and letter not in wanted:
            continue
        newer = [each for each in graph[letter] if each > version]
        assert not any({**chosen, letter: each} in solutions for each in newer)


def try_everything(
    graph: Graph, wanted: Mapping[str, str], installed: Mapping[str, str]
) -> Iterator[dict[str, str]]:
    """Give every set of versions that goes together and has nothing that nobody needs."""
    for versions in product(*([None, *graph[letter]] for letter in LETTERS)):
        chosen = {letter: v for letter, v in zip(LETTERS, versions, strict=True) if v is not None}
        if goes_together(graph, chosen, wanted, installed):
            yield chosen


def goes_together(
    graph: Graph,
    chosen: Mapping[str, str],
    wanted: Mapping[str, str],
    installed: Mapping[str, str],
) -> bool:
    if not all(covers(text, chosen.get(letter)) for letter, text in wanted.items()):
        return False
    if not installed.keys() <= chosen.keys():
        return False
    reached: set[str] = set()
    waiting: Sequence[str] = [*wanted, *installed]
    while waiting:
        letter, *waiting = waiting
        if letter not in reached:
            reached.add(letter)
            waiting = [*waiting, *graph[letter][chosen[letter]][0]] if letter in chosen else waiting
    for letter, version in chosen.items():
        needs, avoids = graph[letter][version]
        if not all(covers(text, chosen.get(other)) for other, text in needs.items()):
            return False
        if any(covers(text, chosen.get(other)) for other, text in avoids.items()):
            return False
    return reached >= chosen.keys()


def covers(text: str, version: str | None) -> bool:
    return version is not None and Selection.parse(text).contains(RegistryVersion.parse(version))
