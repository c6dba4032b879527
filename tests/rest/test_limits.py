"""Rate limits, counted in memory and on a real Redis."""

import logging
import math
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from limits import parse_many
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from app import create_app
from registry.accounts.tokens import issue_token
from registry.database import make_engine, writing
from registry.rest.limits import Policy
from registry.rules.permissions import Permission
from registry.settings import Settings
from registry.web.database import db
from tests.accounts.samples import PROCESSED, add_author, add_listing
from tests.databases import Databases, fresh_database
from tests.rest.conftest import Clock
from tests.rest.redis_server import RedisServer, running_redis

URL = "/account/packages"


@dataclass
class Server:
    """Makes apps on one database and one place to count in."""

    settings: Settings
    sessions: sessionmaker[Session]
    apps: list[Flask] = field(default_factory=list)

    def app(self, **settings: Any) -> Flask:
        app = create_app(self.settings.model_copy(update=settings))
        self.apps.append(app)
        return app

    def token(self, permissions: Permission = Permission.ViewPackages) -> str:
        """Make a token of an author who has not been counted yet."""
        with writing(self.sessions) as session:
            author, secret = add_author(session, uuid.uuid4().hex, permissions)
            identifier = f"limits.p{uuid.uuid4().hex[:20]}"
            add_listing(session, author, identifier, versions=[PROCESSED])
        return secret


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, databases: Databases) -> Iterator[str]:
    with fresh_database(databases, request.param) as url:
        yield url


@pytest.fixture(scope="module")
def sessions(database: str) -> Iterator[sessionmaker[Session]]:
    engine = make_engine(database)
    yield sessionmaker(engine)
    engine.dispose()


@pytest.fixture(params=["memory", "redis"])
def server(
    request: pytest.FixtureRequest,
    database: str,
    sessions: sessionmaker[Session],
    redis_server: RedisServer,
    tmp_path: Any,
) -> Iterator[Server]:
    redis_server.clear()
    uri = "memory://" if request.param == "memory" else redis_server.uri
    settings = Settings(database_url=database, instance_path=tmp_path, ratelimit_storage_uri=uri)
    server = Server(settings, sessions)
    yield server
    for app in server.apps:
        with app.app_context():
            db.engine.dispose()


def asking(app: Flask, token: str) -> Callable[..., TestResponse]:
    """Give a function that asks with a token."""
    client = app.test_client()

    def ask(path: str = "", method: str = "GET", **headers: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.open(f"{URL}{path}", method=method, headers={"Authorization": token, **named})

    return ask


def told(response: TestResponse) -> tuple[str | None, ...]:
    return tuple(
        response.headers.get(name)
        for name in (
            "X-RateLimit-Limit",
            "X-RateLimit-Remaining",
            "X-RateLimit-Reset",
            "Retry-After",
        )
    )


def test_five_requests_and_no_sixth(server: Server, clock: Clock) -> None:
    ask = asking(server.app(), server.token())
    reset = str(math.ceil(clock.now + 3))

    for remaining in ("4", "3", "2", "1", "0"):
        response = ask()
        assert response.status_code == 200
        # No Retry-After: there is nothing to wait for.
        assert told(response) == ("5", remaining, reset, None)

    refused = ask()
    assert refused.status_code == 429
    assert told(refused) == ("5", "0", reset, "3")
    assert refused.mimetype == "application/problem+json"
    assert refused.json is not None
    assert refused.json["code"] == "rate_limited"
    assert refused.json["type"] == "/problems/rate_limited"
    # A refusal does not lengthen the wait.
    clock.now += 3.001
    assert ask().status_code == 200


def test_no_span_of_three_seconds_has_a_sixth(server: Server, clock: Clock) -> None:
    ask = asking(server.app(), server.token())
    start, served = clock.now, []

    for step in range(60):
        clock.now = start + step * 0.19
        if ask().status_code == 200:
            served.append(clock.now)

    assert all(later - first >= 3 for first, later in zip(served, served[5:], strict=False))
    # And no fewer than there may be.
    assert len(served) == 20


@pytest.mark.parametrize(
    ("waited", "retry_after"),
    [(0, "3"), (0.5, "3"), (1.5, "2"), (1.999, "2"), (2.001, "1"), (2.999, "1")],
)
def test_retry_after_is_as_long_as_needed(
    server: Server, clock: Clock, waited: float, retry_after: str
) -> None:
    ask = asking(server.app(), server.token())
    for _ in range(5):
        ask()

    clock.now += waited
    refused = ask()
    assert refused.headers["Retry-After"] == retry_after
    clock.now += int(retry_after) + 0.001
    assert ask().status_code == 200


def test_retry_after_is_never_nothing(on_redis: Server, clock: Clock) -> None:
    ask = asking(on_redis.app(), on_redis.token())
    for _ in range(5):
        ask()

    # At the very end of the window, which Redis counts as within it.
    clock.now += 3

    refused = ask()
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")


def test_all_routes_count_together_whatever_they_answer(server: Server, clock: Clock) -> None:
    ask = asking(server.app(), server.token())
    tag = ask().headers["ETag"]

    answers = [
        ask("", If_None_Match=tag),
        ask("/example.nothing"),
        ask("/bad/bad"),
        ask("", "HEAD"),
        ask("/example.nothing/1.0"),
    ]

    assert [response.status_code for response in answers] == [304, 404, 400, 200, 429]
    assert [told(response)[1] for response in answers] == ["3", "2", "1", "0", "0"]


def test_a_403_counts(server: Server, clock: Clock) -> None:
    ask = asking(server.app(), server.token(Permission.CreatePackage))

    assert [ask().status_code for _ in range(6)] == [403] * 5 + [429]


def test_what_does_not_count(server: Server, clock: Clock) -> None:
    app = server.app()
    ask = asking(app, server.token())

    for _ in range(3):
        uncounted = [
            app.test_client().get(URL),
            asking(app, "reg_bad")(),
            ask("", "OPTIONS"),
            ask("", "POST"),
            ask("/a/b/c/d"),
        ]
        statuses = [response.status_code for response in uncounted]
        assert statuses == [401, 401, 200, 405, 404]
        assert all(told(response) == (None, None, None, None) for response in uncounted)

    assert told(ask())[1] == "4"


def test_an_author_is_counted_not_a_token(server: Server, clock: Clock) -> None:
    app = server.app()
    with writing(server.sessions) as session:
        author, first = add_author(session, uuid.uuid4().hex)
        second = issue_token(session, author, Permission.ViewPackages, None).secret
    other = server.token()

    assert told(asking(app, first)())[1] == "4"
    assert told(asking(app, second)())[1] == "3"
    assert told(asking(app, other)())[1] == "4"


def test_an_address_does_not_matter_where_there_is_an_author(server: Server, clock: Clock) -> None:
    client, token = server.app().test_client(), server.token()

    remaining = [
        client.get(
            URL, headers={"Authorization": token}, environ_overrides={"REMOTE_ADDR": address}
        ).headers["X-RateLimit-Remaining"]
        for address in ("10.0.0.1", "10.0.0.2", "")
    ]

    assert remaining == ["4", "3", "2"]


def test_neither_author_nor_address(server: Server) -> None:
    client = server.app().test_client()

    for headers in ({}, {"Authorization": "reg_bad"}):
        response = client.get(URL, headers=headers, environ_overrides={"REMOTE_ADDR": ""})
        assert response.status_code == 409
        assert response.mimetype == "application/problem+json"
        assert response.json is not None
        assert response.json["code"] == "nobody_to_count"


def test_threads_at_once(server: Server) -> None:
    app, token = server.app(ratelimit_account="5 per minute"), server.token()

    with ThreadPoolExecutor(12) as pool:
        statuses = list(pool.map(lambda _: asking(app, token)().status_code, range(24)))

    assert sorted(statuses) == [200] * 5 + [429] * 19


def test_processes_count_together_on_redis_and_apart_in_memory(
    server: Server, clock: Clock
) -> None:
    token = server.token()
    one, two = asking(server.app(), token), asking(server.app(), token)

    remaining = [told(ask())[1] for ask in (one, two, one, two)]

    shared = server.settings.ratelimit_storage_uri != "memory://"
    assert remaining == (["4", "3", "2", "1"] if shared else ["4", "4", "3", "3"])


def test_a_setting_gives_another_limit(server: Server, clock: Clock) -> None:
    ask = asking(server.app(ratelimit_account="2 per second; 3 per hour"), server.token())

    first = [told(ask())[:2] for _ in range(3)]
    clock.now += 2
    second = [ask() for _ in range(2)]

    assert first == [("2", "1"), ("2", "0"), ("2", "0")]
    assert [response.status_code for response in second] == [200, 429]
    # The limit that refuses is the one that is told.
    assert told(second[1])[0] == "3"
    assert int(second[1].headers["Retry-After"]) == 3598


# Other routes.


def test_other_routes_have_no_limit_by_default(server: Server) -> None:
    client = server.app().test_client()

    assert all(told(client.get("/")) == (None,) * 4 for _ in range(10))


def test_other_routes_count_together_by_author_or_address(server: Server, clock: Clock) -> None:
    # Of its own length, so that it is counted apart from those of other tests.
    app = server.app(ratelimit_default="3 per 5 seconds")
    client, token = app.test_client(), server.token()
    address = f"10.0.{uuid.uuid4().int % 256}.{uuid.uuid4().int % 256}"
    here = {"REMOTE_ADDR": address}

    answers = [
        client.get("/", environ_overrides=here),
        client.head("/", environ_overrides=here),
        client.options("/", environ_overrides=here),
        client.get("/problems/not_found", environ_overrides=here),
        client.get("/", environ_overrides=here),
    ]
    assert [response.status_code for response in answers] == [200, 200, 200, 200, 429]
    assert [told(response)[1] for response in answers] == ["2", "1", None, "0", "0"]
    # Probes are never limited, others are counted apart, a useless token is nobody's.
    assert client.get("/healthz", environ_overrides=here).status_code == 200
    assert told(client.get("/healthz", environ_overrides=here)) == (None,) * 4
    known = client.get("/", headers={"Authorization": token}, environ_overrides=here)
    assert told(known)[1] == "2"
    useless = client.get("/", headers={"Authorization": "reg_bad"}, environ_overrides=here)
    assert useless.status_code == 429
    # The account API keeps its own.
    assert told(asking(app, token)())[:2] == ("5", "4")


def test_nobody_to_count_on_other_routes(server: Server) -> None:
    limited = server.app(ratelimit_default="3 per minute").test_client()
    free = server.app().test_client()
    nowhere = {"REMOTE_ADDR": ""}

    assert limited.get("/", environ_overrides=nowhere).status_code == 409
    assert limited.get("/healthz", environ_overrides=nowhere).status_code == 200
    assert free.get("/", environ_overrides=nowhere).status_code == 200


# Redis that is not there.


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


@pytest.fixture
def on_redis(
    database: str, sessions: sessionmaker[Session], own_redis: RedisServer, tmp_path: Any
) -> Iterator[Server]:
    uri = own_redis.uri
    settings = Settings(database_url=database, instance_path=tmp_path, ratelimit_storage_uri=uri)
    server = Server(settings, sessions)
    yield server
    for app in server.apps:
        with app.app_context():
            db.engine.dispose()


def test_without_redis_a_process_counts_by_itself_until_it_is_back(
    on_redis: Server, own_redis: RedisServer, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    token = on_redis.token()
    ask, elsewhere = asking(on_redis.app(), token), asking(on_redis.app(), token)
    assert told(ask())[1] == "4"

    own_redis.stop()
    with caplog.at_level(logging.WARNING):
        alone = [ask() for _ in range(6)]
    assert [response.status_code for response in alone] == [200] * 5 + [429]
    assert [told(response)[1] for response in alone] == ["4", "3", "2", "1", "0", "0"]
    assert caplog.text.count("falling back to in-memory storage") == 1

    own_redis.start()
    # It is looked for now and then, not with each request.
    clock.now += 60
    assert told(ask())[1] == "4"
    assert told(elsewhere())[1] == "3"


def test_redis_that_goes_away_between_counting_and_telling(
    on_redis: Server, own_redis: RedisServer, clock: Clock
) -> None:
    app = on_redis.app(ratelimit_default="3 per 5 seconds")

    @app.get("/unplug")
    def unplug() -> str:
        own_redis.stop()
        return "unplugged"

    response = app.test_client().get("/unplug")

    assert response.text == "unplugged"
    assert told(response) == ("3", "0", str(math.ceil(clock.now + 5)), None)


def test_redis_that_was_never_there(server: Server, tmp_path: Any) -> None:
    app = server.app(ratelimit_storage_uri=f"redis+unix://{tmp_path / 'none.sock'}")
    ask = asking(app, server.token())

    assert [ask().status_code for _ in range(6)] == [200] * 5 + [429]


# Settings that are none.


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ratelimit_account", "five"),
        ("ratelimit_account", "5 per fortnight"),
        ("ratelimit_default", "-1 per second"),
        ("ratelimit_storage_uri", "memcached://localhost"),
        ("ratelimit_storage_uri", ""),
    ],
)
def test_settings_that_are_none_are_named(server: Server, name: str, value: str) -> None:
    with pytest.raises(ValueError, match=f"REGISTRY_{name.upper()}"):
        create_app(server.settings.model_copy(update={name: value}))


@pytest.mark.parametrize("policy", [policy for policy in Policy if policy is not Policy.OTHER])
def test_defaults_are_limits(policy: Policy) -> None:
    """They are not looked at when a server starts."""
    assert parse_many(policy.limit(Settings()))
