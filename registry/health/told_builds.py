"""A build as a CI tells of it: read from JSON, and checked."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

from registry.errors import FieldError, InvalidInput
from registry.models.base import utc_now
from registry.rules.builds import FINISHED, BuildState
from registry.rules.enumerations import BuildStatus
from registry.rules.times import EARLIEST, LATEST, truncate_time

_STATUSES = [status for status in BuildStatus if status is not BuildStatus.UNKNOWN]
_KEYS = ("runId", "status", "commit", "branch", "startedAt", "finishedAt", "url")
_LONGEST = 255
_LONGEST_URL = 2_048
_COMMIT = re.compile("[0-9a-f]{7,64}")
# By how much a CI's clock may be ahead of ours.
_SKEW = timedelta(hours=1)

T = TypeVar("T")


@dataclass(frozen=True)
class ToldBuild:
    """What a CI tells of its run, for one package."""

    package: str
    run_id: str
    state: BuildState


class _Wrong(ValueError):
    """A value that is not as documented; the message says what it must be."""


def read_build(
    body: Mapping[str, Any],
    package: str | None = None,
    *,
    prefix: str = "",
    at: datetime | None = None,
) -> ToldBuild:
    """Read a build from the documented JSON object.

    Args:
        body: the object.
        package: the package's name; None: the object has it, as `packageName`.
        prefix: where the object is, for the names of fields in errors.
        at: when it was told, if not now. It is the finish of a build that is finished and does not
            say when.

    Raises:
        InvalidInput: it is not as documented; `errors` names each field.
    """
    at = at or utc_now()
    errors: list[FieldError] = []

    def take(key: str, read: Callable[[Any], T], default: T) -> T:
        value = body.get(key)
        if value is None and key not in ("packageName", "runId", "status", "startedAt"):
            return default
        try:
            return read(value)
        except _Wrong as wrong:
            errors.append(FieldError(prefix + key, str(wrong)))
            return default

    name = package if package is not None else take("packageName", _read_name, "")
    run_id = take("runId", _read_run_id, "")
    status = take("status", _read_status, BuildStatus.UNKNOWN)
    started_at = take("startedAt", _reader_of_times(at), at)
    finished_at = take("finishedAt", _reader_of_times(at), None)
    state = BuildState(
        status=status,
        started_at=started_at,
        finished_at=finished_at,
        commit=take("commit", _read_commit, ""),
        branch=take("branch", _read_branch, ""),
        url=take("url", _read_url, ""),
    )
    known = _KEYS if package is not None else ("packageName", *_KEYS)
    errors += [FieldError(prefix + key, "is not known here") for key in body if key not in known]
    if not errors:
        state, errors = _complete(state, prefix, at)
    if errors:
        raise InvalidInput("The build is not as documented.", errors=errors)
    return ToldBuild(name, run_id, state)


def _complete(state: BuildState, prefix: str, at: datetime) -> tuple[BuildState, list[FieldError]]:
    """Hold the fields to each other, and give a finished build its finish."""
    finished = state.status in FINISHED
    if state.finished_at is not None:
        if not finished:
            message = f"is given, but a build that is {state.status} has not finished"
            return state, [FieldError(prefix + "finishedAt", message)]
        if state.finished_at < state.started_at:
            return state, [FieldError(prefix + "finishedAt", "lies before startedAt")]
        return state, []
    finished_at = max(at, state.started_at) if finished else None
    return BuildState(**{**vars(state), "finished_at": finished_at}), []


def _read_text(value: Any, longest: int = _LONGEST) -> str:
    if not isinstance(value, str) or len(value) > longest or not value.isprintable():
        raise _Wrong(f"must be a text of at most {longest:,} printable characters")
    return value


def _read_name(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise _Wrong("must be the name of a package")
    return value


def _read_run_id(value: Any) -> str:
    # Most CIs number their runs.
    run_id = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(run_id, str) or not run_id.strip():
        raise _Wrong("must be the id that the CI gives to its run")
    return _read_text(run_id)


def _read_status(value: Any) -> BuildStatus:
    if value not in _STATUSES:
        raise _Wrong(f"must be one of {', '.join(_STATUSES)}")
    return BuildStatus(value)


def _read_commit(value: Any) -> str:
    text = value.lower() if isinstance(value, str) else ""
    if value != "" and not _COMMIT.fullmatch(text):
        raise _Wrong("must be a commit's hash, of 7 to 64 hexadecimal digits")
    return text


def _read_branch(value: Any) -> str:
    return _read_text(value).removeprefix("refs/heads/")


def _read_url(value: Any) -> str:
    text = _read_text(value, _LONGEST_URL)
    if text == "":
        return text
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    # It is shown as a link, and never fetched here.
    if parts.scheme not in ("http", "https") or not parts.netloc or " " in text:
        raise _Wrong("must be an address that begins with https:// or http://")
    return text


def _reader_of_times(at: datetime) -> Callable[[Any], datetime]:
    def read(value: Any) -> datetime:
        moment = _parse_time(value)
        if moment is None:
            raise _Wrong("must be a time such as 2020-12-05T10:43:14.208Z")
        if moment > at + _SKEW:
            raise _Wrong("lies in the future")
        return truncate_time(moment)

    return read


def _parse_time(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    # An offset is told, or nobody knows when that was.
    return moment if moment.tzinfo is not None and EARLIEST <= moment <= LATEST else None
