"""The limit of all requests of one address together, in memory and on a real Redis."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from registry.settings import Settings
from tests.rest.conftest import Clock
from tests.rest.redis_server import RedisServer

# Nothing is asked of the database here.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

MakeClient = Callable[[str], FlaskClient]


@pytest.fixture
def make_client(
    database_url: str, tmp_path: Path, new_app: Callable[[Settings], Flask]
) -> MakeClient:
    def make(uri: str) -> FlaskClient:
        settings = Settings(
            database_url=database_url,
            instance_path=tmp_path,
            ratelimit_storage_uri=uri,
            ratelimit_address="3 per 10 seconds",
            ratelimit_meta="2 per 10 seconds",
        )
        return new_app(settings).test_client()

    return make


def told(response: TestResponse) -> tuple[int, str | None, str | None]:
    return (
        response.status_code,
        response.headers.get("X-RateLimit-Remaining-Global"),
        response.headers.get("X-Retry-After-Global"),
    )


def test_who_goes_over_it_is_shut_out_everywhere(make_client: MakeClient, clock: Clock) -> None:
    client = make_client("memory://")

    first = client.get("/")
    assert told(first) == (200, "2", None)
    assert first.headers["X-RateLimit-Limit-Global"] == "3"
    assert told(client.get("/nowhere")) == (404, "1", None)
    assert told(client.get("/meta")) == (200, "0", None)
    refused = client.get("/meta")
    assert told(refused) == (429, "0", "30")
    assert refused.headers["Retry-After"] == "30"
    # The route's own limit is not told of: it was not asked.
    assert "X-RateLimit-Limit" not in refused.headers
    # Longer than the limit itself would take, and other addresses go on.
    clock.now += 20
    assert told(client.get("/")) == (429, "0", "10")
    assert told(client.get("/", environ_base={"REMOTE_ADDR": "192.0.2.9"}))[:2] == (200, "2")
    clock.now += 11
    assert told(client.get("/"))[:2] == (200, "2")


def test_what_does_not_count(make_client: MakeClient, clock: Clock) -> None:
    client = make_client("memory://")

    for _ in range(5):
        assert told(client.get("/healthz")) == (200, None, None)
        assert client.options("/").status_code == 200
    assert told(client.get("/"))[1] == "2"


def test_a_routes_own_limit_goes_on_beside_it(make_client: MakeClient, clock: Clock) -> None:
    client = make_client("memory://")

    answers = [client.get("/meta") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].headers["X-RateLimit-Limit"] == "2"
    assert told(answers[2]) == (429, "0", None)


def test_processes_count_together_on_redis_and_alone_without(
    make_client: MakeClient, redis_server: RedisServer, clock: Clock
) -> None:
    redis_server.clear()
    here, there = (make_client(redis_server.uri) for _ in range(2))

    assert [told(client.get("/"))[1] for client in (here, there, here)] == ["2", "1", "0"]
    assert there.get("/").status_code == 429
    redis_server.stop()
    try:
        # Neither shut nor open: each process counts by itself.
        assert [here.get("/").status_code for _ in range(4)] == [200, 200, 200, 429]
    finally:
        redis_server.start()


def test_it_is_off_where_no_setting_says_so(client: FlaskClient) -> None:
    assert told(client.get("/"))[1] is None


def test_a_setting_that_is_none_is_named(
    database_url: str, tmp_path: Path, new_app: Callable[[Settings], Flask]
) -> None:
    wrong = Settings(database_url=database_url, instance_path=tmp_path, ratelimit_address="a lot")
    with pytest.raises(ValueError, match="REGISTRY_RATELIMIT_ADDRESS"):
        new_app(wrong)
