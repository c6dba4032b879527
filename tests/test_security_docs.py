"""Each promise of docs/security.md names the tests that hold it, and there are such tests."""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
SECTIONS = re.split(r"(?m)^## ", (ROOT / "docs/security.md").read_text("utf-8"))[1:]
_FILE = re.compile(r"`(tests/[\w/]+\.py)` \(([^)]+)\)")
# They promise nothing.
PLAIN = {"From whom", "What we do not do"}


@cache
def names_in(file: str) -> set[str]:
    nodes = ast.walk(ast.parse((ROOT / file).read_text("utf-8")))
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef)}


def test_every_section_names_the_tests_that_hold_it() -> None:
    for section in SECTIONS:
        title, _, text = section.partition("\n")
        paragraphs = text.strip().split("\n\n")
        assert (title in PLAIN) != paragraphs[-1].startswith("Held by `tests/"), title


def test_the_tests_that_are_named_are_there() -> None:
    named = [
        (file, name)
        for section in SECTIONS
        for file, names in _FILE.findall(section.rpartition("\n\nHeld by ")[2])
        for name in re.findall(r"`(\w+)`", names)
    ]

    assert len(named) > 50
    assert [(file, name) for file, name in named if name not in names_in(file)] == []
