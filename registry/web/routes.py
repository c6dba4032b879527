"""How routes are kept and their views called."""

from collections.abc import Callable
from typing import Any

from flask import Flask
from werkzeug.routing import Rule


def init_routes(app: Flask) -> None:
    """Set how the application keeps and calls its routes; to be called before there are any."""
    app.url_rule_class = _Rule
    # None is a coroutine; Flask would look for that twelve times a request, at each view and hook.
    app.ensure_sync = _as_it_is  # type: ignore[method-assign,assignment]  # generic there
    # No address answers by sending the caller to another one: that would be at the host which the
    # request names, and anyone can name any.
    app.url_map.merge_slashes = False
    app.url_map.redirect_defaults = False


def _as_it_is(view: Callable[..., Any]) -> Callable[..., Any]:
    return view


class _Rule(Rule):
    """A route whose address is only made into a program when somebody asks for that address.

    Werkzeug compiles two functions for each route, which write its address. Nearly all of ours are
    only ever read, and compiling them all is most of what making the application takes.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compile_builder = super()._compile_builder
        built: Callable[..., tuple[str, str]] | None = None

        def build(rule: Rule, **values: Any) -> tuple[str, str]:
            nonlocal built
            if built is None:
                built = compile_builder(append_unknown)
            return built(rule, **values)

        return build
