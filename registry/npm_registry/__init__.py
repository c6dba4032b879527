"""Lookups of external packages in an npm registry."""
