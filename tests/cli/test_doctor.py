"""`registry doctor`: each thing that can be wrong is seen, with how to mend it."""

import json
import socket
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import sessionmaker

from registry.database import make_engine, writing
from registry.demo import make_workspace
from registry.jobs import find_job, submit_job
from tests.cli.conftest import Run


def examine(run: Run, *arguments: str, **environment: str) -> dict[str, dict[str, str]]:
    """Run the doctor; gives the worst check of each name."""
    result = run("doctor", "--json", *arguments, **environment)
    checks = json.loads(result.stdout)
    failed = any(check["verdict"] == "fail" for check in checks)
    assert result.exit_code == (1 if failed else 0)
    assert all(check["mend"] for check in checks if check["verdict"] != "ok")
    order = ["ok", "warn", "fail"]
    worst: dict[str, dict[str, str]] = {}
    for check in checks:
        known = worst.get(check["name"])
        if known is None or order.index(check["verdict"]) > order.index(known["verdict"]):
            worst[check["name"]] = check
    return worst


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = make_workspace(tmp_path / "workspace")
    monkeypatch.setenv("REGISTRY_WORKSPACE", str(path))
    return path


def test_a_fresh_clone_lacks_its_database(run: Run, tmp_path: Path) -> None:
    checks = examine(run)

    assert checks["database"]["verdict"] == "fail"
    assert checks["database"]["mend"] == "Run `registry migrate`."
    assert checks["workspace"]["verdict"] == "warn"
    # Looking made nothing.
    assert list(tmp_path.iterdir()) == []


def test_a_catalogued_workspace_is_all_there_is_to_it(
    run: Run, migrated_either: str, workspace: Path
) -> None:
    assert examine(run)["catalogue"]["verdict"] == "warn"
    run("refresh")

    checks = examine(run)

    assert {check["verdict"] for check in checks.values()} == {"ok"}
    assert "pnpm workspaces" in checks["packages"]["seen"]
    assert "on main at" in checks["workspace"]["seen"]


def test_people_see_one_line_for_each_and_an_arrow_to_the_remedy(run: Run, migrated: str) -> None:
    result = run("doctor")

    assert result.exit_code == 0
    assert "\nok    database    sqlite:///" in result.stdout
    assert "\nwarn  workspace   none is set" in result.stdout
    assert "→ Set REGISTRY_WORKSPACE" in result.stdout
    assert "\x1b" not in result.output
    assert "Next: registry serve" in result.stderr


def test_a_database_that_does_not_answer_is_told_without_its_password(run: Run) -> None:
    result = run("doctor", REGISTRY_DATABASE_URL="postgresql://reg:hush@127.0.0.1:1/registry")

    assert result.exit_code == 1
    assert "reg:***@127.0.0.1:1" in result.stdout
    assert "hush" not in result.output


@pytest.mark.parametrize(
    "address", ["nonsense", "mysql://u:hush@h/d", "postgresql://u:hush@[/d", "sqlite:////"]
)
def test_an_address_that_is_none_is_told(run: Run, address: str) -> None:
    result = run("doctor", REGISTRY_DATABASE_URL=address)

    assert result.exit_code == 1
    assert "Traceback" not in result.output
    assert "hush" not in result.output


def test_a_wrong_setting_is_told(run: Run) -> None:
    checks = examine(run, REGISTRY_MAX_BODY_BYTES="many", REGISTRY_LOG_LEVEL="INFO")

    assert checks["settings"]["seen"].startswith("REGISTRY_MAX_BODY_BYTES: ")


def test_settings_in_force_are_shown(run: Run, migrated: str) -> None:
    seen = examine(run, REGISTRY_RATELIMIT_ACCOUNT="9 per minute")["settings"]["seen"]

    assert "REGISTRY_RATELIMIT_ACCOUNT=9 per minute" in seen


def test_a_misspelt_setting_is_told(run: Run, migrated: str) -> None:
    check = examine(run, REGISTRY_WORKSPCAE="/srv/monorepo")["variables"]

    assert check["verdict"] == "warn"
    assert check["mend"] == "Perhaps REGISTRY_WORKSPACE was meant."


@pytest.mark.usefixtures("migrated")
@pytest.mark.parametrize(
    ("given", "said"),
    [("nowhere", "no directory"), ("plain", "no git repository"), ("workspace/libs", "its root")],
)
def test_a_workspace_that_is_none_is_told(
    run: Run, workspace: Path, tmp_path: Path, given: str, said: str
) -> None:
    (tmp_path / "plain").mkdir()

    check = examine(run, REGISTRY_WORKSPACE=str(tmp_path / given))["workspace"]

    assert check["verdict"] == "fail"
    assert said in check["mend"]


def test_a_shallow_clone_is_told(run: Run, migrated: str, workspace: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    command = ["git", "clone", "--quiet", "--depth=1", workspace.as_uri(), str(clone)]
    subprocess.run(command, check=True)

    check = examine(run, REGISTRY_WORKSPACE=str(clone))["workspace"]

    assert check["verdict"] == "warn"
    assert "git fetch --unshallow" in check["mend"]


def test_a_catalogue_behind_its_workspace_is_told(run: Run, migrated: str, workspace: Path) -> None:
    run("refresh")
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    commit = ["commit", "--quiet", "--allow-empty", "--message=later"]
    subprocess.run(["git", "-C", str(workspace), *identity, *commit], check=True)

    assert "has moved on" in examine(run)["catalogue"]["seen"]


def test_a_store_that_does_not_answer_is_told(run: Run, migrated: str) -> None:
    checks = examine(run, REGISTRY_RATELIMIT_STORAGE_URI="redis://:hush@127.0.0.1:1/0")

    assert checks["limits"]["verdict"] == "fail"
    assert "redis://:***@127.0.0.1:1/0 does not answer" in checks["limits"]["seen"]


@pytest.mark.parametrize(
    ("variable", "value"),
    [("REGISTRY_RATELIMIT_STORAGE_URI", "carrier-pigeon://x"), ("REGISTRY_RATELIMIT_DEFAULT", "?")],
)
def test_limits_that_are_none_are_told(run: Run, migrated: str, variable: str, value: str) -> None:
    assert examine(run, **{variable: value})["limits"]["verdict"] == "fail"


@pytest.mark.parametrize(
    ("host", "verdict"), [("127.0.0.1", "warn"), ("::1", "warn"), ("192.0.2.1", "fail")]
)
def test_open_writes_are_told(run: Run, migrated: str, host: str, verdict: str) -> None:
    checks = examine(run, "--host", host, REGISTRY_OPEN_WRITES="true")

    assert checks["writes"]["verdict"] == verdict


def test_a_port_that_something_else_has_is_told(run: Run, migrated: str) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=1) as listener:
        # It takes connections and never answers, so the doctor gives up on it.
        check = examine(run, "--port", str(listener.getsockname()[1]))["port"]

    assert check["verdict"] == "warn"
    assert "is in use" in check["mend"]


def test_without_git_it_says_so(run: Run, migrated: str, tmp_path: Path) -> None:
    checks = examine(run, PATH=str(tmp_path))

    assert checks["git"]["verdict"] == "fail"
    assert "Install git" in checks["git"]["mend"]


def test_a_directory_that_cannot_be_written_is_told(run: Run, tmp_path: Path) -> None:
    checks = examine(run, REGISTRY_INSTANCE_PATH="/proc/registry")

    assert checks["disk"]["verdict"] == "fail"
    assert "/proc is not writable" in checks["disk"]["seen"]


@pytest.mark.parametrize(
    "address", ["redis://:hush@127.0.0.1:1", "postgresql://reg:hush@127.0.0.1:1/queue"]
)
def test_a_queue_that_does_not_answer_is_told(run: Run, migrated: str, address: str) -> None:
    check = examine(run, REGISTRY_QUEUE_URL=address)["queue"]

    assert check["verdict"] == "fail"
    assert "hush" not in str(check)


def test_jobs_that_no_worker_begins_are_told(run: Run, migrated_either: str) -> None:
    engine = make_engine(migrated_either)
    sessions = sessionmaker(engine)
    job_id = submit_job(sessions, "refresh")
    assert examine(run)["jobs"]["verdict"] == "ok"
    with writing(sessions) as session:
        waiting = find_job(session, job_id)
        waiting.run_after -= timedelta(minutes=2)
    engine.dispose()

    check = examine(run)["jobs"]

    assert check["verdict"] == "warn"
    assert check["seen"].startswith("1 wait")


def test_secrets_are_not_shown(run: Run, migrated: str) -> None:
    result = run("doctor", REGISTRY_GITHUB_WEBHOOK_SECRET="hush")

    assert "REGISTRY_GITHUB_WEBHOOK_SECRET" in result.stdout
    assert "hush" not in result.output
