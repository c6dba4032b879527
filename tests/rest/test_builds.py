"""CI runs: how they are told of, and how they are listed."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from registry.refresh import refresh_workspace
from registry.rules.times import format_time
from registry.settings import Settings
from registry.web.database import db
from tests.repositories import WorkTree, small_monorepo

ONE = "/api/packages/@acme/one"
LONG_AGO = 100_000


@pytest.fixture
def tree(tmp_path: Path) -> WorkTree:
    tree = small_monorepo(tmp_path / "acme")
    tree.package("packages/builds", name="@acme/builds", version="1.0.0")
    tree.commit("feat: a package with a name like an address")
    return tree


@pytest.fixture
def settings(workspace_settings: Settings) -> Settings:
    return workspace_settings


@pytest.fixture
def catalogued(app: Flask, tree: WorkTree) -> FlaskClient:
    with app.app_context():
        refresh_workspace(db.engine, tree.path)
    return app.test_client()


def build(run: object = "4711", *, minutes_ago: float = 60, **given: Any) -> dict[str, Any]:
    """Tell of a build that took one minute."""
    start = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    return {
        "runId": run,
        "status": "success",
        "branch": "main",
        "startedAt": format_time(start),
        "finishedAt": format_time(start + timedelta(minutes=1)),
        **given,
    }


def body(response: TestResponse) -> Any:
    assert response.json is not None
    return response.json


def test_a_build_is_made_once(catalogued: FlaskClient) -> None:
    told = build(commit="0123ABCDEF", url="https://ci.example.com/runs/4711")
    first = catalogued.post(f"{ONE}/builds", json=told)

    assert first.status_code == 201
    assert body(first) == {
        "build": {
            "packageName": "@acme/one",
            "runId": "4711",
            "status": "success",
            "commit": "0123abcdef",
            "branch": "main",
            "startedAt": told["startedAt"],
            "finishedAt": told["finishedAt"],
            "duration": 60_000,
            "url": "https://ci.example.com/runs/4711",
        }
    }
    tag = catalogued.get(ONE).headers["ETag"]

    again = catalogued.post("/api/packages/@acme%2Fone/builds", json=told)

    assert (again.status_code, body(again)) == (200, body(first))
    # Nothing changed, so what was read still stands.
    assert catalogued.get(ONE, headers={"If-None-Match": tag}).status_code == 304


def test_a_build_goes_from_the_queue_to_its_end_and_not_back(catalogued: FlaskClient) -> None:
    told = build()
    for status in ("queued", "running"):
        unfinished = {**told, "status": status, "finishedAt": None}
        shown = body(catalogued.post(f"{ONE}/builds", json=unfinished))["build"]
        assert (shown["status"], shown["finishedAt"], shown["duration"]) == (status, "", None)
    assert body(catalogued.post(f"{ONE}/builds", json=told))["build"]["status"] == "success"

    late = catalogued.post(f"{ONE}/builds", json=unfinished)

    assert late.status_code == 200
    assert body(late)["build"]["status"] == "success"


def test_the_detail_tells_what_the_builds_come_to(catalogued: FlaskClient) -> None:
    for number, status in enumerate(("success", "failed", "success", "cancelled")):
        catalogued.post(f"{ONE}/builds", json=build(number, minutes_ago=90 - number, status=status))
    catalogued.post(f"{ONE}/builds", json=build("old", minutes_ago=LONG_AGO * 60, status="failed"))
    catalogued.post(f"{ONE}/builds", json=build("elsewhere", branch="next", status="failed"))

    detail = body(catalogued.get(ONE))["packages"][0]
    graphql = catalogued.post(
        "/graphql",
        json={
            "query": '{ package(name: "@acme/one") { successRate averageDuration '
            "builds(first: 2, filter: {status: [success, failed]}) "
            "{ totalCount nodes { runId status branch duration package { name } } } } }"
        },
    )

    assert (detail["successRate"], detail["averageDuration"]) == (66.67, 60_000)
    assert body(graphql)["data"]["package"] == {
        "successRate": 66.67,
        "averageDuration": 60_000,
        "builds": {
            "totalCount": 5,
            "nodes": [
                {
                    "runId": run,
                    "status": status,
                    "branch": branch,
                    "duration": 60_000,
                    "package": {"name": "@acme/one"},
                }
                for run, status, branch in [
                    ("elsewhere", "failed", "next"),
                    ("2", "success", "main"),
                ]
            ],
        },
    }


def test_builds_in_pages(catalogued: FlaskClient) -> None:
    same = build()
    for number in range(5):
        # Two each at the same moment.
        told = {**same, **build(number, minutes_ago=100 - number // 2 * 10)}
        catalogued.post(f"{ONE}/builds", json=told)
    catalogued.post(f"{ONE}/builds", json=build("elsewhere", branch="next"))
    whole = body(catalogued.get(f"{ONE}/builds?branch=main"))
    assert [each["runId"] for each in whole["builds"]] == ["4", "3", "2", "1", "0"]
    assert whole["packageName"] == "@acme/one"

    found, address = [], f"{ONE}/builds?limit=2&branch=main"
    while address:
        page = catalogued.get(address)
        found += [each["runId"] for each in body(page)["builds"]]
        address = page.headers.get("Link", "").partition(">")[0].lstrip("<")

    assert found == ["4", "3", "2", "1", "0"]
    assert len(body(catalogued.get(f"{ONE}/builds"))["builds"]) == 6


@pytest.mark.parametrize("cursor", ["x", "MQ", "MjAyMC0wMS0wMVQwMDowMDowMC4wMDBaIC0x"])
def test_a_cursor_that_is_none(catalogued: FlaskClient, cursor: str) -> None:
    response = catalogued.get(f"{ONE}/builds?cursor={cursor}")

    assert response.status_code == 400
    assert body(response)["errors"][0]["field"] == "cursor"


def test_many_packages_at_once(catalogued: FlaskClient) -> None:
    builds = [build(7, packageName="@acme/one"), build(7, packageName="two", status="failed")]

    first = catalogued.post("/api/builds", json={"builds": builds})
    again = catalogued.post("/api/builds", json={"builds": builds})
    third = catalogued.post("/api/builds", json={"builds": [*builds, build(8, packageName="two")]})

    assert [response.status_code for response in (first, again, third)] == [201, 200, 201]
    assert [(each["packageName"], each["status"]) for each in body(first)["builds"]] == [
        ("@acme/one", "success"),
        ("two", "failed"),
    ]
    assert body(catalogued.get("/api/packages/two"))["packages"][0]["successRate"] == 50


def test_all_of_many_or_none(catalogued: FlaskClient) -> None:
    builds = [
        build(7, packageName="@acme/one"),
        build(7, packageName="none"),
        build(8, packageName="two", status="passed"),
        "two",
        {**build(9, packageName="two"), "finishedAt": "2020-01-01T00:00:00Z"},
    ]

    syntax = catalogued.post("/api/builds", json={"builds": builds})
    unknown = catalogued.post("/api/builds", json={"builds": builds[:2]})

    assert syntax.status_code == unknown.status_code == 400
    assert [error["field"] for error in body(syntax)["errors"]] == [
        "builds[2].status",
        "builds[3]",
        "builds[4].finishedAt",
    ]
    assert [error["field"] for error in body(unknown)["errors"]] == ["builds[1].packageName"]
    assert body(catalogued.get(f"{ONE}/builds"))["builds"] == []


@pytest.mark.parametrize(
    "sent", [{}, {"builds": []}, {"builds": {}}, {"builds": [{}] * 1_001}, {"builds": [], "x": 1}]
)
def test_a_list_of_builds_that_is_none(catalogued: FlaskClient, sent: Any) -> None:
    response = catalogued.post("/api/builds", json=sent)

    assert response.status_code == 400
    assert body(response)["errors"][0]["field"] == "builds"


def test_unknown_packages(catalogued: FlaskClient) -> None:
    for response in (
        catalogued.get("/api/packages/none/builds"),
        catalogued.post("/api/packages/none/builds", json=build()),
    ):
        assert (response.status_code, body(response)["code"]) == (404, "package_not_found")


def test_a_package_whose_name_looks_like_the_address(catalogued: FlaskClient) -> None:
    detail = catalogued.get("/api/packages/@acme/builds")
    assert body(detail)["packages"][0]["name"] == "@acme/builds"

    told = catalogued.post("/api/packages/@acme/builds/builds", json=build())

    assert body(told)["build"]["packageName"] == "@acme/builds"


@pytest.mark.parametrize("address", [f"{ONE}/builds", "/api/builds"])
def test_writes_are_closed_by_default(
    settings: Settings, new_app: Callable[[Settings], Flask], address: str
) -> None:
    closed = new_app(settings.model_copy(update={"open_writes": False})).test_client()

    assert closed.post(address, json=build()).status_code == 401
