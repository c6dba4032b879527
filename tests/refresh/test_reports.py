"""What tools wrote into the packages' directories is read with the refresh, and bounded."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from registry.models import Build, Health, HealthDay, Issue, Package, Report, Workspace
from registry.refresh import ScanReport, refresh_workspace
from registry.rules.enumerations import ReportKind
from registry.workspace.report_files import DEFAULT_PATTERNS, MOST_FILES, ReportFiles
from tests.repositories import WorkTree, small_monorepo

HOUR = 3_600
NOW = int(time.time())


@pytest.fixture
def tree(tmp_path: Path) -> WorkTree:
    tree = small_monorepo(tmp_path / "workspace")
    tree.write(".gitignore", "coverage\nreports\n")
    return tree


def put(tree: WorkTree, path: str, content: object, *, age: int = HOUR) -> Path:
    """Write a report as it was `age` seconds ago."""
    text = content if isinstance(content, str) else json.dumps(content)
    file = tree.write(path, text)
    os.utime(file, (NOW - age, NOW - age))
    return file


def lint(errors: int = 0, warnings: int = 0) -> list[dict[str, Any]]:
    return [{"filePath": "a", "messages": [], "errorCount": errors, "warningCount": warnings}]


def coverage(covered: int) -> dict[str, Any]:
    share = {"total": 100, "covered": covered}
    return {"total": dict.fromkeys(("lines", "statements", "functions", "branches"), share)}


def health(engine: Engine, name: str = "@acme/one") -> tuple[Any, ...]:
    with Session(engine) as session:
        row = session.execute(
            select(
                Health.test_coverage, Health.lint_status, Health.security_audit, Health.build_status
            )
            .join(Package, Package.id == Health.package_id)
            .where(Package.name == name)
        ).one()
        return tuple(row)


def reports(engine: Engine) -> list[tuple[str, str, str]]:
    with Session(engine) as session:
        rows = session.execute(
            select(Report.kind, Report.path, Report.format).order_by(Report.kind, Report.path)
        )
        return [(str(row[0]), str(row[1]), str(row[2])) for row in rows]


def issues(engine: Engine, code: str = "report_invalid") -> list[tuple[str, str, str]]:
    with Session(engine) as session:
        rows = session.execute(
            select(Issue.code, Issue.path, Issue.message).where(Issue.code == code)
        )
        return [(str(row[0]), str(row[1]), str(row[2])) for row in rows]


def refresh(engine: Engine, tree: WorkTree, **patterns: str) -> ScanReport:
    chosen = {**DEFAULT_PATTERNS, **{ReportKind(kind): text for kind, text in patterns.items()}}
    return refresh_workspace(engine, tree.path, reports=ReportFiles(chosen, largest=10_000))


def refresh_in_haste(engine: Engine, tree: WorkTree) -> ScanReport:
    """Refresh without the time for more than one report."""
    rules = ReportFiles(DEFAULT_PATTERNS, largest=10_000, seconds=0)
    return refresh_workspace(engine, tree.path, reports=rules)


def test_reports_are_read_where_the_tools_leave_them(engine: Engine, tree: WorkTree) -> None:
    put(tree, "packages/one/coverage/coverage-summary.json", coverage(91))
    put(tree, "packages/one/reports/eslint.json", lint(warnings=1))
    put(
        tree,
        "packages/one/reports/audit.json",
        {"auditReportVersion": 2, "metadata": {"vulnerabilities": {}}},
    )
    put(tree, "packages/one/reports/junit.xml", "<testsuite><testcase/></testsuite>")

    report = refresh_workspace(engine, tree.path)

    assert reports(engine) == [
        ("audit", "packages/one/reports/audit.json", "npm-audit"),
        ("coverage", "packages/one/coverage/coverage-summary.json", "istanbul-summary"),
        ("lint", "packages/one/reports/eslint.json", "eslint"),
        ("tests", "packages/one/reports/junit.xml", "junit"),
    ]
    assert health(engine) == (91.0, "warn", "pass", "unknown")
    assert health(engine, "two") == (None, "unknown", "unknown", "unknown")
    assert "reports" in report.durations


def test_a_report_was_measured_when_its_file_was_written(engine: Engine, tree: WorkTree) -> None:
    put(tree, "packages/one/reports/eslint.json", lint(), age=HOUR)

    refresh(engine, tree)

    with Session(engine) as session:
        measured = session.scalars(select(Report.measured_at)).one()
        assert measured.timestamp() == NOW - HOUR


def test_a_file_from_the_future_was_measured_now(engine: Engine, tree: WorkTree) -> None:
    put(tree, "packages/one/reports/eslint.json", lint(), age=-HOUR)

    refresh(engine, tree)

    with Session(engine) as session:
        assert session.scalars(select(Report.measured_at)).one().timestamp() <= time.time()


def test_the_newest_of_several_files_counts(engine: Engine, tree: WorkTree) -> None:
    put(tree, "packages/one/out/1.json", lint(errors=1), age=2 * HOUR)
    put(tree, "packages/one/out/2.json", lint(), age=HOUR)

    refresh(engine, tree, lint="out/*.json")

    assert health(engine)[1] == "pass"


def test_of_a_kind_the_first_pattern_that_is_met_counts(engine: Engine, tree: WorkTree) -> None:
    put(tree, "packages/one/coverage/lcov.info", "SF:a\nLF:2\nLH:1\nend_of_record", age=HOUR)
    put(tree, "packages/one/coverage/coverage-summary.json", coverage(80), age=2 * HOUR)

    refresh(engine, tree)

    assert [path for _, path, _ in reports(engine)] == [
        "packages/one/coverage/coverage-summary.json"
    ]


def test_files_of_another_release_are_read_again(engine: Engine, tree: WorkTree) -> None:
    put(tree, "packages/one/reports/eslint.json", lint())
    refresh(engine, tree)
    with Session(engine) as session:
        session.scalars(select(Report)).one().format = "as it was called before"
        session.scalars(select(Workspace)).one().reports_release = "0.0.1"
        session.scalars(select(Workspace)).one().reports_seen = None
        session.commit()

    assert refresh(engine, tree).changed

    assert reports(engine) == [("lint", "packages/one/reports/eslint.json", "eslint")]


def test_unchanged_files_are_not_opened_again(engine: Engine, tree: WorkTree) -> None:
    file = put(tree, "packages/one/reports/eslint.json", lint())
    refresh(engine, tree)
    same_size = file.read_text().replace('"errorCount": 0', '"errorCount": 7')
    put(tree, "packages/one/reports/eslint.json", same_size)

    report = refresh(engine, tree)

    assert not report.changed
    assert health(engine)[1] == "pass"


def test_a_file_that_was_replaced_by_one_of_its_size_and_time_is_read(
    engine: Engine, tree: WorkTree
) -> None:
    file = put(tree, "packages/one/reports/eslint.json", lint())
    refresh(engine, tree)
    same_size = file.read_text().replace('"errorCount": 0', '"errorCount": 7')
    put(tree, "packages/one/reports/beside.json", same_size).replace(file)

    assert refresh(engine, tree).changed
    assert health(engine)[1] == "fail"


def settle(tree: WorkTree) -> None:
    """Set the time of everything back, so that nothing counts as just written."""
    for path in (tree.path, *tree.path.rglob("*")):
        os.utime(path, (NOW - HOUR, NOW - HOUR))


def settle_directories(tree: WorkTree) -> None:
    """Set the time of all directories back, and let the files have theirs."""
    for path in (tree.path, *tree.path.rglob("*")):
        if path.is_dir():
            os.utime(path, (NOW - HOUR, NOW - HOUR))


def overwrite_rows(engine: Engine) -> None:
    """Let it show whether rows and files are compared."""
    with Session(engine) as session:
        session.execute(update(Report).values(mtime_ns=1, format="as nobody reads it"))
        session.commit()


def test_where_all_stands_no_row_is_looked_at(engine: Engine, tree: WorkTree) -> None:
    put(tree, "packages/one/reports/eslint.json", lint())
    settle(tree)
    refresh(engine, tree)
    overwrite_rows(engine)

    assert not refresh(engine, tree).changed
    assert reports(engine)[0][2] == "as nobody reads it"


@pytest.mark.parametrize(
    ("path", "content", "patterns"),
    [
        pytest.param("packages/two/reports/eslint.json", lint(), {}, id="a first report"),
        pytest.param("packages/one/coverage/clover.xml", "", {}, id="of another kind"),
        pytest.param("packages/one/out/a.json", lint(), {"lint": "out/*.json"}, id="by a pattern"),
    ],
)
def test_what_came_is_seen_though_all_stood(
    engine: Engine, tree: WorkTree, path: str, content: object, patterns: dict[str, str]
) -> None:
    put(tree, "packages/one/reports/eslint.json", lint())
    settle(tree)
    refresh(engine, tree, **patterns)
    assert not refresh(engine, tree, **patterns).changed
    put(tree, path, content)

    assert refresh(engine, tree, **patterns).changed
    assert path in [found for _, found, _ in reports(engine)]


def rewrite(file: Path) -> None:
    with file.open("r+") as opened:
        opened.write(json.dumps(lint(errors=7)))
    os.utime(file, (NOW - HOUR + 1, NOW - HOUR + 1))


def replace(file: Path) -> None:
    other = file.with_name("beside")
    other.write_text(json.dumps(lint(errors=7)))
    os.utime(other, (NOW - HOUR, NOW - HOUR))
    other.replace(file)


@pytest.mark.parametrize(
    ("change", "verdict"), [(rewrite, "fail"), (replace, "fail"), (Path.unlink, "unknown")]
)
def test_what_changed_is_seen_though_all_stood(
    engine: Engine, tree: WorkTree, change: Callable[[Path], object], verdict: str
) -> None:
    file = put(tree, "packages/one/reports/eslint.json", lint())
    settle(tree)
    refresh(engine, tree)
    assert not refresh(engine, tree).changed
    change(file)
    settle_directories(tree)

    assert refresh(engine, tree).changed
    assert health(engine)[1] == verdict


def test_other_patterns_are_followed_though_all_stands(engine: Engine, tree: WorkTree) -> None:
    put(tree, "packages/one/reports/eslint.json", lint())
    settle(tree)
    refresh(engine, tree)

    assert refresh(engine, tree, lint="elsewhere.json").changed
    assert reports(engine) == []


def test_a_package_that_came_has_its_reports_read_though_all_stands(
    engine: Engine, tree: WorkTree
) -> None:
    put(tree, "packages/one/reports/eslint.json", lint())
    put(tree, "packages/three/reports/eslint.json", lint())
    settle(tree)
    refresh(engine, tree)
    tree.package("packages/three", name="three", version="1.0.0")
    settle(tree)

    refresh(engine, tree)

    assert len(reports(engine)) == 2


def test_a_file_written_just_now_is_looked_at_again(engine: Engine, tree: WorkTree) -> None:
    file = tree.write("packages/one/reports/eslint.json", json.dumps(lint()))
    written = file.stat()
    refresh(engine, tree)
    file.write_text(file.read_text().replace('"errorCount": 0', '"errorCount": 7'))
    os.utime(file, ns=(written.st_atime_ns, written.st_mtime_ns))

    assert refresh(engine, tree).changed
    assert health(engine)[1] == "fail"
    assert not refresh(engine, tree).changed


def test_a_file_that_grows_while_it_is_read_counts_whole_in_the_end(
    engine: Engine, tree: WorkTree
) -> None:
    file = tree.write("packages/one/coverage/lcov.info", "")

    def grow() -> None:
        with file.open("a") as opened:
            for number in range(200):
                opened.write(f"SF:{number}\nDA:1,{number % 2}\nend_of_record\n")
                opened.flush()

    writer = Thread(target=grow)
    writer.start()
    while writer.is_alive():
        refresh(engine, tree)
    writer.join()
    refresh(engine, tree)

    assert health(engine)[0] == 50.0
    assert issues(engine) == []


def test_a_changed_report_changes_the_score_and_the_days_row(
    engine: Engine, tree: WorkTree
) -> None:
    put(tree, "packages/one/coverage/coverage-summary.json", coverage(50), age=2 * HOUR)
    refresh(engine, tree)
    put(tree, "packages/one/coverage/coverage-summary.json", coverage(60))

    assert refresh(engine, tree).changed

    assert health(engine)[0] == 60.0
    with Session(engine) as session:
        assert session.scalars(select(HealthDay.test_coverage)).all() == [60.0]


def test_a_report_that_went_away_goes(engine: Engine, tree: WorkTree) -> None:
    file = put(tree, "packages/one/reports/eslint.json", lint())
    refresh(engine, tree)
    file.unlink()

    assert refresh(engine, tree).changed

    assert reports(engine) == []
    assert health(engine)[1] == "unknown"


def test_a_broken_report_is_an_issue_until_it_is_mended(engine: Engine, tree: WorkTree) -> None:
    put(tree, "packages/one/reports/eslint.json", "{\n", age=3 * HOUR)
    put(tree, "packages/two/reports/eslint.json", lint())

    refresh(engine, tree)

    ((_, path, message),) = issues(engine)
    assert path == "packages/one/reports/eslint.json"
    assert message.startswith("The lint report counts for nothing: line ")
    assert health(engine, "two")[1] == "pass"
    assert not refresh(engine, tree).changed

    put(tree, "packages/one/reports/eslint.json", lint(), age=2 * HOUR)
    refresh(engine, tree)
    assert issues(engine) == []
    assert health(engine)[1] == "pass"


def test_issues_of_reports_outlive_a_change_of_the_manifest(engine: Engine, tree: WorkTree) -> None:
    put(tree, "packages/one/reports/eslint.json", "no")
    refresh(engine, tree)
    tree.package("packages/one", name="@acme/one", version="9.0.0")

    refresh(engine, tree)

    assert len(issues(engine)) == 1


def test_a_report_over_the_limit_is_not_read(engine: Engine, tree: WorkTree) -> None:
    put(tree, "packages/one/reports/eslint.json", json.dumps(lint()) + " " * 10_000)

    refresh(engine, tree)

    ((_, _, message),) = issues(engine)
    assert "over 10,000 bytes" in message


@pytest.mark.parametrize("target", ["../../../../secret.json", "/etc/hostname"])
def test_a_link_out_of_the_workspace_is_not_followed(
    engine: Engine, tree: WorkTree, target: str
) -> None:
    (tree.path.parent / "secret.json").write_text(json.dumps(lint()))
    (tree.path / "packages/one/reports").mkdir()
    (tree.path / "packages/one/reports/eslint.json").symlink_to(target)

    refresh(engine, tree)

    ((_, _, message),) = issues(engine)
    assert "leads out of the workspace" in message
    assert health(engine)[1] == "unknown"


def test_a_directory_that_is_a_link_out_of_the_workspace_is_not_followed(
    engine: Engine, tree: WorkTree
) -> None:
    outside = tree.path.parent / "outside"
    outside.mkdir()
    (outside / "eslint.json").write_text(json.dumps(lint()))
    (tree.path / "packages/one/reports").symlink_to(outside)

    refresh(engine, tree)

    assert len(issues(engine)) == 1
    assert health(engine)[1] == "unknown"


def test_what_is_no_file_is_no_report(engine: Engine, tree: WorkTree) -> None:
    (tree.path / "packages/one/reports/eslint.json").mkdir(parents=True)
    os.mkfifo(tree.path / "packages/one/reports/junit.xml")

    refresh(engine, tree)

    assert reports(engine) == []


def test_patterns_are_chosen_by_kind(engine: Engine, tree: WorkTree) -> None:
    put(tree, "packages/one/out/a/TEST-1.xml", "<testsuite/>")
    put(tree, "packages/one/out/b/TEST-2.xml", "<testsuite/>")
    put(tree, "packages/one/out/b/other.txt", "<testsuite/>")
    put(tree, "packages/one/.lint", lint())

    refresh(engine, tree, tests="out/*/TEST-?.xml", lint="[.]lint, reports/eslint.json")

    assert [path for _, path, _ in reports(engine)] == [
        "packages/one/.lint",
        "packages/one/out/a/TEST-1.xml",
        "packages/one/out/b/TEST-2.xml",
    ]


def test_of_many_files_the_newest_are_read(engine: Engine, tree: WorkTree) -> None:
    for number in range(MOST_FILES + 3):
        put(tree, f"packages/one/out/{number:02}.xml", "<testsuite/>", age=HOUR - number)

    refresh(engine, tree, tests="out/*.xml")

    found = [path for _, path, _ in reports(engine)]
    assert (len(found), found[0]) == (MOST_FILES, "packages/one/out/03.xml")
    ((_, path, message),) = issues(engine, "reports_left_out")
    assert path == "packages/one"
    assert message.startswith(f"Of {MOST_FILES + 3} tests reports only the newest {MOST_FILES}")
    assert "so packages/one/out/02.xml and older ones are left out" in message

    for number in range(3):
        (tree.path / f"packages/one/out/{number:02}.xml").unlink()

    assert refresh(engine, tree, tests="out/*.xml").changed
    assert issues(engine, "reports_left_out") == []


def test_what_takes_too_long_is_left_to_the_next_refresh(engine: Engine, tree: WorkTree) -> None:
    for age, name in ((1, "one"), (3, "two"), (2, "three")):
        tree.package(f"packages/{name}", name=f"@acme/{name}", version="1.0.0")
        put(tree, f"packages/{name}/reports/eslint.json", lint(), age=age * HOUR)
    settle_directories(tree)
    waiting = []

    for _ in range(3):
        assert refresh_in_haste(engine, tree).changed
        waiting.append([path for _, path, _ in issues(engine, "reports_left_out")])

    assert waiting == [
        ["packages/three/reports/eslint.json"],
        ["packages/one/reports/eslint.json"],
        [],
    ]
    assert len(reports(engine)) == 3
    assert not refresh_in_haste(engine, tree).changed


def test_what_another_release_read_is_left_to_the_next_refresh_too(
    engine: Engine, tree: WorkTree
) -> None:
    for name in ("one", "two"):
        put(tree, f"packages/{name}/reports/eslint.json", lint())
    refresh(engine, tree)
    with Session(engine) as session:
        session.execute(update(Report).values(format="as it was called before"))
        session.execute(update(Workspace).values(reports_release="0.0.1", reports_seen=None))
        session.commit()

    refresh_in_haste(engine, tree)
    assert {form for _, _, form in reports(engine)} == {"eslint", "as it was called before"}

    refresh_in_haste(engine, tree)
    assert {form for _, _, form in reports(engine)} == {"eslint"}


@pytest.mark.parametrize("target", ["../../../outside", "/etc"])
def test_no_directory_outside_the_workspace_is_listed(
    engine: Engine, tree: WorkTree, target: str
) -> None:
    (tree.path.parent / "outside").mkdir()
    (tree.path.parent / "outside/secret.json").write_text(json.dumps(lint()))
    (tree.path / "packages/one/out").symlink_to(target)
    (tree.path / "packages/two/out").symlink_to("../one/in")
    put(tree, "packages/one/in/a.json", lint())

    refresh(engine, tree, lint="out/*")

    assert [path for _, path, _ in reports(engine)] == ["packages/two/out/a.json"]
    ((_, path, message),) = issues(engine, "reports_left_out")
    assert path == "packages/one/out"
    assert message.startswith("A symbolic link leads out of the workspace")


def test_links_that_lead_to_each_other_are_no_reports(engine: Engine, tree: WorkTree) -> None:
    (tree.path / "packages/one/out").symlink_to("out")
    (tree.path / "packages/one/reports").mkdir()
    (tree.path / "packages/one/reports/loop").symlink_to(".")
    (tree.path / "packages/one/reports/junit.xml").symlink_to("junit.xml")

    refresh(engine, tree, lint="out/*/*.json", audit="*/*/*/*/*/*.json")

    assert reports(engine) == []
    assert issues(engine) == issues(engine, "reports_left_out") == []


@pytest.mark.parametrize("pattern", ["/etc/passwd", "../a.xml", "a//b", "**/a.xml", "./a", "a/.."])
def test_a_pattern_stays_below_the_package(pattern: str) -> None:
    with pytest.raises(ValueError, match="no pattern of files below a package"):
        ReportFiles({ReportKind.TESTS: pattern}, largest=1)


def test_a_package_at_the_root(engine: Engine, tmp_path: Path) -> None:
    tree = WorkTree(tmp_path / "single")
    tree.write("package.json", {"name": "single", "version": "1.0.0"})
    tree.commit("feat: begin")
    put(tree, "reports/eslint.json", lint())

    refresh(engine, tree)

    assert reports(engine) == [("lint", "reports/eslint.json", "eslint")]


def test_a_bare_repository_has_no_reports(engine: Engine, tree: WorkTree, tmp_path: Path) -> None:
    put(tree, "packages/one/reports/eslint.json", lint())
    tree.commit("chore: a report that was committed")

    refresh_workspace(engine, tree.clone_bare(tmp_path / "bare.git"))

    assert reports(engine) == []


def test_another_branch_has_other_builds(engine: Engine, tree: WorkTree) -> None:
    refresh(engine, tree)
    with Session(engine) as session:
        package = session.scalars(select(Package).where(Package.name == "@acme/one")).one()
        started = package.created_at
        session.add(
            Build(
                package_id=package.id,
                run_id="1",
                status="success",
                branch="next",
                started_at=started,
            )
        )
        session.commit()
    assert health(engine)[3] == "unknown"
    tree.git("checkout", "--quiet", "-b", "next")

    refresh(engine, tree)

    assert health(engine)[3] == "success"


def test_the_reports_of_a_package_that_left_go_with_it(engine: Engine, tree: WorkTree) -> None:
    put(tree, "packages/one/reports/eslint.json", lint())
    refresh(engine, tree)
    (tree.path / "packages/one/package.json").unlink()

    refresh(engine, tree)

    assert reports(engine) == []
