"""What tools write about a package: coverage, tests, lint, audits. Bytes in, figures out.

`docs/health.md` tells which formats there are, and what becomes of each.
"""

from registry.reports.errors import InvalidReport
from registry.reports.read import read_report
from registry.reports.report import Report

__all__ = ["InvalidReport", "Report", "read_report"]
