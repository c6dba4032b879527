"""What an npm registry's answer about a package says, taken from its abbreviated form.

The form is that of npm's registry API ("abbreviated metadata"): `dist-tags` and `versions`, of
which each may bear `deprecated`. Nothing else of it is kept.
"""

from typing import Any

import orjson

from registry.rules.outdated import Published
from registry.rules.semver import InvalidSemVer, SemVer

MEDIA_TYPE = "application/vnd.npm.install-v1+json"

# Packages with more versions or tags than this do not exist; an answer with more is a mistake.
_MOST_VERSIONS = 50_000
_MOST_TAGS = 10_000
_LONGEST_TAG = 256


class NotAPackument(ValueError):
    """The answer is not what the registry's API documents; the message says what is wrong."""


def read_packument(content: bytes) -> Published:
    """Read an answer; versions come ordered by precedence, those that are none are left out.

    Raises:
        NotAPackument: it is not what the API documents.
    """
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise NotAPackument("it is not JSON") from None
    versions = _map(document, "versions", most=_MOST_VERSIONS)
    tags = {
        tag: version
        for tag, version in _map(document, "dist-tags", most=_MOST_TAGS).items()
        if isinstance(version, str) and version in versions and len(tag) <= _LONGEST_TAG
    }
    known = {text: version for text in versions if (version := _parse(text)) is not None}
    ordered = sorted(known, key=lambda text: known[text].precedence)
    latest = tags.get("latest", "")
    return Published(
        # No database keeps NUL in a text; a version cannot hold one, a tag could.
        latest=latest if latest in known else "",
        versions=ordered,
        deprecated=frozenset(text for text in ordered if _is_deprecated(versions[text])),
        tags={
            tag: version for tag, version in tags.items() if version in known and "\0" not in tag
        },
    )


def _map(document: Any, key: str, *, most: int) -> dict[str, Any]:
    value = document.get(key) if isinstance(document, dict) else None
    if not isinstance(value, dict):
        raise NotAPackument(f"it has no object `{key}`")
    if len(value) > most:
        raise NotAPackument(f"its `{key}` has more than {most} entries")
    return value


def _parse(text: str) -> SemVer | None:
    try:
        return SemVer.parse(text)
    except InvalidSemVer:
        return None


def _is_deprecated(manifest: Any) -> bool:
    """Tell whether a version bears a reason not to use it; npm takes it back by an empty one."""
    return isinstance(manifest, dict) and bool(manifest.get("deprecated"))
