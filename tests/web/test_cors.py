"""Which pages may read answers is a setting, and none by default."""

import pytest
from werkzeug.test import TestResponse

from tests.web.conftest import MakeApp

PAGE = "https://dashboard.example.org"
ALLOW_ORIGIN = "Access-Control-Allow-Origin"


def cors_headers(response: TestResponse) -> dict[str, str]:
    return {name: value for name, value in response.headers if name.startswith("Access-Control")}


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_none_by_default(make_app: MakeApp, method: str) -> None:
    response = (
        make_app()
        .test_client()
        .open("/", method=method, headers={"Origin": PAGE, "Access-Control-Request-Method": "GET"})
    )

    assert response.status_code == 200
    assert cors_headers(response) == {}
    assert "Origin" not in response.headers.get("Vary", "")


def test_a_named_origin_may_read(make_app: MakeApp) -> None:
    client = make_app(cors_origins=(PAGE, "http://localhost:3000")).test_client()

    response = client.get("/", headers={"Origin": PAGE})

    assert response.headers[ALLOW_ORIGIN] == PAGE
    assert "Origin" in response.headers["Vary"]
    assert "Access-Control-Allow-Credentials" not in response.headers
    exposed = set(response.headers["Access-Control-Expose-Headers"].split(", "))
    assert exposed >= {
        "ETag",
        "Link",
        "Retry-After",
        "X-RateLimit-Limit",
        "X-RateLimit-Remaining",
        "X-RateLimit-Reset",
        "X-Request-Id",
    }


@pytest.mark.parametrize(
    "origin", ["https://evil.example.org", "null", PAGE + ".evil.org", PAGE.upper(), "", "*", None]
)
def test_others_may_not(make_app: MakeApp, origin: str | None) -> None:
    client = make_app(cors_origins=(PAGE,)).test_client()

    response = client.get("/", headers={} if origin is None else {"Origin": origin})

    assert cors_headers(response) == {}
    # The answer to this one must not be kept for the page that may.
    assert "Origin" in response.headers["Vary"]


def test_everybody(make_app: MakeApp) -> None:
    response = make_app(cors_origins=("*",)).test_client().get("/", headers={"Origin": PAGE})

    assert response.headers[ALLOW_ORIGIN] == "*"
    assert "Access-Control-Allow-Credentials" not in response.headers


def test_a_preflight(make_app: MakeApp) -> None:
    client = make_app(cors_origins=(PAGE,)).test_client()

    response = client.options(
        "/account/packages",
        headers={
            "Origin": PAGE,
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "authorization",
        },
    )

    assert response.status_code == 200
    assert response.data == b""
    assert set(response.headers["Access-Control-Allow-Methods"].split(", ")) == {
        "GET",
        "HEAD",
        "OPTIONS",
    }
    assert {"Authorization", "Content-Type", "If-Match", "If-None-Match"} <= set(
        response.headers["Access-Control-Allow-Headers"].split(", ")
    )
    assert int(response.headers["Access-Control-Max-Age"]) > 0


@pytest.mark.parametrize("path", ["/nothing", "/account/packages"])
def test_pages_may_read_refusals_too(make_app: MakeApp, path: str) -> None:
    response = make_app(cors_origins=(PAGE,)).test_client().get(path, headers={"Origin": PAGE})

    assert response.status_code in {401, 404}
    assert response.headers[ALLOW_ORIGIN] == PAGE
