"""What a check says."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What a check came to."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: what was seen, and how to mend it where that is needed."""

    name: str
    verdict: Verdict
    seen: str
    mend: str = ""


def ok(name: str, seen: str) -> Check:
    """Say that something is as it should be."""
    return Check(name, Verdict.OK, seen)


def warn(name: str, seen: str, mend: str) -> Check:
    """Say that something works, but perhaps not as meant."""
    return Check(name, Verdict.WARN, seen, mend)


def fail(name: str, seen: str, mend: str) -> Check:
    """Say that something does not work."""
    return Check(name, Verdict.FAIL, seen, mend)


def first_line(error: object) -> str:
    """Give the first line of what an error says, without its full stop."""
    return (str(error).strip().splitlines() or ["no reason given"])[0].rstrip(".")
