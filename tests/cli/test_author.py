"""`registry author`."""

import json
import re

from tests.cli.conftest import Run


def test_create_prints_the_id_and_nothing_else(run: Run, migrated_either: str) -> None:
    result = run("author", "create", "Ada Okafor")

    assert result.exit_code == 0
    assert re.fullmatch(r"[A-Za-z0-9]{8}[0-9]{10}\n", result.stdout)
    assert "token issue --author 'Ada Okafor'" in result.stderr


def test_create_tells_a_script_id_and_name(run: Run, migrated: str) -> None:
    result = run("author", "create", "  Zoë | Platform ", "--json")

    assert json.loads(result.stdout)["authorName"] == "Zoë | Platform"


def test_a_name_is_taken_once(run: Run, migrated: str) -> None:
    run("author", "create", "Ada Okafor")
    result = run("author", "create", "ADA OKAFOR")

    assert result.exit_code == 1
    assert result.stdout == ""
    assert "There is an author named 'ADA OKAFOR' already." in result.stderr


def test_a_blank_name_is_a_wrong_call(run: Run, migrated: str) -> None:
    assert run("author", "create", "  ").exit_code == 2
