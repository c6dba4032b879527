"""`registry backup` and `registry restore`, as they are called."""

from pathlib import Path

from tests.cli.conftest import Run


def test_a_token_works_in_a_database_that_was_restored(
    run: Run, migrated: str, migrated_either: str, tmp_path: Path
) -> None:
    old = {"REGISTRY_DATABASE_URL": migrated}
    run("author", "create", "Ada", **old)
    token = run("token", "issue", "--author", "Ada", "--permission", "ViewPackages", **old).stdout
    file = tmp_path / "backup.tar"

    taken = run("backup", str(file), **old)
    checked = run("restore", "--check", str(file))
    restored = run("restore", str(file))

    assert (taken.exit_code, checked.exit_code, restored.exit_code) == (0, 0, 0)
    assert taken.stdout.startswith(f"{file}: ")
    assert "0 artifacts" in taken.stdout
    assert "is restored: " in restored.stdout
    assert token[:8] in run("token", "list").stdout
    assert file.stat().st_mode & 0o777 == 0o600


def test_nothing_is_overwritten(run: Run, migrated: str, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    run("author", "create", "Ada")
    run("backup", str(file), "--without-artifacts")
    before = file.read_bytes()

    again = run("backup", str(file))
    restored = run("restore", str(file))

    assert again.exit_code == restored.exit_code == 1
    assert "there is a file of this name already" in again.stderr
    assert "The database is not empty" in restored.stderr
    assert file.read_bytes() == before


def test_what_is_no_backup_is_named(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    file.write_bytes(b"something else")

    result = run("restore", str(file))

    assert result.exit_code == 1
    assert f"Error: {file} cannot be restored: it is no backup" in result.stderr
    assert not (tmp_path / "instance/registry.db").exists()
