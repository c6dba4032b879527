"""Hostile texts at every place of every route: path, query, header and body.

Whatever stands there: an answer that is documented (the client of these tests sees to that), no
word of how the server is made, nothing raw in the log, nothing touched beside the catalogue.
"""

import io
import json
import logging
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zlib import crc32

import pytest
from flask import Flask
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app import create_app
from registry.accounts.tokens import issue_token
from registry.database import make_engine
from registry.demo import make_demo
from registry.models import Author
from registry.rest.limits import Policy
from registry.rest.openapi.operation import FORM, JSON, MULTIPART, Operation
from registry.rest.openapi.operations import OPERATIONS
from registry.rules.permissions import Permission
from registry.settings import Settings
from registry.web.database import db
from tests.databases import Databases, fresh_database
from tests.documented_answers import DocumentedClient

SECRET = "of-the-webhooks"

# As they stand in JSON and forms; in addresses percent-encoded.
TEXTS = [
    "",
    "../../../../../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "/etc/passwd",
    "/dev/zero",
    "file:///etc/passwd",
    "packages/../../../etc/passwd",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "\0",
    "a\0b",
    "--upload-pack=touch owned",
    "-n",
    "HEAD@{upstream}",
    ":/.",
    "^HEAD",
    "$(touch owned)`touch owned`;|&",
    "' OR '1'='1",
    '"; DROP TABLE package; --',
    "%s%n%(x)s{0.__class__}{{7*7}}${7*7}",
    "a\r\nX-Owned: yes\r\n\r\n<script>alert(1)</script>",
    "\x1b]0;owned\x07\x1b[31m\x9b31m",
    "\u202eabc\u2066\ufeff\u2028\u2029",
    "\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
    "\N{PILE OF POO}" * 5,
    "1" * 400,
    "-1",
    "1e400",
    "NaN",
    "\N{ARABIC-INDIC DIGIT THREE}",
    "__proto__",
    "__class__.__mro__",
    "https://169.254.169.254/latest/meta-data/",
    "javascript:alert(1)",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59.999999-23:59",
    "a" * 9_000,
    # More than SQLite takes as a pattern.
    "%" * 30_000,
]
# Where a header cannot hold all that.
HEADER_TEXTS = [text for text in TEXTS if not re.search("[\0\r\n]|[^\x00-\xff]", text)]
# In an address that is not encoded, or encoded otherwise.
RAW_PATHS = [
    "%ff%fe",
    "%c0%ae%c0%ae/etc/passwd",
    "%ed%a0%80",
    "%252e%252e%252fetc%252fpasswd",
    "..",
    ".",
    "...;/etc/passwd",
    "//evil.example.com/%2e%2e",
    "a%0d%0aX-Owned:%20yes",
    "%",
    "%zz",
    "a%00",
]
# In the place of any member of a JSON body.
VALUES: list[Any] = [
    *TEXTS,
    None,
    True,
    0,
    -1,
    2**63,
    -(2**63) - 1,
    10**30,
    1.5,
    1e308,
    [],
    {},
    [None],
    [[]],
    {"__proto__": {"admin": True}},
    [[["a"]] * 3] * 200,
]

_PACKAGE, _LISTING, _VERSION = "@acme/units", "hangar.metar", "1.0.0"
# What leads to something, for the places that hold no hostile text.
PATH = {
    "name": _PACKAGE,
    "path": "libs/units",
    "package_id": _LISTING,
    "package_version": _VERSION,
    "repository": "xpkg",
    "kind": "coverage",
    "code": "not_found",
    "key": "a" * 64,
    "job_id": "a" * 32,
}
_BUILD = {"runId": "1", "status": "success", "startedAt": "2026-01-01T00:00:00Z"}
_VERSION_OF = {"packageId": _LISTING, "packageVersion": _VERSION}
_FLAGS = ("isPublic", "isStored", "supportsMacOS", "supportsWindows", "supportsLinux")
BODIES: dict[str, dict[str, Any]] = {
    "PUT /api/packages/update-config": {
        "packageName": _PACKAGE,
        "packagePath": "libs/units",
        "config": {"description": "Units."},
    },
    "PUT /api/packages/<package_name:name>/reports/<kind>": {"total": {"lines": {"pct": 5}}},
    "POST /api/packages/<package_name:name>/builds": {
        **_BUILD,
        "commit": "",
        "branch": "main",
        "finishedAt": None,
        "url": "",
    },
    "POST /api/builds": {"builds": [{**_BUILD, "packageName": _PACKAGE}]},
    "POST /api/webhooks/github": {
        "ref": "refs/heads/main",
        "deleted": False,
        "workflow_run": {"id": 1},
    },
    "POST /api/webhooks/gitlab": {
        "ref": "refs/heads/main",
        "after": "",
        "object_attributes": {"id": 1},
    },
    "PUT /account/packages/<package_id>/workspace": {"packageName": _PACKAGE},
    "POST /auth/issue": {
        "name": "Some name",
        "description": "",
        "expires": 1,
        "permissions": 2,
        "versionUploadPackages": [],
        "descriptionUpdatePackages": [],
        "updateVersionDataPackages": [],
        "viewAnalyticsPackages": [],
    },
    "POST /packages/new": {
        "packageId": "hostile.package",
        "packageName": "A hostile package",
        "packageType": "other",
        "description": "A description that is long enough.",
    },
    "PATCH /packages/description": {
        "packageId": _LISTING,
        "newDescription": "A description that is long enough.",
    },
    "PATCH /packages/incompatibilities": {**_VERSION_OF, "incompatibilities": []},
    "PATCH /packages/xpselection": {**_VERSION_OF, "xpSelection": "1-2"},
    "POST /packages/upload": {
        **_VERSION_OF,
        **dict.fromkeys(_FLAGS, "true"),
        "isPrivate": "false",
        "xpSelection": "1-",
        "dependencies": "[]",
        "incompatibilities": "[]",
        "commit": "",
        "file": "no archive",
    },
    "POST /packages/retry": {**_VERSION_OF, "file": "no archive"},
    "POST /graphql": {
        "query": "{ __typename }",
        "operationName": None,
        "variables": {},
        "extensions": {},
    },
}
HEADERS = (
    "Accept",
    "Accept-Encoding",
    "Authorization",
    "Content-Type",
    "Host",
    "If-Match",
    "If-None-Match",
    "If-Range",
    "Origin",
    "Range",
    "Sec-Fetch-Site",
    "Transfer-Encoding",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-GitHub-Event",
    "X-Gitlab-Event",
    "X-Gitlab-Token",
    "X-Hub-Signature-256",
    "X-Private-Key",
    "X-Request-Id",
)
# Routes that read headers in ways of their own.
OF_EACH_KIND = ("/api/packages", "/account/packages", "/artifacts/<key>", "/graphql", "/docs")
# Of the texts for each place, every so many are tried: all of them between the places, and each in
# each where `make torture` asks.
STEP = 1 if os.environ.get("TORTURE_EXAMPLES") else 11
# What no client needs to read: parts of tracebacks, of SQL, of the machine.
LEAK = re.compile(
    rb"Traceback|sqlalchemy|psycopg|sqlite3\.|site-packages|\.py\b|SELECT |INSERT INTO|root:x:"
)
# C0 and C1 controls, and what turns text around or ends a line elsewhere.
RAW = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Route:
    """A method of a route, as the document has it."""

    method: str
    path: str
    places: Sequence[str]
    operation: Operation

    @property
    def key(self) -> str:
        return f"{self.method} {self.path}"

    def address(self, hostile: str = "", text: str = "") -> str:
        """Make an address with a text, encoded already, in one of its places."""
        address = self.path
        for name in self.places:
            value = text if name == hostile else quote(PATH.get(name, "example"), safe="/@")
            address = re.sub(rf"<(\w+:)?{name}>", value.replace("\\", "\\\\"), address)
        return address


@dataclass
class Target:
    """The application with the demo in it, where its files are, and who asks."""

    app: Flask
    directory: Path
    token: str
    before: Mapping[str, bytes]
    failures: list[str] = field(default_factory=list)

    def routes(self) -> Iterator[Route]:
        for rule in self.app.url_map.iter_rules():
            places = sorted(rule.arguments - set(rule.defaults or {}))
            for method in rule.methods or ():
                # That all routes have one is another test's.
                if operation := OPERATIONS.get(f"{method} {rule.rule}"):
                    yield Route(method, rule.rule, places, operation)

    def ask(self, route: Route, path: str, **arguments: Any) -> None:
        headers = {"Authorization": f"Bearer {self.token}", "X-Gitlab-Token": SECRET}
        headers["X-Gitlab-Event"] = headers["X-GitHub-Event"] = "push"
        headers.update(arguments.pop("headers", {}))
        client = self.app.test_client()
        asked = f"{route.method} {path[:120]} {str(arguments)[:300]} {str(headers)[-120:]}"
        try:
            response = client.open(path, method=route.method, headers=headers, **arguments)
        except AssertionError as error:
            self.failures.append(f"{asked}: {str(error)[:300]}")
            return
        wrong = self._wrong_with(response)
        # These give files of ours, which may hold such words.
        if wrong and not route.path.startswith(("/docs", "/openapi.json", "/graphql/")):
            self.failures.append(f"{asked}: {wrong}")

    def _wrong_with(self, response: TestResponse) -> str:
        if response.status_code >= 500:
            return response.text
        if "X-Owned" in response.headers or any(RAW.search(value) for _, value in response.headers):
            return f"raw headers: {response.headers}"
        body = response.get_data()
        found = LEAK.search(body)
        if found:
            return f"leaks {found[0]!r}: {body[max(0, found.start() - 100) : found.end() + 100]!r}"
        return "leaks its directory" if str(self.directory).encode() in body else ""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def target(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Target]:
    directory = tmp_path_factory.mktemp("target")
    with fresh_database(databases, request.param) as url:
        engine = make_engine(url)
        make_demo(engine, directory)
        with Session(engine) as session:
            author = session.scalars(select(Author).order_by(Author.id)).first()
            assert author is not None
            token = issue_token(session, author, Permission.Admin, None).secret
            session.commit()
        engine.dispose()
        unlimited: dict[str, Any] = {policy.value: "" for policy in Policy}
        app = create_app(
            Settings(
                database_url=url,
                instance_path=directory / "instance",
                github_webhook_secret=SecretStr(SECRET),
                gitlab_webhook_token=SecretStr(SECRET),
                **unlimited,
            )
        )
        app.test_client_class = DocumentedClient
        yield Target(app, directory, token, files_of(directory))
        with app.app_context():
            db.engine.dispose()


def files_of(directory: Path) -> dict[str, bytes]:
    """Read what is in a directory, but for what the service and git write for themselves."""
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file() and not {"instance", ".git"} & set(path.relative_to(directory).parts)
    }


@pytest.fixture(autouse=True)
def quiet_log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """See that no line of the log holds what would break it."""
    caplog.set_level(logging.DEBUG, "registry")
    yield
    for record in caplog.records:
        assert not RAW.search(record.getMessage()), ascii(record.getMessage())


def some(texts: Sequence[Any], *place: str) -> Sequence[Any]:
    """Take all texts, or a part that is another one in each place, and all between them."""
    return texts[crc32("".join(place).encode()) % STEP :: STEP]


def test_in_every_place_of_every_path(target: Target) -> None:
    encoded = [*(quote(each, safe="") for each in TEXTS if each), *RAW_PATHS]
    for route in target.routes():
        for name in route.places:
            for text in some(encoded, route.key, name):
                target.ask(route, route.address(name, text), json=BODIES.get(route.key))
    assert target.failures == []


def test_in_every_parameter(target: Target) -> None:
    encoded = [*(quote(each, safe="") for each in TEXTS), *RAW_PATHS]
    for route in target.routes():
        for parameter in route.operation.parameters:
            if not parameter.is_header:
                name = parameter.name
                for text in some(encoded, route.key, name):
                    target.ask(route, f"{route.address()}?{name}={text}")
                target.ask(route, f"{route.address()}?{name}=a&{name}=b")
    assert target.failures == []


def test_in_every_member_of_every_body(target: Target) -> None:
    for route in target.routes():
        operation = route.operation
        content = {} if operation.body is None else operation.body.content
        body = BODIES.get(route.key, {})
        for member in [*body, "__proto__", "a\r\nX-Owned: yes"]:
            if MULTIPART in content or FORM in content:
                for text in some(TEXTS, route.key, member):
                    form = {**body, member: text}
                    if "file" in form:
                        form["file"] = (io.BytesIO(form["file"].encode()), f"{text}.zip")
                    target.ask(route, route.address(), data=form, content_type=MULTIPART)
            if content and list(content) != [MULTIPART]:
                for value in some(VALUES, route.key, member):
                    text = json.dumps({**body, member: value})
                    target.ask(route, route.address(), data=text, content_type=JSON)
    assert target.failures == []


def test_in_every_header(target: Target) -> None:
    for route in target.routes():
        # Nothing is gained by looking through the workspace a thousand times.
        if route.path.endswith("/refresh"):
            continue
        is_of_a_kind = route.path in OF_EACH_KIND
        for header in HEADERS if is_of_a_kind else some(HEADERS, route.key):
            texts = HEADER_TEXTS if is_of_a_kind else HEADER_TEXTS[-3:]
            for text in some(texts, route.key, header):
                target.ask(route, route.address(), headers={header: text})
    assert target.failures == []


def test_nothing_was_written_beside_the_catalogue(target: Target) -> None:
    """After all of the above: of the workspace, one manifest may differ."""
    before, now = target.before, files_of(target.directory)
    changed = {path for path in before.keys() | now.keys() if before.get(path) != now.get(path)}

    assert changed <= {"demo/libs/units/package.json"}
    assert not Path("owned").exists()
