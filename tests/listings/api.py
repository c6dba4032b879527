"""Calls the registry's own routes as authors do."""

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from registry.accounts.tokens import Limits, issue_token
from registry.database import writing
from registry.models import Author
from registry.rules.permissions import Permission
from tests.accounts.samples import add_author

NO_LIMITS: Limits = MappingProxyType({})


@dataclass
class Api:
    """The application, and tokens of authors by name."""

    app: Flask
    client: FlaskClient
    sessions: sessionmaker[Session]
    secrets: dict[str, str] = field(default_factory=dict)

    def author(self, name: str, permissions: Permission = Permission.Admin) -> int:
        """Make an author with a token; give the author's row."""
        with writing(self.sessions) as session:
            author, secret = add_author(session, name, permissions)
            self.secrets[name] = secret
            return author.id

    def token(
        self, key: str, author: str, permissions: Permission, limits: Limits = NO_LIMITS
    ) -> None:
        """Give an author one more token, called `key` here."""
        with writing(self.sessions) as session:
            row = session.scalars(select(Author).where(Author.name == author)).one()
            self.secrets[key] = issue_token(session, row, permissions, None, limits).secret

    def call(self, method: str, path: str, by: str | None = None, **more: Any) -> TestResponse:
        """Send a request, with somebody's token or none."""
        headers = dict(more.pop("headers", {}))
        if by is not None:
            headers["Authorization"] = f"Bearer {self.secrets[by]}"
        return self.client.open(path, method=method, headers=headers, **more)

    def get(self, path: str, by: str | None = None, **more: Any) -> TestResponse:
        """Read something."""
        return self.call("GET", path, by, **more)

    def new(self, identifier: str, by: str = "Ada", **more: Any) -> TestResponse:
        """Register a package."""
        body = {
            "packageId": identifier,
            "packageName": f"The {identifier}"[:32],
            "packageType": "other",
            "description": "Something for the cockpit.",
        }
        return self.call("POST", "/packages/new", by, json=body | more)


def refusal(response: TestResponse) -> tuple[int, str]:
    """Tell with what status and code a request was refused."""
    assert response.mimetype == "application/problem+json", response.text
    return response.status_code, response.get_json()["code"]
