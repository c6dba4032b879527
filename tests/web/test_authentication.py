"""Who is calling, and what they may."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask, Response
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from app import create_app
from registry.accounts.tokens import issue_token, revoke_token
from registry.database import writing
from registry.models import Token
from registry.rules.permissions import Permission
from registry.settings import Settings
from registry.web.authentication import current_viewer, require, require_write
from registry.web.database import db, single_reads
from registry.web.json import json_response
from tests.accounts.samples import Statements, add_author

GOOD, EXPIRED, REVOKED = "good", "expired", "revoked"


@pytest.fixture(scope="module")
def secrets(shared_sessions: sessionmaker[Session]) -> dict[str, str]:
    """Make tokens of one author: one for each permission, and useless ones."""
    with writing(shared_sessions) as session:
        author, good = add_author(session)
        expired = issue_token(session, author, Permission.Admin, timedelta(days=-1)).secret
        revoked = issue_token(session, author, Permission.Admin, None).secret
        revoke_token(session, revoked)
        by_name = {
            str(permission.name): issue_token(
                session,
                author,
                permission,
                None,
                {permission: ["example.one"]} if "Specific" in str(permission.name) else {},
            ).secret
            for permission in Permission
        }
    return {GOOD: good, EXPIRED: expired, REVOKED: revoked, **by_name}


@pytest.fixture(scope="module")
def served(shared_app: Flask) -> Flask:
    """Add routes that ask who is calling in each of the ways there are."""
    return add_routes(shared_app)


def add_routes(app: Flask) -> Flask:
    @app.get("/viewer")
    def tell_viewer() -> Response:
        viewer = current_viewer()
        return json_response([viewer.author_id, viewer.permissions.names()])

    @app.get("/needs/<permission>")
    def need(permission: str) -> Response:
        return json_response(require(Permission.named(permission)).author_id is not None)

    @app.route("/write", methods=["POST", "PUT"])
    def write() -> Response:
        require_write()
        return json_response("written")

    return app


@pytest.mark.parametrize("form", ["Bearer {}", "bearer {}", "BEARER   {}  ", "{}", "  {} "])
def test_a_token_with_or_without_its_scheme(
    served: Flask, secrets: dict[str, str], form: str
) -> None:
    response = served.test_client().get(
        "/viewer", headers={"Authorization": form.format(secrets[GOOD])}
    )

    assert response.json is not None
    author_id, names = response.json
    assert isinstance(author_id, int)
    assert names == ["ViewPackages"]


# Another scheme is no token of ours: somebody before us may have asked for it.
@pytest.mark.parametrize("header", [None, "", " ", "Basic dXNlcjpwYXNz", "Digest a, b"])
def test_nobody(served: Flask, secrets: dict[str, str], header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    client = served.test_client()

    assert client.get("/viewer", headers=headers).json == [None, []]
    refused = client.get("/needs/ViewPackages", headers=headers)
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"] == "Bearer"
    assert refused.json is not None
    assert refused.json["code"] == "unauthenticated"


@pytest.mark.parametrize(
    "token",
    [
        EXPIRED,
        REVOKED,
        "reg_unknown",
        "x" * 5000,
        "é",
        "a,b",
        "a\tb",
        "' OR 1=1 --",
        "%00",
        "Bearer",
    ],
)
@pytest.mark.parametrize("path", ["/viewer", "/needs/ViewPackages", "/write"])
def test_useless_tokens_are_refused_alike(
    served: Flask, secrets: dict[str, str], token: str, path: str
) -> None:
    token = secrets.get(token, token)
    refused = served.test_client().open(
        path,
        method="POST" if path == "/write" else "GET",
        environ_overrides={"HTTP_AUTHORIZATION": f"Bearer {token}"},
    )

    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert refused.json is not None
    assert refused.json["code"] == "invalid_token"
    assert refused.json["detail"] == "The token is unknown, expired or revoked."


@pytest.mark.parametrize("wanted", list(Permission))
def test_each_permission_opens_its_own_door_and_admin_all(
    served: Flask, secrets: dict[str, str], wanted: Permission
) -> None:
    client = served.test_client()
    for held in Permission:
        response = client.get(
            f"/needs/{wanted.name}", headers={"Authorization": secrets[str(held.name)]}
        )
        if held in {wanted, Permission.Admin}:
            assert response.json is True
        else:
            assert response.status_code == 403
            assert response.headers["WWW-Authenticate"] == (
                f'Bearer error="insufficient_scope", scope="{wanted.name}"'
            )
            assert response.json is not None
            assert response.json["code"] == "insufficient_scope"


def test_the_token_is_looked_up_once_and_its_use_noted_once(
    served: Flask, shared_sessions: sessionmaker[Session]
) -> None:
    with writing(shared_sessions) as session:
        _, secret = add_author(session, "Somebody New")
    with served.app_context():
        statements = Statements(db.engine, single_reads())
    client = served.test_client()

    counts = []
    for _ in range(2):
        before = len(statements.data())
        client.get("/needs/ViewPackages", headers={"Authorization": secret})
        counts.append(len(statements.data()) - before)

    # The second look-up finds that the use is noted.
    assert counts == [2, 1]
    with shared_sessions() as session:
        used = select(Token.last_used_at).where(Token.prefix == secret[:12])
        assert session.scalar(used) is not None


def test_a_caller_is_not_taken_for_the_one_before(served: Flask, secrets: dict[str, str]) -> None:
    # As tests and commands have it: one context around several requests.
    with served.app_context():
        client = served.test_client()
        known = client.get("/viewer", headers={"Authorization": secrets[GOOD]}).json
        unknown = client.get("/viewer").json

    assert known is not None
    assert known[0] is not None
    assert unknown == [None, []]


def test_probes_and_the_root_ask_nobody(served: Flask, secrets: dict[str, str]) -> None:
    client = served.test_client()

    for path in ("/", "/healthz", "/readyz"):
        assert client.get(path, headers={"Authorization": "reg_bad"}).status_code == 200


# Writes.


@pytest.mark.parametrize(
    ("token", "status"),
    [(None, 401), ("reg_bad", 401), (GOOD, 403), ("ManageWorkspace", 200), ("Admin", 200)],
)
def test_writes_are_closed_by_default(
    served: Flask, secrets: dict[str, str], token: str | None, status: int
) -> None:
    headers = {} if token is None else {"Authorization": secrets.get(token, token)}

    assert served.test_client().put("/write", headers=headers).status_code == status


@pytest.fixture(scope="module")
def opened(shared_settings: Settings) -> Iterator[Flask]:
    """Make an app whose writes are open."""
    app = add_routes(create_app(shared_settings.model_copy(update={"open_writes": True})))
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.mark.parametrize(
    ("token", "status"), [(None, 200), ("reg_bad", 401), (GOOD, 200), ("ManageWorkspace", 200)]
)
def test_open_writes_need_no_token_but_no_bad_one(
    opened: Flask, secrets: dict[str, str], token: str | None, status: int
) -> None:
    headers = {} if token is None else {"Authorization": secrets.get(token, token)}

    assert opened.test_client().put("/write", headers=headers).status_code == status
    # A page cannot send a token that it does not have; one without is refused.
    page = {"Origin": "https://other.example.org", **headers}
    refused = 403 if token is None else status
    assert opened.test_client().put("/write", headers=page).status_code == refused
