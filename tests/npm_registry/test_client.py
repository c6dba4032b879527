"""Asking an npm registry: what it answers, and all that can go wrong."""

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from registry.npm_registry import Answer, NpmRegistry, RegistryTrouble
from registry.npm_registry.addresses import is_of_the_house
from registry.npm_registry.names import is_registry_name, registry_path
from registry.rules.outdated import Published
from tests.npm_registry.conftest import FaultyServer, Reply

LEFT_PAD = {
    "name": "left-pad",
    "dist-tags": {"latest": "1.3.0", "broken": 7, "gone": "9.9.9"},
    "versions": {
        "1.3.0": {"deprecated": "use padStart"},
        "1.0.0": {"deprecated": ""},
        "1.10.0": {},
        "nonsense": {},
    },
    "modified": "2020-01-01T00:00:00.000Z",
}
PUBLISHED = Published(
    latest="1.3.0",
    versions=["1.0.0", "1.3.0", "1.10.0"],
    deprecated=frozenset({"1.3.0"}),
    tags={"latest": "1.3.0"},
)

Make = Callable[..., NpmRegistry]


def packument(document: Any = LEFT_PAD, **headers: str) -> Reply:
    return Reply(json.dumps(document).encode(), headers=headers)


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def make(server: FaultyServer, pauses: list[float]) -> Iterator[Make]:
    """Make clients of the server that note their pauses instead of keeping them."""
    made = []

    def make_client(url: str = server.url, **options: Any) -> NpmRegistry:
        made.append(NpmRegistry(url, pause=pauses.append, **options))
        return made[-1]

    yield make_client
    for client in made:
        client.close()


def test_a_package(server: FaultyServer, make: Make) -> None:
    server.replies["/left-pad"] = [packument(ETag='"one"')]

    assert make().find("left-pad") == Answer(True, PUBLISHED, '"one"')

    ((_, headers),) = server.asked
    assert headers["accept"].startswith("application/vnd.npm.install-v1+json")
    assert "if-none-match" not in headers


def test_a_package_that_is_not_there(server: FaultyServer, make: Make) -> None:
    assert make().find("none") == Answer(changed=True)


def test_a_package_that_did_not_change(server: FaultyServer, make: Make) -> None:
    server.replies["/left-pad"] = [Reply(status=304)]

    assert make().find("left-pad", '"one"') == Answer(changed=False)
    assert server.asked[0][1]["if-none-match"] == '"one"'


def test_names_are_encoded_below_the_registrys_path(server: FaultyServer, make: Make) -> None:
    server.replies["/npm/@acme%2Fui"] = [packument()]

    assert make(server.url + "npm").find("@acme/ui").published == PUBLISHED
    assert make(server.url + "npm/").find("@acme/ui").published == PUBLISHED


def test_an_answer_may_be_packed(server: FaultyServer, make: Make) -> None:
    packed = gzip.compress(json.dumps(LEFT_PAD).encode())
    server.replies["/left-pad"] = [Reply(packed, headers={"Content-Encoding": "gzip"})]

    assert make().find("left-pad").published == PUBLISHED


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_registry_is_asked_again_after_the_pause_it_asks_for(
    server: FaultyServer, make: Make, pauses: list[float], status: int
) -> None:
    server.replies["/left-pad"] = [
        Reply(status=status, headers={"Retry-After": "17"}),
        packument(),
    ]

    assert make().find("left-pad").published == PUBLISHED
    assert len(pauses) == 1
    assert 16 < pauses[0] <= 17


def test_without_a_word_of_the_registry_pauses_grow(
    server: FaultyServer, make: Make, pauses: list[float]
) -> None:
    server.replies["/left-pad"] = [Reply(status=500)]

    with pytest.raises(RegistryTrouble, match="it answers 500") as trouble:
        make().find("left-pad")

    assert trouble.value.passing
    assert len(server.asked) == 4
    assert [round(pause) for pause in pauses] == [1, 2, 4]


@pytest.mark.parametrize(
    "retry_after",
    ["3600", format_datetime(datetime.now(UTC) + timedelta(hours=1)), "9" * 400],
    # Names of tests must not depend on when they are collected.
    ids=["seconds", "date", "endless"],
)
def test_who_asks_for_a_long_pause_is_left_alone(
    server: FaultyServer, make: Make, pauses: list[float], retry_after: str
) -> None:
    server.replies["/left-pad"] = [Reply(status=429, headers={"Retry-After": retry_after})]

    with pytest.raises(RegistryTrouble, match="it answers 429"):
        make().find("left-pad")

    assert len(server.asked) == 1
    assert pauses == []


@pytest.mark.parametrize("retry_after", ["soon", "-1", "²", "Mon, 99 Foo 2020 00:00:00 GMT"])
def test_a_pause_that_makes_no_sense_is_none(
    server: FaultyServer, make: Make, pauses: list[float], retry_after: str
) -> None:
    headers = {"Retry-After": retry_after.encode("latin-1").decode("latin-1")}
    server.replies["/left-pad"] = [Reply(status=429, headers=headers), packument()]

    assert make().find("left-pad").published == PUBLISHED
    assert [round(pause) for pause in pauses] == [1]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "it is not JSON"),
        (b"<html>Welcome to the hotel</html>", "it is not JSON"),
        (b"[" * 100_000, "it is not JSON"),
        (b"[]", "no object `versions`"),
        (b'{"versions": {}}', "no object `dist-tags`"),
        (b'{"versions": [], "dist-tags": {}}', "no object `versions`"),
    ],
)
def test_garbage(server: FaultyServer, make: Make, body: bytes, why: str) -> None:
    server.replies["/left-pad"] = [Reply(body)]

    with pytest.raises(RegistryTrouble, match=why) as trouble:
        make().find("left-pad")

    assert not trouble.value.passing
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 418])
def test_a_refusal(server: FaultyServer, make: Make, status: int) -> None:
    server.replies["/left-pad"] = [Reply(status=status)]

    with pytest.raises(RegistryTrouble, match=f"it answers {status}"):
        make().find("left-pad")

    assert len(server.asked) == 1


@pytest.mark.parametrize("packed", [False, True])
def test_an_answer_that_is_too_large(server: FaultyServer, make: Make, packed: bool) -> None:
    body = b" " * 10_000_000
    headers = {"Content-Encoding": "gzip"} if packed else {}
    server.replies["/left-pad"] = [Reply(gzip.compress(body) if packed else body, headers=headers)]

    with pytest.raises(RegistryTrouble, match="too large"):
        make(most_bytes=100_000).find("left-pad")


def test_an_answer_that_takes_too_long(server: FaultyServer, make: Make) -> None:
    server.replies["/left-pad"] = [packument()]

    with pytest.raises(RegistryTrouble, match="takes too long"):
        make(answer_seconds=-1).find("left-pad")


def test_an_answer_that_breaks_off(server: FaultyServer, make: Make) -> None:
    server.replies["/left-pad"] = [Reply(b'{"versions', breaks_off=True), packument()]

    assert make().find("left-pad").published == PUBLISHED


def test_packed_garbage(server: FaultyServer, make: Make) -> None:
    server.replies["/left-pad"] = [Reply(b"no gzip", headers={"Content-Encoding": "gzip"})]

    with pytest.raises(RegistryTrouble, match="breaks off"):
        make().find("left-pad")


def test_a_redirect_on_the_same_host(server: FaultyServer, make: Make) -> None:
    server.replies["/left-pad"] = [Reply(status=302, headers={"Location": "/else/left-pad"})]
    server.replies["/else/left-pad"] = [packument()]

    assert make().find("left-pad").published == PUBLISHED


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://localhost:{port}/left-pad",
        "http://127.0.0.1:1/left-pad",
        "https://127.0.0.1:{port}/left-pad",
        "//example.org/left-pad",
        "file:///etc/passwd",
        "http://[::1",
        "",
    ],
)
def test_a_redirect_to_another_host(server: FaultyServer, make: Make, location: str) -> None:
    location = location.format(port=server.port)
    server.replies["/left-pad"] = [Reply(status=302, headers={"Location": location})]

    with pytest.raises(RegistryTrouble, match="another host"):
        make().find("left-pad")

    assert len(server.asked) == 1


def test_redirects_without_end(server: FaultyServer, make: Make) -> None:
    server.replies["/left-pad"] = [Reply(status=302, headers={"Location": "/left-pad"})]

    with pytest.raises(RegistryTrouble, match="without end"):
        make().find("left-pad")


def test_nobody_there(make: Make, pauses: list[float]) -> None:
    # Port 1 is reserved, and nobody listens there.
    with pytest.raises(RegistryTrouble, match="cannot be reached") as trouble:
        make("http://127.0.0.1:1/").find("left-pad")

    assert trouble.value.passing
    assert len(pauses) == 3


def test_a_name_of_the_world_that_leads_into_the_house(
    server: FaultyServer, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.replies["/left-pad"] = [packument()]
    monkeypatch.setattr(
        "socket.getaddrinfo",
        lambda *_args, **_options: [(2, 1, 6, "", ("127.0.0.1", server.port))],
    )
    url = f"http://npm.example.com:{server.port}/"

    with pytest.raises(RegistryTrouble, match="REGISTRY_NPM_REGISTRY_PRIVATE=true") as trouble:
        make(url).find("left-pad")
    # To ask again would lead there again.
    assert not trouble.value.passing
    assert server.asked == []

    assert make(url, private=True).find("left-pad").published == PUBLISHED


@pytest.mark.parametrize(
    ("host", "of_the_house"),
    [
        ("localhost", True),
        ("LOCALHOST.", True),
        ("verdaccio", True),
        ("npm.local", True),
        ("npm.corp.internal", True),
        ("127.0.0.1", True),
        ("10.1.2.3", True),
        ("169.254.169.254", True),
        ("[::1]", True),
        ("fd00::1", True),
        ("npm.example.com", False),
        ("93.184.215.14", False),
        ("2606:2800:21f::1", False),
        ("notlocal", True),
        ("example.notlocal", False),
    ],
)
def test_hosts(host: str, of_the_house: bool) -> None:
    assert is_of_the_house(host) is of_the_house


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("left-pad", "left-pad"),
        ("@acme/ui", "@acme%2Fui"),
        ("JSONStream", "JSONStream"),
        ("lodash.get", "lodash.get"),
    ],
)
def test_names(name: str, path: str) -> None:
    assert is_registry_name(name)
    assert registry_path(name) == path


@pytest.mark.parametrize(
    "name",
    [
        *("", "..", ".", "../x", "a/b", "@a/b/c", "@/x", "@a/", "@a/../b", ".hidden"),
        *("a b", "a\nb", "a?b", "a#b", "a%2fb", "a\0", "é", "x" * 215),
    ],
)
def test_what_is_no_name(name: str) -> None:
    assert not is_registry_name(name)
