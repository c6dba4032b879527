"""The dependency graph, dependents, and what a change affects, over REST and GraphQL alike."""

import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from registry.dependencies import drawing
from registry.settings import Settings
from tests.repositories import WorkTree

HOSTILE = 'x"] --> <b>&amp;`\\#`'


@pytest.fixture
def tree(tmp_path: Path) -> WorkTree:
    """Make `site` -> `ui` -> `icons`, `ui` and `theme` in a circle, and `alone`."""
    tree = WorkTree(tmp_path / "acme")
    tree.write("package.json", {"name": "root", "private": True, "workspaces": ["packages/*"]})
    tree.package("packages/alone", name="alone", version="1.0.0")
    tree.package("packages/icons", name="@acme/icons", version="1.0.0")
    tree.package(
        "packages/site",
        name="site",
        version="1.0.0",
        dependencies={"ui": "^1.0.0", "vue": "^3.0.0"},
        devDependencies={"ui": "^1.0.0"},
    )
    tree.package("packages/theme", name="theme", version="1.0.0", peerDependencies={"ui": "^1.0.0"})
    tree.package(
        "packages/ui",
        name="ui",
        version="1.0.0",
        dependencies={"@acme/icons": "^1.0.0", "theme": "^1.0.0"},
    )
    tree.commit("feat: begin")
    return tree


@pytest.fixture
def settings(workspace_settings: Settings) -> Settings:
    return workspace_settings


def get(client: FlaskClient, address: str) -> Any:
    response = client.get(address)
    assert response.status_code == 200, response.get_json()
    return response.get_json()


def refused(client: FlaskClient, address: str) -> tuple[int, str]:
    response = client.get(address)
    return response.status_code, response.get_json()["code"]


def edge(source: str, target: str, kind: str) -> dict[str, str]:
    return {"from": source, "to": target, "type": kind}


ICONS = edge("ui", "@acme/icons", "dependency")
THEME = edge("ui", "theme", "dependency")
BACK = edge("theme", "ui", "peerDependency")
SITE = edge("site", "ui", "dependency")
SITE_DEV = edge("site", "ui", "devDependency")


def test_graph(catalogued: FlaskClient) -> None:
    graph = get(catalogued, "/api/dependencies/graph")

    assert list(graph) == ["nodes", "edges", "cycles"]
    assert [node["name"] for node in graph["nodes"]] == [
        "@acme/icons",
        "alone",
        "site",
        "theme",
        "ui",
    ]
    assert graph["nodes"][0] == {"name": "@acme/icons", "type": "lib"}
    assert graph["edges"] == [SITE, SITE_DEV, BACK, ICONS, THEME]
    assert graph["cycles"] == [["theme", "ui"]]


def test_graph_is_the_same_over_graphql(catalogued: FlaskClient) -> None:
    query = "{ dependencyGraph { nodes { name type } edges { from to type } cycles } }"
    answer = catalogued.post("/graphql", json={"query": query}).get_json()

    graph = answer["data"]["dependencyGraph"]
    graph["edges"].sort(key=lambda each: (each["from"], each["to"], each["type"]))
    assert graph == get(catalogued, "/api/dependencies/graph")


def test_graph_around_a_package(catalogued: FlaskClient) -> None:
    graph = get(catalogued, "/api/dependencies/graph?package=@acme/icons")

    assert [node["name"] for node in graph["nodes"]] == ["@acme/icons", "ui"]
    assert graph["edges"] == [ICONS]
    assert graph["cycles"] == []
    assert get(catalogued, "/api/dependencies/graph?package=alone")["edges"] == []
    assert refused(catalogued, "/api/dependencies/graph?package=none") == (404, "package_not_found")


def test_graph_of_some_sections(catalogued: FlaskClient) -> None:
    graph = get(catalogued, "/api/dependencies/graph?type=devDependency,peerDependency")

    assert graph["edges"] == [SITE_DEV, BACK]
    assert graph["cycles"] == []
    assert refused(catalogued, "/api/dependencies/graph?type=dev") == (400, "invalid_input")


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/html,*/*;q=0.8", "application/json"),
        ("application/vnd.mermaid", "application/vnd.mermaid"),
        ("text/vnd.graphviz", "text/vnd.graphviz"),
        ("image/svg+xml, application/json;q=0.5", "image/svg+xml"),
        ("image/png", "application/json"),
    ],
)
def test_format_by_accept(catalogued: FlaskClient, accept: str, media_type: str) -> None:
    response = catalogued.get("/api/dependencies/graph", headers={"Accept": accept})

    assert response.mimetype == media_type
    assert "Accept" in response.headers["Vary"]
    again = catalogued.get(
        "/api/dependencies/graph",
        headers={"Accept": accept, "If-None-Match": response.headers["ETag"]},
    )
    assert again.status_code == 304
    other = catalogued.get(
        "/api/dependencies/graph?format=dot",
        headers={"Accept": accept, "If-None-Match": response.headers["ETag"]},
    )
    assert other.status_code == 200


def test_one_formats_etag_is_not_anothers(catalogued: FlaskClient) -> None:
    tag = catalogued.get("/api/dependencies/graph").headers["ETag"]

    answer = catalogued.get(
        "/api/dependencies/graph",
        headers={"Accept": "text/vnd.graphviz", "If-None-Match": tag},
    )

    assert answer.status_code == 200


def test_mermaid(catalogued: FlaskClient) -> None:
    response = catalogued.get("/api/dependencies/graph?format=mermaid&package=theme")

    assert response.get_data(as_text=True) == (
        "flowchart LR\n"
        '  n0["theme"]\n'
        '  n1["ui"]\n'
        "  n0 -.->|peer| n1\n"
        "  n1 --> n0\n"
        "  linkStyle 0,1 stroke:#c62828\n"
    )


def test_dot(catalogued: FlaskClient) -> None:
    response = catalogued.get("/api/dependencies/graph?format=dot&type=dependency&package=ui")

    assert response.get_data(as_text=True) == (
        "digraph dependencies {\n"
        "  rankdir=LR\n"
        "  node [shape=box]\n"
        '  n0 [label="@acme/icons"]\n'
        '  n1 [label="site"]\n'
        '  n2 [label="theme"]\n'
        '  n3 [label="ui"]\n'
        "  n1 -> n3 [style=solid]\n"
        "  n3 -> n0 [style=solid]\n"
        "  n3 -> n2 [style=solid]\n"
        "}\n"
    )


def test_svg(catalogued: FlaskClient) -> None:
    response = catalogued.get("/api/dependencies/graph?format=svg")

    assert response.mimetype == "image/svg+xml"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert {"@acme/icons", "alone", "site", "theme", "ui"} <= texts(response.get_data())


def test_hostile_names_mean_nothing_in_any_format(catalogued: FlaskClient, tree: WorkTree) -> None:
    tree.package("packages/hostile", name=HOSTILE, version="1.0.0")
    tree.package("packages/end", name="end\n];\x1b<script>", version="1.0.0")
    catalogued.post("/api/packages/refresh")

    mermaid = catalogued.get("/api/dependencies/graph?format=mermaid").get_data(as_text=True)
    svg = catalogued.get("/api/dependencies/graph?format=svg").get_data()

    labels = [line for line in mermaid.splitlines() if "[" in line]
    assert len(labels) == 7
    for label in labels:
        inside = label.partition('["')[2].removesuffix('"]')
        assert not set(inside) & set('"<>&`\\[]{}()\n')
    # What Graphviz read of our text, and drew, is the name as it is.
    assert HOSTILE in texts(svg)
    assert "end\ufffd];\ufffd<script>" in texts(svg)


def texts(svg: bytes) -> set[str]:
    root = ET.fromstring(svg)  # noqa: S314 -- our own answer
    return {"".join(each.itertext()) for each in root.iter("{http://www.w3.org/2000/svg}text")}


def test_a_graph_too_large_to_draw(
    catalogued: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "MOST_EDGES", 4)

    assert refused(catalogued, "/api/dependencies/graph?format=svg") == (400, "graph_too_large")


def test_a_drawing_that_takes_too_long_is_given_up(
    catalogued: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "_SECONDS", 0.001)

    assert refused(catalogued, "/api/dependencies/graph?format=svg") == (503, "drawing_failed")


def test_dependents(catalogued: FlaskClient) -> None:
    assert get(catalogued, "/api/packages/ui/dependents") == {
        "packageName": "ui",
        "dependents": [
            {
                "name": "site",
                "direct": True,
                "types": ["dependency", "devDependency"],
                "through": ["site", "ui"],
            },
            {
                "name": "theme",
                "direct": True,
                "types": ["peerDependency"],
                "through": ["theme", "ui"],
            },
        ],
    }


@pytest.mark.parametrize("name", ["@acme/icons", "@acme%2Ficons"])
def test_transitive_dependents(catalogued: FlaskClient, name: str) -> None:
    found = get(catalogued, f"/api/packages/{name}/dependents?transitive=true")["dependents"]

    assert [(each["name"], each["direct"], each["through"]) for each in found] == [
        ("site", False, ["site", "ui", "@acme/icons"]),
        ("theme", False, ["theme", "ui", "@acme/icons"]),
        ("ui", True, ["ui", "@acme/icons"]),
    ]
    direct = get(catalogued, f"/api/packages/{name}/dependents?transitive=false")["dependents"]
    assert [each["name"] for each in direct] == ["ui"]


def test_dependents_of_none_and_of_what_is_not_there(catalogued: FlaskClient) -> None:
    assert get(catalogued, "/api/packages/alone/dependents?transitive=true")["dependents"] == []
    assert refused(catalogued, "/api/packages/none/dependents") == (404, "package_not_found")
    assert refused(catalogued, "/api/packages/vue/dependents") == (404, "package_not_found")
    assert refused(catalogued, "/api/packages/ui/dependents?transitive=1") == (400, "invalid_input")


def test_a_package_called_dependents_is_not_hidden(catalogued: FlaskClient, tree: WorkTree) -> None:
    tree.package("packages/d", name="@acme/dependents", version="1.0.0")
    catalogued.post("/api/packages/refresh")

    assert get(catalogued, "/api/packages/@acme/dependents")["packages"][0]["path"] == "packages/d"
    assert get(catalogued, "/api/packages/@acme/dependents/dependents")["dependents"] == []


def advance(client: FlaskClient, tree: WorkTree, *paths: str) -> str:
    """Change files, commit and refresh; gives the new commit's hash."""
    for path in paths:
        tree.write(path, f"{len(tree.git('log', '--format=%H'))}\n")
    commit = tree.commit("fix: change")
    assert client.post("/api/packages/refresh").status_code == 200
    return commit


def test_affected(catalogued: FlaskClient, tree: WorkTree) -> None:
    tree.git("tag", "v1")
    base = tree.git("rev-parse", "HEAD")
    head = advance(catalogued, tree, "packages/ui/a.js", "packages/ui/b/c.js", "README.md")

    affected = get(catalogued, "/api/affected?since=v1")

    assert affected == {
        "since": "v1",
        "base": base,
        "head": head,
        "files": 3,
        "packages": [
            {
                "name": "site",
                "path": "packages/site",
                "reason": "dependency",
                "files": 0,
                "through": ["site", "ui"],
            },
            {
                "name": "theme",
                "path": "packages/theme",
                "reason": "dependency",
                "files": 0,
                "through": ["theme", "ui"],
            },
            {
                "name": "ui",
                "path": "packages/ui",
                "reason": "touched",
                "files": 2,
                "through": ["ui"],
            },
        ],
    }
    query = """query ($since: String!) {
      affected(since: $since) {
        since base head files packages { name path reason files through }
      }
    }"""
    answer = catalogued.post("/graphql", json={"query": query, "variables": {"since": "v1"}})
    assert answer.get_json()["data"]["affected"] == affected


def names_since(client: FlaskClient, since: str, more: str = "") -> list[str]:
    affected = get(client, f"/api/affected?since={since}{more}")
    return [package["name"] for package in affected["packages"]]


def test_affected_by_way_of_some_sections_only(catalogued: FlaskClient, tree: WorkTree) -> None:
    advance(catalogued, tree, "packages/ui/a.js")

    assert names_since(catalogued, "HEAD~1", "&type=peerDependency") == ["theme", "ui"]


def test_affected_since_a_commit_a_branch_and_head(catalogued: FlaskClient, tree: WorkTree) -> None:
    first = tree.git("rev-parse", "HEAD")
    tree.git("branch", "feature/one.x")
    advance(catalogued, tree, "packages/alone/a.js")

    for since in (first, first[:8], "feature/one.x", "HEAD~1", "HEAD^", "main~1"):
        assert names_since(catalogued, since) == ["alone"], since
    assert names_since(catalogued, "HEAD") == []
    assert names_since(catalogued, "main") == []


def test_affected_is_what_differs_from_where_the_histories_parted(
    catalogued: FlaskClient, tree: WorkTree
) -> None:
    tree.git("switch", "--quiet", "-c", "other")
    tree.write("packages/icons/other.js", "1\n")
    tree.commit("feat: on the other branch")
    tree.git("switch", "--quiet", "main")
    tree.write("packages/alone/a.js", "1\n")
    tree.write("packages/site/s.js", "1\n")
    tree.commit("feat: here")
    (tree.path / "packages/site/s.js").unlink()
    tree.commit("revert: here")
    catalogued.post("/api/packages/refresh")

    # Neither what the other branch did, nor what was done and undone.
    assert names_since(catalogued, "other") == ["alone"]


def test_uncommitted_changes_affect_nothing(catalogued: FlaskClient, tree: WorkTree) -> None:
    tree.write("packages/ui/a.js", "1\n")
    tree.git("add", "--all")

    assert names_since(catalogued, "HEAD") == []


def test_a_branch_that_moves_is_seen_without_a_refresh(
    catalogued: FlaskClient, tree: WorkTree
) -> None:
    tree.git("branch", "base")
    advance(catalogued, tree, "packages/alone/a.js")
    before = catalogued.get("/api/affected?since=base")
    query = {"query": '{ affected(since: "base") { packages { name } } }'}
    asked = catalogued.post("/graphql", json=query).get_json()
    assert asked["data"]["affected"]["packages"] == [{"name": "alone"}]
    tree.git("branch", "--force", "base", "HEAD")

    after = catalogued.get(
        "/api/affected?since=base", headers={"If-None-Match": before.headers["ETag"]}
    )
    asked = catalogued.post("/graphql", json=query).get_json()

    assert after.status_code == 200
    assert after.get_json()["packages"] == []
    assert asked["data"]["affected"]["packages"] == []


def test_graphql_over_get_tells_by_content_whether_a_branch_has_moved(
    catalogued: FlaskClient, tree: WorkTree
) -> None:
    def ask(tag: str) -> TestResponse:
        query = '{ affected(since: "base") { packages { name } } packages { totalCount } }'
        return catalogued.get(
            "/graphql", query_string={"query": query}, headers={"If-None-Match": tag}
        )

    tree.git("branch", "base")
    advance(catalogued, tree, "packages/alone/a.js")
    first = ask('"none"')
    tag = first.headers["ETag"]

    again = ask(tag)
    assert (again.status_code, again.data) == (304, b"")
    for response in (first, again):
        assert response.headers["Cache-Control"] == "private, no-cache"
        assert response.headers["ETag"] == tag
        assert "Authorization" in response.headers["Vary"]
    tree.git("branch", "--force", "base", "HEAD")

    moved = ask(tag)
    assert moved.status_code == 200
    assert moved.get_json()["data"]["affected"]["packages"] == []
    tree.git("branch", "--delete", "--force", "base")
    gone = ask(moved.headers["ETag"])
    assert gone.status_code == 200
    assert gone.get_json()["errors"]


@pytest.mark.parametrize(
    "since",
    [
        "none",
        "0123456",
        "--output=/tmp/x",
        "-h",
        "--help",
        "--all",
        "HEAD..HEAD",
        "HEAD...HEAD",
        "HEAD@{0}",
        "@{-1}",
        ":/begin",
        ":packages/ui/package.json",
        "HEAD:packages",
        "HEAD^{/begin}",
        "HEAD^{tree}",
        "../config",
        "HEAD HEAD",
        "HEAD\n",
        "a" * 300,
        "HEAD~99999",
        "*",
    ],
)
def test_what_names_no_commit(catalogued: FlaskClient, since: str) -> None:
    response = catalogued.get("/api/affected", query_string={"since": since})

    assert (response.status_code, response.get_json()["code"]) == (404, "reference_not_found")


def test_a_tree_is_no_commit(catalogued: FlaskClient, tree: WorkTree) -> None:
    tree_hash = tree.git("rev-parse", "HEAD^{tree}")

    assert refused(catalogued, f"/api/affected?since={tree_hash}") == (404, "reference_not_found")
    assert refused(catalogued, "/api/affected") == (400, "invalid_input")


def test_histories_without_a_common_commit(catalogued: FlaskClient, tree: WorkTree) -> None:
    tree.git("switch", "--quiet", "--orphan", "island")
    tree.commit("feat: another world")
    tree.git("switch", "--quiet", "main")

    assert refused(catalogued, "/api/affected?since=island") == (409, "no_common_history")


def test_affected_before_anything_is_catalogued(client: FlaskClient) -> None:
    assert refused(client, "/api/affected?since=HEAD") == (503, "workspace_not_configured")


def test_lookups_are_asked_for(
    new_app: Callable[[Settings], Flask], settings: Settings, catalogued: FlaskClient
) -> None:
    refused = catalogued.post("/api/dependencies/refresh")
    assert refused.status_code == 409
    assert refused.get_json()["code"] == "npm_registry_not_configured"
    asking = settings.model_copy(update={"npm_registry_url": "https://npm.example.com/"})
    client = new_app(asking).test_client()

    response = client.post("/api/dependencies/refresh")

    assert response.status_code == 202
    job = get(client, response.headers["Location"])
    assert (job["id"], job["kind"]) == (response.get_json()["jobId"], "npm-lookup")
    # It is queued once, whoever asks.
    assert client.post("/api/packages/refresh").status_code == 200
    assert client.post("/api/dependencies/refresh").get_json()["jobId"] == job["id"]
    closed = new_app(asking.model_copy(update={"open_writes": False})).test_client()
    assert closed.post("/api/dependencies/refresh").status_code == 401
