"""Asks an advisory service about locked requirements: what is known to be vulnerable fails.

What could not be asked is said and never passes for an answer.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

# Seconds for all questions about one file.
_PATIENCE = 60
# What says so when the service cannot be reached: pip-audit itself, or what it asks through.
_OUT_OF_REACH = ("ServiceError", "ConnectionError", "requests.exceptions.", "urllib3.exceptions.")


def judge(report: dict[str, Any]) -> tuple[bool, str]:
    """Tell whether a report of pip-audit (`--format json`) passes, and what it comes to."""
    packages = report["dependencies"]
    asked = [package for package in packages if "skip_reason" not in package]
    found = [
        f"{package['name']} {package['version']} has {each['id']}, which "
        f"{' or '.join(each['fix_versions']) or 'no version yet'} mends"
        for package in asked
        for each in package["vulns"]
    ]
    if found:
        return False, "; ".join(found)
    if not asked:
        return True, f"NOT AUDITED: the service knows none of the {len(packages)} packages"
    unknown = len(packages) - len(asked)
    rest = f"; the service does not know {unknown} others" if unknown else ""
    return True, f"no known vulnerability in {len(asked)} packages{rest}"


def audit(lock: Path) -> tuple[bool, str]:
    """Ask about one file of locked requirements."""
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes"]
    options = ["--requirement", str(lock), "--format", "json", "--progress-spinner", "off"]
    try:
        done = subprocess.run(
            [*command, *options], capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return True, f"NOT AUDITED: the service did not answer within {_PATIENCE} s"
    if done.stdout.strip():
        return judge(json.loads(done.stdout))
    said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
    if any(word in done.stderr for word in _OUT_OF_REACH):
        return True, f"NOT AUDITED: the service cannot be reached ({said})"
    return False, f"pip-audit failed: {said}"


def main() -> int:
    """Audit the files that are named; 1 if one of them does not pass."""
    passed = True
    for name in sys.argv[1:]:
        good, verdict = audit(Path(name))
        passed = passed and good
        print(f"{name}: {verdict}.", file=sys.stderr)  # noqa: T201 -- what it is for
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
