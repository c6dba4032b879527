"""Commits, health, search and stats, as the contract has them (section 2)."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from registry.settings import Settings
from tests.repositories import WorkTree


@pytest.fixture
def settings(workspace_settings: Settings) -> Settings:
    return workspace_settings


def get(client: FlaskClient, address: str) -> Any:
    response = client.get(address)
    assert response.status_code == 200, response.get_json()
    return response.get_json()


@pytest.mark.parametrize("path", ["packages/one", "packages%2Fone", "packages/one/"])
def test_commits(catalogued: FlaskClient, tree: WorkTree, path: str) -> None:
    commits = get(catalogued, f"/api/commits/{path}")

    expected = tree.git("log", "--full-history", "--no-merges", "--format=%H", "--", "packages/one")
    assert [commit["hash"] for commit in commits] == expected.split()
    assert commits[0] == {
        "hash": expected.split()[0],
        "author": "Ada Lovelace",
        "packageName": "@acme/one",
        "date": "2020-09-13T12:29:40.000Z",
        "message": "chore(release): 1.1.0",
        "type": "chore",
    }


def test_commits_in_pages(shared: FlaskClient) -> None:
    everything = get(shared, "/api/commits/packages/one")
    first = get(shared, "/api/commits/packages/one?limit=1")
    rest = get(shared, f"/api/commits/packages/one?before={first[0]['hash']}")
    assert first + rest == everything


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("packages/nothing", 404),
        ("packages", 404),
        ("..%2Fpackages%2Fone", 404),
        ("%2Fetc%2Fpasswd", 404),
        ("packages/one?before=HEAD", 400),
        ("packages/one?limit=0", 400),
    ],
)
def test_commits_refused(shared: FlaskClient, address: str, status: int) -> None:
    assert shared.get(f"/api/commits/{address}").status_code == status


def test_commits_of_a_root_package(client: FlaskClient, tree: WorkTree) -> None:
    tree.write("package.json", {"name": "alone", "version": "1.0.0"})
    tree.commit("feat: alone")
    client.post("/api/packages/refresh")

    commits = get(client, "/api/commits/")

    assert commits[0]["packageName"] == "alone"
    assert len(commits) == 5


def test_health(catalogued: FlaskClient) -> None:
    unmeasured = {
        "buildStatus": "unknown",
        "testCoverage": None,
        "lintStatus": "unknown",
        "securityAudit": "unknown",
        "overallScore": 30,
    }
    one = {"packageName": "@acme/one", "health": unmeasured, "isHealthy": False}

    everything = get(catalogued, "/api/health/packages")

    assert everything["packages"][0] == one
    assert everything["summary"] == {
        "total": 2,
        "healthy": 0,
        "unhealthy": 2,
        "averageScore": 30,
    }
    explained = get(catalogued, "/api/health/packages/@acme/one")
    assert {key: explained[key] for key in one} == one
    assert list(explained)[:3] == list(one)
    assert explained["points"] == {"build": 10, "coverage": 0, "lint": 10, "security": 10}
    assert explained["confidence"] == 0
    assert catalogued.post("/api/health/refresh").get_json() == everything
    assert catalogued.get("/api/health/packages/nothing").status_code == 404


def test_health_of_nothing(client: FlaskClient) -> None:
    summary = {"total": 0, "healthy": 0, "unhealthy": 0, "averageScore": None}
    assert get(client, "/api/health/packages") == {"packages": [], "summary": summary}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["@acme/one", "two"]),
        ("q=one", ["@acme/one"]),
        ("q=one&status=error", ["@acme/one"]),
        ("status=healthy", []),
        ("status=warning", []),
        ("type=service", []),
    ],
)
def test_search(shared: FlaskClient, query: str, names: list[str]) -> None:
    packages = get(shared, f"/api/search?{query}")["packages"]
    assert [package["name"] for package in packages] == names


def test_search_refuses_what_is_no_status(shared: FlaskClient) -> None:
    assert shared.get("/api/search?status=fine").status_code == 400


def test_stats(catalogued: FlaskClient, tree: WorkTree) -> None:
    stats = get(catalogued, "/api/stats")
    assert stats["packages"] == 2
    assert stats["packagesByType"] == {"app": 0, "lib": 2, "tool": 0, "service": 0}
    assert (stats["commits"], stats["versions"], stats["dependencies"]) == (4, 3, 2)
    assert stats["workspace"]["branch"] == "main"
    assert stats["workspace"]["head"] == tree.git("rev-parse", "HEAD")
    assert str(tree.path) not in str(stats)


@pytest.mark.parametrize("path", ["/api/packages", "/api/search"])
def test_what_is_looked_for_has_an_end(client: FlaskClient, path: str) -> None:
    # Each is two characters of a pattern, of which SQLite takes 50,000.
    for length, status in ((1_000, 200), (1_001, 400), (30_000, 400)):
        assert client.get(path, query_string={"q": "%" * length}).status_code == status
