"""The page at `/docs`: served from here alone, and working under its policy in a real browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.graphql_schema.browser import EXECUTABLE, Browser, start_browser
from tests.rest.openapi.conftest import Served

OPERATION = "document.querySelector('#operations-Packages-list_packages')"


def test_the_page_and_its_files(client: FlaskClient) -> None:
    page = client.get("/docs")
    files = {
        name: client.get(f"/docs/{name}")
        for name in (
            "page.css",
            "start.js",
            "favicon-32x32.png",
            "swagger-ui.css",
            "swagger-ui-bundle.js",
        )
    }

    assert page.mimetype == "text/html"
    for name, file in files.items():
        assert file.status_code == 200
        assert f'"/docs/{name}"' in page.text
        assert file.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "name", ["index.html", "oauth2-redirect.html", "..%2Fdocs.py", "%2Fetc%2Fpasswd", "LICENSE"]
)
def test_no_other_file_is_served(client: FlaskClient, name: str) -> None:
    assert client.get(f"/docs/{name}").status_code == 404


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    if EXECUTABLE is None:
        pytest.skip("there is no Chromium here")
    with start_browser(EXECUTABLE, tmp_path / "profile") as browser:
        yield browser


@pytest.mark.parametrize("served", ["sqlite"], indirect=True)
def test_an_operation_can_be_tried_and_nobody_else_is_asked(
    browser: Browser, served: Served
) -> None:
    browser.open(f"{served.address}/docs")
    browser.wait_for(OPERATION)
    for button in (".opblock-summary-control", ".try-out__btn", ".execute"):
        browser.wait_for(f"{OPERATION}.querySelector('{button}')")
        browser.evaluate(f"{OPERATION}.querySelector('{button}').click()")
    browser.wait_for(f"{OPERATION}.querySelector('.live-responses-table')")
    answer = browser.evaluate(f"{OPERATION}.querySelector('.live-responses-table').innerText")

    browser.evaluate("document.querySelector('.btn.authorize').click()")
    browser.wait_for("document.querySelector('.modal-ux input')")

    assert "@acme/accounts" in answer
    assert browser.complaints() == []
    own = (served.address, "data:", "blob:")
    assert [url for url in browser.requested() if not url.startswith(own)] == []
