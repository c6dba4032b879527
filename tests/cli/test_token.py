"""`registry token`."""

import json
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from registry.accounts.tokens import authenticate
from registry.database import make_engine
from registry.models.base import utc_now
from registry.rules.permissions import Permission
from tests.cli.conftest import Run


@pytest.fixture
def author(run: Run, migrated: str) -> str:
    run("author", "create", "Ada")
    return "Ada"


def permissions(address: str, secret: str, *, after: timedelta) -> Permission | None:
    """Ask the database what a token allows some time from now."""
    engine = make_engine(address)
    with Session(engine) as session:
        found = authenticate(session, secret, utc_now() + after)
    engine.dispose()
    return found.viewer.permissions if found else None


def test_issue_prints_a_working_token_and_nothing_else(run: Run, migrated_either: str) -> None:
    run("author", "create", "Ada")

    result = run("token", "issue", "--author", "ada", "--permission", "ViewPackages")

    assert result.exit_code == 0
    secret = result.stdout.removesuffix("\n")
    assert secret.isprintable()
    assert secret not in result.stderr
    held = permissions(migrated_either, secret, after=timedelta(days=89))
    assert held == Permission.ViewPackages
    assert permissions(migrated_either, secret, after=timedelta(days=90, minutes=1)) is None


def test_issue_takes_several_permissions_in_any_case(run: Run, author: str, migrated: str) -> None:
    arguments = ["--permission", "viewpackages", "--permission", "MANAGEWORKSPACE"]
    result = run("token", "issue", "--author", author, *arguments)

    held = permissions(migrated, result.stdout.strip(), after=timedelta(0))
    assert held == Permission.ViewPackages | Permission.ManageWorkspace


@pytest.mark.parametrize(
    ("expires", "works", "ends"),
    [
        ("12h", timedelta(hours=11), timedelta(hours=13)),
        ("1y", timedelta(days=364), timedelta(days=366)),
        ("never", timedelta(days=30_000), None),
    ],
)
@pytest.mark.usefixtures("author")
def test_issue_sets_how_long_it_works(
    run: Run, migrated: str, expires: str, works: timedelta, ends: timedelta | None
) -> None:
    arguments = ["--author", "Ada", "--permission", "Admin", "--expires", expires]
    secret = run("token", "issue", *arguments).stdout.strip()

    assert permissions(migrated, secret, after=works)
    assert ends is None or permissions(migrated, secret, after=ends) is None


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--author", "Ada", "--permission", "Everything"], 2, "there are Admin, CreatePackage"),
        (["--author", "Ada"], 2, "--permission"),
        (["--permission", "Admin"], 2, "--author"),
        (["--author", "Ada", "--permission", "Admin", "--expires", "0d"], 2, "--expires"),
        (["--author", "Ada", "--permission", "Admin", "--expires", "soon"], 2, "--expires"),
        (["--author", "Ada", "--permission", "Admin", "--package", "a.package"], 2, "packages"),
        (["--author", "Nobody", "--permission", "Admin"], 1, "no author named 'Nobody'"),
    ],
)
def test_issue_refuses(run: Run, author: str, arguments: list[str], status: int, said: str) -> None:
    result = run("token", "issue", *arguments)

    assert result.exit_code == status
    assert result.stdout == ""
    assert said in result.stderr


def test_list_shows_each_token_s_state_and_no_secret(run: Run, author: str) -> None:
    issued = [
        run("token", "issue", "--author", author, "--permission", "Admin").stdout.strip()
        for _ in range(2)
    ]
    run("token", "revoke", issued[0])

    shown = run("token", "list")

    assert [line.split()[:3] for line in shown.stdout.splitlines()] == [
        ["TOKEN", "AUTHOR", "STATE"],
        [issued[0][:12], "Ada", "revoked"],
        [issued[1][:12], "Ada", "valid"],
    ]
    assert not any(secret in shown.output for secret in issued)


def test_list_tells_a_script_everything(run: Run, author: str) -> None:
    arguments = ["--permission", "UploadVersionSpecificPackages", "--package", "Ada.Metar"]
    run("token", "issue", "--author", author, *arguments, "--expires", "never")

    (token,) = json.loads(run("token", "list", "--json").stdout)

    assert token.pop("prefix").startswith("reg_")
    assert token.pop("createdAt").endswith("Z")
    assert token == {
        "name": "",
        "authorName": "Ada",
        "permissions": ["UploadVersionSpecificPackages"],
        "packages": ["ada.metar"],
        "expiresAt": None,
        "revokedAt": None,
        "lastUsedAt": None,
    }


def test_list_keeps_to_an_author(run: Run, author: str) -> None:
    run("author", "create", "Bo")
    run("token", "issue", "--author", "Bo", "--permission", "Admin")

    assert json.loads(run("token", "list", "--author", author, "--json").stdout) == []
    assert run("token", "list", "--author", "Nobody").exit_code == 1


def test_an_empty_list_is_no_result(run: Run, migrated: str) -> None:
    result = run("token", "list")

    assert result.exit_code == 0
    assert result.stdout == ""
    assert "There are no tokens yet." in result.stderr


@pytest.mark.parametrize("shown", [slice(None), slice(12)])
def test_revoke_takes_what_is_shown_or_all_of_it(
    run: Run, author: str, migrated: str, shown: slice
) -> None:
    secret = run("token", "issue", "--author", author, "--permission", "Admin").stdout.strip()

    assert run("token", "revoke", secret[shown]).exit_code == 0

    assert permissions(migrated, secret, after=timedelta(0)) is None


def test_revoke_does_not_repeat_a_secret_that_it_does_not_know(run: Run, migrated: str) -> None:
    result = run("token", "revoke", "reg_thisisalmostarealsecret")

    assert result.exit_code == 1
    assert "almost" not in result.output
