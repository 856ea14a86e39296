"""`python bench/timed.py COMMAND…`: runs a command and says what it took, whatever its processes leave behind included.

A process whose parent ends first is counted for nobody. Here such processes come to this one, which waits for them.
Prints JSON: `status`, `wall_s` until the command ended, and `processor_s` of all its processes together.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import subprocess
import sys
import time

PR_SET_CHILD_SUBREAPER = 36
"""From linux/prctl.h."""


def main(command: list[str]) -> None:
    """Runs the command. Its output is shown when it fails."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "orphaned processes can't be taken over")
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wall_s = time.perf_counter() - began
    _wait_for_orphans()
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
    print(json.dumps({"status": done.returncode, "wall_s": wall_s, "processor_s": spent.ru_utime + spent.ru_stime}))


def _wait_for_orphans() -> None:
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return


if __name__ == "__main__":
    main(sys.argv[1:])
