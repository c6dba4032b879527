"""Tells the C library how to keep memory in a process whose threads make large answers."""

from typing import Any

# The numbers of `mallopt` (glibc's <malloc.h>; man 3 mallopt).
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8
_MIB = 1 << 20


def keep_little() -> None:
    """Have all threads share one heap, and free memory go back to the system.

    By default glibc makes a heap for each thread, and the largest answer that each has ever made
    stays free in its heap: some MB for each thread. Python runs one thread at a time, so they need
    not wait for one another. What is larger than a list is mapped by itself, and unmapped when it
    is freed. What smaller limits save and cost is in docs/performance.md.

    To be called before there are threads. Does nothing where the C library is not glibc.
    """
    mallopt = _find("mallopt")
    if mallopt is None:
        return
    mallopt(_M_ARENA_MAX, 1)
    mallopt(_M_MMAP_THRESHOLD, 4 * _MIB)
    # What making a list takes is kept: given back and taken again each time, it costs a third more.
    mallopt(_M_TRIM_THRESHOLD, 4 * _MIB)


def give_back() -> None:
    """Give the system all pages that are free, those too that lie between others in use.

    By itself the C library only gives back what is free at the heap's end: one small thing above
    what a large answer took keeps all of that. Who needs the pages again has to wait for them, so
    this is for every now and then, not for every answer. Does nothing where the C library is not
    glibc.
    """
    trim = _find("malloc_trim")
    if trim is not None:
        trim(0)


def _find(name: str) -> Any:
    """Find a function of the C library; None: it has none of that name."""
    # A process of the command that is no server's worker has no use for it.
    import ctypes  # noqa: PLC0415 -- see above

    return getattr(ctypes.CDLL(None), name, None)
