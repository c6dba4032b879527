"""Uploads in pieces: what is taken in, what is refused, and that nothing stays."""

import base64
import hashlib
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from registry.database import reading, writing
from registry.errors import NotFound
from registry.models import Author, UploadSession
from registry.models.base import utc_now
from registry.publishing.stored_files import sweep_storage
from registry.publishing.upload_sessions import UploadSessions, sweep_sessions
from registry.publishing.uploads import Uploads
from registry.settings import Settings
from tests.publishing.archives import IDENTIFIER, make_zip
from tests.publishing.conftest import FIELDS, Publisher

NewPublisher = Callable[[Settings], Publisher]
PIECE = {"Content-Type": "application/offset+octet-stream"}


def begin(
    publisher: Publisher,
    length: int,
    *,
    by: str = "upload",
    path: str = "/packages/uploads",
    **fields: Any,
) -> TestResponse:
    return publisher.client.post(
        path,
        json={**FIELDS, **fields},
        headers={**publisher.headers(by), "Upload-Length": str(length)},
    )


def send(
    publisher: Publisher,
    address: str,
    offset: int,
    piece: bytes,
    *,
    by: str = "upload",
    headers: Mapping[str, str] = PIECE,
) -> TestResponse:
    sent = {**publisher.headers(by), "Upload-Offset": str(offset), **headers}
    return publisher.client.patch(address, data=piece, headers=sent)


def ask(publisher: Publisher, address: str, by: str = "upload") -> TestResponse:
    return publisher.client.head(address, headers=publisher.headers(by))


def offset(response: TestResponse) -> int:
    assert response.status_code in {200, 201, 204}, response.get_data(as_text=True)
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Tus-Resumable"] == "1.0.0"
    return int(response.headers["Upload-Offset"])


def code(response: TestResponse, status: int) -> str:
    assert response.status_code == status, response.get_data(as_text=True)
    word: str = (response.json or {})["code"]
    return word


def partial(publisher: Publisher) -> list[str]:
    return publisher.storage.partial_files.names()


def rows(publisher: Publisher) -> list[UploadSession]:
    with reading(publisher.sessions) as session:
        return list(session.scalars(select(UploadSession)))


def test_a_file_in_pieces_is_published_like_a_whole_one(publisher: Publisher) -> None:
    file = make_zip()
    begun = begin(publisher, len(file), fileHash=hashlib.sha256(file).hexdigest())
    address = begun.location

    assert (begun.status_code, offset(begun)) == (201, 0)
    assert "X-Private-Key" not in begun.headers
    assert offset(ask(publisher, address)) == 0
    assert offset(send(publisher, address, 0, file[:100])) == 100
    standing = ask(publisher, address)
    assert (offset(standing), standing.headers["Upload-Length"]) == (100, str(len(file)))
    # Neither a version nor a file that anybody could see.
    assert publisher.stored() == set()
    assert code(
        publisher.client.get(f"/account/packages/{IDENTIFIER}/1.4.3", headers=publisher.headers()),
        404,
    )
    assert offset(send(publisher, address, 100, file[100:])) == len(file)

    assert publisher.row().upload_hash == hashlib.sha256(file).hexdigest()
    assert publisher.row().dependencies == [["xpkg/example.package2", "1.2-"]]
    assert partial(publisher) == []
    assert publisher.work_off() == 1
    assert publisher.version()["status"] == "processed"
    # Whoever did not hear of the end, learns it.
    assert offset(ask(publisher, address)) == len(file)
    assert offset(send(publisher, address, len(file), b"")) == len(file)
    assert code(send(publisher, address, 5, b"x"), 409) == "offset_mismatch"


def test_a_retry_in_pieces(publisher: Publisher) -> None:
    publisher.upload(b"no zip")
    publisher.work_off()
    file = make_zip()
    path = "/packages/uploads/retry"

    assert code(begin(publisher, 5, path=path, packageVersion="9"), 400) == "version_not_exist"
    address = begin(publisher, len(file), path=path).location
    assert offset(send(publisher, address, 0, file)) == len(file)

    assert publisher.work_off() == 1
    assert publisher.version()["status"] == "processed"
    assert code(begin(publisher, 5, path=path), 400) == "cant_retry"


def test_the_private_key_is_told_at_the_beginning(publisher: Publisher) -> None:
    file = make_zip()
    begun = begin(publisher, len(file), isPublic="false", isPrivate="true")
    send(publisher, begun.location, 0, file)
    publisher.work_off()

    artifact = f"/artifacts/{publisher.row().download_key}"
    key = {"X-Private-Key": begun.headers["X-Private-Key"]}
    assert publisher.client.get(artifact, headers=key).status_code == 200
    assert publisher.client.get(artifact).status_code == 404


def test_fields_as_tus_sends_them(publisher: Publisher) -> None:
    def post(metadata: str) -> TestResponse:
        headers = {"Upload-Length": "9", "Upload-Metadata": metadata}
        return publisher.client.post(
            "/packages/uploads", headers={**publisher.headers(), **headers}
        )

    pairs = [f"{name} {base64.b64encode(text.encode()).decode()}" for name, text in FIELDS.items()]
    assert post(",".join(pairs)).status_code == 201
    assert rows(publisher)[0].fields == FIELDS
    for wrong in ("", "packageId !", "packageId /w==", ",".join([*pairs, pairs[0]])):
        assert code(post(wrong), 400) == "invalid_header"
    asked = publisher.client.options("/packages/uploads")
    assert asked.headers["Tus-Extension"] == "creation,expiration,termination"
    assert asked.headers["Tus-Max-Size"] == str(publisher.settings.max_upload_bytes)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"packageVersion": "1.x"}, "invalid_version"),
        ({"isStored": "maybe"}, "not_bool"),
        ({"isStored": True}, "invalid_or_empty_str"),
        ({"dependencies": "["}, "bad_dep_arr"),
        ({"fileHash": "abc"}, "invalid_hash"),
    ],
)
def test_fields_are_refused_as_ever(
    publisher: Publisher, fields: dict[str, Any], expected: str
) -> None:
    assert code(begin(publisher, 9, **fields), 400) == expected
    assert (rows(publisher), partial(publisher)) == ([], [])


def test_what_cannot_begin(publisher: Publisher) -> None:
    publisher.upload()
    most = publisher.settings.max_upload_bytes

    assert code(begin(publisher, 9), 400) == "version_exists"
    assert code(begin(publisher, 9, by="other", packageVersion="2"), 403) == "not_your_package"
    assert code(begin(publisher, 9, by="another", packageVersion="2"), 403) == "insufficient_scope"
    assert code(begin(publisher, 9, by="none"), 403) == "insufficient_scope"
    assert code(publisher.client.post("/packages/uploads"), 401) == "unauthenticated"
    assert code(begin(publisher, most + 1, packageVersion="2"), 413) == "body_too_large"
    assert code(begin(publisher, 0, packageVersion="2"), 400) == "no_file"
    assert code(begin(publisher, -1, packageVersion="2"), 400) == "invalid_header"
    assert (rows(publisher), partial(publisher)) == ([], [])


def test_pieces_that_are_refused(publisher: Publisher) -> None:
    file = make_zip()
    address = begin(publisher, len(file)).location

    assert code(send(publisher, address, 7, file[7:]), 409) == "offset_mismatch"
    assert code(send(publisher, address, 0, file + b"!"), 413) == "body_too_large"
    wrong = {"Content-Type": "application/zip"}
    assert code(send(publisher, address, 0, file, headers=wrong), 415) == "unsupported_media_type"
    spoken = {**PIECE, "Tus-Resumable": "0.2.1"}
    refused = send(publisher, address, 0, file, headers=spoken)
    assert code(refused, 412) == "tus_version"
    assert refused.headers["Tus-Version"] == "1.0.0"
    assert offset(ask(publisher, address)) == 0


def test_a_session_is_nobody_elses(publisher: Publisher) -> None:
    address = begin(publisher, 9).location

    for path, by in ((address, "other"), (f"{address[:-1]}~", "upload")):
        assert ask(publisher, path, by).status_code == 404
        assert code(send(publisher, path, 0, b"x", by=by), 404) == "upload_not_found"
        gone = publisher.client.delete(path, headers=publisher.headers(by))
        assert code(gone, 404) == "upload_not_found"
    # Of the same author, but limited to another package.
    assert code(send(publisher, address, 0, b"x", by="another"), 403) == "insufficient_scope"
    assert code(publisher.client.patch(address), 401) == "unauthenticated"
    assert offset(ask(publisher, address)) == 0


def test_a_cancelled_one_is_gone(publisher: Publisher) -> None:
    address = begin(publisher, 9).location
    send(publisher, address, 0, b"four")

    gone = publisher.client.delete(address, headers=publisher.headers())

    assert gone.status_code == 204
    assert (rows(publisher), partial(publisher)) == ([], [])
    assert ask(publisher, address).status_code == 404


def test_another_file_than_was_announced(publisher: Publisher) -> None:
    address = begin(publisher, 4, fileHash=hashlib.sha256(b"good").hexdigest()).location

    assert code(send(publisher, address, 0, b"evil"), 400) == "hash_mismatch"
    assert (rows(publisher), partial(publisher), publisher.stored()) == ([], [], set())


def test_of_two_that_upload_one_version_the_first_to_end_has_it(publisher: Publisher) -> None:
    first, second = (begin(publisher, 4).location for _ in range(2))

    assert offset(send(publisher, first, 0, b"1111")) == 4
    assert code(send(publisher, second, 0, b"2222"), 400) == "version_exists"
    assert ask(publisher, second).status_code == 404
    assert publisher.stored() == {publisher.row().upload_hash}


def test_an_author_has_so_many_open(settings: Settings, new_publisher: NewPublisher) -> None:
    publisher = new_publisher(settings.model_copy(update={"max_open_uploads": 2}))
    address = begin(publisher, 1, packageVersion="1").location
    begin(publisher, 1, packageVersion="2")

    assert code(begin(publisher, 1, packageVersion="3"), 409) == "too_many_uploads"
    send(publisher, address, 0, b"x")
    assert begin(publisher, 1, packageVersion="3").status_code == 201


def test_what_is_announced_counts_for_the_quota(publisher: Publisher) -> None:
    with writing(publisher.sessions) as session:
        session.get_one(Author, publisher.author_id).storage_quota = 100
    begin(publisher, 60, packageVersion="1")

    assert code(begin(publisher, 41, packageVersion="2"), 507) == "quota_exceeded"
    assert begin(publisher, 40, packageVersion="2").status_code == 201


def test_a_full_disk(settings: Settings, new_publisher: NewPublisher) -> None:
    publisher = new_publisher(settings.model_copy(update={"min_free_bytes": 10**18}))

    assert code(begin(publisher, 9), 507) == "not_enough_space"
    assert partial(publisher) == []


def test_beginnings_count_as_uploads(settings: Settings, new_publisher: NewPublisher) -> None:
    publisher = new_publisher(
        settings.model_copy(update={"ratelimit_package_upload": "2 per hour"})
    )
    address = begin(publisher, 9).location

    assert publisher.upload(b"x", packageVersion="2").status_code == 204
    assert begin(publisher, 9).status_code == 429
    assert [offset(send(publisher, address, at, b"x")) for at in range(5)] == [1, 2, 3, 4, 5]


def test_an_expired_one_is_swept_away(publisher: Publisher) -> None:
    address = begin(publisher, 9).location
    send(publisher, address, 0, b"four")
    kept = begin(publisher, 9, packageVersion="2").location
    with writing(publisher.sessions) as session:
        session.execute(
            update(UploadSession)
            .where(UploadSession.id == address.rpartition("/")[2])
            .values(expires_at=utc_now() - timedelta(seconds=1))
        )
    assert ask(publisher, address).status_code == 404

    assert sweep_sessions(publisher.sessions, publisher.storage, utc_now()) == 1
    assert partial(publisher) == [row.id for row in rows(publisher)] == [kept.rpartition("/")[2]]
    # What waits is none of the store's leftovers.
    assert sweep_storage(publisher.sessions, publisher.storage) == 0
    assert offset(ask(publisher, kept)) == 0


def test_files_that_no_upload_goes_on_with_are_swept_away(publisher: Publisher) -> None:
    files = publisher.storage.partial_files
    with files.new("of-a-killed-process"):
        # Its maker is about to commit the row.
        assert sweep_sessions(publisher.sessions, publisher.storage, utc_now()) == 0
    address = begin(publisher, 1).location
    send(publisher, address, 0, b"x")
    # Its finisher was killed between the commit and this file's removal.
    with files.new(address.rpartition("/")[2]):
        pass

    assert sweep_sessions(publisher.sessions, publisher.storage, utc_now()) == 2
    assert partial(publisher) == []


def test_a_file_of_another_machine(publisher: Publisher) -> None:
    address = begin(publisher, 9).location
    publisher.storage.partial_files.remove(address.rpartition("/")[2])

    assert ask(publisher, address).status_code == 409
    assert code(send(publisher, address, 0, b"x"), 409) == "upload_elsewhere"


def test_whoever_is_killed_before_the_end_sees_a_byte_missing(publisher: Publisher) -> None:
    file = make_zip()
    address = begin(publisher, len(file)).location
    # All bytes are there, and nobody got as far as making a version of them.
    with publisher.storage.partial_files.open(address.rpartition("/")[2]) as partial_file:
        assert partial_file.write(file, 0, len(file))

    assert offset(ask(publisher, address)) == len(file) - 1
    # What is there already is not written again.
    assert offset(send(publisher, address, len(file) - 1, b"?")) == len(file)
    assert publisher.row().upload_hash == hashlib.sha256(file).hexdigest()


def test_who_waits_for_another_request_to_finish_hears_that_it_did(publisher: Publisher) -> None:
    file = make_zip()
    address = begin(publisher, len(file)).location
    send(publisher, address, 0, file[:-1])
    last = len(file) - 1

    def be_overtaken() -> Iterator[bytes]:
        assert offset(send(publisher, address, last, file[-1:])) == len(file)
        # Processed and all: nothing is left of the upload.
        publisher.work_off()
        yield file[-1:]

    sessions = UploadSessions(Uploads(publisher.sessions, publisher.storage, publisher.settings))
    session_id = address.rpartition("/")[2]
    standing = sessions.receive(publisher.author_id, session_id, last, be_overtaken())

    assert standing.offset == standing.length == len(file)
    assert publisher.version()["status"] == "processed"


def test_one_that_is_cancelled_while_it_is_sent(publisher: Publisher) -> None:
    address = begin(publisher, 9).location
    sessions = UploadSessions(Uploads(publisher.sessions, publisher.storage, publisher.settings))
    session_id = address.rpartition("/")[2]

    def be_cancelled() -> Iterator[bytes]:
        sessions.cancel(publisher.author_id, session_id)
        yield b"x"

    with pytest.raises(NotFound):
        sessions.receive(publisher.author_id, session_id, 0, be_cancelled())


def test_of_two_that_send_at_once_each_byte_comes_from_one(publisher: Publisher) -> None:
    address = begin(publisher, 9).location
    with publisher.storage.partial_files.open(address.rpartition("/")[2]) as late:
        assert late.write(b"abc", 0, 9)
        assert offset(send(publisher, address, 3, b"def")) == 6

        assert not late.write(b"def", 3, 9)
    assert offset(ask(publisher, address)) == 6
