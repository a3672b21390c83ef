"""Memory that is kept: fewer pages are asked of the system, in all threads."""

from __future__ import annotations

import subprocess
import sys

import pytest

COUNT = """
import resource, sys, threading
import numpy as np
from filmrestore_core.runtime.heap import keep_heap

def work():
    for _ in range(20):
        plane = np.ones(3_000_000, np.float32)
        more = np.ones(9_000_000, np.float32)

if sys.argv[1] == "keep":
    assert keep_heap()
for run in range(2):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="GNU libc only")
def test_planes_take_the_place_of_earlier_ones() -> None:
    faults = {}
    for how in ("keep", "leave"):
        done = subprocess.run(
            [sys.executable, "-c", COUNT, how], capture_output=True, text=True, check=True
        )
        faults[how] = int(done.stdout)
    # With huge pages 40 planes are some hundred faults, without about 230 000.
    assert faults["leave"] > 100
    assert faults["keep"] < faults["leave"] / 4
