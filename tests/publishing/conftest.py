"""An author who publishes through the API, with a worker at hand."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from registry.accounts.tokens import issue_token
from registry.database import reading, writing
from registry.jobs import Work
from registry.jobs.claims import claim_job, fail_job, finish_job
from registry.models import Publication, Version
from registry.publishing.processing import process_upload
from registry.publishing.processing_requests import KIND
from registry.rules.permissions import Permission
from registry.settings import Settings
from registry.storage import Storage, open_storage
from tests.accounts.samples import add_author, add_listing
from tests.publishing.archives import IDENTIFIER, make_zip

FIELDS = {
    "packageId": IDENTIFIER,
    "packageVersion": "1.4.3",
    "xplaneSelection": "*",
    "isPublic": "true",
    "isPrivate": "false",
    "isStored": "true",
    "dependencies": '[["example.package2","1.2-"]]',
    "incompatibilities": "[]",
    "supportsMacOS": "false",
    "supportsWindows": "true",
    "supportsLinux": "true",
}
BOUNDARY = "b0undary"
UPLOADS = Permission.UploadVersionAnyPackage | Permission.ViewPackages


def encode_form(
    fields: Mapping[str, str], file: bytes | None = None, *, file_first: bool = False
) -> bytes:
    """Write a form (RFC 7578); the test client would keep a large one in a file of its own."""
    parts = [
        f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode()
        for name, value in fields.items()
    ]
    if file is not None:
        head = b'Content-Disposition: form-data; name="file"; filename="package.zip"\r\n\r\n'
        parts.insert(0 if file_first else len(parts), head + file)
    mark = f"--{BOUNDARY}".encode()
    return b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts) + mark + b"--\r\n"


@dataclass
class Publisher:
    """An author who lists `example.package1`, and what the registry does with the uploads."""

    client: FlaskClient
    engine: Engine
    settings: Settings
    author_id: int
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def sessions(self) -> sessionmaker[Session]:
        """Make sessions of the database."""
        return sessionmaker(self.engine)

    @property
    def storage(self) -> Storage:
        """Open the store."""
        return open_storage(self.settings)

    def post(
        self, path: str, fields: Mapping[str, str], file: bytes | None = None, by: str = "upload"
    ) -> TestResponse:
        """Send a form, with a file."""
        return self.client.post(
            path,
            data=encode_form(fields, file),
            headers={"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
            | self.headers(by),
        )

    def upload(
        self, file: bytes | None = None, *, by: str = "upload", **fields: Any
    ) -> TestResponse:
        """Upload a version; fields that are None are left out."""
        sent = {name: value for name, value in {**FIELDS, **fields}.items() if value is not None}
        return self.post("/packages/upload", sent, make_zip() if file is None else file, by)

    def retry(self, file: bytes, version: str = "1.4.3", by: str = "upload") -> TestResponse:
        """Upload a file again."""
        fields = {"packageId": IDENTIFIER, "packageVersion": version}
        return self.post("/packages/retry", fields, file, by)

    def headers(self, by: str = "upload") -> dict[str, str]:
        """Give the headers that say who calls."""
        return {"Authorization": f"Bearer {self.tokens[by]}"}

    def version(self, version: str = "1.4.3") -> dict[str, Any]:
        """Ask the account API for a version."""
        path = f"/account/packages/{IDENTIFIER}/{version}"
        answer = self.client.get(path, headers=self.headers()).json
        assert answer is not None
        shown: dict[str, Any] = answer["versionData"]
        return shown

    def row(self, version: str = "1.4.3") -> Publication:
        """Read a version's row."""
        with reading(self.sessions) as session:
            row = session.scalar(
                select(Publication)
                .join(Version, Version.id == Publication.version_id)
                .where(Version.version == version)
            )
            assert row is not None
            return row

    def work_off(self, attempt: int | None = None) -> int:
        """Do the jobs that wait, as a worker would; tell how many there were."""
        done = 0
        while job := claim_job(self.sessions, "test", [KIND]):
            work = Work(
                job_id=job.id,
                kind=job.kind,
                payload=job.payload,
                attempt=attempt or job.attempts,
                engine=self.engine,
                sessions=self.sessions,
                settings=self.settings,
            )
            try:
                process_upload(work)
            except Exception as error:
                fail_job(self.sessions, job, error)
                raise
            else:
                finish_job(self.sessions, job, work.latest)
            done += 1
        return done

    def stored(self) -> set[str]:
        """Give the SHA-256s of the files in the store."""
        return {file.sha256 for file in self.storage.files()}


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Give the settings of the application, without limits that tests would run into."""
    return Settings(
        database_url=database_url,
        instance_path=tmp_path / "instance",
        ratelimit_account="100000 per second",
        ratelimit_package_upload="100000 per second",
        ratelimit_package_retry="100000 per second",
        max_upload_bytes=2_000_000,
        max_unpacked_bytes=5_000_000,
        author_quota_bytes=3_000_000,
        min_free_bytes=0,
        public_url="https://registry.example.com",
    )


@pytest.fixture
def new_publisher(
    engine: Engine, new_app: Callable[[Settings], Flask]
) -> Callable[[Settings], Publisher]:
    """Make a registry with an author in it."""

    def make(settings: Settings) -> Publisher:
        app = new_app(settings)
        with writing(sessionmaker(engine)) as session:
            ada, upload = add_author(session, "Ada", UPLOADS)
            add_listing(session, ada, IDENTIFIER, package_type="aircraft")
            add_listing(session, ada, "example.package2")
            _, other = add_author(session, "Grace", UPLOADS)
            specific = Permission.UploadVersionSpecificPackages
            tokens = {
                "upload": upload,
                "other": other,
                "one": issue_token(session, ada, specific, None, {specific: [IDENTIFIER]}).secret,
                "another": issue_token(
                    session, ada, specific, None, {specific: ["example.package2"]}
                ).secret,
                "none": issue_token(session, ada, Permission.ViewPackages, None).secret,
            }
            return Publisher(app.test_client(), engine, settings, ada.id, tokens)

    return make


@pytest.fixture
def publisher(settings: Settings, new_publisher: Callable[[Settings], Publisher]) -> Publisher:
    """Make a registry with an author in it."""
    return new_publisher(settings)
