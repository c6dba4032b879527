"""The newest versions that go together, or a reason why there are none."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from registry.accounts.authors import create_author
from registry.catalogue.version_index import ResolutionTooHard
from registry.database import begin_write
from registry.rules.enumerations import Platform
from registry.rules.permissions import Permission
from registry.rules.versions import RegistryVersion
from registry.rules.viewer import Viewer
from tests.accounts.samples import Statements, add_listing
from tests.catalogue.releases import Graph, ask, publish, shown


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine) as session:
        begin_write(session)
        yield session


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
                "No versions go together: you want xpkg/acme.base 1; xpkg/acme.app 1.0.0 needs "
                "xpkg/acme.base 2-. Of xpkg/acme.base there is 2.0.0, 1.0.0."
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
            {"stuck": "*"},
            {},
            (
                "No versions go together: xpkg/acme.stuck 1.39.0, 1.38.0, 1.37.0, 1.36.0, 1.35.0 "
                "and 35 older need xpkg/acme.none 3. There is no version of xpkg/acme.none to "
                "install."
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
            "stuck": {f"1.{number}.0": ({"none": "3"}, {}) for number in range(40)},
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


def test_what_nobody_needs_any_more_is_not_installed(session: Session) -> None:
    # The newest base brings a helper and is then given up; the foe makes the search look at it.
    publish(
        session,
        {
            "base": {"1.0.0": ({}, {}), "2.0.0": ({"helper": "*", "none": "*"}, {})},
            "helper": {"1.0.0": ({}, {})},
            "foe": {"1.0.0": ({"base": "1"}, {"helper": "2"})},
            "none": {"1.0.0": ({"foe": "*"}, {})},
        },
    )

    assert shown(ask(session, {"base": "*", "foe": "*"})) == {"base": "1.0.0", "foe": "1.0.0"}


def test_packages_that_were_given_up_may_need_each_other_in_a_circle(session: Session) -> None:
    publish(
        session,
        {
            "a": {
                "1.0.0": ({"b": "1"}, {"d": "2-"}),
                "2.0.0": ({"c": "1-2", "d": "3"}, {"b": "1-2"}),
                "3.0.0": ({"b": "1,3"}, {}),
            },
            "b": {"1.0.0": ({"d": "1"}, {})},
            "c": {"1.0.0": ({"a": "2"}, {}), "2.0.0": ({"d": "*"}, {"a": "2", "b": "1"})},
            "d": {"1.0.0": ({"a": "1"}, {"b": "2"})},
        },
    )

    assert shown(ask(session, {"a": "1,3"})) == {"a": "1.0.0", "b": "1.0.0", "d": "1.0.0"}
