"""What the README shows is what a newcomer sees."""

import json
import re
import shlex
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask

from registry.database import make_engine
from registry.demo import make_demo
from registry.settings import Settings

README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
CALLS = re.findall(r"```sh\n(curl .*?)```\n\n```json\n(.*?)```", README, re.DOTALL)

# When a package was catalogued differs each time.
VARYING = {"createdAt", "lastUpdated"}


def without_varying(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: "" if k in VARYING else without_varying(v) for k, v in value.items()}
    return [without_varying(item) for item in value] if isinstance(value, list) else value


@pytest.fixture
def demo_token(settings: Settings, tmp_path: Path) -> str:
    engine = make_engine(settings.database_address())
    token = make_demo(engine, tmp_path).token
    engine.dispose()
    return token


def test_its_calls_get_the_answers_that_it_shows(app: Flask, demo_token: str) -> None:
    assert len(CALLS) == 3
    for call, shown in CALLS:
        words = shlex.split(call.replace("$TOKEN", demo_token).replace("\\\n", ""))
        headers = [words[i + 1].split(": ", 1) for i, word in enumerate(words) if word == "-H"]
        data = words[words.index("-d") + 1] if "-d" in words else None
        (address,) = [word for word in words if word.startswith("http://127.0.0.1:5000")]
        path = urlsplit(address)._replace(scheme="", netloc="").geturl()

        response = app.test_client().open(
            path, method="POST" if data else "GET", headers=dict(headers), data=data
        )

        assert response.status_code == 200
        assert without_varying(response.get_json()) == without_varying(json.loads(shown)), call
