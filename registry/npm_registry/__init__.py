"""Asking an npm registry about packages."""

from registry.npm_registry.client import Answer, NpmRegistry, RegistryTrouble

__all__ = ["Answer", "NpmRegistry", "RegistryTrouble"]
