"""`registry verify`: each thing that can be wrong is found, named, and told how to mend."""

import json
import os
import shutil
from collections.abc import Callable

import pytest
from click.testing import CliRunner

from registry.cli import main
from registry.rules.enumerations import Severity
from tests.repositories import WorkTree
from tests.verify.conftest import Registry

ONE, TWO = (f"(SELECT id FROM package WHERE name = '{name}')" for name in ("@acme/one", "two"))
COMMITS = '"commit"'
FIX = f"(SELECT id FROM {COMMITS} WHERE type = 'fix')"
README = f"(SELECT id FROM {COMMITS} WHERE message LIKE 'Update%')"
JOB = (
    "INSERT INTO job (id, kind, key, payload, status, attempts, worker, progress_done, "
    "progress_what, error_code, error, created_at, run_after, heartbeat_at) VALUES "
    "('j', 'refresh', 'k', '{{}}', '{status}', 1, '{worker}', 0, '', '', '', "
    "'2026-01-01T00:00:00.000Z', '{run_after}', '2026-01-01T00:00:00.000Z')"
)
LINK = "(package_id, date, commit_id) SELECT package_id, date, commit_id FROM package_commit"


def test_nothing_is_wrong_with_what_the_product_wrote(registry: Registry) -> None:
    assert registry.verify() == {}
    assert registry.verify(every=False) == {}


# Each breaks one thing: the check, what it says, where, and the SQL that does it.
BROKEN = [
    ("references", "rows of dependency name a package", "dependency.package_id = 99999",
     [f"UPDATE dependency SET package_id = 99999 WHERE package_id = {TWO}"]),
    ("references", "rows of package name a commit", "package.last_commit_id = 77",
     [f"UPDATE package SET last_commit_id = 77 WHERE id = {TWO}"]),
    ("packages", "the text that lists show", "two",
     [f"UPDATE package SET document = '{{}}' WHERE id = {TWO}"]),
    ("packages", "the text that lists show", "two",
     [f"UPDATE package SET description = 'Another' WHERE id = {TWO}"]),
    ("packages", "the last commit is not the newest", "two",
     [f"UPDATE package SET last_commit_id = NULL WHERE id = {TWO}"]),
    ("packages", "packages that left", "example.package1: report",
     ["UPDATE report SET package_id = (SELECT package_id FROM listing)"]),
    ("dependencies", "the dependencies differ", "two",
     ["DELETE FROM dependency WHERE name = 'left-pad'"]),
    ("dependencies", "the dependencies differ", "two",
     ["UPDATE dependency SET range = '*' WHERE name = 'left-pad'"]),
    ("dependencies", "dependencies resolve to", "two: left-pad",
     [("UPDATE dependency SET target_id = (SELECT package_id FROM listing) "
      "WHERE name = 'left-pad'")]),
    ("links", "rows of package_commit have another date", "package ",
     [f"UPDATE package_commit SET date = '2001-01-01T00:00:00.000Z' WHERE package_id = {TWO}"]),
    ("links", "counts them twice", "package ",
     [f"INSERT INTO former_commit {LINK} WHERE package_id = {TWO}"]),
    ("versions", "versions sort by another key", "two 0.1.0",
     [(f"UPDATE version SET sort_key = (SELECT sort_key FROM version WHERE version = '1.2.0b3') "
      f"WHERE package_id = {TWO}")]),
    ("versions", "known neither from git", "two 0.1.0",
     [f"UPDATE version SET from_git = false WHERE package_id = {TWO}"]),
    ("versions", "another date than their commit", "two 0.1.0",
     [f"UPDATE version SET date = NULL WHERE package_id = {TWO}"]),
    ("versions", "not among its package's", "two 0.1.0",
     [f"DELETE FROM version WHERE package_id = {TWO}"]),
    ("history", "commits differ from those of git", "the workspace: 3 are catalogued, git tells 4",
     [f"DELETE FROM {COMMITS} WHERE message = 'Update the readme'"]),
    ("history", "commits of packages differ", "@acme/one: 2 are catalogued, git tells 3",
     [f"DELETE FROM package_commit WHERE package_id = {ONE} AND commit_id = {FIX}"]),
    ("history", "commits of packages differ", "@acme/one: 3, but not the same ones",
     [(f"UPDATE package_commit SET commit_id = {README} "
      f"WHERE package_id = {ONE} AND commit_id = {FIX}")]),
    ("history", "commits of packages differ", "two: the newest is of 2001-01-01",
     [f"UPDATE {COMMITS} SET date = '2001-01-01T00:00:00.000Z' WHERE message = 'feat: begin'"]),
    ("history", "versions differ", "@acme/one 1.0.0: git has it, the catalogue has not",
     ["DELETE FROM version WHERE version = '1.0.0'"]),
    ("history", "versions differ", "@acme/one 1.0.9: the catalogue has it, git has not",
     ["UPDATE version SET version = '1.0.9' WHERE version = '1.0.0'"]),
    ("history", "versions have another tag", "@acme/one 1.1.0: none",
     ["UPDATE version SET tag = '' WHERE version = '1.1.0'"]),
    ("manifests", "packages have another version", "two",
     [f"UPDATE package SET version = '0.1.1' WHERE id = {TWO}"]),
    ("health", "packages of the workspace have no score", "two",
     [f"DELETE FROM health WHERE package_id = {TWO}"]),
    ("health", "scores are not what their parts", "two",
     [f"UPDATE health SET overall_score = overall_score + 1 WHERE package_id = {TWO}"]),
    ("health", "parts of a score differ", "two",
     ["UPDATE report SET verdict = 'fail'"]),
    ("health", "the newest day has another score", "two: 20",
     [f"UPDATE health_day SET overall_score = 0 WHERE package_id = {TWO}"]),
    ("health", "the newest day has another score", "two: there is no day",
     [f"DELETE FROM health_day WHERE package_id = {TWO}"]),
    ("health", "not the newest", "two: lint",
     [f"UPDATE health SET lint_report_id = NULL WHERE package_id = {TWO}"]),
    ("health", "not the newest", "two: build",
     [f"UPDATE health SET build_id = NULL WHERE package_id = {TWO}"]),
    ("builds", "days have other sums", "two 2026-11-20 main",
     ["UPDATE build_day SET failed = failed + 1"]),
    ("builds", "days have other sums", "two 2026-11-20 main", ["DELETE FROM build"]),
    ("builds", "figures have other sums", "two", ["UPDATE build_figure SET duration = 1"]),
    ("publications", "between two states", "example.package1 1.2.0b3 (processing)",
     ["UPDATE publication SET status = 'processing'"]),
    ("publications", "between two states", "example.package1 1.2.0b3 (processed)",
     ["UPDATE publication SET loc = ''"]),
    ("publications", "that no author lists", "example.package1 1.2.0b3", ["DELETE FROM listing"]),
    ("publications", "fewer installs", "example.package1 1.2.0b3",
     ["UPDATE publication SET installs = 0"]),
    ("files", "not in the store as they were", "instead of 12",
     ["UPDATE publication SET size = 12"]),
    ("jobs", "their worker is gone", "j",
     [JOB.format(status="running", worker="00000000000000aa", run_after="2026-01-01T00:00:00Z")]),
    ("jobs", "not said when", "j",
     [JOB.format(status="done", worker="", run_after="2026-01-01T00:00:00.000Z")]),
    ("revision", "there must be one row", "0 rows", ["DELETE FROM revision"]),
]  # fmt: skip

# What a refresh makes from the workspace again.
OF_THE_WORKSPACE = [
    f"UPDATE package SET document = '{{}}', last_commit_id = NULL, version = '7' WHERE id = {TWO}",
    "DELETE FROM dependency WHERE name = 'left-pad'",
    "UPDATE package_commit SET date = '2001-01-01T00:00:00.000Z'",
    f"DELETE FROM {COMMITS} WHERE type = 'fix'",
    "UPDATE version SET tag = 'v1' WHERE version = '1.1.0'",
    "UPDATE health SET overall_score = 1, lint_report_id = NULL",
]


@pytest.mark.parametrize("template", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("check", "what", "where", "statements"), BROKEN, ids=[f"{b[0]}-{b[1]}" for b in BROKEN]
)
def test_what_is_broken_is_found(
    registry: Registry, check: str, what: str, where: str, statements: list[str]
) -> None:
    registry.run(*statements)

    result = registry.verify(check)[check]

    assert result.is_wrong
    told = [finding for finding in result.findings if what in finding.what]
    assert len(told) == 1, result.findings
    assert any(where in place for place in told[0].where), told[0].where
    assert told[0].mend
    assert told[0].number >= 1


def test_what_is_broken_at_once_is_found_on_either_database(registry: Registry) -> None:
    # The last of each check: none of them hides another.
    broken = {check: (what, statements) for check, what, _, statements in BROKEN}
    for _, statements in broken.values():
        registry.run(*statements)

    results = registry.verify()

    for check, (what, _) in broken.items():
        assert any(what in finding.what for finding in results[check].findings), check


def test_what_follows_from_the_workspace_is_mended_by_reading_it_anew(registry: Registry) -> None:
    checks = {"packages", "dependencies", "links", "history", "health", "manifests"}
    registry.run(*(OF_THE_WORKSPACE))
    assert set(registry.verify()) >= checks

    registry.refresh(anew=True)

    assert registry.verify() == {}


def lose(registry: Registry) -> None:
    registry.stored[0].unlink()


def spoil(registry: Registry) -> None:
    registry.stored[0].write_bytes(b"an artifice")


@pytest.mark.parametrize(
    ("harm", "told"), [(lose, "it is not there"), (spoil, "its content is another one")]
)
def test_a_file_that_is_not_what_its_row_says(
    registry: Registry, harm: Callable[[Registry], None], told: str
) -> None:
    harm(registry)

    (finding,) = registry.verify("files")["files"].findings

    assert finding.severity is Severity.ERROR
    assert told in finding.where[0]


def test_files_that_nobody_names_are_no_fault(registry: Registry) -> None:
    storage = registry.settings.instance_path / "storage"
    stray = storage / "00" / "00" / ("0" * 64)
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"?")
    work = storage / "work"
    (work / "left").write_bytes(b"")

    result = registry.verify("files")["files"]

    assert not result.is_wrong
    assert [finding.number for finding in result.findings] == [1, 1]
    # It only looks.
    assert stray.exists()
    assert (work / "left").exists()


def test_a_job_of_another_age_is_no_fault(registry: Registry) -> None:
    registry.run(JOB.format(status="queued", worker="", run_after="2101-01-01T00:00:00.000Z"))

    result = registry.verify("jobs")["jobs"]

    assert not result.is_wrong
    assert "clock was set back" in result.findings[0].what


def test_days_from_before_the_clock_was_set_back_are_no_fault(registry: Registry) -> None:
    registry.run("UPDATE health_day SET day = '2101-01-01', overall_score = 0")

    assert registry.verify("health") == {}


def test_commits_from_before_a_move_are_held_against_git(
    registry: Registry, own_tree: WorkTree
) -> None:
    own_tree.git("mv", "packages/two", "packages/second")
    moved = own_tree.commit("refactor: move a package")
    registry.refresh()
    assert registry.verify() == {}
    readme = own_tree.git("log", "-1", "--format=%H", "--", "README.md").strip()

    registry.run(
        f"DELETE FROM former_commit WHERE package_id = {TWO}",
        "INSERT INTO former_commit (package_id, date, commit_id) "
        f"SELECT {TWO}, date, id FROM {COMMITS} WHERE hash = '{readme}'",
        f"DELETE FROM package_commit WHERE package_id = {TWO}",
    )
    told = registry.verify("history")["history"].findings

    (places,) = [each.where for each in told if "before packages moved" in each.what]
    assert places == (
        f"two: {moved} moved it, and is not among them",
        f"two: {readme} touched no directory that it left",
    )


def test_a_workspace_that_has_moved_on_is_no_fault(registry: Registry, own_tree: WorkTree) -> None:
    own_tree.package("packages/two", name="two", version="0.2.0")
    own_tree.commit("feat: go on")

    results = registry.verify()

    assert set(results) == {"history", "manifests"}
    assert not any(result.is_wrong for result in results.values())
    assert results["manifests"].findings[0].where == ("packages/two/package.json",)


def test_a_workspace_that_is_gone_is_told(registry: Registry, own_tree: WorkTree) -> None:
    shutil.rmtree(own_tree.path)

    result = registry.verify("history")["history"]

    assert not result.is_wrong
    assert "was not compared" in result.findings[0].what


def test_a_history_that_lost_the_catalogued_commit_is_told(
    registry: Registry, own_tree: WorkTree
) -> None:
    shutil.rmtree(own_tree.path / ".git")
    own_tree.git("init", "--quiet", "--initial-branch=main")
    own_tree.commit("feat: begin again")

    result = registry.verify("history")["history"]

    assert "does not have the catalogued commit" in result.findings[0].what
    registry.refresh()
    assert registry.verify() == {}


def test_a_damaged_file_is_found(registry: Registry) -> None:
    if "sqlite" not in registry.url:
        registry.run("ALTER TABLE build ADD CONSTRAINT later CHECK (id > 0) NOT VALID")
        told = "build.later"
    else:
        # An index that lacks an entry, as a failing disk would leave it.
        registry.run(
            "PRAGMA writable_schema = ON",
            "UPDATE sqlite_schema SET sql = 'CREATE INDEX ix_package_path ON package (name)' "
            "WHERE name = 'ix_package_path'",
        )
        told = "ix_package_path"

    (finding,) = registry.verify("integrity")["integrity"].findings

    assert finding.severity is Severity.ERROR
    assert any(told in place for place in finding.where), finding


def test_the_command_tells_people_and_scripts(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in os.environ:
        if name.startswith("REGISTRY_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("REGISTRY_DATABASE_URL", registry.url)
    monkeypatch.setenv("REGISTRY_INSTANCE_PATH", str(registry.settings.instance_path))

    well = CliRunner().invoke(main, ["verify", "--check", "files"])
    registry.run("UPDATE publication SET installs = 0")
    people = CliRunner().invoke(main, ["verify", "--check", "publications", "--check", "files"])
    scripts = CliRunner().invoke(main, ["--quiet", "verify", "--json", "--all"])

    assert (well.exit_code, people.exit_code, scripts.exit_code) == (0, 1, 1)
    assert "ok    files         every artifact is in the store, whole" in well.stdout
    assert "Nothing is wrong." in well.stderr
    assert "fail  publications  versions have fewer installs" in people.stdout
    assert "→ Set publication.installs" in people.stdout
    results = {result["check"]: result for result in json.loads(scripts.stdout)}
    assert results["publications"]["isWrong"] is True
    assert results["publications"]["findings"][0]["where"] == ["example.package1 1.2.0b3"]
    assert results["files"] == {
        "check": "files",
        "promise": "every artifact is in the store, whole",
        "findings": [],
        "isWrong": False,
    }
