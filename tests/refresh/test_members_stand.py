"""Which new commits leave the packages of a bare repository as they were read."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from registry.history.repository import Repository
from registry.models import Package
from registry.refresh import refresh_workspace
from registry.refresh.members_stand import members_stand
from tests.repositories import WorkTree, small_monorepo

Change = Callable[[WorkTree], object]


def write(path: str, content: str = "1\n") -> Change:
    return lambda tree: tree.write(path, content)


@pytest.mark.parametrize(
    ("change", "stand"),
    [
        (write("packages/one/index.js", "2\n"), True),
        (write("packages/one/src/deep/new.js"), True),
        (write("packages/three/readme.md"), True),
        (lambda tree: tree.git("rm", "-q", "packages/one/index.js"), True),
        (lambda tree: (tree.path / "packages/one/index.js").chmod(0o755), True),
        (write("packages/one/package.json", "{}\n"), False),
        (write("packages/three/package.json", "{}\n"), False),
        (lambda tree: tree.git("rm", "-q", "packages/two/package.json"), False),
        (write("package.json", "{}\n"), False),
        (write("pnpm-workspace.yaml", "packages: []\n"), False),
        (write("packages/three/package.json5", "{}\n"), False),
        (write("yarn.lock", "# yarn lockfile v1\n"), False),
        (lambda tree: (tree.path / "packages/link").symlink_to("one"), False),
        (lambda tree: tree.git("mv", "packages/one", "packages/first"), False),
    ],
)
def test_what_can_change_a_package(tmp_path: Path, change: Change, stand: bool) -> None:
    tree = small_monorepo(tmp_path / "acme")
    before = tree.git("rev-parse", "HEAD")
    change(tree)
    after = tree.commit("change")

    assert members_stand(Repository.open(tree.path), before, after) is stand


@pytest.mark.parametrize(
    ("change", "stand"),
    [
        (write("packages/one/index.js", "2\n"), True),
        (write("packages/one/index.jsx"), True),
        (lambda tree: tree.git("rm", "-q", "packages/one/index.js"), False),
        (write("fixtures/local/deep/file.txt"), False),
        (write("fixtures/locally/file.txt"), True),
        (write("fixtures/local"), False),
    ],
)
def test_what_comes_or_goes_where_a_package_points_to(
    tmp_path: Path, change: Change, stand: bool
) -> None:
    tree = small_monorepo(tmp_path / "acme")
    before = tree.git("rev-parse", "HEAD")
    change(tree)
    after = tree.commit("change")

    targets = {"packages/one/index.js": True, "fixtures/local": False}
    assert members_stand(Repository.open(tree.path), before, after, targets) is stand


def test_a_commit_that_is_gone_says_nothing(tmp_path: Path) -> None:
    tree = small_monorepo(tmp_path / "acme")
    head = tree.git("rev-parse", "HEAD")

    assert not members_stand(Repository.open(tree.path), "1" * 40, head)


def test_a_bare_repository_is_followed_all_the_same(
    engine: Engine, sessions: sessionmaker[Session], tmp_path: Path
) -> None:
    tree = small_monorepo(tmp_path / "acme")
    bare = tree.clone_bare(tmp_path / "acme.git")
    refresh_workspace(engine, bare)

    for path, content in (
        ("packages/one/new.js", "1\n"),
        ("packages/two/package.json", '{"name": "two", "version": "3.0.0"}\n'),
        ("packages/one/new.js", "2\n"),
    ):
        tree.write(path, content)
        tree.commit(f"change {path}")
        tree.git("push", "-q", str(bare), "main")
        report = refresh_workspace(engine, bare)
        assert report.commits_added == 1

    with sessions() as session:
        rows = session.execute(select(Package.name, Package.version))
        versions = {row.name: row.version for row in rows}
    assert versions == {"@acme/one": "1.1.0", "two": "3.0.0"}
