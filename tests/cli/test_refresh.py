"""`registry refresh` and `registry demo`."""

import json
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.database import make_engine
from registry.demo import make_workspace
from registry.models import Job
from tests.cli.conftest import Run


def test_without_a_workspace_it_says_how_to_name_one(run: Run, migrated: str) -> None:
    result = run("refresh")

    assert result.exit_code == 1
    assert result.stdout == ""
    assert "set REGISTRY_WORKSPACE" in result.stderr


def test_it_tells_what_it_found_and_afterwards_that_nothing_is_new(
    run: Run, migrated_either: str, tmp_path: Path
) -> None:
    workspace = make_workspace(tmp_path / "workspace")

    first = run("refresh", REGISTRY_WORKSPACE=str(workspace))
    # The database remembers the workspace.
    second = run("refresh")

    assert first.exit_code == second.exit_code == 0
    where, found, new = first.stdout.splitlines()
    assert where.startswith(f"{workspace} at ")
    assert where.endswith(" on main")
    assert found.startswith("25 packages, ")
    assert "commits added" in new
    assert second.stdout.splitlines()[:2] == [where, found]
    assert "\nnothing new, in " in second.stdout
    assert "Reading history …\n" in first.stderr
    assert "Next: registry serve" in first.stderr


def test_it_tells_a_script_in_json(run: Run, migrated: str, tmp_path: Path) -> None:
    workspace = make_workspace(tmp_path / "workspace")

    report = json.loads(run("refresh", "--json", REGISTRY_WORKSPACE=str(workspace)).stdout)

    assert report["workspace"] == str(workspace)
    assert report["packages"] == 25
    assert report["changed"] is True


def test_it_leaves_lookups_in_an_npm_registry_to_a_worker(
    run: Run, migrated: str, tmp_path: Path
) -> None:
    workspace = make_workspace(tmp_path / "workspace")
    engine = make_engine(migrated)

    run("refresh", REGISTRY_WORKSPACE=str(workspace))
    with Session(engine) as session:
        assert session.scalars(select(Job.kind)).all() == []
    run("refresh", REGISTRY_NPM_REGISTRY_URL="https://npm.example.com/")
    with Session(engine) as session:
        assert session.scalars(select(Job.kind)).all() == ["npm-lookup"]
    engine.dispose()


def test_a_workspace_that_cannot_be_read_is_named(run: Run, migrated: str, tmp_path: Path) -> None:
    result = run("refresh", REGISTRY_WORKSPACE=str(tmp_path / "nowhere"))

    assert result.exit_code == 1
    assert result.stdout == ""
    assert f"Error: {tmp_path}/nowhere: The workspace is no directory" in result.stderr


def test_demo_prints_its_token_and_nothing_else_each_time(run: Run, migrated: str) -> None:
    first, second = run("demo"), run("demo")

    assert first.exit_code == second.exit_code == 0
    assert first.stdout == second.stdout
    (token,) = first.stdout.split()
    assert token.startswith("reg_")
    assert token not in first.stderr
    assert "Arkin Solomon" in first.stderr


def test_demo_refuses_a_place_that_is_taken(run: Run, migrated: str, tmp_path: Path) -> None:
    (tmp_path / "instance/demo").mkdir(parents=True)
    (tmp_path / "instance/demo/thesis.txt").touch()

    result = run("demo")

    assert result.exit_code == 1
    assert "something other than the demo workspace" in result.stderr


def test_a_branch_cannot_move_the_cursor(run: Run, migrated: str, tmp_path: Path) -> None:
    workspace = make_workspace(tmp_path / "workspace")
    git = workspace / ".git"
    branch = "x\x1b]0;owned\x07"
    (git / "refs/heads" / branch).write_bytes((git / "refs/heads/main").read_bytes())
    (git / "HEAD").write_text(f"ref: refs/heads/{branch}\n")

    result = run("refresh", REGISTRY_WORKSPACE=str(workspace))

    assert result.exit_code == 0
    assert " on x\\x1b]0;owned\\x07\n" in result.stdout
