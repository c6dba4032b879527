"""`POST /packages/upload` and `/retry`: what is taken, what is refused, and that nothing stays."""

import hashlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from registry.database import reading, writing
from registry.models import Author, Commit, Job, Package, Publication, Version, Workspace
from registry.publishing.processing_requests import KIND
from registry.rules.versions import RegistryVersion
from registry.settings import Settings
from tests.publishing.archives import IDENTIFIER, make_zip
from tests.publishing.conftest import BOUNDARY, FIELDS, Publisher, encode_form

NewPublisher = Callable[[Settings], Publisher]


def code(response: Any, status: int = 400) -> str:
    assert response.status_code == status, response.get_data(as_text=True)
    assert response.mimetype == "application/problem+json"
    word: str = response.json["code"]
    return word


def jobs(publisher: Publisher) -> list[Job]:
    with reading(publisher.sessions) as session:
        return list(session.scalars(select(Job).where(Job.kind == KIND)))


def change(publisher: Publisher, **columns: Any) -> None:
    with writing(publisher.sessions) as session:
        for publication in session.scalars(select(Publication)):
            for name, value in columns.items():
                setattr(publication, name, value)


def test_an_upload_is_processing_and_has_a_job(publisher: Publisher) -> None:
    file = make_zip()

    response = publisher.upload(file)

    assert response.status_code == 204
    assert response.get_data() == b""
    assert "X-Private-Key" not in response.headers
    shown = publisher.version()
    assert shown["uploadDate"][:4] == str(datetime.now(UTC).year)
    expected = {
        "version": "1.4.3",
        "isPublic": True,
        "isStored": True,
        "installs": 0,
        "status": "processing",
        "dependencies": [["xpkg/example.package2", "1.2-"]],
        "incompatibilities": [],
        "size": 0,
        "installedSize": 0,
        "xpSelection": "*",
    }
    assert {key: shown[key] for key in expected} == expected
    row = publisher.row()
    assert row.upload_hash == hashlib.sha256(file).hexdigest()
    assert (row.upload_size, row.supports_macos, row.supports_linux) == (len(file), False, True)
    assert publisher.stored() == {row.upload_hash}
    assert [job.payload for job in jobs(publisher)] == [{"version": row.version_id}]
    assert list(publisher.storage.work_files.directory.iterdir()) == []


def test_the_file_may_come_before_the_fields(publisher: Publisher) -> None:
    response = publisher.client.post(
        "/packages/upload",
        data=encode_form(FIELDS, make_zip(), file_first=True),
        headers={
            **publisher.headers(),
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
        },
    )

    assert response.status_code == 204
    assert publisher.row().upload_hash == hashlib.sha256(make_zip()).hexdigest()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\r\n", id="a line's end"),
        pytest.param(b"\r\n--", id="a beginning of a boundary"),
        pytest.param(b"x--b0undary" * 99, id="what looks like a boundary"),
        pytest.param(b"\r\n--b0undar" * 50_000, id="what nearly is one"),
        pytest.param(b"\n" * 700_000, id="many lines"),
    ],
)
def test_files_arrive_as_they_were_sent(publisher: Publisher, content: bytes) -> None:
    assert publisher.upload(content).status_code == 204
    assert publisher.row().upload_hash == hashlib.sha256(content).hexdigest()


def test_private_versions_have_a_key_that_is_told_once(publisher: Publisher) -> None:
    response = publisher.upload(isPublic="false", isPrivate="true")

    key = response.headers["X-Private-Key"]
    assert len(key) >= 43
    assert response.headers["Cache-Control"] == "no-store"
    row = publisher.row()
    assert row.is_private
    assert row.private_key_hash == hashlib.sha256(key.encode()).digest()


PAIR = [["xpkg/example.package2", "*"]]


@pytest.mark.parametrize(
    ("expected", "fields"),
    [
        ("invalid_or_empty_str", {"packageId": ""}),
        ("invalid_or_empty_str", {"packageId": None}),
        ("invalid_or_empty_str", {"packageVersion": "  "}),
        ("invalid_or_empty_str", {"xplaneSelection": None}),
        ("not_bool", {"isPublic": None}),
        ("not_bool", {"isPrivate": "maybe"}),
        ("not_bool", {"isStored": ""}),
        ("not_bool", {"supportsMacOS": "1"}),
        ("not_bool", {"supportsWindows": None}),
        ("not_bool", {"supportsLinux": None}),
        ("invalid_id_or_repo", {"packageId": "other/example.package1"}),
        ("invalid_id_or_repo", {"packageId": "x"}),
        ("bad_version_len", {"packageVersion": "1" * 16}),
        ("invalid_version", {"packageVersion": "1.0.0.0"}),
        ("bad_sel_len", {"xplaneSelection": "1," * 129}),
        ("invalid_selection", {"xplaneSelection": "2-1"}),
        ("invalid_access_config", {"isPrivate": "true"}),
        ("invalid_access_config", {"isStored": "false"}),
        ("plat_supp", {"supportsWindows": "false", "supportsLinux": "false"}),
        ("dep_not_str", {"dependencies": None}),
        ("inc_not_str", {"incompatibilities": ""}),
        ("bad_dep_arr", {"dependencies": "{}"}),
        ("bad_dep_arr", {"dependencies": "not JSON"}),
        ("bad_dep_arr", {"dependencies": "[" * 100_000}),
        ("bad_dep_arr", {"dependencies": json.dumps(PAIR * 129)}),
        ("bad_inc_arr", {"incompatibilities": "null"}),
        ("bad_inc_tuple", {"incompatibilities": "[[]]"}),
        ("invalid_inc_tuple_types", {"incompatibilities": "[[1, 2]]"}),
        ("invalid_inc_tuple_id", {"incompatibilities": '[["x", "*"]]'}),
        ("invalid_inc_sel", {"incompatibilities": '[["example.package3", "x"]]'}),
        ("dep_or_self_inc", {"incompatibilities": json.dumps([[IDENTIFIER, "*"]])}),
        ("dep_or_self_inc", {"incompatibilities": json.dumps(PAIR)}),
        ("bad_dep_tuple", {"dependencies": '[["example.package2"]]'}),
        ("invalid_dep_tuple_types", {"dependencies": '[["example.package2", 1]]'}),
        ("invalid_dep_tuple_id", {"dependencies": '[["..", "*"]]'}),
        ("self_dep", {"dependencies": json.dumps([[f"xpkg/{IDENTIFIER}", "*"]])}),
        ("invalid_commit", {"commit": "abc123"}),
        ("invalid_form", {"packageVersion": "1\0"}),
    ],
)
def test_refusals(publisher: Publisher, expected: str, fields: dict[str, Any]) -> None:
    assert code(publisher.upload(**fields)) == expected
    assert publisher.stored() == set()
    assert jobs(publisher) == []


def test_without_a_file(publisher: Publisher) -> None:
    assert code(publisher.post("/packages/upload", FIELDS)) == "no_file"
    assert code(publisher.post("/packages/upload", {**FIELDS, "file": "text"})) == "no_file"


def test_a_version_is_uploaded_once(publisher: Publisher) -> None:
    publisher.upload()
    before = publisher.stored()

    assert code(publisher.upload(make_zip({"other": b""}))) == "version_exists"
    # However it is written.
    assert code(publisher.upload(packageVersion="1.4.3 ")) == "version_exists"
    assert publisher.stored() == before
    assert publisher.upload(packageVersion="1.4").status_code == 204
    assert code(publisher.upload(packageVersion="1.4.0")) == "version_exists"


def test_of_many_uploads_of_one_version_at_once_one_is_taken(publisher: Publisher) -> None:
    def upload(number: int) -> int:
        with publisher.client.application.test_client() as client:
            fields = FIELDS if number % 2 else {**FIELDS, "packageVersion": f"2.{number}"}
            return client.post(
                "/packages/upload",
                data=encode_form(fields, make_zip({f"{IDENTIFIER}/{number}": b""})),
                headers={
                    **publisher.headers(),
                    "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
                },
            ).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(upload, range(24)))

    # Those of other versions are all taken.
    assert sorted(statuses[::2]) == [204] * 12
    assert sorted(statuses[1::2]) == [204] + [400] * 11
    assert len(publisher.stored()) == len(jobs(publisher)) == 13


def test_a_version_that_git_knows_is_joined(publisher: Publisher) -> None:
    with writing(publisher.sessions) as session:
        package = session.scalar(select(Package).where(Package.name == IDENTIFIER))
        assert package is not None
        known = Version(
            package_id=package.id,
            version="1.4.3",
            sort_key=RegistryVersion.parse("1.4.3").sort_key(),
            from_git=True,
            date=datetime(2020, 1, 1, tzinfo=UTC),
        )
        session.add(known)
        session.flush()
        version_id = known.id

    assert publisher.upload().status_code == 204
    assert publisher.row().version_id == version_id
    assert code(publisher.upload()) == "version_exists"


def test_another_authors_package_is_no_package(publisher: Publisher) -> None:
    others = publisher.upload(by="other")
    nobodys = publisher.upload(packageId="example.nobody")

    assert code(others, 403) == code(nobodys, 403) == "not_your_package"
    assert others.json == nobodys.json
    assert publisher.stored() == set()


def test_permissions(publisher: Publisher) -> None:
    assert publisher.upload(by="one").status_code == 204
    assert code(publisher.upload(by="another", packageVersion="2"), 403) == "insufficient_scope"
    assert code(publisher.upload(by="none", packageVersion="2"), 403) == "insufficient_scope"
    assert code(publisher.client.post("/packages/upload"), 401) == "unauthenticated"
    assert code(publisher.client.post("/packages/retry"), 401) == "unauthenticated"


def test_bodies_that_are_no_form(publisher: Publisher) -> None:
    def post(body: bytes, content_type: str, **headers: str) -> Any:
        return publisher.client.post(
            "/packages/upload",
            data=body,
            headers={**publisher.headers(), "Content-Type": content_type, **headers},
        )

    form = "multipart/form-data; boundary=b"
    part = b'--b\r\nContent-Disposition: form-data; name="packageId"\r\n\r\nx\r\n'
    file = part.replace(b'"packageId"', b'"file"; filename="a"')
    assert code(post(b"{}", "application/json"), 415) == "unsupported_media_type"
    assert code(post(part, "multipart/form-data"), 415) == "unsupported_media_type"
    gzipped = post(part, form, **{"Content-Encoding": "gzip"})
    assert code(gzipped, 415) == "unsupported_media_type"
    for body in (
        b"nothing",
        part,
        part[:-20],
        part + b"--b",
        part + part + b"--b--",
        file * 2 + b"--b--",
        part.replace(b'; name="packageId"', b"") + b"--b--",
        file.replace(b'; name="file"', b"") + b"--b--",
    ):
        assert code(post(body, form)) == "invalid_form"
    assert code(post(b"--b\r\nX: y\r\n\r\n\r\n--b--", form)) == "invalid_form"
    assert code(post(b"--b\r\n" + b"X" * 2_000_000, form), 413) == "body_too_large"
    assert code(post(part * 70 + b"--b--", form)) == "invalid_form"
    assert publisher.stored() == set()
    assert list(publisher.storage.work_files.directory.iterdir()) == []


def test_a_file_that_is_too_large(publisher: Publisher) -> None:
    most = publisher.settings.max_upload_bytes

    assert code(publisher.upload(b"0" * (most + 1)), 413) == "body_too_large"
    assert code(publisher.upload(b"0" * (most + 2_000_000)), 413) == "body_too_large"
    assert code(publisher.upload(dependencies="[" + " " * 200_000 + "]"), 413) == "body_too_large"
    assert publisher.stored() == set()
    assert publisher.upload(b"0" * most).status_code == 204


def test_more_than_the_authors_quota(publisher: Publisher) -> None:
    file = b"0" * 1_600_000
    publisher.upload(file)
    # What is still to be processed counts.
    assert publisher.upload(file + b"1", packageVersion="2").status_code == 204

    row = publisher.row("2.0.0")
    assert row.status == "failed_not_enough_space"
    assert "3,000,000" in row.failure_reason
    assert publisher.stored() == {publisher.row().upload_hash}
    assert len(jobs(publisher)) == 1


def test_an_authors_own_quota(publisher: Publisher) -> None:
    with writing(publisher.sessions) as session:
        author = session.get_one(Author, publisher.author_id)
        author.storage_quota = 10

    publisher.upload()

    assert publisher.row().status == "failed_not_enough_space"


def test_a_full_disk(settings: Settings, new_publisher: NewPublisher) -> None:
    publisher = new_publisher(settings.model_copy(update={"min_free_bytes": 10**18}))

    assert publisher.upload().status_code == 204

    row = publisher.row()
    assert row.status == "failed_not_enough_space"
    assert row.failure_reason
    assert publisher.stored() == set()
    assert jobs(publisher) == []


def test_a_commit_is_kept(publisher: Publisher) -> None:
    publisher.upload(commit="A" * 40)

    assert publisher.row().commit_hash == "a" * 40


@pytest.mark.parametrize("status", ["failed_macosx", "failed_server", "aborted"])
def test_a_version_that_failed_takes_another_file(publisher: Publisher, status: str) -> None:
    publisher.upload(b"no zip")
    publisher.work_off()
    long_ago = datetime.now(UTC) - timedelta(days=9)
    change(publisher, status=status, failure_reason="It failed.", upload_date=long_ago)
    file = make_zip()

    assert publisher.retry(file).status_code == 204

    row = publisher.row()
    assert (row.status, row.failure_reason) == ("processing", "")
    assert row.upload_hash == hashlib.sha256(file).hexdigest()
    assert row.upload_date > long_ago + timedelta(days=8)
    assert publisher.work_off() == 1
    assert publisher.version()["status"] == "processed"


@pytest.mark.parametrize("status", ["processing", "processed", "removed"])
def test_a_version_that_did_not_fail_takes_none(publisher: Publisher, status: str) -> None:
    publisher.upload()
    publisher.work_off()
    change(publisher, status=status)
    before = publisher.stored()

    assert code(publisher.retry(b"another")) == "cant_retry"
    assert publisher.stored() == before


def test_retries_of_what_is_not_there(publisher: Publisher) -> None:
    publisher.upload()

    assert code(publisher.retry(b"", version="9")) == "version_not_exist"
    assert code(publisher.retry(b"", by="other"), 403) == "not_your_package"
    assert code(publisher.retry(b"", by="another"), 403) == "insufficient_scope"
    assert code(publisher.retry(b"", version="")) == "invalid_or_empty_str"
    assert code(publisher.retry(b"", version="1.x")) == "invalid_version"
    fields = {"packageId": IDENTIFIER, "packageVersion": "1.4.3"}
    assert code(publisher.post("/packages/retry", fields)) == "no_file"


def test_limits(settings: Settings, new_publisher: NewPublisher) -> None:
    limits = {"ratelimit_package_upload": "1 per hour", "ratelimit_package_retry": "2 per hour"}
    publisher = new_publisher(settings.model_copy(update=limits))

    assert [publisher.upload().status_code for _ in range(2)] == [204, 429]
    statuses = [publisher.retry(b"", version="9").status_code for _ in range(3)]
    assert statuses == [400, 400, 429]


def test_a_commit_that_the_history_has_is_the_versions(publisher: Publisher) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    with writing(publisher.sessions) as session:
        workspace = Workspace(path="/srv/monorepo")
        session.add(workspace)
        session.flush()
        commit = Commit(
            id=1,
            workspace_id=workspace.id,
            hash="a" * 40,
            date=at,
            authored_date=at,
            author_name="Ada",
            author_email="",
            message="Release",
            type="other",
        )
        session.add(commit)

    publisher.upload(commit="A" * 40)
    publisher.upload(commit="b" * 40, packageVersion="2")

    assert publisher.version()["commit"] == "a" * 40
    # Not yet: the refresh that sees it will tell.
    assert publisher.version("2")["commit"] == ""
    assert publisher.row("2.0.0").commit_hash == "b" * 40
