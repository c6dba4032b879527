"""Globs of directories, as workspace tools read them, walked one path segment at a time.

A pattern is cut into segments once; a walk then carries the set of what is left to match from
directory to directory, so that only directories that can still match are visited. Nothing here
backtracks: a hostile pattern or name costs at most their lengths multiplied.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

import bracex

# Far beyond any pattern that people write; what is over it would only cost time.
LONGEST_PATTERN = 1_000
MOST_ALTERNATIVES = 1_000
DEEPEST_GROUPS = 8

_POSIX_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "digit": "0-9",
    "lower": "a-z",
    "punct": re.escape("!\"#$%&'()*+,-./:;<=>?@[]^_`{|}~"),
    "space": r"\s",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}


class GlobError(ValueError):
    """The pattern cannot be used; the message says why."""


@dataclass(frozen=True)
class Dialect:
    """Where glob libraries read the same text differently.

    The defaults are what minimatch 3 and bash's `extglob` do. The rest was seen on the tools
    themselves (`tests/workspace/tool_listings.json`).
    """

    # A backslash takes the next character's meaning away; otherwise it is one more slash.
    backslash_escapes: bool = True
    # `(a|b)` is a group without any mark before it (picomatch).
    bare_groups: bool = False
    # `!(a)` and `[!a]` may match the dot that a name starts with (picomatch).
    negation_matches_dots: bool = False
    # `!(a)` also refuses whatever begins with `a` (picomatch, before a further segment).
    negation_refuses_prefixes: bool = False


class _Wildcard(Enum):
    ONE = "?"
    ANY = "*"


@dataclass(frozen=True)
class _Group:
    """`@(a|b)`, `?(…)`, `*(…)`, `+(…)` or `!(…)`."""

    mark: str
    alternatives: tuple["_Sequence", ...]


# Plain text, a wildcard, a set of characters, or a group.
_Node: TypeAlias = "str | _Wildcard | re.Pattern[str] | _Group"
_Sequence: TypeAlias = tuple[_Node, ...]


# Told apart by identity: a walk puts them into sets at every directory.
@dataclass(frozen=True, eq=False)
class _Segment:
    """What stands between two slashes, when it is neither `**` nor plain text."""

    nodes: _Sequence
    # Whether it may match a name that starts with a dot.
    dots: bool
    dialect: Dialect

    def matches(self, name: str, *, dots: bool) -> bool:
        if not (dots or self.dots) and name.startswith("."):
            return False
        if len(self.nodes) == 1 and self.nodes[0] is _Wildcard.ANY:
            return True
        return 0 in _starts(self.nodes, name, {len(name)}, self.dialect)


_ANYTHING = _Segment((_Wildcard.ANY,), dots=False, dialect=Dialect())

# What is left to match below a directory: names, wildcards, and `None` for `**`.
_Chain: TypeAlias = "tuple[str | _Segment | None, ...]"
State: TypeAlias = frozenset[_Chain]


@dataclass(frozen=True)
class Glob:
    """One pattern, its braces expanded into chains of segments."""

    chains: tuple[_Chain, ...]

    @property
    def literal(self) -> str | None:
        """The one path that it matches, if it holds no wildcard at all."""
        if len(self.chains) != 1:
            return None
        names = [segment for segment in self.chains[0] if isinstance(segment, str)]
        return "/".join(names) if len(names) == len(self.chains[0]) else None

    @property
    def wild_from_root(self) -> bool:
        """Whether a wildcard stands for the first directory already."""
        return any(chain and not isinstance(chain[0], str) for chain in self.chains)

    def without_base(self, *, if_plain: bool) -> "Glob":
        """Make a closing `**` need a directory, so that `a/**` does not match `a` itself.

        Args:
            if_plain: only where nothing but plain names comes before it.
        """
        return Glob(
            tuple(
                (*chain, _ANYTHING)
                if chain[-1:] == (None,)
                and not (if_plain and any(not isinstance(name, str) for name in chain[:-1]))
                else chain
                for chain in self.chains
            )
        )

    def with_below(self) -> "Glob":
        """Make it match all that is below too, where it ends in a plain name."""
        return Glob(
            tuple(
                (*chain, None) if chain and isinstance(chain[-1], str) else chain
                for chain in self.chains
            )
        )

    def matches(self, path: str, *, dots: bool = False) -> bool:
        """Tell whether it matches a path; `dots` lets wildcards match names that start with one."""
        state = start_walk([self])
        for name in path.split("/") if path not in {"", "."} else []:
            state = enter(state, name, dots=dots)
        return accepts(state)


def parse_glob(pattern: str, dialect: Dialect | None = None) -> Glob:
    """Read a pattern of directories, relative to the workspace's root.

    Empty and `.` segments mean nothing; `..` takes the segment before it away; `***` and a `**`
    beside other text are `*`; braces are bash's.

    Raises:
        GlobError: it is absolute, leads out of the root, or is longer, deeper or of more
            alternatives than anything that people write.
    """
    dialect = dialect or Dialect()
    if len(pattern) > LONGEST_PATTERN:
        raise GlobError(f"it is longer than {LONGEST_PATTERN} characters")
    if "\0" in pattern:
        raise GlobError("it holds a NUL character")
    if not dialect.backslash_escapes:
        pattern = pattern.replace("\\", "/")
    try:
        expanded = bracex.expand(pattern, keep_escapes=True, limit=MOST_ALTERNATIVES)
    except (bracex.ExpansionLimitException, RecursionError) as error:
        raise GlobError(f"its braces make more than {MOST_ALTERNATIVES} patterns") from error
    return Glob(tuple(dict.fromkeys(_parse_chain(text, dialect) for text in expanded or [""])))


def start_walk(globs: Iterable[Glob]) -> State:
    """Begin at the root, with everything left to match."""
    return frozenset(rest for glob in globs for chain in glob.chains for rest in _unfold(chain))


def enter(state: State, name: str, *, dots: bool = False) -> State:
    """Go down into the directory `name`; nothing is left where nothing below can match."""
    hidden = not dots and name.startswith(".")
    left: set[_Chain] = set()
    for chain in state:
        if not chain:
            continue
        head = chain[0]
        if head is None:
            if not hidden:
                left.update(_unfold(chain))
        elif head == name if isinstance(head, str) else head.matches(name, dots=dots):
            left.update(_unfold(chain[1:]))
    return frozenset(left)


def without_globstars(state: State) -> State:
    """Keep only what does not begin with `**`: for links, which some tools' `**` does not walk."""
    return frozenset(chain for chain in state if chain[:1] != (None,))


def accepts(state: State) -> bool:
    """Tell whether the directory at hand is matched."""
    return () in state


def accepts_everything(state: State) -> bool:
    """Tell whether everything below is matched too, by a closing `**`."""
    return (None,) in state


def names_to_enter(state: State) -> frozenset[str] | None:
    """List the only names that can match below; None when any may, and the directory is needed."""
    heads = {chain[0] for chain in state if chain}
    names = frozenset(head for head in heads if isinstance(head, str))
    return names if len(names) == len(heads) else None


def _unfold(chain: _Chain) -> Iterable[_Chain]:
    """Give what is left, with and without the directories that a leading `**` may stand for."""
    yield chain
    if chain and chain[0] is None:
        yield chain[1:]


def _parse_chain(pattern: str, dialect: Dialect) -> _Chain:
    if pattern.startswith("/"):
        raise GlobError("it is an absolute path")
    chain: list[str | _Segment | None] = []
    for text in pattern.split("/"):
        # What an escape spells is no less a `.` or `..` on disk.
        segment = None if text == "**" else _parse_segment(text, dialect)
        if segment == "..":
            if not chain:
                raise GlobError("it leads out of the workspace")
            chain.pop()
        elif segment not in {"", "."} and (segment is not None or chain[-1:] != [None]):
            chain.append(segment)
    return tuple(chain)


def _parse_segment(text: str, dialect: Dialect) -> str | _Segment:
    nodes, _ = _parse_sequence(text, 0, dialect, depth=0)
    if all(isinstance(node, str) for node in nodes):
        return "".join(node for node in nodes if isinstance(node, str))
    first = nodes[0]
    if isinstance(first, str):
        return _Segment(nodes, first.startswith("."), dialect)
    negation = (isinstance(first, _Group) and first.mark == "!") or (
        isinstance(first, re.Pattern) and first.pattern.startswith("[^")
    )
    return _Segment(nodes, negation and dialect.negation_matches_dots, dialect)


def _parse_sequence(text: str, at: int, dialect: Dialect, *, depth: int) -> tuple[_Sequence, int]:
    """Read until the text ends or, inside a group, until its `|` or `)`; give where that was."""
    nodes: list[_Node] = []
    while at < len(text) and not (depth and text[at] in "|)"):
        node, at = _parse_node(text, at, dialect, depth)
        if isinstance(node, str) and nodes and isinstance(nodes[-1], str):
            nodes[-1] += node
        elif node is not _Wildcard.ANY or nodes[-1:] != [_Wildcard.ANY]:
            nodes.append(node)
    return tuple(nodes), at


def _parse_node(text: str, at: int, dialect: Dialect, depth: int) -> tuple[_Node, int]:
    char = text[at]
    marked = char in "?*+@!" and text[at + 1 : at + 2] == "("
    if marked or (char == "(" and dialect.bare_groups):
        group = _parse_group(text, at + marked, char if marked else "@", dialect, depth + 1)
        if group is not None:
            return group
    if char == "[":
        characters = _parse_class(text, at)
        if characters is not None:
            return characters
    if char == "\\" and dialect.backslash_escapes and at + 1 < len(text):
        return text[at + 1], at + 2
    if char in "?*":
        return _Wildcard(char), at + 1
    return char, at + 1


def _parse_group(
    text: str, opening: int, mark: str, dialect: Dialect, depth: int
) -> tuple[_Group, int] | None:
    if depth > DEEPEST_GROUPS:
        raise GlobError(f"its groups are nested more than {DEEPEST_GROUPS} deep")
    alternatives: list[_Sequence] = []
    at = opening
    while at < len(text) and text[at] != ")":
        nodes, at = _parse_sequence(text, at + 1, dialect, depth=depth)
        alternatives.append(nodes)
    # Without its closing parenthesis it is no group, but plain characters.
    return (_Group(mark, tuple(alternatives)), at + 1) if at < len(text) else None


def _parse_class(text: str, at: int) -> tuple[re.Pattern[str], int] | None:
    """Read `[a-z]`, `[!a]`, `[^a]`, `[[:alpha:]]` (ASCII); None where no bracket closes it."""
    negated = text[at + 1 : at + 2] in {"!", "^"}
    first = at + 1 + negated
    at = first
    parts: list[str] = []
    while at < len(text) and (text[at] != "]" or at == first):
        posix = re.compile(r"\[:([a-z]+):\]").match(text, at)
        if posix and posix[1] in _POSIX_CLASSES:
            parts.append(_POSIX_CLASSES[posix[1]])
            at = posix.end()
            continue
        at += text[at] == "\\" and at + 1 < len(text)
        low, high = text[at], text[at + 2 : at + 3]
        if text[at + 1 : at + 2] == "-" and high and high != "]":
            # A range from high to low holds nothing.
            parts.append(f"{re.escape(low)}-{re.escape(high)}" if low <= high else "")
            at += 3
        else:
            parts.append(re.escape(low))
            at += 1
    if at >= len(text):
        return None
    members = "".join(parts)
    if not members:
        return re.compile("[^\\0]" if negated else "[^\\s\\S]"), at + 1
    return re.compile(f"[{'^' if negated else ''}{members}]"), at + 1


def _starts(nodes: _Sequence, name: str, ends: set[int], dialect: Dialect) -> set[int]:
    """Give the positions in a name from which the nodes, in their order, lead to one of `ends`."""
    for node in reversed(nodes):
        if not ends:
            break
        ends = _starts_of_node(node, name, ends, dialect)
    return ends


def _starts_of_node(node: _Node, name: str, ends: set[int], dialect: Dialect) -> set[int]:
    if isinstance(node, str):
        length = len(node)
        return {end - length for end in ends if end >= length and name.endswith(node, 0, end)}
    if node is _Wildcard.ANY:
        return set(range(max(ends) + 1))
    if node is _Wildcard.ONE:
        return {end - 1 for end in ends if end}
    if isinstance(node, re.Pattern):
        return {end - 1 for end in ends if end and node.match(name, end - 1)}
    return _starts_of_group(node, name, ends, dialect)


def _starts_of_group(group: _Group, name: str, ends: set[int], dialect: Dialect) -> set[int]:
    if group.mark == "!":
        # Anything goes from which no alternative leads to where the rest matches.
        refused = set(range(len(name) + 1)) if dialect.negation_refuses_prefixes else ends
        return set(range(max(ends) + 1)) - _starts_of_any(group, name, refused, dialect)
    once = _starts_of_any(group, name, ends, dialect)
    if group.mark == "@":
        return once
    if group.mark == "?":
        return once | ends
    reached = latest = once
    while latest := _starts_of_any(group, name, latest, dialect) - reached:
        reached |= latest
    return reached if group.mark == "+" else reached | ends


def _starts_of_any(group: _Group, name: str, ends: set[int], dialect: Dialect) -> set[int]:
    return {start for nodes in group.alternatives for start in _starts(nodes, name, ends, dialect)}
