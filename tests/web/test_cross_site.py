"""Open writes are not for the pages of other sites."""

import pytest
from flask import Response

from registry.web.authentication import require_write
from registry.web.json import json_response
from tests.web.conftest import MakeApp

DASHBOARD = "http://localhost:3000"


def write(make_app: MakeApp, base: str, **headers: str | None) -> tuple[int, str]:
    app = make_app(open_writes=True, cors_origins=(DASHBOARD, "*"))

    @app.post("/write")
    def write() -> Response:
        require_write()
        return json_response({"code": "written"})

    named = {name.replace("_", "-"): value for name, value in headers.items() if value is not None}
    response = app.test_client().post("/write", base_url=base, headers=named)
    assert response.json is not None
    return response.status_code, response.json["code"]


OWN = "http://127.0.0.1:5000"


@pytest.mark.parametrize(
    ("base", "origin", "site"),
    [
        # Programs say nothing of a site, whatever name they call.
        (OWN, None, None),
        ("http://registry.internal:5000", None, None),
        # A person who types an address.
        (OWN, None, "none"),
        # Our own pages: the API's page, the GraphQL explorer.
        (OWN, OWN, "same-origin"),
        (OWN, OWN, None),
        ("http://localhost:5000", "http://localhost:5000", "same-origin"),
        ("http://registry.localhost:5000", "http://registry.localhost:5000", "same-origin"),
        ("http://[::1]:5000", "http://[::1]:5000", "same-origin"),
        ("http://127.8.9.1:5000", "http://127.8.9.1:5000", "same-origin"),
        (OWN, None, "same-origin"),
        # One that the settings name.
        (OWN, DASHBOARD, "same-site"),
        (OWN, DASHBOARD, "cross-site"),
    ],
)
def test_who_may(make_app: MakeApp, base: str, origin: str | None, site: str | None) -> None:
    assert write(make_app, base, Origin=origin, Sec_Fetch_Site=site) == (200, "written")


@pytest.mark.parametrize(
    ("base", "origin", "site"),
    [
        (OWN, "https://evil.example.org", "cross-site"),
        (OWN, "https://evil.example.org", None),
        (OWN, None, "cross-site"),
        (OWN, None, "same-site"),
        # Another server of this machine is another origin.
        (OWN, "http://127.0.0.1:8000", "same-site"),
        (OWN, "http://localhost:5000", None),
        (OWN, "https://127.0.0.1:5000", None),
        # A sandboxed page, a file.
        (OWN, "null", "cross-site"),
        (OWN, "null", None),
        (OWN, "", None),
        (OWN, "*", None),
        # The page cannot set one of the two, so both must be right.
        (OWN, OWN, "cross-site"),
        (OWN, "https://evil.example.org", "same-origin"),
        # A name that its owner lets point to this machine.
        ("http://evil.example.org:5000", "http://evil.example.org:5000", "same-origin"),
        ("http://evil.example.org:5000", None, "same-origin"),
        ("http://127.0.0.1.evil.org", "http://127.0.0.1.evil.org", "same-origin"),
        ("http://localhost.evil.org", "http://localhost.evil.org", "same-origin"),
        ("http://192.168.1.7:5000", "http://192.168.1.7:5000", "same-origin"),
    ],
)
def test_who_may_not(make_app: MakeApp, base: str, origin: str | None, site: str | None) -> None:
    assert write(make_app, base, Origin=origin, Sec_Fetch_Site=site) == (403, "cross_site_write")
