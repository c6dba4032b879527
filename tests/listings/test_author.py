"""`GET /account/data` and `POST /auth/issue` as their documents have them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from registry.accounts.tokens import authenticate, issue_token, revoke_token
from registry.database import writing
from registry.models import Author, Token
from registry.models.base import utc_now
from registry.rules.permissions import Permission
from registry.settings import Settings
from tests.accounts.samples import add_listing
from tests.listings.api import Api, refusal

UPLOAD_SPECIFIC = Permission.UploadVersionSpecificPackages
REQUEST = {"name": "my_auth_token", "permissions": int(Permission.ViewPackages), "expires": 60}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Give authors the quota that the document's sample shows."""
    return settings.model_copy(update={"author_quota_bytes": 536_870_912})


@pytest.fixture
def api(api: Api) -> Api:
    """Let two authors have packages."""
    api.author("Grace")
    with writing(api.sessions) as session:
        ada = session.scalars(select(Author).where(Author.name == "Ada")).one()
        grace = session.scalars(select(Author).where(Author.name == "Grace")).one()
        sizes = [{"version": "1", "size": 1_000_000}, {"version": "2", "size": 67_306}]
        add_listing(session, ada, "example.package1", versions=sizes)
        add_listing(session, ada, "example.package2")
        add_listing(session, grace, "example.hers", versions=[{"version": "1", "size": 5}])
    return api


def issue(api: Api, by: str | None = "Ada", **fields: Any) -> Any:
    return api.call("POST", "/auth/issue", by, json=REQUEST | fields)


def test_an_author_sees_who_they_are(api: Api) -> None:
    with api.sessions() as session:
        author_id = session.scalars(select(Author.author_id).where(Author.name == "Ada")).one()

    assert list(api.get("/account/data", "Ada").get_json().items()) == [
        ("id", author_id),
        ("name", "Ada"),
        ("email", ""),
        ("isVerified", False),
        ("verified", False),
        ("usedStorage", 1_067_306),
        ("totalStorage", 536_870_912),
    ]


def test_an_authors_own_quota_counts(api: Api) -> None:
    with writing(api.sessions) as session:
        session.scalars(select(Author).where(Author.name == "Ada")).one().storage_quota = 7

    assert api.get("/account/data", "Ada").get_json()["totalStorage"] == 7
    assert api.get("/account/data", "Grace").get_json()["totalStorage"] == 536_870_912


def test_account_data_needs_its_permission(api: Api) -> None:
    api.token("view", "Ada", Permission.ViewPackages)
    api.token("read", "Ada", Permission.ReadAuthorData)

    assert refusal(api.get("/account/data")) == (401, "unauthenticated")
    assert refusal(api.get("/account/data", "view")) == (403, "insufficient_scope")
    assert api.get("/account/data", "read").status_code == 200


def test_a_token_is_issued(api: Api) -> None:
    permissions = Permission.ViewPackages | UPLOAD_SPECIFIC
    issued = issue(
        api,
        name="  my_auth_token ",
        permissions=int(permissions),
        description=" For CI ",
        versionUploadPackages=["xpkg/Example.package2", "example.package1"],
        viewAnalyticsPackages=[],
    )

    assert issued.status_code == 200
    assert issued.headers["Cache-Control"] == "no-store"
    assert list(issued.get_json()) == ["token"]
    with api.sessions() as session:
        found = authenticate(session, issued.get_json()["token"], utc_now())
        assert found is not None
        assert found.viewer.permissions == permissions
        assert found.viewer.packages == (
            (UPLOAD_SPECIFIC, "example.package1"),
            (UPLOAD_SPECIFIC, "example.package2"),
        )
        token = session.get_one(Token, found.token_id)
        assert (token.name, token.description) == ("my_auth_token", "For CI")
        assert token.expires_at == token.created_at + timedelta(days=60)


ALL = int(Permission.ManageWorkspace) * 2 - 1


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"name": None}, "missing_form_data"),
        ({"name": 5}, "missing_form_data"),
        ({"permissions": "2"}, "missing_form_data"),
        ({"permissions": True}, "missing_form_data"),
        ({"permissions": None}, "missing_form_data"),
        ({"expires": []}, "missing_form_data"),
        ({"description": 1}, "missing_form_data"),
        ({"versionUploadPackages": "example.package1"}, "missing_form_data"),
        ({"viewAnalyticsPackages": None}, "missing_form_data"),
        ({"description": "x" * 257}, "long_desc"),
        ({"name": " ab "}, "short_name"),
        ({"name": ""}, "short_name"),
        ({"name": "x" * 33}, "long_name"),
        ({"name": "x" * 10_000}, "long_name"),
        ({"name": "back\u202ewards"}, "invalid_name"),
        ({"expires": 0}, "neg_or_zero_expiry"),
        ({"expires": -1}, "neg_or_zero_expiry"),
        ({"expires": 366}, "long_expiry"),
        ({"expires": 10**18}, "long_expiry"),
        ({"expires": 1.5}, "float_expiry"),
        ({"permissions": 0}, "zero_perm"),
        ({"permissions": -2}, "zero_perm"),
        ({"permissions": 2.5}, "float_perm"),
        ({"permissions": ALL + 1}, "large_perm"),
        ({"permissions": 10**18}, "large_perm"),
        ({"permissions": 1}, "admin_perm"),
        ({"permissions": ALL}, "admin_perm"),
        *(
            ({"permissions": int(one | other)}, "invalid_perm")
            for one, other in (
                (Permission.UploadVersionAnyPackage, UPLOAD_SPECIFIC),
                (
                    Permission.UpdateDescriptionAnyPackage,
                    Permission.UpdateDescriptionSpecificPackages,
                ),
                (
                    Permission.UpdateVersionDataAnyPackage,
                    Permission.UpdateVersionDataSpecificPackages,
                ),
                (Permission.ViewAnalyticsAnyPackage, Permission.ViewAnalyticsSpecificPackages),
            )
        ),
        ({"permissions": int(UPLOAD_SPECIFIC)}, "invalid_perm"),
        (
            {"permissions": int(UPLOAD_SPECIFIC), "versionUploadPackages": []},
            "invalid_perm",
        ),
        *(
            ({"permissions": int(UPLOAD_SPECIFIC), "versionUploadPackages": packages}, code)
            for packages, code in (
                (["example.package1"] * 33, "long_arr"),
                ([5], "invalid_arr"),
                ([["example.package1"]], "invalid_arr"),
                (["example.package1", "Example.Package1"], "invalid_arr"),
                (["no"], "invalid_arr"),
                (["other/example.package1"], "invalid_arr"),
                (["example.hers"], "invalid_arr"),
                (["example.missing"], "invalid_arr"),
            )
        ),
        ({"descriptionUpdatePackages": ["example.package1"]}, "extra_arr"),
        (
            {
                "permissions": int(UPLOAD_SPECIFIC),
                "versionUploadPackages": ["example.package1"],
                "updateVersionDataPackages": ["example.package1"],
            },
            "extra_arr",
        ),
    ],
)
def test_what_is_refused(api: Api, fields: dict[str, Any], code: str) -> None:
    assert refusal(issue(api, **fields)) == (400, code)
    with api.sessions() as session:
        assert len(session.scalars(select(Token)).all()) == 2


def test_a_name_is_used_once_while_its_token_works(api: Api) -> None:
    secret = issue(api).get_json()["token"]

    assert refusal(issue(api)) == (400, "name_exists")
    assert issue(api, name="MY_auth_token").status_code == 200
    assert issue(api, "Grace").status_code == 200
    with writing(api.sessions) as session:
        revoke_token(session, secret)
    assert issue(api).status_code == 200


def test_there_are_64_tokens_at_most(api: Api) -> None:
    with writing(api.sessions) as session:
        ada = session.scalars(select(Author).where(Author.name == "Ada")).one()
        for _ in range(62):
            issue_token(session, ada, Permission.ViewPackages, None)
        # One that works no more is none.
        issue_token(session, ada, Permission.ViewPackages, timedelta(seconds=-1))

    assert issue(api).status_code == 200
    assert refusal(issue(api, name="one more")) == (400, "too_many_tokens")
    assert issue(api, "Grace").status_code == 200


def test_of_two_at_once_one_has_the_name(api: Api) -> None:
    def ask(_: int) -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {api.secrets['Ada']}"}
        answer = api.app.test_client().post("/auth/issue", json=REQUEST, headers=headers)
        return (200, "") if answer.status_code == 200 else refusal(answer)

    with ThreadPoolExecutor(4) as threads:
        answers = sorted(threads.map(ask, range(6)))

    assert answers == [(200, ""), *[(400, "name_exists")] * 5]


@pytest.mark.parametrize("held", [None, *(each for each in Permission if each != Permission.Admin)])
def test_only_an_admin_issues(api: Api, held: Permission | None) -> None:
    if held is None:
        assert refusal(issue(api, None)) == (401, "unauthenticated")
        return
    limits = {held: ["example.package1"]} if "Specific" in str(held.name) else {}
    api.token("held", "Ada", held, limits)
    assert refusal(issue(api, "held")) == (403, "insufficient_scope")
