"""`/artifacts/KEY`: whole and in parts, for those who may, and which requests are installs."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from registry.database import writing
from registry.models import Publication
from tests.publishing.archives import GOOD, IDENTIFIER, make_zip
from tests.publishing.conftest import Publisher

LARGE = make_zip({**GOOD, "noise": bytes(range(256)) * 1000}, level=0)


@pytest.fixture
def artifact(publisher: Publisher) -> bytes:
    """Publish a version and give its artifact."""
    publisher.upload(LARGE)
    publisher.work_off()
    return b"".join(publisher.storage.read(publisher.row().hash))


def fetch(publisher: Publisher, method: str = "GET", **headers: str) -> TestResponse:
    """Ask for the version's artifact; underscores in headers' names are hyphens."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    path = f"/artifacts/{publisher.row().download_key}"
    response = publisher.client.open(path, method=method, headers=sent)
    # Taken to its end, which the client else leaves to whoever asks for the data.
    response.get_data()
    return response


def installs(publisher: Publisher) -> Any:
    return publisher.version()["installs"]


def test_the_whole(publisher: Publisher, artifact: bytes) -> None:
    response = fetch(publisher)

    assert response.status_code == 200
    assert response.data == artifact
    digest = base64.b64encode(bytes.fromhex(publisher.row().hash)).decode()
    expected = {
        "Content-Type": "application/zip",
        "Content-Length": str(len(artifact)),
        "Accept-Ranges": "bytes",
        "ETag": f'"{publisher.row().hash}"',
        "Repr-Digest": f"sha-256=:{digest}:",
        "Content-Disposition": f'attachment; filename="{IDENTIFIER}-1.4.3.xpkg"',
        "Cache-Control": "no-cache",
        "X-Content-Type-Options": "nosniff",
    }
    assert {name: response.headers.get(name) for name in expected} == expected
    assert installs(publisher) == 1


def test_it_is_packed_already(publisher: Publisher, artifact: bytes) -> None:
    response = fetch(publisher, Accept_Encoding="zstd, gzip")

    assert "Content-Encoding" not in response.headers
    assert response.data == artifact


def test_the_address_is_the_one_that_is_told(publisher: Publisher, artifact: bytes) -> None:
    path = publisher.version()["loc"].removeprefix("https://registry.example.com")

    assert publisher.client.get(path).data == artifact


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=0-99999999", 0, None),
        ("bytes=100-", 100, None),
        ("bytes=-5", -5, None),
    ],
)
def test_parts(publisher: Publisher, artifact: bytes, asked: str, start: int, end: int) -> None:
    response = fetch(publisher, Range=asked)

    wanted = artifact[start:end]
    assert response.data == wanted
    assert response.headers["Content-Length"] == str(len(wanted))
    if len(wanted) == len(artifact):
        assert response.status_code == 200
        return
    first = artifact.rindex(wanted) if start < 0 else start
    assert response.status_code == 206
    told = f"bytes {first}-{first + len(wanted) - 1}/{len(artifact)}"
    assert response.headers["Content-Range"] == told


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,5-6", "lines=1-2", "bytes=x", "bytes=5-1", "nonsense"]
)
def test_other_ranges_are_the_whole(publisher: Publisher, artifact: bytes, asked: str) -> None:
    response = fetch(publisher, Range=asked)

    assert (response.status_code, response.data) == (200, artifact)


def test_a_range_beyond_the_end(publisher: Publisher, artifact: bytes) -> None:
    response = fetch(publisher, Range=f"bytes={len(artifact)}-")

    assert response.status_code == 416
    assert response.mimetype == "application/problem+json"
    assert response.headers["Content-Range"] == f"bytes */{len(artifact)}"


def test_a_range_of_what_it_was_and_of_what_it_is(publisher: Publisher, artifact: bytes) -> None:
    tag = publisher.row().hash

    assert fetch(publisher, Range="bytes=0-0", If_Range=f'"{tag}"').status_code == 206
    assert fetch(publisher, Range="bytes=0-0", If_Range='"another"').status_code == 200
    # A date, or a weak tag, does not say which bytes it was.
    date = "Sun, 06 Nov 2044 08:49:37 GMT"
    assert fetch(publisher, Range="bytes=0-0", If_Range=date).status_code == 200
    assert fetch(publisher, Range="bytes=0-0", If_Range=f'W/"{tag}"').status_code == 200


def test_head_and_unchanged(publisher: Publisher, artifact: bytes) -> None:
    head = fetch(publisher, "HEAD", Range="bytes=0-0")
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Content-Length"] == str(len(artifact))
    unchanged = fetch(publisher, If_None_Match=f'W/"{publisher.row().hash}"')
    assert (unchanged.status_code, unchanged.data) == (304, b"")

    assert installs(publisher) == 0


def test_what_is_an_install(publisher: Publisher, artifact: bytes) -> None:
    for asked, counted in (
        ("bytes=0-9", 0),
        (f"bytes=10-{len(artifact) - 2}", 0),
        (f"bytes=10-{len(artifact) - 1}", 1),
        ("bytes=-1", 2),
        (f"bytes={len(artifact)}-", 2),
    ):
        fetch(publisher, Range=asked)
        assert installs(publisher) == counted, asked


def test_who_breaks_off_has_installed_nothing(publisher: Publisher, artifact: bytes) -> None:
    response = publisher.client.get(f"/artifacts/{publisher.row().download_key}", buffered=False)
    chunks = response.iter_encoded()
    assert next(chunks)
    response.close()

    assert installs(publisher) == 0


def test_a_private_version_needs_its_key(publisher: Publisher) -> None:
    key = publisher.upload(LARGE, isPublic="false", isPrivate="true").headers["X-Private-Key"]
    publisher.work_off()

    none = publisher.client.get("/artifacts/none")
    for headers in ({}, {"X_Private_Key": "wrong"}, {"X_Private_Key": key[:-1]}):
        refused = fetch(publisher, **headers)
        assert refused.status_code == 404
        assert refused.json == none.json
    response = fetch(publisher, X_Private_Key=key)
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "private, no-store"
    assert fetch(publisher, X_Private_Key=key, Range="bytes=0-0").status_code == 206
    assert installs(publisher) == 1


def test_what_is_not_there(publisher: Publisher, artifact: bytes) -> None:
    assert publisher.client.get("/artifacts/none").status_code == 404
    path = f"/artifacts/{publisher.row().download_key}"
    with writing(publisher.sessions) as session:
        row = session.scalars(select(Publication)).one()
        row.stored_until = datetime.now(UTC) - timedelta(seconds=1)
    assert publisher.client.get(path).status_code == 404


def test_a_store_that_has_lost_it(publisher: Publisher, artifact: bytes) -> None:
    publisher.storage.delete(publisher.row().hash)

    response = fetch(publisher)

    assert response.status_code == 503
    assert response.json is not None
    assert response.json["code"] == "artifact_unavailable"
    assert installs(publisher) == 0


# Versions that are taken back.


def remove(publisher: Publisher, version: str = "1.4.3", by: str = "upload") -> TestResponse:
    path = f"/account/packages/{IDENTIFIER}/{version}"
    return publisher.client.delete(path, headers=publisher.headers(by))


def test_a_version_is_taken_back(publisher: Publisher, artifact: bytes) -> None:
    before = publisher.row()

    assert remove(publisher).status_code == 204

    shown = publisher.version()
    assert shown["status"] == "removed"
    assert (shown["size"], "hash" in shown, "loc" in shown) == (0, False, False)
    assert publisher.row().hash == before.hash
    assert publisher.client.get(f"/artifacts/{before.download_key}").status_code == 404
    assert publisher.stored() == set()
    # For good.
    assert remove(publisher).status_code == 204
    assert publisher.upload().status_code == 400
    assert publisher.retry(LARGE).status_code == 400


def test_an_artifact_that_another_version_has_too_stays(
    publisher: Publisher, artifact: bytes
) -> None:
    publisher.upload(packageVersion="2")
    publisher.work_off()
    first = publisher.row()
    with writing(publisher.sessions) as session:
        row = session.get_one(Publication, publisher.row("2.0.0").version_id)
        row.hash = first.hash

    remove(publisher)
    assert first.hash in publisher.stored()
    remove(publisher, "2")
    assert first.hash not in publisher.stored()


def test_a_version_that_failed_is_taken_back(publisher: Publisher) -> None:
    publisher.upload(b"no zip")
    assert remove(publisher).status_code == 409
    publisher.work_off()

    assert remove(publisher).status_code == 204
    assert publisher.row().failure_reason == ""


@pytest.mark.parametrize(
    ("by", "version", "status"),
    [
        ("other", "1.4.3", 404),
        ("upload", "9", 404),
        ("upload", "x", 400),
        ("another", "1.4.3", 403),
        ("none", "1.4.3", 403),
        ("one", "1.4.3", 204),
    ],
)
def test_who_may_take_back_what(
    publisher: Publisher, artifact: bytes, by: str, version: str, status: int
) -> None:
    assert remove(publisher, version, by).status_code == status
    assert publisher.row().status == ("removed" if status == 204 else "processed")
