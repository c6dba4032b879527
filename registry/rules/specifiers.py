"""What a dependency's text in a package.json means: a range, a tag, a workspace member, a place.

The forms are those that npm (`npm-package-arg`), pnpm, yarn and bun document. A text of no known
form is no error here: it is `unknown`, for a manifest may hold anything.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from urllib.parse import unquote

from registry.rules.ranges import parse_range, satisfies

__all__ = ["Protocol", "Specifier", "parse_specifier", "satisfies"]


class Protocol(StrEnum):
    """What kind of thing a dependency's text is."""

    # A range of versions, or a tag such as `latest`, in the package registry.
    REGISTRY = "registry"
    TAG = "tag"
    # The same, spelled out: `npm:` mostly for an alias, `jsr:` for another registry.
    NPM = "npm"
    JSR = "jsr"
    # A member of the workspace, and a range that the workspace keeps in one place.
    WORKSPACE = "workspace"
    CATALOG = "catalog"
    # A directory or an archive on disk: copied, linked, or linked with its dependencies.
    FILE = "file"
    LINK = "link"
    PORTAL = "portal"
    # Another specifier's package with a patch; a package that a script makes.
    PATCH = "patch"
    EXEC = "exec"
    GIT = "git"
    URL = "url"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Specifier:
    """A dependency's text, understood; what its protocol does not have is empty."""

    protocol: Protocol
    # The package that it really names, which under an alias is not the dependency's own name.
    name: str
    # A range in npm's syntax; `*` where any version does, as with an empty text, `workspace:*`,
    # `workspace:^` and `workspace:~`.
    range: str = ""
    tag: str = ""
    # `default` is the catalog without a name.
    catalog: str = ""
    # Where it lies, as written: a claim. Nothing has checked that it stays in the workspace.
    path: str = ""
    # Where it is fetched from, as written.
    url: str = ""


_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)", re.DOTALL)
# What begins with a dot, holds a slash, or ends like an archive is a path to npm.
_PATH = re.compile(r"\.|[^/]*/|.*\.(?:tgz|tar\.gz|tar)$", re.DOTALL | re.IGNORECASE)
# `git@host:path`, and `owner/repository#branch`.
_GIT_ADDRESS = re.compile(
    r"[^@\s/:#]+@[^@\s/:#]+:|(?!\.|~/)[^@\s/:#]+/[^@\s/:#]+(?:#|$)",
)
_REPOSITORY_PAGE = re.compile(
    r"https?://(?:[^@/]*@)?(?:www\.)?(?:github\.com|gitlab\.com|bitbucket\.org)"
    r"/[^/#]+/[^/#]+(?:/?|/tree/[^#]*)(?:#|$)",
    re.IGNORECASE,
)
_GIT_SCHEME = re.compile(r"git|git\+[a-z]+|ssh|github|gitlab|bitbucket|gist")
# What JavaScript's encodeURIComponent leaves alone, which is npm's rule for a tag.
_TAG = re.compile(r"[A-Za-z0-9_.!~*'()-]+")


def parse_specifier(name: str, text: str) -> Specifier:
    """Understand the text that stands beside a dependency's name.

    Args:
        name: the key in the manifest, e.g. `vue`.
        text: the value, e.g. `^3.5.21`, `workspace:*`, `npm:other@1`, `owner/repository#main`.
    """
    text = text.strip()
    scheme = _SCHEME.fullmatch(text)
    if scheme is not None:
        return _parse_scheme(name, scheme[1].lower(), scheme[2].strip(), text)
    if _GIT_ADDRESS.match(text):
        return _parse_git(name, text)
    if _PATH.match(text):
        return Specifier(Protocol.FILE, name, path=text)
    if parse_range(text) is not None:
        return Specifier(Protocol.REGISTRY, name, range=text or "*")
    if _TAG.fullmatch(text):
        return Specifier(Protocol.TAG, name, tag=text)
    return Specifier(Protocol.UNKNOWN, name)


def _parse_scheme(name: str, scheme: str, rest: str, text: str) -> Specifier:
    """Understand what begins with `scheme:`."""
    if scheme in _PARSERS:
        return _PARSERS[scheme](name, rest)
    if _GIT_SCHEME.fullmatch(scheme):
        return _parse_git(name, text)
    if scheme in ("http", "https"):
        if text.partition("#")[0].endswith(".git") or _REPOSITORY_PAGE.match(text):
            return _parse_git(name, text)
        return Specifier(Protocol.URL, name, url=text)
    if len(scheme) == 1:
        # A drive of Windows.
        return Specifier(Protocol.FILE, name, path=text)
    return Specifier(Protocol.UNKNOWN, name)


def _parse_workspace(name: str, rest: str) -> Specifier:
    """Understand pnpm's and yarn's `workspace:`: a range, an alias and a range, or a path."""
    alias, text = _split_name(rest)
    if not text or rest.startswith("."):
        alias, text = name, rest
    # Published, `^` and `~` take the member's version with them; here any version will do.
    wanted = "*" if text in ("", "^", "~") else text
    if parse_range(wanted) is None:
        return Specifier(Protocol.WORKSPACE, name, path=rest)
    return Specifier(Protocol.WORKSPACE, alias, range=wanted)


def _parse_alias(protocol: Protocol, name: str, rest: str) -> Specifier:
    """Understand `npm:other@^1`, `npm:@scope/other`, and yarn's `npm:^1` that is no alias."""
    if parse_range(rest) is not None:
        return Specifier(protocol, name, range=rest or "*")
    alias, text = _split_name(rest)
    if parse_range(text) is not None:
        return Specifier(protocol, alias, range=text or "*")
    return Specifier(protocol, alias, tag=text if _TAG.fullmatch(text) else "")


def _parse_patch(name: str, rest: str) -> Specifier:
    """Understand yarn's `patch:name@npm%3A^1#path`: what is patched, not with what."""
    patched, text = _split_name(unquote(rest.partition("#")[0]))
    if text.startswith("patch:"):
        # One level is what people write; any number of them must not make a deep recursion.
        return Specifier(Protocol.PATCH, patched)
    inner = parse_specifier(patched or name, text)
    return Specifier(Protocol.PATCH, inner.name, range=inner.range, tag=inner.tag)


def _parse_catalog(name: str, rest: str) -> Specifier:
    return Specifier(Protocol.CATALOG, name, catalog=rest or "default")


def _parse_file(name: str, rest: str) -> Specifier:
    """Understand `file:`; npm reads `file://../x` and `file:/../x` as `../x`, too."""
    path = re.sub(r"^/+", "/", rest)
    if re.match(r"/\.\.?(?:/|$)", path):
        path = path[1:]
    return Specifier(Protocol.FILE, name, path=path)


def _parse_path(protocol: Protocol, name: str, rest: str) -> Specifier:
    return Specifier(protocol, name, path=rest)


def _parse_exec(name: str, _rest: str) -> Specifier:
    return Specifier(Protocol.EXEC, name)


def _parse_git(name: str, url: str) -> Specifier:
    """Understand an address of a repository, and the range in its `#semver:^1.2`."""
    for part in re.split(r"::|&", url.partition("#")[2]):
        key, _, value = part.replace("=", ":", 1).partition(":")
        if key == "semver" and parse_range(unquote(value)) is not None:
            return Specifier(Protocol.GIT, name, range=unquote(value) or "*", url=url)
    return Specifier(Protocol.GIT, name, url=url)


def _split_name(text: str) -> tuple[str, str]:
    """Split `name@rest`, where the name may begin with a scope's `@`."""
    end = text.find("@", 1)
    return (text, "") if end < 0 else (text[:end], text[end + 1 :])


_PARSERS: Mapping[str, Callable[[str, str], Specifier]] = {
    "workspace": _parse_workspace,
    "catalog": _parse_catalog,
    "npm": partial(_parse_alias, Protocol.NPM),
    "jsr": partial(_parse_alias, Protocol.JSR),
    "file": _parse_file,
    "link": partial(_parse_path, Protocol.LINK),
    "portal": partial(_parse_path, Protocol.PORTAL),
    "patch": _parse_patch,
    "exec": _parse_exec,
}
