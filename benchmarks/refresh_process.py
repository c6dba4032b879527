"""Refreshes a database from a repository, in a process of its own, and tells what that cost.

    python -m benchmarks.refresh_process PATH DATABASE_URL

Prints JSON: seconds of the refresh, processor seconds of this process and of the gits it ran, and
the largest resident set of this process, in MB. A git's is pages of the repository's files for the
most part, which the system takes back when it needs them.
"""

import json
import resource
import sys
import time
from pathlib import Path

from registry.database import make_engine
from registry.refresh import refresh_workspace


def main() -> int:
    """Refresh once."""
    path, url = sys.argv[1:]
    engine = make_engine(url)
    begun = time.perf_counter()
    refresh_workspace(engine, Path(path))
    seconds = time.perf_counter() - begun
    own = resource.getrusage(resource.RUSAGE_SELF)
    gits = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = {
        "seconds": seconds,
        "cpu_seconds": own.ru_utime + own.ru_stime,
        "git_cpu_seconds": gits.ru_utime + gits.ru_stime,
        "resident_mb": _peak_mb(),
    }
    print(json.dumps(result))
    return 0


def _peak_mb() -> float:
    """Tell the largest resident set since this program began: getrusage's is its parent's too."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1.024 / 1000


if __name__ == "__main__":
    sys.exit(main())
