"""Known vulnerabilities as OSV-Scanner's JSON has them (`osv-scanner --format json`)."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from registry.reports.documents import Document, JsonDocument
from registry.reports.errors import InvalidReport
from registry.reports.numbers import member, score
from registry.reports.report import SEVERITIES, Report, audit_report, severity_of_score

# One that nobody has rated yet should be looked at.
_UNRATED = "moderate"
# OSV's databases say "medium" where npm says "moderate".
_WORDS = {**{each: each for each in SEVERITIES}, "medium": "moderate"}


def is_osv(document: Document) -> bool:
    """Tell it by its results, each of which lists packages; none where nothing was found."""
    match document:
        case JsonDocument({"results": [] | [{"packages": _}, *_]}):
            return True
    return False


def read_osv(document: JsonDocument) -> Report:
    """Count the vulnerabilities of each package; several names of one are one."""
    found: Counter[str] = Counter()
    for number, result in enumerate(document.value["results"]):
        where = f"$.results[{number}]"
        for index, package in enumerate(member(result, "packages", list, where)):
            here = f"{where}.packages[{index}]"
            vulnerabilities = member(package, "vulnerabilities", list, here)
            found.update(_severities(package, _rated(vulnerabilities), here))
    return audit_report("osv-scanner", found)


def _rated(vulnerabilities: list[Any]) -> Mapping[str, str]:
    """Give what the databases say of each vulnerability, by its id."""
    rated = {}
    for each in vulnerabilities:
        specific = each.get("database_specific") if isinstance(each, dict) else None
        word = specific.get("severity") if isinstance(specific, dict) else None
        if isinstance(each, dict) and isinstance(each.get("id"), str):
            known = _WORDS.get(word.lower()) if isinstance(word, str) else None
            rated[each["id"]] = known or _UNRATED
    return rated


def _severities(package: Any, rated: Mapping[str, str], where: str) -> Iterator[str]:
    if package.get("groups") is None:
        yield from rated.values()
        return
    for number, group in enumerate(member(package, "groups", list, where)):
        if not isinstance(group, dict) or not isinstance(group.get("ids"), list):
            raise InvalidReport(f"{where}.groups[{number}].ids", "here should be a list")
        number_given = score(group.get("max_severity"))
        if number_given is not None:
            yield severity_of_score(number_given)
        else:
            words = [
                rated[each] for each in group["ids"] if isinstance(each, str) and each in rated
            ]
            yield min(words or [_UNRATED], key=SEVERITIES.index)
