"""`registry verify`."""

import time
from dataclasses import asdict

import click

from registry.commands.environment import open_database, read_settings, require_migrated
from registry.commands.terminal import print_json, print_result, say
from registry.verify import CHECKS, Result, verify

_NAME_WIDTH = 14
# Seconds between two lines about the same check.
_TELL_EVERY = 5


@click.command("verify")
@click.option(
    "--all", "every", is_flag=True, help="Compare every package with git, not a sample of twenty."
)
@click.option(
    "--check",
    "only",
    multiple=True,
    type=click.Choice(list(CHECKS)),
    metavar="NAME",
    help="Make this check only; may be given several times.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.pass_context
def command(ctx: click.Context, every: bool, only: tuple[str, ...], as_json: bool) -> None:
    """Hold the database against itself, against git and against the stored files.

    Nothing is changed, and the service may run meanwhile. The exit status is 1 when something is
    wrong; what is only worth knowing (a file to be swept, a workspace that has moved on) is no
    fault.
    """
    settings = read_settings()
    results = []
    with open_database(settings) as engine:
        require_migrated(engine)
        for result in verify(engine, settings, every=every, only=only, progress=_Progress().show):
            results.append(result)
            if not as_json:
                print_result(_describe(result))
    if as_json:
        print_json([asdict(result) | {"isWrong": result.is_wrong} for result in results])
    wrong = sum(result.is_wrong for result in results)
    if wrong:
        say(f"{wrong} of {len(results)} checks found something wrong.")
        ctx.exit(1)
    say("Nothing is wrong.")


def _describe(result: Result) -> str:
    """Write a check's line, and for each finding what it is, where, and how to mend it."""
    verdict = "fail" if result.is_wrong else "note" if result.findings else "ok"
    lines = [f"{verdict:<4}  {result.check:<{_NAME_WIDTH}}{result.promise}"]
    if result.findings:
        lines = [
            f"{verdict:<4}  {result.check:<{_NAME_WIDTH}}{found.what} ({found.number:,})"
            for found in result.findings
        ]
    pad = " " * (6 + _NAME_WIDTH)
    for position, found in enumerate(result.findings):
        more = ["…"] if found.number > len(found.where) and found.where else []
        lines[position] += "".join(f"\n{pad}{place}" for place in [*found.where, *more])
        lines[position] += f"\n{pad}→ {found.mend}"
    return "\n".join(lines)


class _Progress:
    """Says which check is at work, and of a long one every few seconds how far it is."""

    def __init__(self) -> None:
        self._check = ""
        self._told = 0.0

    def show(self, check: str, done: int, total: int | None) -> None:
        now = time.monotonic()
        if check != self._check:
            self._check, self._told = check, now
        elif now - self._told >= _TELL_EVERY:
            self._told = now
            say(
                f"{check}: {done:,} of {total:,} …" if total is not None else f"{check}: {done:,} …"
            )
