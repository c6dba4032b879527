"""How each tool reads its list of workspace patterns.

Seen in the tools' sources and on the tools themselves: npm 11 (`@npmcli/map-workspaces`), Yarn 4
and 1, pnpm 11 (`projects-reader`), lerna 9, bun 1.4. `tests/workspace/tool_listings.json` holds
what each listed.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from registry.rules.globs import Dialect, Glob, GlobError, parse_glob
from registry.workspace.layout import Layout, Tool
from registry.workspace.problems import Problem, ProblemCode, error
from registry.workspace.text import quote


class Negation(Enum):
    """What a pattern that begins with `!` does."""

    # Nothing at all.
    IGNORED = "ignored"
    # It takes out what it matches, wherever it stands in the list.
    HIDES = "hides"
    # One that ends in a plain name also takes out all below.
    PRUNES = "prunes"
    # A later pattern that it covers takes it back; `!!a` and `/a` are `a`.
    ORDERED = "ordered"


class Links(Enum):
    """What becomes of symbolic links to directories."""

    IGNORED = "ignored"
    # They match as directories do, but `**` does not go on below them.
    MATCHED = "matched"
    WALKED = "walked"


class Closing(Enum):
    """What `a/**` matches at its least."""

    BASE = "base"
    # `a` too, but only where the tool comes upon it.
    FOUND_BASE = "found base"
    BELOW = "below"


@dataclass(frozen=True)
class ToolRules:
    """Everything in which the tools differ."""

    negation: Negation = Negation.HIDES
    links: Links = Links.MATCHED
    closing: Closing = Closing.BASE
    dialect: Dialect = field(default_factory=Dialect)
    never_entered: frozenset[str] = frozenset({"node_modules"})
    # A path without wildcards is a member whatever the negations say, and `!!a` is `a`.
    paths_stay: bool = False
    # A member's own `workspaces` count too.
    nested: bool = False
    # A manifest without both is left out.
    needs_name_and_version: bool = False


_RULES: Mapping[Tool, ToolRules] = {
    Tool.NPM: ToolRules(
        negation=Negation.ORDERED,
        dialect=Dialect(backslash_escapes=False),
    ),
    Tool.YARN: ToolRules(
        negation=Negation.PRUNES,
        links=Links.WALKED,
        closing=Closing.FOUND_BASE,
        dialect=Dialect(bare_groups=True, negation_matches_dots=True),
        never_entered=frozenset({"node_modules", ".git", ".yarn"}),
        nested=True,
    ),
    Tool.PNPM: ToolRules(
        links=Links.WALKED,
        dialect=Dialect(
            bare_groups=True, negation_matches_dots=True, negation_refuses_prefixes=True
        ),
        never_entered=frozenset({"node_modules", "bower_components"}),
    ),
    Tool.LERNA: ToolRules(links=Links.IGNORED, closing=Closing.BELOW),
    Tool.BUN: ToolRules(
        dialect=Dialect(backslash_escapes=False),
        never_entered=frozenset({"node_modules", ".git", "CMakeFiles"}),
        paths_stay=True,
    ),
}
_CLASSIC = ToolRules(negation=Negation.IGNORED, needs_name_and_version=True)


def rules_of(layout: Layout) -> ToolRules:
    """Give the rules by which a layout's patterns are read."""
    return _CLASSIC if layout.classic else _RULES[layout.tool]


@dataclass(frozen=True)
class Selection:
    """A list of patterns, read by its tool's rules."""

    included: tuple[Glob, ...] = ()
    hidden: tuple[Glob, ...] = ()
    # Members whatever is hidden.
    certain: tuple[Glob, ...] = ()


def select(patterns: Sequence[str], rules: ToolRules, path: str) -> tuple[Selection, list[Problem]]:
    """Read a list of patterns.

    Args:
        patterns: as written, in their order.
        rules: the tool's.
        path: the file that lists them, for problems.
    """
    included: list[tuple[str, Glob]] = []
    hidden: list[Glob] = []
    problems: list[Problem] = []
    for pattern in patterns:
        try:
            negated, text = _split_negation(pattern, rules)
            glob = parse_glob(text, rules.dialect)
        except GlobError as reason:
            problems.append(
                error(
                    ProblemCode.PATTERN_INVALID,
                    path,
                    f"The pattern {quote(pattern)} is left out: {reason}. Change it.",
                )
            )
            continue
        if negated:
            prunes = rules.negation is Negation.PRUNES and not text.endswith("/")
            hidden.append(glob.with_below() if prunes else glob)
            continue
        if rules.negation is Negation.ORDERED:
            hidden = [other for other in hidden if not _covers(other, text)]
        included.append((text, glob))
    if rules.negation is Negation.ORDERED:
        included = [
            (text, glob) for text, glob in included if not any(_covers(it, text) for it in hidden)
        ]
    globs = _without_bases([glob for _, glob in included], rules.closing)
    certain = [glob for glob in globs if rules.paths_stay and glob.literal is not None]
    rest = [glob for glob in globs if glob not in certain]
    return Selection(tuple(rest), tuple(hidden), tuple(certain)), problems


def _split_negation(pattern: str, rules: ToolRules) -> tuple[bool, str]:
    if rules.negation is Negation.ORDERED:
        text = pattern.lstrip("!")
        # npm strips one `./` or the slashes that come first.
        return (len(pattern) - len(text)) % 2 == 1, re.sub(r"^\.?/+", "", text)
    if pattern.startswith("!("):
        return False, pattern
    text = pattern.lstrip("!")
    marks = len(pattern) - len(text)
    if marks and rules.negation is Negation.IGNORED:
        raise GlobError("Yarn 1 knows no negation")
    if marks > 1 and not rules.paths_stay:
        raise GlobError("it is negated more than once")
    return marks % 2 == 1, text


def _covers(negation: Glob, pattern: str) -> bool:
    """Tell whether a negation takes a pattern away, by the pattern's text: npm's shortcut."""
    return negation.without_base(if_plain=False).matches(pattern)


def _without_bases(globs: Sequence[Glob], closing: Closing) -> list[Glob]:
    if closing is Closing.BASE:
        return list(globs)
    if closing is Closing.BELOW:
        return [glob.without_base(if_plain=False) for glob in globs]
    # Yarn's library begins at the plain names that patterns start with, and never reports where
    # it began; but if one pattern needs the root, it begins there for all.
    if any(glob.wild_from_root for glob in globs):
        return list(globs)
    return [glob.without_base(if_plain=True) for glob in globs]
