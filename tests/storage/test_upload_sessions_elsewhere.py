"""Uploads in pieces on two servers with one database: what goes on, and what is refused."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlalchemy.orm import sessionmaker

from registry.database import writing
from registry.rules.permissions import Permission
from registry.settings import Settings
from registry.storage import open_storage
from tests.accounts.samples import add_author, add_listing
from tests.publishing.archives import IDENTIFIER, make_zip
from tests.publishing.conftest import FIELDS
from tests.s3_server import set_storage

# What the database has to do with it is the same on both.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

FILE = make_zip()


@pytest.fixture
def token(engine: Engine) -> str:
    with writing(sessionmaker(engine)) as session:
        ada, token = add_author(session, "Ada", Permission.UploadVersionAnyPackage)
        add_listing(session, ada, IDENTIFIER)
        return token


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(database_url=database_url, min_free_bytes=0)


@pytest.fixture
def bucket(s3_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    set_storage(monkeypatch, s3_server, tmp_path.name)


def begin(client: FlaskClient, token: str) -> str:
    """Begin an upload, and send a hundred bytes of it; gives its address."""
    headers = {"Authorization": token, "Upload-Length": str(len(FILE))}
    address = client.post("/packages/uploads", json=FIELDS, headers=headers).location
    assert send(client, token, address, 0, FILE[:100]) == (204, "100")
    return address


def send(
    client: FlaskClient, token: str, address: str, offset: int, piece: bytes
) -> tuple[int, str | None]:
    response = client.patch(
        address,
        data=piece,
        headers={
            "Authorization": token,
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
        },
    )
    return response.status_code, response.headers.get("Upload-Offset")


def test_servers_that_share_the_directory(
    settings: Settings, new_app: Callable[[Settings], Flask], token: str, tmp_path: Path
) -> None:
    shared = settings.model_copy(update={"instance_path": tmp_path})
    here, there = (new_app(shared).test_client() for _ in range(2))

    address = begin(here, token)

    assert send(there, token, address, 100, FILE[100:]) == (204, str(len(FILE)))
    assert len(list(open_storage(shared).files())) == 1


@pytest.mark.usefixtures("bucket")
def test_servers_that_share_a_bucket_and_no_directory(
    settings: Settings, new_app: Callable[[Settings], Flask], token: str, tmp_path: Path
) -> None:
    own = [
        Settings(
            database_url=settings.database_url, min_free_bytes=0, instance_path=tmp_path / name
        )
        for name in ("here", "there")
    ]
    here, there = (new_app(each).test_client() for each in own)

    address = begin(here, token)

    assert send(there, token, address, 100, FILE[100:]) == (409, None)
    # The one where it began goes on with it, as if nobody had asked elsewhere.
    assert send(here, token, address, 100, FILE[100:]) == (204, str(len(FILE)))
    assert len(list(open_storage(own[1]).files())) == 1
    assert open_storage(own[0]).partial_files.names() == []
    # Once it is done, that is known everywhere.
    assert there.head(address, headers={"Authorization": token}).status_code == 200
