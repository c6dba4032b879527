"""`registry migrate`."""

from pathlib import Path

from tests.cli.conftest import Run


def test_it_makes_the_database_where_there_is_none(run: Run, tmp_path: Path) -> None:
    result = run("migrate")

    assert result.exit_code == 0
    assert result.stdout == ""
    assert "is now at migration" in result.stderr
    assert (tmp_path / "instance/registry.db").exists()
    assert run("token", "list").exit_code == 0


def test_one_that_is_up_to_date_is_left_alone(run: Run, migrated_either: str) -> None:
    result = run("migrate")

    assert result.exit_code == 0
    assert "is up to date" in result.stderr
