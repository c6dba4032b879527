"""The fixture that most tests of histories start from."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.history.histories import Imported, Planned, import_history


@pytest.fixture
def history(tmp_path: Path) -> Callable[..., Imported]:
    """Make a bare repository from planned commits."""

    def make(*plan: Planned, name: str = "repository", bare: bool = True) -> Imported:
        return import_history(tmp_path / name, list(plan), bare=bare)

    return make
