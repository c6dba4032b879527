"""A manifest's `repository`: a text or an object, a URL or a host's shorthand."""

import re
from collections.abc import Mapping

_HOSTS: Mapping[str, str] = {
    "github": "github.com",
    "gitlab": "gitlab.com",
    "bitbucket": "bitbucket.org",
    "gist": "gist.github.com",
    "sourcehut": "git.sr.ht",
}
_SHORTHAND = re.compile(
    r"(?:(?P<host>github|gitlab|bitbucket|gist|sourcehut):)?"
    r"(?P<path>[\w~.-]+(?:/[\w.-]+)*)(?P<committish>#\S*)?",
    re.ASCII,
)


def read_repository(value: object) -> dict[str, str] | None:
    """Give `type`, `url` and `directory`, each empty where it is not said; None for no such field.

    A host's shorthand becomes the URL that npm makes of it: `github:user/repo`, `user/repo`,
    `gitlab:…`, `bitbucket:…`, `sourcehut:…`, `gist:id`. Any other URL stays as it is written.
    """
    if isinstance(value, str):
        value = {"url": value}
    if not isinstance(value, Mapping):
        return None
    parts = {key: value.get(key, "") for key in ("type", "url", "directory")}
    if not all(isinstance(part, str) for part in parts.values()) or not parts["url"].strip():
        return None
    return {
        "type": parts["type"] or "git",
        "url": _expand(parts["url"].strip()),
        "directory": parts["directory"],
    }


def _expand(url: str) -> str:
    shorthand = _SHORTHAND.fullmatch(url)
    if shorthand is None:
        return url
    host, path = shorthand["host"], shorthand["path"]
    if host is None:
        # Without a host it is GitHub's, and then exactly user/repo; a path on disk is neither.
        if path.count("/") != 1 or path.startswith("."):
            return url
        host = "github"
    suffix = "" if host == "sourcehut" or path.endswith(".git") else ".git"
    return f"git+https://{_HOSTS[host]}/{path}{suffix}{shorthand['committish'] or ''}"
