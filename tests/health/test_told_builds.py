"""A build as JSON: what is taken, what is refused, and what the refusal names."""

from datetime import UTC, datetime
from typing import Any

import pytest

from registry.errors import InvalidInput
from registry.health.told_builds import read_build
from registry.rules.enumerations import BuildStatus

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
BUILD = {
    "runId": "4711",
    "status": "success",
    "commit": "0123ABC",
    "branch": "refs/heads/main",
    "startedAt": "2026-01-05T10:00:00.000Z",
    "finishedAt": "2026-01-05T11:01:00.500+01:00",
    "url": "https://ci.example.com/runs/4711",
}


def test_a_build_as_documented() -> None:
    told = read_build(BUILD, "one", at=NOW)

    assert (told.package, told.run_id) == ("one", "4711")
    assert told.state.status is BuildStatus.SUCCESS
    assert (told.state.commit, told.state.branch) == ("0123abc", "main")
    assert told.state.finished_at == datetime(2026, 1, 5, 10, 1, 0, 500_000, UTC)
    assert told.state.duration == 60_500


def test_the_least_that_a_build_must_tell() -> None:
    body = {"runId": 12, "status": "running", "startedAt": "2026-01-05T10:00:00Z", "url": None}

    told = read_build(body, "one", at=NOW)

    assert told.run_id == "12"
    assert (told.state.commit, told.state.branch, told.state.url) == ("", "", "")
    assert told.state.finished_at is None


def test_a_finished_build_that_does_not_say_when_has_finished_when_it_was_told() -> None:
    body = {key: value for key, value in BUILD.items() if key != "finishedAt"}

    assert read_build(body, "one", at=NOW).state.finished_at == NOW


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"runId": ""}, "runId"),
        ({"runId": None}, "runId"),
        ({"runId": True}, "runId"),
        ({"runId": "x" * 256}, "runId"),
        ({"runId": "a\nb"}, "runId"),
        ({"status": "passed"}, "status"),
        ({"status": "unknown"}, "status"),
        ({"status": ["success"]}, "status"),
        ({"commit": "HEAD"}, "commit"),
        ({"commit": 7}, "commit"),
        ({"branch": 7}, "branch"),
        ({"startedAt": "yesterday"}, "startedAt"),
        ({"startedAt": None}, "startedAt"),
        ({"startedAt": "2026-01-05T10:00:00"}, "startedAt"),
        ({"startedAt": "9999-12-31T23:59:59-14:00"}, "startedAt"),
        ({"startedAt": "2026-01-05T14:00:00Z"}, "startedAt"),
        ({"finishedAt": "2026-01-05T09:59:59.999Z"}, "finishedAt"),
        ({"status": "running"}, "finishedAt"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"url": "https://"}, "url"),
        ({"url": "https://[x"}, "url"),
        ({"url": "https://example.com/" + "x" * 2_048}, "url"),
        ({"packageName": "one"}, "packageName"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_is_refused_is_named(change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_build({**BUILD, **change}, "one", prefix="builds[3].", at=NOW)

    assert [error.field for error in caught.value.errors] == [f"builds[3].{field}"]


def test_all_that_is_wrong_is_named_at_once() -> None:
    with pytest.raises(InvalidInput) as caught:
        read_build({}, at=NOW)

    named = [error.field for error in caught.value.errors]
    assert named == ["packageName", "runId", "status", "startedAt"]
