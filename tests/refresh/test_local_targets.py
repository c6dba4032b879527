"""What a local dependency points to is looked for with every refresh, and nothing is opened."""

import os
import shutil
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from registry.models import Issue
from registry.refresh import refresh_workspace
from tests.repositories import WorkTree

CODE = "local_dependency_missing"
HOUR = 3_600


@pytest.fixture
def tree(tmp_path: Path) -> WorkTree:
    tree = WorkTree(tmp_path / "workspace")
    tree.write("package.json", {"name": "root", "private": True, "workspaces": ["packages/*"]})
    tree.package("packages/one", name="one", dependencies={"member": "link:../two"})
    tree.package("packages/two", name="two")
    return tree


def depend(tree: WorkTree, text: str) -> None:
    tree.package("packages/two", name="two", dependencies={"local": text})


def missing(engine: Engine) -> list[str]:
    with Session(engine) as session:
        found = session.scalars(select(Issue.evidence).where(Issue.code == CODE))
        return [evidence["path"] for evidence in found]


def test_what_is_not_there_is_an_issue_until_it_is(engine: Engine, tree: WorkTree) -> None:
    depend(tree, "file:../../vendor/lib")
    tree.commit("feat: begin")
    # Else the manifests would be read again for being new.
    for manifest in tree.path.rglob("package.json"):
        os.utime(manifest, (time.time() - HOUR,) * 2)
    refresh_workspace(engine, tree.path)
    assert missing(engine) == ["vendor/lib"]
    assert not refresh_workspace(engine, tree.path).changed

    (tree.path / "vendor/lib").mkdir(parents=True)
    assert refresh_workspace(engine, tree.path).changed
    assert missing(engine) == []
    assert not refresh_workspace(engine, tree.path).changed

    shutil.rmtree(tree.path / "vendor")
    assert refresh_workspace(engine, tree.path).changed
    assert missing(engine) == ["vendor/lib"]


@pytest.mark.parametrize("text", ["portal:./lib", "link:./lib", "file:./lib", "./lib", "./lib.tgz"])
def test_every_way_to_say_it(engine: Engine, tree: WorkTree, text: str) -> None:
    depend(tree, text)
    refresh_workspace(engine, tree.path)
    assert missing(engine) == [f"packages/two/{text.rpartition('./')[2]}"]


def test_what_leads_out_of_the_workspace_cannot_be_known(engine: Engine, tree: WorkTree) -> None:
    (tree.path / "out").symlink_to(tree.path.parent / "nowhere")
    (tree.path / "loop").symlink_to("loop")
    for text in ("file:../../../nowhere", "file:/nowhere", "link:../../out", "link:../../loop/x"):
        depend(tree, text)
        refresh_workspace(engine, tree.path)
        assert missing(engine) == []


def test_a_link_that_leads_nowhere_leads_to_nothing(engine: Engine, tree: WorkTree) -> None:
    (tree.path / "lib").symlink_to("gone")
    depend(tree, "link:../../lib")

    refresh_workspace(engine, tree.path)

    assert missing(engine) == ["lib"]


def test_buns_links_are_names(engine: Engine, tree: WorkTree) -> None:
    tree.write("bun.lock", "{}")
    depend(tree, "link:registered")

    refresh_workspace(engine, tree.path)

    assert missing(engine) == []


def test_a_bare_repository(engine: Engine, tree: WorkTree, tmp_path: Path) -> None:
    depend(tree, "file:./lib.tgz")
    # A submodule that was not checked out.
    (tree.path / "module").mkdir()
    tree.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},module")
    tree.package("packages/one", name="one", dependencies={"other": "link:../../module/lib"})
    tree.commit("feat: begin")
    bare = tree.clone_bare(tmp_path / "bare.git")
    refresh_workspace(engine, bare)
    assert missing(engine) == ["packages/two/lib.tgz"]

    # A file of a name that says nothing about packages.
    tree.write("packages/two/lib.tgz", "archive")
    tree.commit("feat: add what was missing")
    tree.git("push", "--quiet", str(bare), "HEAD")
    refresh_workspace(engine, bare)
    assert missing(engine) == []
