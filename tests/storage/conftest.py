"""The stores under test: a directory, and a bucket of a real S3-compatible server."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from registry.settings import Settings
from registry.storage import Storage, open_storage
from tests.s3_server import KEY, SECRET, running_s3


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run an S3 server for all tests of stores."""
    with running_s3(tmp_path_factory.mktemp("s3")) as address:
        yield address


@pytest.fixture(params=["directory", "s3"])
def new_storage(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], Storage]:
    """Open the same store, as often as wanted; the test runs once on each kind."""
    settings = Settings(instance_path=tmp_path)
    if request.param == "s3":
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        settings = Settings(
            instance_path=tmp_path,
            storage_uri=f"s3://artifacts/{tmp_path.name}",
            s3_endpoint_url=request.getfixturevalue("s3_server"),
        )
    return lambda: open_storage(settings)


@pytest.fixture
def storage(new_storage: Callable[[], Storage]) -> Storage:
    """Open an empty store."""
    return new_storage()
