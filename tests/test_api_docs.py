"""`docs/api.md` lists every route that the application has, and no other."""

import re
from pathlib import Path

from flask import Flask

PAGE = Path(__file__).parent.parent / "docs" / "api.md"
ROW = re.compile(r"^\| `(/[^`]*)` \| ([A-Z, ]+) \|$", re.MULTILINE)


def documented() -> dict[str, set[str]]:
    table = PAGE.read_text(encoding="utf-8").partition("\n## Routes\n")[2]
    return {route: set(methods.split(", ")) for route, methods in ROW.findall(table)}


def routes(app: Flask) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for rule in app.url_map.iter_rules():
        methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        found.setdefault(rule.rule, set()).update(methods)
    return found


def test_every_route_is_documented_and_every_documented_one_is_there(app: Flask) -> None:
    assert documented() == routes(app)
