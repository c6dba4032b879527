"""What commands print: results on standard output, everything else on standard error.

Names, branches and messages may come from a workspace that anyone may have written, so nothing in a
text but its line feeds does anything to a terminal.
"""

from collections.abc import Sequence
from typing import Any

import click
import orjson

from registry.rules.inert_text import make_inert


def is_quiet() -> bool:
    """Tell whether the command was asked, by `registry --quiet`, to say nothing but results."""
    return bool(click.get_current_context().find_root().params.get("quiet"))


def say(text: str = "") -> None:
    """Tell the person at the terminal something, who may not want to hear it."""
    if not is_quiet():
        click.echo(make_inert(text, keep_lines=True), err=True)


def suggest(text: str) -> None:
    """Tell what to do next."""
    say(f"Next: {text}")


def print_result(text: str) -> None:
    """Print a result: what a script would take."""
    click.echo(make_inert(text, keep_lines=True))


def print_json(value: Any) -> None:
    """Print a result as JSON."""
    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())


def print_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows in columns, each as wide as its widest text; the last is not padded."""
    shown = [[make_inert(text) for text in row] for row in (heads, *rows)]
    widths = [max(len(text) for text in column) for column in zip(*shown, strict=True)]
    for row in shown:
        cells = [text.ljust(width) for text, width in zip(row, widths, strict=True)]
        click.echo("  ".join(cells).rstrip())


def count(number: int, noun: str) -> str:
    """Write a number and its noun: `1 package`, `1,000 packages`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
