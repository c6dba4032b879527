"""A run that a forge told of counts for the packages that its commit changed."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from registry.errors import Unavailable
from registry.jobs import Work
from registry.models import Build, Package
from registry.refresh import refresh_workspace
from registry.settings import Settings
from registry.worker import KINDS
from tests.repositories import WorkTree, small_monorepo

ALL = ["@acme/one", "two"]


@pytest.fixture
def tree(tmp_path: Path) -> WorkTree:
    return small_monorepo(tmp_path / "acme")


def record(engine: Engine, commit: str, **given: Any) -> None:
    payload = {
        "runId": "github:4711",
        "status": "success",
        "commit": commit,
        "branch": "main",
        "startedAt": "2026-01-05T10:43:14Z",
        "finishedAt": "2026-01-05T10:45:14Z",
        **given,
    }
    KINDS["record-run"](
        Work("id", "record-run", payload, 1, engine, sessionmaker(engine), Settings())
    )


def built(engine: Engine) -> list[str]:
    with Session(engine) as session:
        rows = select(Package.name).join(Build, Build.package_id == Package.id)
        return list(session.scalars(rows.order_by(Package.name)))


def test_a_run_counts_for_the_packages_that_its_commit_changed(
    engine: Engine, tree: WorkTree
) -> None:
    tree.write("packages/two/index.js", "2\n")
    commit = tree.commit("fix(two): mend it")
    refresh_workspace(engine, tree.path)

    record(engine, commit)
    record(engine, commit)

    assert built(engine) == ["two"]


def test_a_merge_counts_for_all_that_it_brought_in(engine: Engine, tree: WorkTree) -> None:
    tree.git("checkout", "--quiet", "-b", "topic")
    tree.write("packages/one/more.js", "1\n")
    tree.commit("feat(one): more")
    tree.package("packages/three", name="three", version="1.0.0")
    tree.commit("feat: three")
    tree.git("checkout", "--quiet", "main")
    tree.git("merge", "--quiet", "--no-ff", "-m", "Merge topic", "topic")
    refresh_workspace(engine, tree.path)

    record(engine, tree.git("rev-parse", "HEAD"))

    assert built(engine) == ["@acme/one", "three"]


def test_a_change_of_no_package_and_the_first_commit_count_for_all(
    engine: Engine, tree: WorkTree
) -> None:
    tree.write("package-lock.json", "{}\n")
    commit = tree.commit("chore: lock")
    refresh_workspace(engine, tree.path)

    record(engine, commit)
    assert built(engine) == ALL

    record(engine, tree.git("rev-list", "--max-parents=0", "HEAD"), runId="github:1")
    assert built(engine) == sorted(ALL * 2)


def test_a_commit_that_the_clone_does_not_have_yet_is_waited_for(
    engine: Engine, tree: WorkTree
) -> None:
    with pytest.raises(Unavailable, match="No workspace is catalogued"):
        record(engine, "0" * 39 + "1")
    refresh_workspace(engine, tree.path)

    with pytest.raises(Unavailable, match="does not have the commit"):
        record(engine, "0" * 39 + "1")
