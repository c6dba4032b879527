"""Bringing the catalogue up to date with its workspace, in one transaction."""

from registry.refresh.configuration import update_package_config
from registry.refresh.report import Progress, ProgressListener, ScanReport, silent
from registry.refresh.scan import refresh_workspace

__all__ = [
    "Progress",
    "ProgressListener",
    "ScanReport",
    "refresh_workspace",
    "silent",
    "update_package_config",
]
