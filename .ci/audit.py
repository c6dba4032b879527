"""Asks an advisory service about locked requirements: what is known to be vulnerable fails.

What could not be asked is said and never passes for an answer.
"""

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

# Seconds for all questions about one file.
_PATIENCE = 60
NOT_AUDITED = "NOT AUDITED"
_HOW = (
    "Of what was not audited nothing is known. Run `make audit` where pip-audit's advisory service "
    "can be reached (HTTPS_PROXY names a proxy), or ask another one: "
    ".venv/bin/python -m pip_audit --disable-pip --require-hashes --vulnerability-service osv "
    "--requirement requirements.lock"
)
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
        return True, f"{NOT_AUDITED}: the service knows none of the {len(packages)} packages"
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
        return True, f"{NOT_AUDITED}: the service did not answer within {_PATIENCE} s"
    if done.stdout.strip():
        return judge(json.loads(done.stdout))
    said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
    if any(word in done.stderr for word in _OUT_OF_REACH):
        return True, f"{NOT_AUDITED}: the service cannot be reached ({said})"
    return False, f"pip-audit failed: {said}"


def advise(verdicts: Iterable[str]) -> str:
    """Say how to audit what was not audited; empty where all was."""
    return _HOW if any(NOT_AUDITED in verdict for verdict in verdicts) else ""


def main() -> int:
    """Audit the files that are named; 1 if one of them does not pass."""
    outcomes = {name: audit(Path(name)) for name in sys.argv[1:]}
    said = [f"{name}: {verdict}." for name, (_, verdict) in outcomes.items()]
    advice = advise(said)
    print("\n".join([*said, advice] if advice else said), file=sys.stderr)  # noqa: T201 -- what it is for
    return 0 if all(passed for passed, _ in outcomes.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
