"""The explorer's page and files as a browser gets them, and where the files come from."""

import re
import tarfile
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import create_app
from graphql_schema.explorer.assets import ASSETS, Asset, integrity_of
from graphql_schema.explorer.fetch import FetchError, NpmUnavailable, fetch_assets
from registry.settings import Settings
from tests.databases import Databases

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
OWN_FILES = ("explorer.css", "explorer.js")


@pytest.fixture
def settings(databases: Databases, tmp_path: Path) -> Settings:
    """Override: the page has nothing to do with the kind of database."""
    return Settings(database_url=databases.make("sqlite"), instance_path=tmp_path / "instance")


@pytest.fixture
def vendor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have the files looked for in an empty folder."""
    vendor = tmp_path / "vendor"
    vendor.mkdir()
    monkeypatch.setattr("graphql_schema.explorer.view.VENDOR", vendor)
    return vendor


@pytest.fixture
def built_in(vendor: Path) -> Path:
    """Put something in the place of each file."""
    for asset in ASSETS:
        asset.file(vendor).parent.mkdir(parents=True, exist_ok=True)
        asset.file(vendor).write_text(f"/* {asset.name} */")
    return vendor


def look(client: FlaskClient) -> TestResponse:
    return client.get("/graphql", headers={"Accept": BROWSER})


def policy(page: TestResponse) -> dict[str, set[str]]:
    """Read the page's Content-Security-Policy: the sources of each directive."""
    directives = page.headers["Content-Security-Policy"].split("; ")
    return {name: set(sources) for name, *sources in map(str.split, directives)}


def addresses(page: TestResponse) -> list[str]:
    return re.findall(r'(?:src|href)="([^"]+)"', page.text.partition("<noscript>")[0]) + (
        re.findall(r'src="([^"]+)"', page.text.partition("</noscript>")[2])
    )


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (BROWSER, "text/html"),
        ("text/html", "text/html"),
        ("*/*", "application/json"),
        (None, "application/json"),
        ("application/json", "application/json"),
        ("application/json, text/html;q=0.5", "application/json"),
        ("application/graphql-response+json, text/html;q=0.9", "application/graphql-response+json"),
    ],
)
def test_only_who_prefers_html_gets_the_page(
    client: FlaskClient, accept: str | None, kind: str
) -> None:
    answer = client.get("/graphql", headers={"Accept": accept} if accept else {})

    assert answer.mimetype == kind
    assert "Accept" in answer.vary


def test_a_query_in_the_address_is_answered_even_to_a_browser(client: FlaskClient) -> None:
    answer = client.get("/graphql?query={__typename}", headers={"Accept": BROWSER})

    assert answer.json == {"data": {"__typename": "Query"}, "extensions": {"cost": 0}}


@pytest.mark.usefixtures("built_in")
def test_with_its_files_built_in_the_page_names_no_other_host(client: FlaskClient) -> None:
    page = look(client)

    assert page.status_code == 200
    assert "://" not in page.text
    assert "://" not in page.headers["Content-Security-Policy"]
    assert 'id="notice"' not in page.text


@pytest.mark.usefixtures("built_in")
def test_every_address_in_the_page_leads_to_a_file_of_the_right_kind(client: FlaskClient) -> None:
    found = [address for address in addresses(look(client)) if address != "data:,"]

    assert len(found) == len(ASSETS) + len(OWN_FILES)
    for address in found:
        answer = client.get(address)
        assert answer.status_code == 200
        assert answer.mimetype == ("text/css" if address.endswith(".css") else "text/javascript")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.usefixtures("vendor")
def test_without_them_it_says_so_and_takes_each_from_the_cdn(client: FlaskClient) -> None:
    page = look(client)

    assert "make explorer" in page.text
    for asset in ASSETS:
        assert f'"{asset.cdn_url}" integrity="{asset.integrity}" crossorigin' in page.text
        directive = "style-src" if asset.is_style else "script-src"
        assert asset.cdn_url in policy(page)[directive]


def test_some_of_them_are_as_good_as_none(client: FlaskClient, built_in: Path) -> None:
    ASSETS[-1].file(built_in).unlink()

    assert "make explorer" in look(client).text


@pytest.mark.parametrize("state", ["built_in", "vendor"])
def test_the_policy_lets_nothing_else_run(
    client: FlaskClient, state: str, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue(state)
    page = look(client)
    found = policy(page)

    assert found["default-src"] == found["base-uri"] == found["frame-ancestors"] == {"'none'"}
    assert found["connect-src"] == {"'self'"}
    assert not re.search(r"'unsafe|'nonce|\*|[^/]https:( |$)", str(page.headers))
    # No script or style of the page is inline, none is without its digest but our own.
    assert re.findall(r"<script(?![^>]* src=)|<style| style=| on\w+=", page.text) == []
    assert page.text.count("integrity=") == len(ASSETS)
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.usefixtures("built_in")
def test_files_of_a_version_are_kept_for_ever_and_the_others_asked_for_each_time(
    client: FlaskClient,
) -> None:
    for asset in ASSETS:
        answer = client.get(f"/graphql/explorer/{asset.name}")
        assert answer.text == f"/* {asset.name} */"
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    for name in OWN_FILES:
        answer = client.get(f"/graphql/explorer/{name}")
        again = client.get(
            f"/graphql/explorer/{name}", headers={"If-None-Match": answer.headers["ETag"]}
        )
        assert answer.headers["Cache-Control"] == "no-cache"
        assert again.status_code == 304


@pytest.mark.parametrize(
    "name",
    [
        "view.py",
        "explorer.html",
        "flagship.graphql",
        "../view.py",
        "%2e%2e/view.py",
        "..%2f..%2fschema.py",
        "vendor/react@18.2.0/umd/react.production.min.js",
        "react@18.2.0/LICENSE",
        "react@18.2.0/umd/../../../view.py",
        "react@18.2.0/umd/react.production.min.js/",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "",
    ],
)
@pytest.mark.usefixtures("built_in")
def test_nothing_but_its_files_is_served(client: FlaskClient, name: str) -> None:
    answer = client.get(f"/graphql/explorer/{name}")

    assert answer.status_code == 404
    assert answer.mimetype == "application/problem+json"


def test_it_can_be_switched_off(settings: Settings) -> None:
    client = create_app(settings.model_copy(update={"graphql_explorer": False})).test_client()

    assert look(client).mimetype == "application/json"
    assert client.get("/graphql/explorer/explorer.js").status_code == 404


PAGE_ONE = Asset("@acme/one", "1.0.0", "dist/a.js", integrity_of(b"one"))
PAGE_TWO = Asset("@acme/one", "1.0.0", "b.css", integrity_of(b"two"))


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put an npm on the path that packs what is in the folder, whatever it is asked for."""
    package = tmp_path / "package"
    (package / "dist").mkdir(parents=True)
    (package / "dist" / "a.js").write_bytes(b"one")
    (package / "b.css").write_bytes(b"two")
    (package / "LICENSE").write_bytes(b"as you like")
    binaries = tmp_path / "bin"
    binaries.mkdir()
    (binaries / "npm").write_text(f"#!/bin/sh\n/bin/cp {tmp_path}/*.tgz .\n")
    (binaries / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", str(binaries))
    return package


def pack(package: Path) -> None:
    with tarfile.open(package.parent / "one.tgz", "w:gz") as archive:
        archive.add(package, "package")


def test_files_are_fetched_with_their_licence(npm: Path, tmp_path: Path) -> None:
    pack(npm)
    vendor = tmp_path / "vendor"

    fetch_assets(vendor, [PAGE_ONE, PAGE_TWO])

    assert PAGE_ONE.file(vendor).read_bytes() == b"one"
    assert PAGE_TWO.file(vendor).read_bytes() == b"two"
    assert (vendor / "@acme/one@1.0.0" / "LICENSE").read_bytes() == b"as you like"


@pytest.mark.parametrize("content", [b"another", None])
def test_another_file_than_the_pinned_one_is_not_taken(
    npm: Path, tmp_path: Path, content: bytes | None
) -> None:
    (npm / "b.css").unlink()
    if content:
        (npm / "b.css").write_bytes(content)
    pack(npm)
    vendor = tmp_path / "vendor"
    vendor.mkdir()
    (vendor / "what-was-there").touch()

    with pytest.raises(FetchError, match=r"b\.css"):
        fetch_assets(vendor, [PAGE_ONE, PAGE_TWO])

    assert [file.name for file in vendor.iterdir()] == ["what-was-there"]


@pytest.mark.usefixtures("npm")
def test_an_npm_that_fails_is_told_with_what_it_said(tmp_path: Path) -> None:
    with pytest.raises(NpmUnavailable, match=r"could not get @acme/one@1\.0\.0:\n.*cp:"):
        fetch_assets(tmp_path / "vendor", [PAGE_ONE])


def test_without_npm_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(NpmUnavailable, match=r"install Node\.js"):
        fetch_assets(tmp_path / "vendor")
