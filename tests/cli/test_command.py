"""What holds for every subcommand: help, errors as sentences, exit statuses, what is imported."""

import os
import signal
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from registry.cli import COMMANDS
from registry.database import make_engine
from registry.refresh.lock import refresh_lock
from tests.cli.conftest import Run, Start


def test_help_lists_every_command(run: Run) -> None:
    result = run("--help")

    assert result.exit_code == 0
    assert all(f"\n  {name}" in result.stdout for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_where_the_overview_says(run: Run, name: str) -> None:
    assert import_module(COMMANDS[name].module).command.name == name
    assert run(name, "--help").exit_code == 0


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["serve", "--port", "0"], ["token", "issue"], ["refresh", "extra"]],
)
def test_called_wrongly_is_2(run: Run, arguments: list[str]) -> None:
    result = run(*arguments)

    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Error: " in result.stderr


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        (["--help"], ["sqlalchemy", "pydantic", "flask", "granian", "strawberry"]),
        (["token", "list"], ["flask", "granian", "strawberry", "alembic", "rich", "git"]),
        (["author", "create", "Ada"], ["flask", "granian", "strawberry", "alembic", "rich"]),
    ],
)
def test_what_a_command_does_not_need_is_not_imported(
    migrated: str, arguments: list[str], absent: list[str]
) -> None:
    program = (
        "import sys; from registry.cli import main\n"
        f"try: main({arguments!r})\n"
        f"finally: print(sorted(set(sys.modules) & set({absent!r})))"
    )

    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert run.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "arguments",
    [["refresh"], ["demo"], ["serve"], ["token", "list"], ["author", "create", "Ada"]],
)
def test_a_database_without_tables_is_told_how_to_get_them(run: Run, arguments: list[str]) -> None:
    result = run(*arguments)

    assert result.exit_code == 1
    assert result.stdout == ""
    assert "has no tables yet: run `registry migrate`" in result.stderr


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("REGISTRY_OPEN_WRITES", "perhaps", "REGISTRY_OPEN_WRITES is wrong"),
        ("REGISTRY_LOG_LEVEL", "LOUD", "REGISTRY_LOG_LEVEL is wrong"),
        ("REGISTRY_DATABASE_URL", "nonsense", "REGISTRY_DATABASE_URL is no address"),
        ("REGISTRY_DATABASE_URL", "mysql://u:hush@h/d", "REGISTRY_DATABASE_URL is no address"),
        ("REGISTRY_DATABASE_URL", "postgresql://u:hush@127.0.0.1:1/d", "cannot be used"),
        ("REGISTRY_INSTANCE_PATH", "/proc/nowhere", "directory cannot be made"),
    ],
)
def test_a_setting_that_does_not_work_is_named(
    run: Run, variable: str, value: str, said: str
) -> None:
    result = run("token", "list", **{variable: value})

    assert result.exit_code == 1
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert "hush" not in result.output


def test_an_older_database_is_told_what_it_lacks(run: Run, migrated: str) -> None:
    engine = make_engine(migrated)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")
        connection.exec_driver_sql("DROP TABLE token")
    engine.dispose()

    result = run("token", "list")

    assert result.exit_code == 1
    assert "is at migration 0000, not " in result.stderr


def test_quiet_leaves_out_all_but_results(run: Run, migrated: str) -> None:
    result = run("--quiet", "author", "create", "Ada")

    assert result.stdout
    assert result.stderr == ""


def test_an_interrupted_command_ends_with_130_and_a_word(
    start: Start, migrated: str, tmp_path: Path
) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path / "workspace")], check=True)
    engine = make_engine(migrated)
    with refresh_lock(engine):
        process = start(
            "refresh", env={**os.environ, "REGISTRY_WORKSPACE": str(tmp_path / "workspace")}
        )
        # It has said so before it waits for the lock that this test holds.
        assert process.stderr is not None
        assert "Waiting" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=120)
    engine.dispose()

    assert process.returncode == 130
    assert said == "Interrupted.\n"


def test_a_reader_that_goes_away_leaves_no_traceback(start: Start, migrated: str) -> None:
    process = start("doctor", "--json")
    assert process.stdout is not None
    process.stdout.close()

    assert process.stderr is not None
    assert "Traceback" not in process.stderr.read()
