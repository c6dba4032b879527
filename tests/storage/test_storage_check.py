"""`registry doctor` looks at the store, and whether it is the database's."""

from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import sessionmaker

from registry.database import writing
from registry.doctor.check import Check
from registry.doctor.storage import check_storage
from registry.models import Publication, Version
from registry.models.base import utc_now
from registry.rules.versions import RegistryVersion
from registry.settings import Settings
from registry.storage import open_storage
from tests.accounts.samples import add_author, add_listing
from tests.s3_server import KEY, SECRET

FIRST = RegistryVersion.parse("1")

# What is asked of the database is the same on both.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def s3_settings(s3_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    return Settings(
        instance_path=tmp_path,
        storage_uri=f"s3://artifacts/{tmp_path.name}",
        s3_endpoint_url=s3_server,
    )


def look(settings: Settings, engine: Engine | None = None) -> list[Check]:
    return list(check_storage(settings, engine))


def verdicts(checks: list[Check]) -> list[tuple[str, str]]:
    return [(check.name, check.verdict) for check in checks]


def publish(engine: Engine, settings: Settings) -> str:
    """Name an artifact that is in the store; gives its SHA-256."""
    storage = open_storage(settings)
    with storage.work_files.new() as work, writing(sessionmaker(engine)) as session:
        work.write(b"artifact")
        storage.put(work)
        author, _ = add_author(session, "Ada")
        package = add_listing(session, author, "example.package1")
        version = Version(
            package_id=package.id, version=str(FIRST), sort_key=FIRST.sort_key(), date=utc_now()
        )
        session.add(version)
        session.flush()
        session.add(
            Publication(
                version_id=version.id,
                status="processed",
                is_public=True,
                is_stored=True,
                hash=work.sha256,
                download_key="key",
            )
        )
        return work.sha256


def test_a_directory(engine: Engine, tmp_path: Path) -> None:
    settings = Settings(instance_path=tmp_path)
    assert verdicts(look(settings, engine)) == [("storage", "ok")]
    # Looking made nothing.
    assert not (tmp_path / "storage").exists()
    sha256 = publish(engine, settings)

    assert verdicts(look(settings, engine)) == [("storage", "ok"), ("artifacts", "ok")]
    assert [file.sha256 for file in open_storage(settings).files()] == [sha256]


def test_a_bucket(engine: Engine, s3_settings: Settings) -> None:
    sha256 = publish(engine, s3_settings)

    assert verdicts(look(s3_settings, engine)) == [("storage", "ok"), ("artifacts", "ok")]
    assert [file.sha256 for file in open_storage(s3_settings).files()] == [sha256]


def test_another_store_than_the_databases(
    engine: Engine, s3_settings: Settings, tmp_path: Path
) -> None:
    sha256 = publish(engine, Settings(instance_path=tmp_path))

    checks = look(s3_settings, engine)

    assert verdicts(checks) == [("storage", "ok"), ("artifacts", "fail")]
    assert sha256[:12] in checks[1].seen
    assert "REGISTRY_STORAGE_URI" in checks[1].mend


@pytest.mark.usefixtures("engine")
def test_stores_that_do_not_work(s3_settings: Settings) -> None:
    for change in (
        {"s3_endpoint_url": "http://127.0.0.1:1"},
        {"storage_uri": "s3://there-is-none"},
        {"storage_uri": "ftp://x"},
    ):
        (check,) = look(s3_settings.model_copy(update=change))
        assert (check.name, check.verdict) == ("storage", "fail")
        assert check.mend
