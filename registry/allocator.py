"""Tells the C library how to keep memory in a process whose threads make large answers."""

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
    # A process of the command that is no server's worker has no use for it.
    import ctypes  # noqa: PLC0415 -- see above

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return
    mallopt(_M_ARENA_MAX, 1)
    mallopt(_M_MMAP_THRESHOLD, 4 * _MIB)
    # What making a list takes is kept: given back and taken again each time, it costs a third more.
    mallopt(_M_TRIM_THRESHOLD, 4 * _MIB)
