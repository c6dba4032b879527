"""`registry doctor`."""

from collections.abc import Iterable
from dataclasses import asdict

import click

from registry.commands.terminal import print_json, say, suggest
from registry.doctor import Check, Verdict, examine
from registry.rules.inert_text import make_inert
from registry.server import Address

_COLOURS = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.FAIL: "red"}
_NAME_WIDTH = 12


@click.command("doctor")
@click.option("--host", default="127.0.0.1", show_default=True, help="As `serve` will be told.")
@click.option(
    "--port", type=click.IntRange(1, 65_535), default=5000, show_default=True, help="As above."
)
@click.option("--json", "as_json", is_flag=True, help="Print the checks as JSON.")
@click.pass_context
def command(ctx: click.Context, host: str, port: int, as_json: bool) -> None:
    """Say what is configured, what is reachable, and how to mend what is not.

    Nothing is changed. The exit status is 1 when a check fails; a warning is none.
    """
    checks = _print_one_by_one(examine(Address(host, port)), as_json=as_json)
    if as_json:
        print_json([asdict(check) for check in checks])
    failed = sum(check.verdict is Verdict.FAIL for check in checks)
    if failed:
        say(f"{failed} of {len(checks)} checks failed.")
        suggest("do what the arrows say, the first one first")
        ctx.exit(1)
    say("All that is needed is there.")
    suggest("registry serve")


def _print_one_by_one(checks: Iterable[Check], *, as_json: bool) -> list[Check]:
    """Print each check when it is done, for some take a while; gives all of them."""
    done = []
    for check in checks:
        done.append(check)
        if not as_json:
            verdict = click.style(f"{check.verdict:<4}", fg=_COLOURS[check.verdict])
            click.echo(f"{verdict}  {check.name:<{_NAME_WIDTH}}{make_inert(check.seen)}")
            if check.mend:
                click.echo(f"      {'':<{_NAME_WIDTH}}→ {make_inert(check.mend)}")
    return done
