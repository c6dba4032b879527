"""A workspace that somebody made to do harm, catalogued and then asked for through every door.

Its names, people, messages, branches and tags are hostile, its links and pipes lead elsewhere.
Nothing fails, nothing from beside it is shown, and nothing of it is run.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from registry.accounts.authors import create_author
from registry.accounts.tokens import issue_token
from registry.refresh import refresh_workspace
from registry.rules.permissions import Permission
from registry.settings import Settings
from tests.repositories import WorkTree

NAMES = [
    "../../../etc/passwd",
    "..",
    "a\r\nX-Owned: yes",
    "\x1b]0;owned\x07",
    "\u202egnp.exe",
    "\N{PILE OF POO}",
    "<script>alert(1)</script>",
    "' OR '1'='1",
    '"; DROP TABLE package; --',
    "%s%n{0.__class__}${7*7}",
    "--upload-pack=touch owned",
    "refresh",
    "update-config",
    "@evil/x/builds",
    "__proto__",
    'a"];b->c;//',
    "x" * 300,
]
MESSAGE = "<img src=x onerror=alert(1)>\r\n\x1b[31m\u202e' OR 1=1 --\n\nbody\x00".replace(
    "\x00", ""
)
SECRET = "what lies beside the workspace"
MARKER = "owned"


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the directory that nothing may be read from or written to."""
    directory = tmp_path_factory.mktemp("outside")
    (directory / "package.json").write_text(f'{{"name": "outside", "description": "{SECRET}"}}')
    (directory / "coverage-summary.json").write_text('{"total": {"lines": {"pct": 98.7654}}}')
    return directory


@pytest.fixture
def workspace(tmp_path: Path, outside: Path) -> WorkTree:
    tree = WorkTree(tmp_path / "workspace")
    tree.write("package.json", {"name": "root", "private": True, "workspaces": ["packages/*"]})
    for number, name in enumerate(NAMES):
        tree.package(
            f"packages/p{number}",
            name=name,
            version="1.0.0",
            description=name,
            license=name,
            homepage="javascript:alert(1)",
            repository={"type": "git", "url": f"https://{MARKER}@169.254.169.254/{name}"},
            scripts={"preinstall": f"touch {MARKER}", name: f"touch {MARKER}"},
            dependencies={NAMES[number - 1]: "*", "../../..": "file:///etc/passwd", name: name},
            maintainers=[name, {"name": name, "url": "file:///etc/passwd"}],
        )
    evil = tree.path / "packages"
    for link, target in (
        ("linked", outside),
        ("dotted", Path("../../outside")),
        ("proc", Path("/proc/self")),
        ("loop", Path("loop")),
    ):
        (evil / link).symlink_to(target)
    (evil / "p0/coverage").symlink_to(outside)
    (evil / "file").mkdir()
    (evil / "file/package.json").symlink_to(outside / "package.json")
    tree.git("config", "user.name", "x")
    tree.commit(MESSAGE, GIT_AUTHOR_NAME="Eve <script>\x1b[31m", GIT_AUTHOR_EMAIL="a@b\u202e")
    tree.git("tag", "--", "v1.0.0")
    tree.git("checkout", "--quiet", "-b", "x$(touch${IFS}owned)`'\";|&{}<script>")
    # Now that no git of ours comes by any more.
    tree.git("config", "core.fsmonitor", f"touch {MARKER}")
    # Git keeps no pipes.
    (evil / "pipe").mkdir()
    os.mkfifo(evil / "pipe/package.json")
    os.mkfifo(evil / "p1/coverage")
    return tree


@pytest.fixture
def settings(database_url: str, tmp_path: Path, workspace: WorkTree) -> Settings:
    return Settings(
        database_url=database_url, instance_path=tmp_path / "instance", workspace=workspace.path
    )


def test_every_door_stands(
    client: FlaskClient, engine: Engine, workspace: WorkTree, outside: Path, tmp_path: Path
) -> None:
    report = refresh_workspace(engine, workspace.path)
    with Session(engine) as session:
        author = create_author(session, "Ada")
        token = issue_token(session, author, Permission.Admin, None).secret
        session.commit()
    headers = {"Authorization": f"Bearer {token}"}
    before = {path: path.read_bytes() for path in outside.iterdir()}

    def ask(method: str, path: str, **arguments: Any) -> str:
        response = client.open(path, method=method, headers=headers, **arguments)
        assert response.status_code < 500, (method, path, response.text)
        assert "X-Owned" not in response.headers
        for hidden in (SECRET, "98.7654", str(outside), str(tmp_path), "root:x:"):
            assert hidden not in response.text, (method, path)
        return response.text

    listed = ask("GET", "/api/packages")
    assert report.packages > 10
    assert "outside" not in listed
    for way in ("json", "mermaid", "dot", "svg"):
        drawn = ask("GET", f"/api/dependencies/graph?format={way}")
        # The others are texts, which no browser takes for anything else.
        assert way != "svg" or "<script" not in drawn.lower()
    for path in ("/api/health/packages", "/api/issues", "/api/stats", "/api/affected?since=v1.0.0"):
        ask("GET", path)
    for number, name in enumerate(NAMES):
        _ask_of_package(ask, quote(name, safe=""))
        ask("GET", f"/api/commits/packages/p{number}")
        ask("GET", "/api/search", query_string={"q": name})
        ask("GET", "/api/affected", query_string={"since": name})
        ask("GET", "/api/dependencies/graph", query_string={"package": name, "format": "dot"})
    for name in NAMES[:2]:
        config = {"packageName": name, "config": {"description": "mended"}}
        ask("PUT", "/api/packages/update-config", json=config)
    query = """{ packages(first: 50) { nodes { name description path license
      commits(first: 2) { nodes { author message } } dependencies(first: 5) { nodes { name } }
      issues { message } } } }"""
    assert '"errors"' not in ask("POST", "/graphql", json={"query": query})
    ask("POST", "/api/packages/refresh")

    assert {path: path.read_bytes() for path in outside.iterdir()} == before
    assert list(tmp_path.rglob(MARKER)) == []
    assert not Path(MARKER).exists()


def _ask_of_package(ask: Callable[..., str], name: str) -> None:
    for run in ("1", "2"):
        build = {"runId": run, "status": "success", "startedAt": f"2026-01-0{run}T00:00:00Z"}
        ask("POST", f"/api/packages/{name}/builds", json=build)
    for below in ("", "/dependents", "/reports", "/health/history", "/builds?limit=1"):
        ask("GET", f"/api/packages/{name}{below}")
    badge = ask("GET", f"/api/packages/{name}/badge.svg")
    assert "<script" not in badge
    ask("GET", f"/api/health/packages/{name}")
