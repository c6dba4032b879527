"""Reports are sent and listed, a score tells what it follows from, and how it went."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from registry.health.scores import update_scores
from registry.models import Build, Package
from registry.rest.badges import draw_badge
from registry.settings import Settings
from tests.repositories import WorkTree

ONE = "/api/packages/@acme/one"
LINT = [{"filePath": "a", "messages": [], "errorCount": 0, "warningCount": 0}]
AUDIT = {"auditReportVersion": 2, "metadata": {"vulnerabilities": {"moderate": 1}}}
LCOV = "SF:a.js\nDA:1,1\nDA:2,1\nDA:3,1\nDA:4,0\nend_of_record\n"
NOON = "2026-11-02T12:00:00.000Z"


@pytest.fixture
def settings(workspace_settings: Settings) -> Settings:
    return workspace_settings.model_copy(update={"max_body_bytes": 200, "max_report_bytes": 2_000})


def put(client: FlaskClient, kind: str, body: object, **query: str) -> Any:
    data = body if isinstance(body, str | bytes) else json.dumps(body)
    response = client.put(f"{ONE}/reports/{kind}", data=data, query_string=query)
    assert response.status_code == 200, response.get_json()
    return response.get_json()["report"]


def get(client: FlaskClient, address: str) -> Any:
    response = client.get(address)
    assert response.status_code == 200, response.get_json()
    return response.get_json()


def health(client: FlaskClient) -> Any:
    return get(client, "/api/health/packages/@acme/one")


def test_a_report_is_taken_in_and_listed(catalogued: FlaskClient) -> None:
    sent = put(catalogued, "coverage", LCOV, measuredAt="2026-01-05T13:00:00+01:00")

    assert sent == {
        "kind": "coverage",
        "source": "upload",
        "path": "",
        "format": "lcov",
        "measuredAt": "2026-01-05T12:00:00.000Z",
        "verdict": "unknown",
        "coverage": 75.0,
        "figures": {
            "lines": {"total": 4, "covered": 3, "percent": 75.0},
            "branches": {"total": 0, "covered": 0, "percent": None},
            "functions": {"total": 0, "covered": 0, "percent": None},
        },
        "problem": "",
    }
    assert get(catalogued, f"{ONE}/reports") == {"packageName": "@acme/one", "reports": [sent]}


@pytest.mark.parametrize("content_type", [None, "application/x-www-form-urlencoded", "text/plain"])
def test_however_a_report_is_declared(catalogued: FlaskClient, content_type: str | None) -> None:
    response = catalogued.put(f"{ONE}/reports/lint", data="[]", content_type=content_type)

    assert response.get_json()["report"]["verdict"] == "pass"


def test_the_score_explains_itself(catalogued: FlaskClient, engine: Engine) -> None:
    with Session(engine) as session:
        package = session.scalars(select(Package).where(Package.name == "@acme/one")).one()
        started = datetime(2026, 11, 20, 10, tzinfo=UTC)
        session.add(
            Build(
                package_id=package.id,
                run_id="77",
                status="success",
                branch="main",
                commit_hash="c" * 40,
                url="https://ci.example.com/77",
                started_at=started,
                finished_at=started + timedelta(minutes=2),
            )
        )
        session.commit()
    coverage = put(catalogued, "coverage", LCOV)
    audit = put(catalogued, "audit", AUDIT)

    found = health(catalogued)

    assert list(found) == [
        "packageName",
        "health",
        "isHealthy",
        "points",
        "confidence",
        "evidence",
    ]
    assert found["health"] == {
        "buildStatus": "success",
        "testCoverage": 75.0,
        "lintStatus": "unknown",
        "securityAudit": "warn",
        "overallScore": 69,
    }
    assert found["points"] == {"build": 30, "coverage": 18.75, "lint": 10, "security": 10}
    assert found["confidence"] == 75
    assert found["evidence"] == {
        "build": {
            "runId": "77",
            "status": "success",
            "branch": "main",
            "commit": "c" * 40,
            "url": "https://ci.example.com/77",
            "startedAt": "2026-11-20T10:00:00.000Z",
            "finishedAt": "2026-11-20T10:02:00.000Z",
        },
        "coverage": coverage,
        "lint": {},
        "security": audit,
    }


def test_a_score_of_nothing_has_no_evidence(catalogued: FlaskClient) -> None:
    found = health(catalogued)

    assert found["confidence"] == 0
    assert found["evidence"] == {"build": {}, "coverage": {}, "lint": {}, "security": {}}


def test_sent_again_a_report_changes_nothing(catalogued: FlaskClient) -> None:
    put(catalogued, "lint", LINT, measuredAt=NOON)
    before = catalogued.get(f"{ONE}/reports")

    put(catalogued, "lint", LINT, measuredAt=NOON)

    assert catalogued.get(f"{ONE}/reports").headers["ETag"] == before.headers["ETag"]


def test_a_report_of_an_older_run_changes_nothing(catalogued: FlaskClient) -> None:
    newer = put(catalogued, "audit", AUDIT, measuredAt=NOON)

    assert put(catalogued, "audit", {**AUDIT}, measuredAt="2026-11-02T11:59:59Z") == newer


def test_a_newer_report_replaces_the_older_one(catalogued: FlaskClient) -> None:
    put(catalogued, "coverage", LCOV)
    put(catalogued, "coverage", LCOV.replace("DA:4,0", "DA:4,1"))

    (report,) = get(catalogued, f"{ONE}/reports")["reports"]
    assert report["coverage"] == 100.0
    assert health(catalogued)["health"]["testCoverage"] == 100.0


def test_of_a_file_and_an_upload_the_newer_counts(catalogued: FlaskClient, tree: WorkTree) -> None:
    put(catalogued, "lint", LINT, measuredAt="2026-01-01T00:00:00Z")
    tree.write("packages/one/reports/eslint.json", json.dumps([{**LINT[0], "errorCount": 1}]))
    catalogued.post("/api/packages/refresh")
    assert health(catalogued)["evidence"]["lint"]["path"] == "packages/one/reports/eslint.json"

    put(catalogued, "lint", LINT)

    assert health(catalogued)["evidence"]["lint"]["source"] == "upload"
    assert [each["source"] for each in get(catalogued, f"{ONE}/reports")["reports"]] == [
        "upload",
        "workspace",
    ]


def test_a_moment_in_the_future_counts_as_now(catalogued: FlaskClient) -> None:
    sent = put(catalogued, "lint", LINT, measuredAt="2999-01-01T00:00:00Z")

    assert sent["measuredAt"] <= datetime.now(UTC).isoformat()


@pytest.mark.parametrize(
    ("address", "body", "status", "code"),
    [
        (f"{ONE}/reports/coverage", "{}", 422, "invalid_report"),
        (f"{ONE}/reports/coverage", "", 422, "invalid_report"),
        (f"{ONE}/reports/coverage", "x" * 2_001, 413, "body_too_large"),
        (f"{ONE}/reports/other", "[]", 404, "not_found"),
        ("/api/packages/none/reports/lint", "[]", 404, "package_not_found"),
        (f"{ONE}/reports/lint?measuredAt=yesterday", "[]", 400, "invalid_input"),
        (f"{ONE}/reports/lint?measuredAt=2026-01-01T00:00:00", "[]", 400, "invalid_input"),
        (f"{ONE}/reports/lint?measuredAt=0001-01-01T00:00:00%2B23:59", "[]", 400, "invalid_input"),
    ],
)
def test_what_is_refused(
    catalogued: FlaskClient, address: str, body: str, status: int, code: str
) -> None:
    response = catalogued.put(address, data=body)

    assert (response.status_code, response.get_json()["code"]) == (status, code)
    assert health(catalogued)["confidence"] == 0


def test_a_refusal_says_where_the_report_goes_wrong(catalogued: FlaskClient) -> None:
    response = catalogued.put(f"{ONE}/reports/coverage", data="SF:a\nDA:1,x\n")

    assert response.content_type == "application/problem+json"
    assert response.get_json()["errors"] == [
        {"field": "line 2", "message": "here should be a line and how often it was run"}
    ]


def test_a_compressed_report_is_refused(catalogued: FlaskClient) -> None:
    response = catalogued.put(
        f"{ONE}/reports/lint", data=b"\x1f\x8b", headers={"Content-Encoding": "gzip"}
    )

    assert response.status_code == 415


def test_a_form_with_a_report_in_it_is_refused(catalogued: FlaskClient) -> None:
    form = {"file": (BytesIO(json.dumps(LINT).encode()), "eslint.json")}

    response = catalogued.put(f"{ONE}/reports/lint", data=form)

    assert response.status_code == 415
    assert "itself as the body" in response.get_json()["detail"]


def test_what_curl_declares_as_a_form_is_a_report(catalogued: FlaskClient) -> None:
    declared = "application/x-www-form-urlencoded"

    response = catalogued.put(f"{ONE}/reports/lint", data=json.dumps(LINT), content_type=declared)

    assert response.status_code == 200


def test_a_report_may_be_larger_than_other_bodies(catalogued: FlaskClient) -> None:
    put(catalogued, "lint", json.dumps(LINT) + " " * 1_500)

    assert (
        catalogued.put(
            "/api/packages/update-config", data="{" + " " * 300, content_type="application/json"
        ).status_code
        == 413
    )


def test_without_a_token_nothing_is_taken_in(
    new_app: Callable[[Settings], Flask], settings: Settings, catalogued: FlaskClient
) -> None:
    closed = new_app(settings.model_copy(update={"open_writes": False})).test_client()

    assert closed.put(f"{ONE}/reports/lint", data="[]").status_code == 401
    assert closed.get(f"{ONE}/reports").status_code == 200


def test_a_scope_alone_is_no_package(catalogued: FlaskClient, tree: WorkTree) -> None:
    tree.package("packages/one", name="@acme/reports", version="1.0.0")
    catalogued.post("/api/packages/refresh")

    found = get(catalogued, "/api/packages/@acme/reports")["packages"]

    assert found[0]["name"] == "@acme/reports"
    assert get(catalogued, "/api/packages/@acme/reports/reports")["reports"] == []


def test_a_refresh_of_health_works_scores_out_again(
    catalogued: FlaskClient, engine: Engine
) -> None:
    with Session(engine) as session:
        package = session.scalars(select(Package).where(Package.name == "@acme/one")).one()
        started = package.created_at
        session.add(
            Build(
                package_id=package.id,
                run_id="1",
                status="failed",
                branch="main",
                started_at=started,
            )
        )
        session.commit()

    shown = catalogued.post("/api/health/refresh").get_json()

    assert shown["packages"][0]["health"]["buildStatus"] == "failed"


@pytest.fixture
def measured(catalogued: FlaskClient, engine: Engine) -> FlaskClient:
    """Measure on three days."""
    begin = datetime(2026, 11, 20, 12, tzinfo=UTC)
    with Session(engine) as session:
        package = session.scalars(select(Package).where(Package.name == "@acme/one")).one()
        for day, status in enumerate(("failed", "running", "success")):
            session.add(
                Build(
                    package_id=package.id,
                    run_id=str(day),
                    status=status,
                    branch="main",
                    started_at=begin + timedelta(days=day),
                )
            )
            session.flush()
            update_scores(session, at=begin + timedelta(days=day))
        session.commit()
    return catalogued


def test_the_history_of_health(measured: FlaskClient) -> None:
    found = get(measured, f"{ONE}/health/history")

    assert found["packageName"] == "@acme/one"
    assert found["history"][0] == {
        "date": "2026-11-22",
        "overallScore": 50,
        "confidence": 30,
        "buildStatus": "success",
        "testCoverage": None,
        "lintStatus": "unknown",
        "securityAudit": "unknown",
    }
    assert [day["overallScore"] for day in found["history"]] == [50, 35, 20]


@pytest.mark.parametrize(
    ("query", "days"),
    [
        ("from=2026-11-21", ["2026-11-22", "2026-11-21"]),
        ("to=2026-11-21", ["2026-11-21", "2026-11-20"]),
        ("from=2026-11-21&to=2026-11-21", ["2026-11-21"]),
        ("limit=1", ["2026-11-22"]),
        ("from=2027-01-01", []),
    ],
)
def test_a_part_of_the_history(measured: FlaskClient, query: str, days: list[str]) -> None:
    found = get(measured, f"{ONE}/health/history?{query}")

    assert [day["date"] for day in found["history"]] == days


@pytest.mark.parametrize(
    "query", ["from=2026-13-01", "to=20261122", "from=today", "limit=0", "limit=1001"]
)
def test_a_history_that_cannot_be(measured: FlaskClient, query: str) -> None:
    assert measured.get(f"{ONE}/health/history?{query}").status_code == 400


def words(client: FlaskClient, metric: str) -> tuple[str, str]:
    response = client.get(f"{ONE}/badge.svg?metric={metric}")
    assert response.status_code == 200
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", response.text)
    return texts[0], texts[-1]


def test_a_badge_tells_what_is_known(measured: FlaskClient) -> None:
    assert words(measured, "score") == ("health", "50/100")
    assert words(measured, "build") == ("build", "success")
    assert words(measured, "coverage") == ("coverage", "unknown")

    put(measured, "coverage", LCOV)

    assert words(measured, "coverage") == ("coverage", "75%")


def test_a_badge_of_what_was_never_measured(catalogued: FlaskClient) -> None:
    assert words(catalogued, "score") == ("health", "unknown")
    assert words(catalogued, "build") == ("build", "unknown")


def test_a_badge_is_a_picture_and_nothing_else(measured: FlaskClient) -> None:
    response = measured.get(f"{ONE}/badge.svg")

    assert response.mimetype == "image/svg+xml"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert response.headers["Cache-Control"] == "no-cache"
    again = measured.get(f"{ONE}/badge.svg", headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304
    assert not re.search(r"script|href|foreignObject", response.text)


def test_badges_are_the_same_bytes_each_time(measured: FlaskClient) -> None:
    first = measured.get(f"{ONE}/badge.svg").data
    draw_badge.cache_clear()

    assert measured.get(f"{ONE}/badge.svg").data == first


@pytest.mark.parametrize(
    ("address", "status"),
    [
        (f"{ONE}/badge.svg?metric=other", 400),
        ("/api/packages/none/badge.svg", 404),
        ("/api/packages/none/reports", 404),
        ("/api/packages/none/health/history", 404),
    ],
)
def test_what_there_is_not(catalogued: FlaskClient, address: str, status: int) -> None:
    assert catalogued.get(address).status_code == status
