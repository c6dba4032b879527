"""The documents tell what the code does: settings, commands, options, files."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from registry.cli import COMMANDS, main
from registry.settings import Settings

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def rows(document: str) -> list[list[str]]:
    """Read the rows of a document's tables, without their heads."""
    lines = (ROOT / document).read_text("utf-8").splitlines()
    cells = [line.strip()[1:-1].split("|") for line in lines if line.startswith("| `")]
    return [[cell.strip() for cell in row] for row in cells]


def test_every_setting_is_documented_as_it_is() -> None:
    def write(default: object) -> str:
        if default in ("", None, ()):
            return "empty"
        return f"`{str(default).lower() if isinstance(default, bool) else default}`"

    expected = [
        [f"`REGISTRY_{name.upper()}`", write(field.default), field.description]
        for name, field in Settings.model_fields.items()
    ]

    assert rows("docs/configuration.md") == expected


def commands() -> Iterator[tuple[str, click.Command]]:
    """Walk through the commands that do something, each with its whole name."""
    context = click.Context(main)
    for name in COMMANDS:
        command = main.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            for sub in command.list_commands(context):
                yield f"{name} {sub}", command.commands[sub]
        else:
            yield name, command


def test_every_command_is_documented_with_its_options() -> None:
    documented = {row[0].strip("`"): row[-1] for row in rows("docs/operations.md")}
    expected = {}
    for name, command in commands():
        arguments = [
            p.make_metavar(click.Context(command))
            for p in command.params
            if isinstance(p, click.Argument)
        ]
        options = [f"`{p.opts[0]}`" for p in command.params if isinstance(p, click.Option)]
        expected[" ".join(["registry", name, *arguments])] = ", ".join(options)

    assert documented == expected


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text("utf-8"))

    assert [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_make_targets_that_are_named_exist(document: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(
        re.findall(r"`make ([a-z-]+)|^make ([a-z-]+)", document.read_text("utf-8"), re.MULTILINE)
    )

    assert {first or second for first, second in named} <= targets
