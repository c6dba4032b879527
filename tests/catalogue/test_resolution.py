"""The newest versions that go together, or a reason why there are none."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any, TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from registry.accounts.authors import create_author
from registry.catalogue.resolution import Change, Resolution, resolve
from registry.catalogue.version_index import Relation, ResolutionTooHard, VersionIndex
from registry.database import begin_write
from registry.models import Author
from registry.rules.enumerations import Platform
from registry.rules.permissions import Permission
from registry.rules.selections import Selection
from registry.rules.versions import RegistryVersion
from registry.rules.viewer import ANONYMOUS, Viewer
from tests.accounts.samples import Statements, add_listing

# By package and version: what it needs, and what it avoids.
Graph: TypeAlias = Mapping[str, Mapping[str, tuple[dict[str, str], dict[str, str]]]]


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine) as session:
        begin_write(session)
        yield session


def publish(session: Session, graph: Graph, author: Author | None = None, **columns: Any) -> Author:
    """Publish a graph of packages that are called `acme.` and a letter."""
    author = author or create_author(session, "Ada")
    for letter, versions in graph.items():
        rows = [
            {
                "version": version,
                "dependencies": pairs(needs),
                "incompatibilities": pairs(avoids),
                **columns,
            }
            for version, (needs, avoids) in versions.items()
        ]
        add_listing(session, author, name(letter), versions=rows)
    session.flush()
    return author


def name(letter: str) -> str:
    return f"acme.{letter}"


def pairs(relations: Mapping[str, str]) -> list[list[str]]:
    return [
        [package if "/" in package else f"xpkg/{name(package)}", selection]
        for package, selection in relations.items()
    ]


def ask(
    session: Session,
    wanted: Mapping[str, str],
    installed: Mapping[str, str] = {},
    viewer: Viewer = ANONYMOUS,
    **more: Any,
) -> Resolution:
    limits = {key: more.pop(key) for key in ("seconds", "clock") if key in more}
    # A busy machine must not fail a test.
    limits.setdefault("seconds", 600)
    return resolve(
        VersionIndex(session, viewer, "xpkg", **more),
        [Relation(f"xpkg/{name(key)}", Selection.parse(text)) for key, text in wanted.items()],
        {
            key if "/" in key else f"xpkg/{name(key)}": RegistryVersion.parse(version)
            for key, version in installed.items()
        },
        **limits,
    )


def shown(resolution: Resolution) -> dict[str, str]:
    """Give the letters with versions, and what becomes of them unless it is new."""
    assert not resolution.reason, resolution.reason
    return {
        each.identifier.removeprefix("xpkg/acme."): str(each.version)
        + ("" if each.change is Change.INSTALL else f" {each.change}")
        for each in resolution.packages
    }


DIAMOND: Graph = {
    "app": {"1.0.0": ({"left": "1", "right": "1"}, {})},
    "left": {"1.0.0": ({"base": "1-2"}, {}), "1.1.0": ({"base": "2-"}, {})},
    "right": {"1.0.0": ({"base": "-2"}, {}), "2.0.0": ({}, {})},
    "base": {"1.0.0": ({}, {}), "2.0.0": ({}, {}), "3.0.0": ({}, {})},
}


def test_dependencies_are_met_by_the_newest_that_all_admit(session: Session) -> None:
    publish(session, DIAMOND)

    assert shown(ask(session, {"app": "*"})) == {
        "app": "1.0.0",
        "base": "2.0.0",
        "left": "1.1.0",
        "right": "1.0.0",
    }


def test_it_goes_back_where_the_newest_will_not_do(session: Session) -> None:
    publish(
        session,
        {
            "app": {"1.0.0": ({"base": "1"}, {}), "2.0.0": ({"base": "9"}, {})},
            "base": {"1.0.0": ({}, {}), "1.5.0": ({"gone": "*"}, {})},
        },
    )

    assert shown(ask(session, {"app": "*"})) == {"app": "1.0.0", "base": "1.0.0"}


def test_an_incompatible_version_is_left_out(session: Session) -> None:
    publish(
        session,
        {
            "app": {"1.0.0": ({"base": "*"}, {})},
            "base": {"1.0.0": ({}, {}), "2.0.0": ({}, {})},
            "foe": {"1.0.0": ({}, {"base": "2"}), "0.9.0": ({}, {"base": "*"})},
        },
    )

    assert shown(ask(session, {"app": "*", "foe": "*"})) == {
        "app": "1.0.0",
        "base": "1.0.0",
        "foe": "1.0.0",
    }
    # What is not there is incompatible with nothing.
    assert shown(ask(session, {"foe": "-0.9.0"})) == {"foe": "0.9.0"}
    assert ask(session, {"base": "2"}, {"foe": "1.0.0"}).reason


def test_pre_releases_are_versions(session: Session) -> None:
    publish(session, {"app": {"1.0.0": ({}, {}), "1.1.0b2": ({}, {}), "1.1.0b10": ({}, {})}})

    assert shown(ask(session, {"app": "*"})) == {"app": "1.1.0b10"}
    assert shown(ask(session, {"app": "1.0"})) == {"app": "1.0.0"}


@pytest.mark.parametrize(
    ("wanted", "installed", "expected"),
    [
        # What is installed stays, even if there is something newer.
        ({"app": "*"}, {"base": "1.0.0"}, {"app": "1.0.0", "base": "1.0.0 keep"}),
        # Unless it must change.
        ({"app": "*"}, {"base": "0.5.0"}, {"app": "1.0.0", "base": "2.0.0 upgrade"}),
        ({"old": "*"}, {"base": "2.0.0"}, {"base": "0.5.0 downgrade", "old": "1.0.0"}),
        # Or is wanted itself.
        ({"base": "*"}, {"base": "1.0.0"}, {"base": "2.0.0 upgrade"}),
        ({"base": "*"}, {"base": "2.0.0"}, {"base": "2.0.0 keep"}),
        # What the registry does not have any more needs nothing, and is kept.
        ({"base": "*"}, {"gone": "3.0.0"}, {"base": "2.0.0", "gone": "3.0.0 keep"}),
        ({"app": "*"}, {"base": "1.7.0"}, {"app": "1.0.0", "base": "1.7.0 keep"}),
        ({"base": "*"}, {"base": "9.0.0"}, {"base": "9.0.0 keep"}),
        ({}, {"base": "1.0.0"}, {"base": "1.0.0 keep"}),
        ({}, {}, {}),
    ],
)
def test_what_is_installed(
    session: Session,
    wanted: dict[str, str],
    installed: dict[str, str],
    expected: dict[str, str],
) -> None:
    publish(
        session,
        {
            "app": {"1.0.0": ({"base": "1-"}, {})},
            "old": {"1.0.0": ({"base": "-0.9"}, {})},
            "base": {"0.5.0": ({}, {}), "1.0.0": ({}, {}), "2.0.0": ({}, {})},
        },
    )

    assert shown(ask(session, wanted, installed)) == expected


@pytest.mark.parametrize(
    ("wanted", "installed", "reason"),
    [
        (
            {"app": "*", "base": "1"},
            {},
            (
                "No versions go together: xpkg/acme.app 1.0.0 needs xpkg/acme.base 2-; you want "
                "xpkg/acme.base 1. Of xpkg/acme.base there is 2.0.0, 1.0.0."
            ),
        ),
        (
            {"app": "2"},
            {},
            "No versions go together: you want xpkg/acme.app 2. Of xpkg/acme.app there is 1.0.0.",
        ),
        (
            {"none": "*"},
            {},
            (
                "No versions go together: you want xpkg/acme.none *. There is no version of "
                "xpkg/acme.none to install."
            ),
        ),
        (
            {"foe": "*"},
            {"base": "1.0.0"},
            (
                "No versions go together: xpkg/acme.base is installed; xpkg/acme.foe 1.0.0 cannot "
                "be together with xpkg/acme.base *. Of xpkg/acme.base there is 2.0.0, 1.0.0."
            ),
        ),
        (
            {"many": "2"},
            {},
            (
                "No versions go together: you want xpkg/acme.many 2. Of xpkg/acme.many there is "
                "1.7.0, 1.6.0, 1.5.0, 1.4.0, 1.3.0 and 3 older."
            ),
        ),
    ],
)
def test_a_reason_says_what_cannot_all_be_had(
    session: Session, wanted: dict[str, str], installed: dict[str, str], reason: str
) -> None:
    publish(
        session,
        {
            "app": {"1.0.0": ({"base": "2-"}, {})},
            "base": {"1.0.0": ({}, {}), "2.0.0": ({}, {})},
            "foe": {"1.0.0": ({}, {"base": "*"})},
            "many": {f"1.{number}.0": ({}, {}) for number in range(8)},
        },
    )

    found = ask(session, wanted, installed)

    assert found.reason == reason
    assert found.packages == ()


def test_what_other_registries_have_is_told(session: Session) -> None:
    publish(session, {"app": {"1.0.0": ({"far/other.thing": "1-"}, {"far/other.foe": "2"})}})

    found = ask(session, {"app": "*"})
    assert [(each.identifier, each.selection.canonical) for each in found.external] == [
        ("far/other.thing", "1-")
    ]
    # Installed, it is held to what is said of it.
    assert shown(ask(session, {"app": "*"}, {"far/other.thing": "1.0.0"})) == {
        "app": "1.0.0",
        "far/other.thing": "1.0.0 keep",
    }
    assert (
        "needs far/other.thing 1-" in ask(session, {"app": "*"}, {"far/other.thing": "0.1"}).reason
    )
    assert ask(session, {"app": "*"}, {"far/other.foe": "2.1"}).reason


def test_only_what_the_viewer_may_install_counts(session: Session) -> None:
    ada = publish(session, {"app": {"1.0.0": ({}, {})}})
    add_listing(
        session,
        ada,
        "acme.own",
        versions=[
            {"version": "1.0.0"},
            {"version": "2.0.0", "is_public": False},
            {"version": "3.0.0", "status": "processing"},
            {"version": "4.0.0", "status": "removed"},
            {"version": "5.0.0", "is_public": False, "status": "failed_server"},
        ],
    )
    session.flush()

    own = Viewer(ada.id, Permission.ViewPackages)
    assert shown(ask(session, {"own": "*"})) == {"own": "1.0.0"}
    assert shown(ask(session, {"own": "*"}, viewer=own)) == {"own": "2.0.0"}
    stranger = Viewer(ada.id + 1, Permission.Admin)
    assert shown(ask(session, {"own": "*"}, viewer=stranger)) == {"own": "1.0.0"}


def test_only_what_runs_there_counts(session: Session) -> None:
    ada = create_author(session, "Ada")
    add_listing(
        session,
        ada,
        "acme.app",
        versions=[
            {"version": "1.0.0", "xp_selection": "11"},
            {"version": "2.0.0", "supports_linux": False, "xp_selection": "11-12"},
            {"version": "3.0.0", "supports_macos": False, "xp_selection": "12"},
        ],
    )
    session.flush()

    def newest(**more: Any) -> str:
        return shown(ask(session, {"app": "*"}, **more))["app"]

    assert newest() == "3.0.0"
    assert newest(platform=Platform.LINUX) == "3.0.0"
    assert newest(platform=Platform.MACOS) == "2.0.0"
    assert newest(xp_version=RegistryVersion.parse("11.5")) == "2.0.0"
    both = {"platform": Platform.LINUX, "xp_version": RegistryVersion.parse("11.5")}
    assert newest(**both) == "1.0.0"


def chain(length: int, width: int = 1) -> Graph:
    return {
        f"p{step}x{place}": {
            "1.0.0": (
                {f"p{step + 1}x{each}": "*" for each in range(width)} if step + 1 < length else {},
                {},
            )
        }
        for step in range(length)
        for place in range(width)
    }


@pytest.mark.parametrize(("length", "width"), [(1, 1), (6, 1), (3, 40)])
def test_statements_follow_the_depth_not_the_width(
    session: Session, engine: Engine, length: int, width: int
) -> None:
    publish(session, chain(length, width))
    statements = Statements(engine)

    assert len(shown(ask(session, {"p0x0": "*"}))) == 1 + (length - 1) * width
    assert len(statements.data()) == length


def test_a_circle_is_no_trouble(session: Session) -> None:
    publish(session, {"a": {"1.0.0": ({"b": "*"}, {})}, "b": {"1.0.0": ({"a": "1"}, {})}})

    assert shown(ask(session, {"a": "*"})) == {"a": "1.0.0", "b": "1.0.0"}


def test_time_is_bounded(session: Session) -> None:
    # Each package avoids one version of each other, and every version: nothing goes together.
    letters = "abcdefgh"
    publish(
        session,
        {
            letter: {
                f"{number}.0.0": ({other: "*" for other in letters if other != letter}, {})
                for number in range(1, 5)
            }
            for letter in letters
        },
    )
    now = iter(range(10_000_000))

    with pytest.raises(ResolutionTooHard):
        ask(session, {"a": "*"}, seconds=20, clock=lambda: next(now))


def test_what_is_read_is_bounded(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registry.catalogue.version_index.MAX_VERSIONS", 30)
    publish(session, chain(2, 40))

    with pytest.raises(ResolutionTooHard):
        ask(session, {"p0x0": "*"})


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
