"""The history that follows a package to where it was before it moved."""

import json
import random
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, Select, select
from sqlalchemy.orm import InstrumentedAttribute, Session, sessionmaker

from registry.database import make_engine
from registry.models import Commit, FormerCommit, Package, PackageCommit
from registry.refresh import refresh_workspace
from registry.settings import Settings
from tests.databases import Databases, fresh_database
from tests.repositories import WorkTree

Sessions = sessionmaker[Session]


@pytest.fixture
def tree(tmp_path: Path) -> WorkTree:
    tree = WorkTree(tmp_path / "acme")
    tree.write("package.json", {"name": "root", "private": True, "workspaces": ["packages/*"]})
    tree.package("packages/one", name="one", version="1.0.0")
    tree.package("packages/two", name="two", version="1.0.0")
    tree.commit("begin")
    return tree


def move(tree: WorkTree, before: str, after: str, subject: str = "") -> str:
    (tree.path / after).parent.mkdir(parents=True, exist_ok=True)
    tree.git("mv", before, after)
    return tree.commit(subject or f"move {before} to {after}")


def former(sessions: Sessions, name: str) -> set[str]:
    """Give the subjects of the commits that following adds."""
    with sessions() as session:
        return set(session.scalars(_select(FormerCommit, Commit.message, name)))


def own(sessions: Sessions, name: str) -> set[str]:
    with sessions() as session:
        return set(session.scalars(_select(PackageCommit, Commit.message, name)))


def _select(
    links: type[FormerCommit] | type[PackageCommit], column: InstrumentedAttribute[str], name: str
) -> Select[str]:
    return (
        select(column)
        .join(links, links.commit_id == Commit.id)
        .join(Package, Package.id == links.package_id)
        .where(Package.name == name)
    )


def test_what_a_package_was_before_it_moved(
    engine: Engine, sessions: Sessions, tree: WorkTree
) -> None:
    tree.write("packages/one/index.js", "1\n")
    tree.commit("change one")
    move(tree, "packages/one", "packages/first", "move one")
    tree.write("packages/first/index.js", "2\n")
    tree.commit("change first")

    refresh_workspace(engine, tree.path)

    assert own(sessions, "one") == {"move one", "change first"}
    assert former(sessions, "one") == {"begin", "change one"}
    assert former(sessions, "two") == set()


def test_a_move_that_comes_later(engine: Engine, sessions: Sessions, tree: WorkTree) -> None:
    tree.write("packages/one/index.js", "1\n")
    tree.commit("change one")
    refresh_workspace(engine, tree.path)
    assert former(sessions, "one") == set()

    move(tree, "packages/one", "packages/first", "move one")
    refresh_workspace(engine, tree.path)

    assert own(sessions, "one") == {"move one"}
    assert former(sessions, "one") == {"begin", "change one"}


def test_several_moves(engine: Engine, sessions: Sessions, tree: WorkTree) -> None:
    move(tree, "packages/one", "packages/first", "first move")
    move(tree, "packages/first", "libs/one", "second move")
    tree.write(
        "package.json",
        {"name": "root", "private": True, "workspaces": ["packages/*", "libs/*"]},
    )
    tree.commit("let libs in")

    refresh_workspace(engine, tree.path)

    assert own(sessions, "one") == {"second move"}
    assert former(sessions, "one") == {"begin", "first move"}


def test_there_and_back_again(engine: Engine, sessions: Sessions, tree: WorkTree) -> None:
    move(tree, "packages/one", "packages/first", "there")
    tree.write("packages/first/index.js", "1\n")
    tree.commit("elsewhere")
    move(tree, "packages/first", "packages/one", "back")

    refresh_workspace(engine, tree.path)

    assert own(sessions, "one") == {"begin", "there", "back"}
    assert former(sessions, "one") == {"elsewhere"}


def test_copied_first_and_deleted_later(engine: Engine, sessions: Sessions, tree: WorkTree) -> None:
    tree.package("packages/zero", name="one", version="1.0.0")
    tree.commit("copy")
    tree.git("rm", "-rq", "packages/one")
    tree.commit("delete the old one")

    refresh_workspace(engine, tree.path)

    assert own(sessions, "one") == {"copy"}
    assert former(sessions, "one") == {"begin", "delete the old one"}


def test_a_directory_that_another_package_took_over(
    engine: Engine, sessions: Sessions, tree: WorkTree
) -> None:
    move(tree, "packages/one", "packages/first", "move one")
    tree.package("packages/one", name="other", version="1.0.0")
    tree.commit("another one")

    refresh_workspace(engine, tree.path)

    assert former(sessions, "one") == {"begin"}
    assert own(sessions, "other") == {"begin", "move one", "another one"}


def test_a_directory_that_another_package_took_over_in_the_same_commit(
    engine: Engine, sessions: Sessions, tree: WorkTree
) -> None:
    tree.write("packages/one/index.js", "1\n")
    tree.commit("before")
    tree.package("packages/first", name="one", version="1.0.0")
    tree.package("packages/one", name="other", version="1.0.0")
    tree.commit("move and take over")
    tree.write("packages/one/index.js", "2\n")
    tree.commit("after")

    refresh_workspace(engine, tree.path)

    assert former(sessions, "one") == {"begin", "before"}
    assert own(sessions, "one") == {"move and take over"}
    assert own(sessions, "other") == {"begin", "before", "move and take over", "after"}


def test_a_package_that_was_renamed_when_another_came_has_not_moved(
    engine: Engine, sessions: Sessions, tree: WorkTree
) -> None:
    tree.package("packages/one", name="one", version="2.0.0")
    tree.package("packages/two", name="second", version="1.0.0")
    tree.package("packages/three", name="three", version="1.0.0")
    tree.commit("rename two, raise one, add three")

    refresh_workspace(engine, tree.path)

    assert {name: former(sessions, name) for name in ("one", "second", "three")} == {
        "one": set(),
        "second": set(),
        "three": set(),
    }


def test_what_only_a_merge_moved_is_not_followed(
    engine: Engine, sessions: Sessions, tree: WorkTree
) -> None:
    tree.git("checkout", "-q", "-b", "side")
    tree.write("other.txt", "1\n")
    tree.commit("beside")
    tree.git("checkout", "-q", "main")
    tree.git("merge", "-q", "--no-ff", "--no-commit", "side")
    move(tree, "packages/one", "packages/first", "merge, and move")

    refresh_workspace(engine, tree.path)

    assert former(sessions, "one") == set()


def test_a_directory_that_another_package_had_before(
    engine: Engine, sessions: Sessions, tree: WorkTree
) -> None:
    tree.package("packages/old", name="something", version="1.0.0")
    tree.commit("something else")
    tree.package("packages/old", name="new", version="1.0.0")
    tree.commit("named new")
    tree.write("packages/old/index.js", "1\n")
    tree.commit("change new")
    move(tree, "packages/old", "packages/new", "move new")

    refresh_workspace(engine, tree.path)

    assert former(sessions, "new") == {"named new", "change new"}


def test_files_from_before_there_was_a_package(
    engine: Engine, sessions: Sessions, tree: WorkTree
) -> None:
    tree.write("packages/late/readme.md", "1\n")
    tree.commit("no package yet")
    tree.package("packages/late", name="late", version="1.0.0")
    tree.commit("a package")
    move(tree, "packages/late", "packages/latest", "move late")

    refresh_workspace(engine, tree.path)

    assert former(sessions, "late") == {"a package"}


def test_what_went_on_beside_the_move(engine: Engine, sessions: Sessions, tree: WorkTree) -> None:
    tree.git("branch", "side")
    move(tree, "packages/one", "packages/first", "move one")
    tree.git("checkout", "-q", "side")
    tree.write("packages/one/side.js", "1\n")
    # Newer than the move, and older than the merge.
    tree.commit("beside")
    tree.git("checkout", "-q", "main")
    tree.git("merge", "-q", "--no-edit", "--no-ff", "-s", "ours", "side")

    refresh_workspace(engine, tree.path)

    # Not an ancestor of the departure, so no part of what led to it.
    assert former(sessions, "one") == {"begin"}


def test_a_rewrite_that_takes_the_move_back(
    engine: Engine, sessions: Sessions, tree: WorkTree
) -> None:
    move(tree, "packages/one", "packages/first", "move one")
    refresh_workspace(engine, tree.path)
    assert former(sessions, "one") == {"begin"}

    tree.git("reset", "-q", "--hard", "HEAD~1")
    tree.write("packages/one/index.js", "1\n")
    tree.commit("stay")
    refresh_workspace(engine, tree.path)

    assert own(sessions, "one") == {"begin", "stay"}
    assert former(sessions, "one") == set()


def test_a_package_that_becomes_a_member_later(
    engine: Engine, sessions: Sessions, tree: WorkTree
) -> None:
    tree.package("apps/site", name="site", version="1.0.0")
    tree.commit("a site")
    move(tree, "apps/site", "web/site", "move the site")
    refresh_workspace(engine, tree.path)

    tree.write(
        "package.json",
        {"name": "root", "private": True, "workspaces": ["packages/*", "web/*"]},
    )
    tree.commit("let web in")
    refresh_workspace(engine, tree.path)

    assert own(sessions, "site") == {"move the site"}
    assert former(sessions, "site") == {"a site"}


def test_a_package_of_today_keeps_its_files(
    engine: Engine, sessions: Sessions, tree: WorkTree
) -> None:
    tree.write(
        "package.json",
        {"name": "root", "private": True, "workspaces": ["packages/*", "packages/one/*"]},
    )
    tree.package("packages/one/inner", name="inner", version="1.0.0")
    tree.commit("an inner package")
    tree.git("mv", "packages/one/package.json", "packages/moved.json")
    tree.commit("halfway")
    (tree.path / "packages/first").mkdir()
    tree.git("mv", "packages/moved.json", "packages/first/package.json")
    tree.commit("move one")

    refresh_workspace(engine, tree.path)

    assert own(sessions, "inner") == {"an inner package"}
    assert former(sessions, "one") == {"begin", "halfway"}


def test_what_follows_is_there_for_those_who_ask(
    engine: Engine, tree: WorkTree, settings: Settings, new_app: Callable[[Settings], Flask]
) -> None:
    move(tree, "packages/one", "packages/first", "move one")
    refresh_workspace(engine, tree.path)
    client = new_app(settings).test_client()

    def subjects(address: str) -> list[str]:
        body: Any = client.get(address).json
        commits = body if isinstance(body, list) else body["packages"][0]["commits"]
        return [commit["message"] for commit in commits]

    for address in ("/api/commits/packages/first", "/api/packages/one"):
        assert subjects(address) == subjects(f"{address}?follow=false") == ["move one"]
        assert subjects(f"{address}?follow=true") == ["move one", "begin"]
        assert client.get(f"{address}?follow=yes").status_code == 400
    newest = tree.git("rev-parse", "HEAD")
    assert subjects(f"/api/commits/packages/first?follow=true&before={newest}") == ["begin"]
    assert subjects("/api/commits/packages/first?follow=true&limit=1") == ["move one"]
    assert subjects("/api/packages/one?follow=true&commits=1") == ["move one"]


@pytest.mark.parametrize("seed", range(3))
def test_as_git_has_it_read_at_once_and_in_pieces(
    databases: Databases, tmp_path: Path, seed: int, engine: Engine, sessions: Sessions
) -> None:
    tree, stops = random_history(tmp_path / "random", seed)
    for stop in stops:
        tree.git("checkout", "-q", "-B", "main", stop)
        refresh_workspace(engine, tree.path)
    expected = {name: followed_by_git(tree, name) for name in "abc"}

    pieces = {name: followed(sessions, name) for name in "abc"}
    with fresh_database(databases, "sqlite") as url:
        fresh = make_engine(url)
        refresh_workspace(fresh, tree.path)
        at_once = {name: followed(sessionmaker(fresh), name) for name in "abc"}
        fresh.dispose()

    assert at_once == expected
    assert pieces == expected
    assert any(expected.values())


def followed(sessions: Sessions, name: str) -> set[str]:
    with sessions() as session:
        return set(session.scalars(_select(FormerCommit, Commit.hash, name)))


def random_history(path: Path, seed: int) -> tuple[WorkTree, list[str]]:
    """Make a history of moves, branches and merges; gives where to refresh on the way."""
    chance = random.Random(seed)  # noqa: S311 -- repeatable, no secret
    tree = WorkTree(path)
    tree.write("package.json", {"name": "root", "workspaces": ["p/*"]})
    places = {name: f"p/{name}0" for name in "abc"}
    for name, place in places.items():
        tree.package(place, name=name, version="1.0.0")
    tree.commit("begin")
    stops = [tree.git("rev-parse", "HEAD")]
    for step in range(30):
        name = chance.choice("abc")
        what = chance.random()
        if what < 0.25:
            target = f"p/{name}{chance.randrange(3)}"
            if target not in places.values() and not (tree.path / target).exists():
                move(tree, places[name], target)
                places[name] = target
        elif what < 0.4:
            branch = f"side{step}"
            tree.git("checkout", "-q", "-b", branch)
            tree.write(f"{places[name]}/side.js", f"{step}\n")
            tree.commit(f"side {step}")
            tree.git("checkout", "-q", "-")
            tree.write(f"other/{step}.txt", f"{step}\n")
            tree.commit(f"beside {step}")
            tree.git("merge", "-q", "--no-edit", "--no-ff", branch)
        else:
            tree.write(f"{places[name]}/index.js", f"{step}\n")
            tree.commit(f"change {step}")
        if step % 7 == 0:
            stops.append(tree.git("rev-parse", "HEAD"))
    return tree, [*stops, tree.git("rev-parse", "HEAD")]


def followed_by_git(tree: WorkTree, name: str) -> set[str]:
    """Give the commits that following adds, by what git says of each departure."""
    current = next(
        str(file.parent.relative_to(tree.path))
        for file in sorted((tree.path / "p").glob("*/package.json"))
        if json.loads(file.read_text())["name"] == name
    )
    mine = set(log(tree, "HEAD", current))
    found: set[str] = set()
    manifests = tree.git(
        *("log", "--full-history", "--no-merges", "--no-renames", "--diff-filter=D"),
        *("--name-only", "--format=%x00%H", "HEAD", "--", "*/package.json"),
    )
    for part in manifests.split("\0")[1:]:
        departure, *paths = part.split()
        for path in paths:
            place = path.removesuffix("/package.json")
            if place == current or name_at(tree, f"{departure}^", place) != name:
                continue
            found |= {
                commit
                for commit in log(tree, departure, place)
                if name in {name_at(tree, commit, place), name_at(tree, f"{commit}^", place)}
            }
    return found - mine


def log(tree: WorkTree, head: str, path: str) -> list[str]:
    shown = tree.git("log", "--full-history", "--no-merges", "--format=%H", head, "--", path)
    return shown.split()


def name_at(tree: WorkTree, commit: str, place: str) -> str | None:
    try:
        return str(json.loads(tree.git("show", f"{commit}:{place}/package.json"))["name"])
    except subprocess.CalledProcessError:
        return None
