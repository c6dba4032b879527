"""Health over GraphQL: what a score follows from, the days on which it changed, the reports."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from registry.health.scores import update_scores
from registry.models import Build, Package, Report, Workspace

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def client(app: Flask, engine: Engine) -> FlaskClient:
    """Fill the catalogue with one measured package and one that was never measured."""
    with Session(engine) as session:
        session.add(Workspace(id=1, path="/srv/monorepo", branch="main"))
        session.flush()
        session.add_all(
            Package(id=number, workspace_id=1, name=name, path=name)
            for number, name in enumerate(("one", "two"), 1)
        )
        session.flush()
        session.add(
            Build(package_id=1, run_id="7", status="failed", branch="main", started_at=NOON)
        )
        session.add(
            Report(
                package_id=1,
                kind="coverage",
                path="one/coverage/lcov.info",
                measured_at=NOON,
                format="lcov",
                coverage=54.54,
                figures={"lines": {"total": 11, "covered": 6}},
            )
        )
        session.add(
            Report(package_id=1, kind="lint", measured_at=NOON, format="eslint", verdict="pass")
        )
        session.flush()
        update_scores(session, at=NOON)
        build = session.get_one(Build, 1)
        build.status = "success"
        session.flush()
        update_scores(session, at=NOON + timedelta(days=1))
        session.commit()
    return app.test_client()


def ask(client: FlaskClient, query: str) -> dict[str, object]:
    answer = client.post("/graphql", json={"query": query}).get_json()
    assert "errors" not in answer, answer
    found: dict[str, object] = answer["data"]
    return found


def test_a_score_explains_itself_as_over_rest(client: FlaskClient) -> None:
    data = ask(
        client,
        """{ packages { nodes { health {
          overallScore confidence points { build coverage lint security }
          evidence {
            build { runId status } coverage { source path format measuredAt coverage figures }
            lint { source path verdict } security { format }
          }
        } } } }""",
    )

    rest = client.get("/api/health/packages/one").get_json()
    assert data == {
        "packages": {
            "nodes": [
                {
                    "health": {
                        "overallScore": 79,
                        "confidence": rest["confidence"],
                        "points": rest["points"],
                        "evidence": {
                            "build": {"runId": "7", "status": "success"},
                            "coverage": {
                                "source": "workspace",
                                "path": "one/coverage/lcov.info",
                                "format": "lcov",
                                "measuredAt": "2026-11-20T12:00:00.000Z",
                                "coverage": 54.54,
                                "figures": {"lines": {"total": 11, "covered": 6}},
                            },
                            "lint": {"source": "upload", "path": "", "verdict": "pass"},
                            "security": None,
                        },
                    }
                },
                {
                    "health": {
                        "overallScore": 30,
                        "confidence": 0,
                        "points": {"build": 10, "coverage": 0, "lint": 10, "security": 10},
                        "evidence": {
                            "build": None,
                            "coverage": None,
                            "lint": None,
                            "security": None,
                        },
                    }
                },
            ]
        }
    }
    assert rest["points"]["coverage"] == pytest.approx(54.54 / 4)


def test_the_history_of_health_in_pages(client: FlaskClient) -> None:
    data = ask(
        client,
        """{ package(name: "one") { healthHistory(first: 1) {
          totalCount pageInfo { hasNextPage }
          nodes { date overallScore confidence buildStatus testCoverage lintStatus }
        } } }""",
    )

    assert data == {
        "package": {
            "healthHistory": {
                "totalCount": 2,
                "pageInfo": {"hasNextPage": True},
                "nodes": [
                    {
                        "date": "2026-11-21",
                        "overallScore": 79,
                        "confidence": 80,
                        "buildStatus": "success",
                        "testCoverage": 54.54,
                        "lintStatus": "pass",
                    }
                ],
            }
        }
    }


def test_the_reports_of_a_package(client: FlaskClient) -> None:
    data = ask(client, '{ package(name: "one") { reports { kind source problem } } }')

    assert data == {
        "package": {
            "reports": [
                {"kind": "coverage", "source": "workspace", "problem": ""},
                {"kind": "lint", "source": "upload", "problem": ""},
            ]
        }
    }
