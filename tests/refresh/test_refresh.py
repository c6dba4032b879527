"""What a refresh makes of a real repository, on both databases."""

import subprocess
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session, sessionmaker

from registry.catalogue.workspaces import remembered_workspace
from registry.errors import WorkspaceUnavailable
from registry.models import (
    Author,
    Commit,
    Dependency,
    Health,
    Issue,
    Listing,
    Package,
    PackageCommit,
    Publication,
    Revision,
    Scan,
    Version,
)
from registry.refresh import Progress, refresh_workspace
from tests.repositories import WorkTree, small_monorepo

Sessions = sessionmaker[Session]


@pytest.fixture
def tree(tmp_path: Path) -> WorkTree:
    return small_monorepo(tmp_path / "acme")


def names(sessions: Sessions) -> list[str]:
    with sessions() as session:
        return list(
            session.scalars(
                select(Package.name).where(Package.workspace_id.is_not(None)).order_by(Package.name)
            )
        )


def commits_of(sessions: Sessions, name: str) -> list[str]:
    with sessions() as session:
        return list(
            session.scalars(
                select(Commit.message)
                .join(PackageCommit, PackageCommit.commit_id == Commit.id)
                .join(Package, Package.id == PackageCommit.package_id)
                .where(Package.name == name)
                .order_by(PackageCommit.date.desc(), PackageCommit.commit_id.desc())
            )
        )


def hashes_of(sessions: Sessions, name: str) -> set[str]:
    with sessions() as session:
        return set(
            session.scalars(
                select(Commit.hash)
                .join(PackageCommit, PackageCommit.commit_id == Commit.id)
                .join(Package, Package.id == PackageCommit.package_id)
                .where(Package.name == name)
            )
        )


def versions_of(sessions: Sessions, name: str) -> dict[str, tuple[str, str]]:
    """Give a package's versions, each with the subject of its commit and its tag."""
    with sessions() as session:
        rows = session.execute(
            select(Version.version, Commit.message, Version.tag)
            .join(Package, Package.id == Version.package_id)
            .outerjoin(Commit, Commit.id == Version.commit_id)
            .where(Package.name == name)
            .order_by(Version.sort_key)
        )
        return {row.version: (row.message or "", row.tag) for row in rows}


def revision(sessions: Sessions) -> int:
    with sessions() as session:
        return session.scalars(select(Revision.number)).one()


def last_updates(sessions: Sessions) -> dict[str, datetime]:
    with sessions() as session:
        rows = session.execute(select(Package.name, Package.last_updated))
        return {row.name: row.last_updated for row in rows}


def issue_codes(sessions: Sessions) -> set[str]:
    with sessions() as session:
        return set(session.scalars(select(Issue.code)))


def test_first_refresh_catalogues_everything(
    engine: Engine, sessions: Sessions, tree: WorkTree
) -> None:
    report = refresh_workspace(engine, tree.path)

    assert (report.packages, report.commits_added, report.changed) == (2, 4, True)
    assert report.branch == "main"
    assert report.head == tree.git("rev-parse", "HEAD")
    assert names(sessions) == ["@acme/one", "two"]
    assert commits_of(sessions, "@acme/one") == [
        "chore(release): 1.1.0",
        "fix(one): mend it",
        "feat: begin",
    ]
    assert versions_of(sessions, "@acme/one") == {
        "1.0.0": ("feat: begin", ""),
        "1.1.0": ("chore(release): 1.1.0", "@acme/one@1.1.0"),
    }
    with sessions() as session:
        one = session.scalars(select(Package).where(Package.name == "@acme/one")).one()
        assert (one.path, one.version, one.description) == ("packages/one", "1.1.0", "The first")
        last = session.get_one(Commit, one.last_commit_id)
        assert (last.message, last.type, last.scope) == (
            "chore(release): 1.1.0",
            "chore",
            "release",
        )
        edge = session.scalars(select(Dependency).where(Dependency.name == "@acme/one")).one()
        assert (edge.target_id, edge.latest, edge.outdated) == (one.id, "1.1.0", False)
        outside = session.scalars(select(Dependency).where(Dependency.name == "left-pad")).one()
        assert outside.target_id is None
        assert set(session.scalars(select(Health.overall_score))) == {30}
    assert remembered_workspace(engine) == tree.path


def test_unchanged_refresh_touches_nothing(
    engine: Engine, sessions: Sessions, tree: WorkTree
) -> None:
    refresh_workspace(engine, tree.path)
    before = revision(sessions)
    updated = last_updates(sessions)

    report = refresh_workspace(engine, tree.path)

    assert (report.changed, report.packages, report.commits_added) == (False, 2, 0)
    assert revision(sessions) == before
    assert last_updates(sessions) == updated


def test_new_commits_are_added_to_what_is_known(
    engine: Engine, sessions: Sessions, tree: WorkTree
) -> None:
    refresh_workspace(engine, tree.path)
    tree.package("packages/two", name="two", version="0.2.0")
    tree.commit("feat(two): new")

    report = refresh_workspace(engine, tree.path)

    assert (report.commits_added, report.commits_removed, report.versions_added) == (1, 0, 1)
    assert commits_of(sessions, "two") == ["feat(two): new", "feat: begin"]
    assert versions_of(sessions, "two")["0.2.0"] == ("feat(two): new", "")


def test_a_package_that_appears_gets_all_its_history(
    engine: Engine, sessions: Sessions, tree: WorkTree
) -> None:
    refresh_workspace(engine, tree.path)
    tree.write(
        "package.json",
        {"name": "root", "private": True, "workspaces": ["packages/*", "apps/*"]},
    )
    tree.commit("chore: let apps in")

    refresh_workspace(engine, tree.path)

    assert names(sessions) == ["@acme/one", "site", "two"]
    assert commits_of(sessions, "site") == ["Update the readme"]
    assert versions_of(sessions, "site") == {"2.0.0": ("Update the readme", "")}


def test_a_nested_package_takes_its_files_from_the_one_above(
    engine: Engine, sessions: Sessions, tree: WorkTree
) -> None:
    tree.write("packages/one/inner/file.js", "1\n")
    tree.commit("feat: an inner directory")
    refresh_workspace(engine, tree.path)
    assert "feat: an inner directory" in commits_of(sessions, "@acme/one")

    tree.write(
        "package.json",
        {"name": "root", "private": True, "workspaces": ["packages/*", "packages/one/*"]},
    )
    tree.package("packages/one/inner", name="inner", version="1.0.0")
    tree.commit("feat: inner is a package")
    refresh_workspace(engine, tree.path)

    assert "feat: an inner directory" not in commits_of(sessions, "@acme/one")
    assert commits_of(sessions, "inner") == ["feat: inner is a package", "feat: an inner directory"]


def test_a_moved_package_keeps_its_row_and_has_the_history_of_its_new_place(
    engine: Engine, sessions: Sessions, tree: WorkTree
) -> None:
    refresh_workspace(engine, tree.path)
    with sessions() as session:
        before = session.execute(
            select(Package.id, Package.created_at).where(Package.name == "two")
        ).one()
    tree.git("mv", "packages/two", "packages/deux")
    tree.commit("refactor: move two")

    refresh_workspace(engine, tree.path)

    with sessions() as session:
        after = session.execute(
            select(Package.id, Package.created_at, Package.path).where(Package.name == "two")
        ).one()
    assert (after.id, after.created_at) == (before.id, before.created_at)
    assert after.path == "packages/deux"
    assert commits_of(sessions, "two") == ["refactor: move two"]


def test_a_package_that_vanishes_takes_its_rows_with_it(
    engine: Engine, sessions: Sessions, tree: WorkTree
) -> None:
    refresh_workspace(engine, tree.path)
    tree.git("rm", "-rq", "packages/two")
    tree.commit("chore: drop two")

    report = refresh_workspace(engine, tree.path)

    assert report.packages_changed == 1
    assert names(sessions) == ["@acme/one"]
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(Dependency)) == 0


def test_what_an_author_listed_outlives_the_workspace_package(
    engine: Engine, sessions: Sessions, tree: WorkTree
) -> None:
    refresh_workspace(engine, tree.path)
    with sessions() as session:
        two = session.scalars(select(Package).where(Package.name == "two")).one()
        author = Author(author_id="A1", name="Ada", name_key="ada")
        session.add(author)
        session.flush()
        session.add(
            Listing(
                package_id=two.id,
                author_id=author.id,
                identifier="ada.two",
                name="Two",
                name_key="two",
                package_type="other",
            )
        )
        version = session.scalars(select(Version).where(Version.package_id == two.id)).one()
        session.add(
            Publication(version_id=version.id, status="processed", is_public=True, is_stored=True)
        )
        session.commit()
    tree.git("rm", "-rq", "packages/two")
    tree.commit("chore: drop two")

    refresh_workspace(engine, tree.path)

    assert names(sessions) == ["@acme/one"]
    with sessions() as session:
        row = session.execute(
            select(Package.name, Package.workspace_id, Version.version, Version.from_git)
            .join(Listing, Listing.package_id == Package.id)
            .join(Version, Version.package_id == Package.id)
        ).one()
        assert tuple(row) == ("ada.two", None, "0.1.0", False)
        assert session.scalar(select(func.count()).select_from(Dependency)) == 0
        assert session.scalar(select(func.count()).select_from(Publication)) == 1


def test_a_rewritten_history_is_followed(
    engine: Engine, sessions: Sessions, tree: WorkTree
) -> None:
    refresh_workspace(engine, tree.path)
    tree.git("reset", "--hard", "--quiet", "HEAD~2")
    tree.package("packages/one", name="@acme/one", version="1.0.5", description="The first")
    tree.commit("chore(release): 1.0.5")

    report = refresh_workspace(engine, tree.path)

    assert (report.commits_added, report.commits_removed) == (1, 2)
    assert commits_of(sessions, "@acme/one") == [
        "chore(release): 1.0.5",
        "fix(one): mend it",
        "feat: begin",
    ]
    assert list(versions_of(sessions, "@acme/one")) == ["1.0.0", "1.0.5"]


def test_a_changed_branch_is_followed(engine: Engine, sessions: Sessions, tree: WorkTree) -> None:
    refresh_workspace(engine, tree.path)
    tree.git("switch", "--quiet", "--create", "next", "HEAD~3")

    report = refresh_workspace(engine, tree.path)

    assert (report.branch, report.changed, report.commits_removed) == ("next", True, 3)
    assert commits_of(sessions, "@acme/one") == ["feat: begin"]
    assert list(versions_of(sessions, "@acme/one")) == ["1.0.0"]


def test_a_new_tag_names_a_version_without_a_new_commit(
    engine: Engine, sessions: Sessions, tree: WorkTree
) -> None:
    refresh_workspace(engine, tree.path)
    tree.git("tag", "two-v0.1.0")

    report = refresh_workspace(engine, tree.path)

    assert report.changed
    assert versions_of(sessions, "two")["0.1.0"][1] == "two-v0.1.0"


def test_versions_that_come_to_be_shared_get_the_plain_tags(
    engine: Engine, sessions: Sessions, tree: WorkTree
) -> None:
    tree.git("tag", "v0.1.0")
    refresh_workspace(engine, tree.path)
    assert versions_of(sessions, "two")["0.1.0"][1] == ""
    tree.write("lerna.json", {"version": "0.1.0"})

    refresh_workspace(engine, tree.path)

    assert versions_of(sessions, "two")["0.1.0"][1] == "v0.1.0"


def test_a_tag_that_was_there_before_its_version_names_it(
    engine: Engine, sessions: Sessions, tree: WorkTree
) -> None:
    tree.git("tag", "two@0.2.0")
    refresh_workspace(engine, tree.path)
    tree.package("packages/two", name="two", version="0.2.0")

    refresh_workspace(engine, tree.path)
    assert versions_of(sessions, "two")["0.2.0"] == ("", "two@0.2.0")

    tree.commit("feat(two): 0.2.0")
    refresh_workspace(engine, tree.path)
    assert versions_of(sessions, "two")["0.2.0"] == ("feat(two): 0.2.0", "two@0.2.0")


def test_a_published_version_that_comes_into_history_gets_its_tag(
    engine: Engine, sessions: Sessions, tree: WorkTree
) -> None:
    tree.git("tag", "two@0.2.0")
    refresh_workspace(engine, tree.path)
    with sessions() as session:
        two = session.scalars(select(Package).where(Package.name == "two")).one()
        version = Version(package_id=two.id, version="0.2.0", sort_key=b"\1", from_git=False)
        session.add(version)
        session.flush()
        session.add(
            Publication(
                version_id=version.id, status="available", is_public=True, is_stored=True, size=1
            )
        )
        session.commit()
    before = (tree.path / "packages/two/package.json").read_text()
    tree.package("packages/two", name="two", version="0.2.0")
    tree.commit("feat(two): 0.2.0")
    tree.write("packages/two/package.json", before)
    tree.commit("Take it back")

    refresh_workspace(engine, tree.path)

    assert versions_of(sessions, "two")["0.2.0"] == ("feat(two): 0.2.0", "two@0.2.0")


def test_a_version_not_yet_committed_is_known_and_then_gets_its_commit(
    engine: Engine, sessions: Sessions, tree: WorkTree
) -> None:
    refresh_workspace(engine, tree.path)
    tree.package("packages/two", name="two", version="0.2.0")
    refresh_workspace(engine, tree.path)
    assert versions_of(sessions, "two")["0.2.0"] == ("", "")

    tree.package("packages/two", name="two", version="0.3.0")
    refresh_workspace(engine, tree.path)
    assert list(versions_of(sessions, "two")) == ["0.1.0", "0.3.0"]

    tree.commit("feat(two): 0.3.0")
    refresh_workspace(engine, tree.path)
    assert versions_of(sessions, "two")["0.3.0"] == ("feat(two): 0.3.0", "")


def test_commits_of_one_second_keep_the_order_of_history(
    engine: Engine, sessions: Sessions, tree: WorkTree
) -> None:
    same = {"GIT_AUTHOR_DATE": "1700000000 +0000", "GIT_COMMITTER_DATE": "1700000000 +0000"}
    for number in range(5):
        tree.write("packages/one/index.js", f"{number}\n")
        tree.commit(f"step {number}", **same)
    refresh_workspace(engine, tree.path)
    for number in range(5, 8):
        tree.write("packages/one/index.js", f"{number}\n")
        tree.commit(f"step {number}", **same)
    refresh_workspace(engine, tree.path)

    assert commits_of(sessions, "@acme/one")[:8] == [
        f"step {number}" for number in range(7, -1, -1)
    ]


def test_incremental_refreshes_come_to_what_one_would(
    engine: Engine, sessions: Sessions, tree: WorkTree
) -> None:
    refresh_workspace(engine, tree.path)
    tree.git("switch", "--quiet", "--create", "side", "HEAD~2")
    tree.write("packages/two/a.js", "a\n")
    tree.commit("feat(two): aside")
    tree.git("switch", "--quiet", "main")
    tree.git("merge", "--quiet", "--no-ff", "--no-edit", "side")
    refresh_workspace(engine, tree.path)

    for name, path in (("@acme/one", "packages/one"), ("two", "packages/two")):
        expected = tree.git("log", "--full-history", "--no-merges", "--format=%H", "--", path)
        assert hashes_of(sessions, name) == set(expected.split())
    with sessions() as session:
        assert session.scalar(select(func.count()).where(Commit.merge.is_(True))) == 1


def test_a_bare_clone_is_read_at_its_head(
    engine: Engine, sessions: Sessions, tree: WorkTree, tmp_path: Path
) -> None:
    bare = tree.clone_bare(tmp_path / "acme.git")

    refresh_workspace(engine, bare)
    again = refresh_workspace(engine, bare)

    assert names(sessions) == ["@acme/one", "two"]
    assert not again.changed


def test_a_shallow_clone_says_so_and_deepening_it_is_noticed(
    engine: Engine, sessions: Sessions, tree: WorkTree, tmp_path: Path
) -> None:
    shallow = tmp_path / "shallow"
    tree.git("clone", "--quiet", "--depth=1", f"file://{tree.path}", str(shallow))
    refresh_workspace(engine, shallow)
    assert "history_shallow" in issue_codes(sessions)

    subprocess.run(["git", "fetch", "--quiet", "--unshallow"], cwd=shallow, check=True)
    report = refresh_workspace(engine, shallow)

    assert report.changed
    assert "history_shallow" not in issue_codes(sessions)
    assert len(commits_of(sessions, "@acme/one")) == 3


def test_a_partial_clone_is_read_without_fetching_anything(
    engine: Engine, sessions: Sessions, tree: WorkTree, tmp_path: Path
) -> None:
    tree.git("config", "uploadpack.allowFilter", "true")
    partial = tmp_path / "partial"
    tree.git("clone", "--quiet", "--filter=blob:none", f"file://{tree.path}", str(partial))

    refresh_workspace(engine, partial)

    assert len(commits_of(sessions, "@acme/one")) == 3
    assert "history_incomplete" in issue_codes(sessions)
    assert "1.1.0" in versions_of(sessions, "@acme/one")


def test_a_clone_without_old_trees_has_its_packages_and_says_what_is_missing(
    engine: Engine, sessions: Sessions, tree: WorkTree, tmp_path: Path
) -> None:
    tree.git("config", "uploadpack.allowFilter", "true")
    treeless = tmp_path / "treeless"
    tree.git("clone", "--quiet", "--filter=tree:0", f"file://{tree.path}", str(treeless))

    refresh_workspace(engine, treeless)
    again = refresh_workspace(engine, treeless)

    assert names(sessions) == ["@acme/one", "two"]
    assert commits_of(sessions, "@acme/one") == []
    assert "history_incomplete" in issue_codes(sessions)
    assert versions_of(sessions, "@acme/one") == {"1.1.0": ("", "@acme/one@1.1.0")}
    assert not again.changed


def test_a_damaged_history_keeps_what_was_known(
    engine: Engine, sessions: Sessions, tree: WorkTree
) -> None:
    refresh_workspace(engine, tree.path)
    before = commits_of(sessions, "@acme/one")
    tree.write("packages/one/index.js", "2\n")
    broken = tree.commit("fix(one): again")
    tree.write("packages/one/index.js", "3\n")
    tree.commit("fix(one): and again")
    (tree.path / ".git/objects" / broken[:2] / broken[2:]).unlink()

    refresh_workspace(engine, tree.path)

    assert commits_of(sessions, "@acme/one") == before
    assert "history_unreadable" in issue_codes(sessions)


def test_an_empty_repository_has_no_packages(
    engine: Engine, sessions: Sessions, tmp_path: Path
) -> None:
    tree = WorkTree(tmp_path / "empty")

    report = refresh_workspace(engine, tree.path)

    assert (report.packages, report.head, report.branch) == (0, "", "main")
    assert names(sessions) == []


def test_one_broken_manifest_is_an_issue_and_keeps_what_was_known(
    engine: Engine, sessions: Sessions, tree: WorkTree
) -> None:
    refresh_workspace(engine, tree.path)
    tree.write("packages/two/package.json", "{ not json")

    refresh_workspace(engine, tree.path)

    assert names(sessions) == ["@acme/one", "two"]
    assert "not_json" in issue_codes(sessions)
    with sessions() as session:
        assert session.scalar(select(Package.version).where(Package.name == "two")) == "0.1.0"


def test_two_manifests_with_one_name(engine: Engine, sessions: Sessions, tree: WorkTree) -> None:
    tree.package("packages/zwei", name="two", version="9.0.0")
    tree.commit("feat: another two")

    refresh_workspace(engine, tree.path)

    with sessions() as session:
        row = session.execute(select(Package.path, Package.id).where(Package.name == "two")).one()
        issue = session.scalars(select(Issue).where(Issue.code == "name_duplicate")).one()
    assert row.path == "packages/two"
    assert (issue.package_id, issue.path) == (row.id, "packages/zwei")


@pytest.mark.parametrize("missing", ["nothing", "file", "plain", "inside"])
def test_an_unusable_workspace_changes_nothing_and_says_so(
    engine: Engine, sessions: Sessions, tree: WorkTree, tmp_path: Path, missing: str
) -> None:
    refresh_workspace(engine, tree.path)
    before = revision(sessions)
    place = {
        "nothing": tmp_path / "nowhere",
        "file": tree.write("a-file", "text"),
        "plain": tmp_path / "plain",
        "inside": tree.path / "packages",
    }[missing]
    (tmp_path / "plain").mkdir()

    with pytest.raises(WorkspaceUnavailable) as caught:
        refresh_workspace(engine, place)

    assert str(tmp_path) not in caught.value.detail
    assert revision(sessions) == before
    assert names(sessions) == ["@acme/one", "two"]


def test_progress_is_told(engine: Engine, tree: WorkTree) -> None:
    heard: list[Progress] = []

    refresh_workspace(engine, tree.path, heard.append)

    assert [progress.phase for progress in heard][:2] == ["waiting", "packages"]
    assert {"history", "versions"} <= {progress.phase for progress in heard}


def test_every_refresh_is_recorded(engine: Engine, sessions: Sessions, tree: WorkTree) -> None:
    refresh_workspace(engine, tree.path)
    refresh_workspace(engine, tree.path)

    with sessions() as session:
        scans = session.scalars(select(Scan).order_by(Scan.id)).all()
    assert [scan.changed for scan in scans] == [True, False]
    assert scans[0].commits_added == 4
