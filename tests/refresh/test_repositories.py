"""Repositories as people leave them: each is read right, or refused with the old catalogue kept."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from registry.errors import RegistryError
from registry.models import Commit, Package, Version
from registry.refresh import refresh_workspace
from registry.settings import Settings
from registry.verify import verify
from tests.databases import Databases, fresh_database
from tests.repositories import WorkTree, small_monorepo


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """Lend a SQLite: what is asked of git is the same on both."""
    with fresh_database(databases, "sqlite") as url:
        yield url


@pytest.fixture
def tree(engine: Engine, tmp_path: Path) -> WorkTree:
    """Make a workspace, and catalogue it."""
    tree = small_monorepo(tmp_path / "acme")
    refresh_workspace(engine, tree.path)
    return tree


def catalogued(engine: Engine) -> tuple[list[str], list[str], list[str]]:
    """Tell what is catalogued: packages, commits, versions."""
    with Session(engine) as session:
        return (
            sorted(session.scalars(select(Package.name))),
            sorted(session.scalars(select(Commit.hash))),
            sorted(session.scalars(select(Version.version))),
        )


def told(tree: WorkTree) -> list[str]:
    """Tell the commits that plain git tells."""
    return sorted(tree.git("log", "--format=%H").split())


def nothing_wrong(engine: Engine, tmp_path: Path) -> bool:
    """Hold the catalogue against git's own answers."""
    settings = Settings(
        database_url=engine.url.render_as_string(hide_password=False), instance_path=tmp_path
    )
    return not any(result.is_wrong for result in verify(engine, settings, every=True))


def lock(tree: WorkTree) -> None:
    for name in ("index.lock", "HEAD.lock", "packed-refs.lock", "refs/heads/main.lock"):
        (tree.path / ".git" / name).touch()


def stop_in_a_rebase(tree: WorkTree) -> None:
    tree.git("checkout", "--quiet", "-b", "topic", "main~2")
    tree.package("packages/one", name="@acme/one", version="7.0.0")
    tree.commit("feat: conflicting")
    with pytest.raises(subprocess.CalledProcessError):
        tree.git("rebase", "--quiet", "main")
    assert (tree.path / ".git" / "rebase-merge").is_dir()


def stop_in_a_merge(tree: WorkTree) -> None:
    tree.git("checkout", "--quiet", "-b", "topic", "main~2")
    tree.package("packages/one", name="@acme/one", version="7.0.0")
    tree.commit("feat: conflicting")
    with pytest.raises(subprocess.CalledProcessError):
        tree.git("merge", "--quiet", "main")
    assert (tree.path / ".git" / "MERGE_HEAD").exists()


def rewrite(tree: WorkTree) -> None:
    tree.git("reset", "--quiet", "--hard", "main~2")
    tree.write("packages/two/index.js", "2\n")
    tree.commit("feat: another way")


def rewrite_and_forget(tree: WorkTree) -> None:
    rewrite(tree)
    tree.git("reflog", "expire", "--expire=now", "--all")
    tree.git("tag", "--delete", "@acme/one@1.1.0")
    tree.git("gc", "--quiet", "--prune=now")


def detach(tree: WorkTree) -> None:
    tree.git("checkout", "--quiet", "--detach", "main~1")


def begin_anew(tree: WorkTree) -> None:
    tree.git("checkout", "--quiet", "--orphan", "unborn")


def replace(tree: WorkTree) -> None:
    shutil.rmtree(tree.path)
    other = WorkTree(tree.path)
    other.write("package.json", {"name": "root", "private": True, "workspaces": ["libs/*"]})
    other.package("libs/new", name="new", version="3.0.0")
    other.commit("feat: another repository")


def repack(tree: WorkTree) -> None:
    tree.git("repack", "-a", "-d", "--quiet")
    tree.git("pack-refs", "--all")
    tree.git("gc", "--quiet", "--aggressive", "--prune=now")


@pytest.mark.parametrize(
    "befall",
    [
        lock,
        stop_in_a_rebase,
        stop_in_a_merge,
        rewrite,
        rewrite_and_forget,
        detach,
        begin_anew,
        replace,
        repack,
    ],
)
def test_whatever_befell_a_repository_it_is_read_as_git_reads_it(
    engine: Engine, tree: WorkTree, tmp_path: Path, befall: Callable[[WorkTree], None]
) -> None:
    befall(tree)

    refresh_workspace(engine, tree.path)

    commits = [] if befall is begin_anew else told(tree)
    assert catalogued(engine)[1] == commits
    assert nothing_wrong(engine, tmp_path)
    assert not refresh_workspace(engine, tree.path).commits_added


def take_git_away(tree: WorkTree) -> None:
    (tree.path / ".git").rename(tree.path.parent / "aside")


def take_all_away(tree: WorkTree) -> None:
    tree.path.rename(tree.path.parent / "aside")


def lose_objects(tree: WorkTree) -> None:
    (tree.path / ".git" / "objects").rename(tree.path.parent / "aside")


def break_head(tree: WorkTree) -> None:
    head = tree.path / ".git" / "HEAD"
    head.rename(tree.path.parent / "aside")
    head.write_text("nonsense\n")


def bring_back(tree: WorkTree) -> None:
    aside = tree.path.parent / "aside"
    for place in (tree.path, tree.path / ".git", tree.path / ".git" / "objects"):
        if not place.exists():
            aside.rename(place)
            return
    aside.replace(tree.path / ".git" / "HEAD")


@pytest.mark.parametrize("befall", [take_git_away, take_all_away, lose_objects, break_head])
def test_a_repository_that_is_gone_changes_nothing_and_is_read_when_it_is_back(
    engine: Engine, tree: WorkTree, tmp_path: Path, befall: Callable[[WorkTree], None]
) -> None:
    tree.package("packages/three", name="three", version="1.0.0")
    tree.commit("feat: three")
    before = catalogued(engine)
    befall(tree)

    with pytest.raises(RegistryError) as refusal:
        refresh_workspace(engine, tree.path)

    assert refusal.value.status == 503
    assert catalogued(engine) == before
    bring_back(tree)
    refresh_workspace(engine, tree.path)
    assert catalogued(engine)[1] == told(tree)
    assert nothing_wrong(engine, tmp_path)


def test_a_shallow_clone_is_read_and_read_again_once_it_is_deepened(
    engine: Engine, tree: WorkTree, tmp_path: Path
) -> None:
    clone = tmp_path / "clone"
    tree.git("clone", "--quiet", "--depth=2", tree.path.as_uri(), str(clone))
    shallow = WorkTree(clone)
    refresh_workspace(engine, clone)
    assert len(catalogued(engine)[1]) == 2
    assert nothing_wrong(engine, tmp_path)

    shallow.git("fetch", "--quiet", "--unshallow")
    refresh_workspace(engine, clone)

    assert catalogued(engine)[1] == told(tree)
    assert nothing_wrong(engine, tmp_path)


def test_a_repository_is_read_while_it_is_packed(
    engine: Engine, tree: WorkTree, tmp_path: Path
) -> None:
    for number in range(30):
        tree.write("packages/one/index.js", f"{number}\n")
        tree.commit(f"feat: {number}")
    loop = (
        "for i in 1 2 3 4 5 6; do git repack -a -d -q; git prune-packed; git pack-refs --all; done"
    )
    with subprocess.Popen(["sh", "-c", loop], cwd=tree.path, stderr=subprocess.DEVNULL) as packing:
        while packing.poll() is None:
            refresh_workspace(engine, tree.path, anew=True)

    assert catalogued(engine)[1] == told(tree)
    assert nothing_wrong(engine, tmp_path)
