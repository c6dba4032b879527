"""Bringing the catalogue up to date with its workspace, in one transaction."""
