"""Identifiers that nobody can register."""

# A package's files are in a directory that is named by its identifier, and Windows opens a device
# instead of any file that is called so before its first dot.
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
)


def is_reserved(identifier: str, repository: str) -> bool:
    """Tell whether a partial identifier, in lower case, is kept back.

    Args:
        identifier: the partial identifier.
        repository: the registry's own name, which would make a package pass for the registry's.
    """
    author = identifier.partition(".")[0]
    return author == repository or author in _DEVICES
