"""`GET /analytics/…` as its document has it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from registry.database import writing
from registry.errors import InvalidInput
from registry.models import Author, Version
from registry.models.base import utc_now
from registry.publishing.analytics import hour_of, record_install
from registry.publishing.analytics_reads import read_window
from registry.rules.permissions import Permission
from tests.accounts.samples import add_listing
from tests.listings.api import Api, refusal

ANY = Permission.ViewAnalyticsAnyPackage
SPECIFIC = Permission.ViewAnalyticsSpecificPackages
NOW = datetime(2026, 3, 10, 12, 30, tzinfo=UTC)
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


@pytest.fixture
def api(api: Api) -> Api:
    """Publish a public and a private version, and install both."""
    api.author("Grace")
    with writing(api.sessions) as session:
        ada = session.scalars(select(Author).where(Author.name == "Ada")).one()
        versions: list[dict[str, Any]] = [
            {"version": "1.0.0"},
            {"version": "2.0.0", "is_public": False},
        ]
        add_listing(session, ada, "example.package1", versions=versions)
        session.flush()
        for version in session.scalars(select(Version.id)).all():
            for hour, installs in ((0, 2), (1, 1), (5, 3)):
                for _ in range(installs):
                    record_install(session, version, NOON + timedelta(hours=hour))
    return api


def ask(api: Api, version: str = "1.0.0", by: str | None = None, **window: Any) -> Any:
    return api.get(f"/analytics/example.package1/{version}", by, query_string=window)


def test_hours_are_told_from_the_first_to_the_last(api: Api) -> None:
    asked = ask(
        api,
        after=milliseconds(NOON + timedelta(minutes=59)),
        before=milliseconds(NOON + timedelta(hours=5, minutes=1)),
    )

    assert asked.get_json() == [
        {"timestamp": "2026-03-10T12:00:00.000Z", "downloads": 2, "commit": ""},
        {"timestamp": "2026-03-10T13:00:00.000Z", "downloads": 1, "commit": ""},
        {"timestamp": "2026-03-10T17:00:00.000Z", "downloads": 3, "commit": ""},
    ]
    assert list(asked.get_json()[0]) == ["timestamp", "downloads", "commit"]
    begin, end = (milliseconds(NOON + timedelta(hours=hours)) for hours in (1, 4))
    assert [row["downloads"] for row in ask(api, after=begin, before=end).get_json()] == [1]


def test_by_default_it_is_the_last_day(api: Api) -> None:
    assert ask(api).get_json() == []
    with writing(api.sessions) as session:
        version = session.scalars(select(Version.id)).first()
        assert version is not None
        record_install(session, version, utc_now() - timedelta(hours=2))

    (row,) = ask(api).get_json()
    assert row["downloads"] == 1
    tag = ask(api).headers["ETag"]
    path = "/analytics/example.package1/1.0.0"
    assert api.get(path, headers={"If-None-Match": tag}).status_code == 304


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("after", "before", "first", "last"),
    [
        (None, None, NOON - timedelta(days=1), NOON),
        ("1672531200000", None, "2023-01-01T00:00", "2023-01-02T00:00"),
        ("1672531200000", "1672534800000", "2023-01-01T00:00", "2023-01-01T01:00"),
        (None, "1773146700000", NOON - timedelta(days=1), NOON),
        ("1767225600000", "1769817600000", "2026-01-01T00:00", "2026-01-31T00:00"),
    ],
)
def test_windows(after: str | None, before: str | None, first: Any, last: Any) -> None:
    window = read_window(after, before, NOW)

    for found, expected in ((window.first, first), (window.last, last)):
        assert found == (expected if isinstance(expected, datetime) else moment(expected))


@pytest.mark.parametrize(
    ("after", "before", "code"),
    [
        ("", None, "bad_after_date"),
        ("yesterday", None, "bad_after_date"),
        ("1.5e12", None, "bad_after_date"),
        ("1672531199999", None, "bad_after_date"),
        ("-1672531200000", None, "bad_after_date"),
        ("9" * 15, None, "bad_after_date"),
        ("9" * 5000, None, "bad_after_date"),
        ("\u0661672531200000", None, "bad_after_date"),
        (None, "soon", "bad_before_date"),
        (None, "1672531259999", "bad_before_date"),
        ("1767225600000", "1767139200000", "bad_date_combo"),
        ("1767225600000", "1767229199999", "short_diff"),
        ("1767225600000", "1769821200000", "long_diff"),
        (None, "4102444800000", "long_diff"),
    ],
)
def test_windows_that_are_refused(after: str | None, before: str | None, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_window(after, before, NOW)

    assert refused.value.code == code


def test_the_latest_moment_is_one_of_the_calendar() -> None:
    assert read_window("9" * 14, None, NOW).first == hour_of(
        datetime.fromtimestamp(10**11 - 1, UTC)
    )


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("example.package1/1.0.0?after=x", 400, "bad_after_date"),
        ("example.package1/1.0.0?after=1672531200000&after=1", 400, "invalid_input"),
        ("xpkg%2Fexample.package1/1.0.0", 400, "full_id_or_invalid"),
        ("example.package1/1.0.0.0", 400, "invalid_version"),
        ("example.package1/1.00000000000000000", 400, "bad_version_len"),
        ("example.package1/%20", 400, "invalid_or_empty_str"),
        ("example.package1/3", 404, "not_found"),
        ("example.missing/1", 404, "not_found"),
    ],
)
def test_what_is_refused(api: Api, path: str, status: int, code: str) -> None:
    assert refusal(api.get(f"/analytics/{path}")) == (status, code)


def test_who_sees_what_is_not_public(api: Api) -> None:
    api.token("any", "Ada", ANY)
    api.token("this", "Ada", SPECIFIC, {SPECIFIC: ["example.package1"]})
    api.token("other", "Ada", SPECIFIC, {SPECIFIC: ["example.package2"]})
    api.token("view", "Ada", Permission.ViewPackages)
    api.token("stranger", "Grace", SPECIFIC, {SPECIFIC: ["example.package1"]})

    for by in ("Ada", "any", "this"):
        assert ask(api, "2.0.0", by).status_code == 200
    for stranger in (None, "other", "view", "Grace", "stranger"):
        assert refusal(ask(api, "2.0.0", stranger)) == (404, "not_found")
        assert ask(api, "1.0.0", stranger).status_code == 200
    assert ask(api, "2.0.0", "any").headers["Cache-Control"] == "private, no-cache"
