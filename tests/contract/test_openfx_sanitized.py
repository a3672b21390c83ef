"""The shim's own tests once more, with a shim and a host built to check every access."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PARTS = ["describe", "pixels", "hostile", "life"]


def runtime_libraries() -> str | None:
    """What must be loaded before Python for a checked library to work in it; None without."""
    compiler = shutil.which("gcc")
    if sys.platform != "linux" or compiler is None:
        return None
    found = []
    for name in ("libasan.so", "libubsan.so"):
        path = subprocess.run(
            [compiler, f"-print-file-name={name}"], capture_output=True, text=True, check=True
        ).stdout.strip()
        if not Path(path).is_absolute():
            return None
        found.append(path)
    return ":".join(found)


@pytest.mark.slow
@pytest.mark.parametrize("part", PARTS)
def test_no_access_beside_memory_and_no_undefined_behavior(part):
    libraries = runtime_libraries()
    if libraries is None:
        pytest.skip("no gcc with its sanitizers here")
    done = subprocess.run(
        [
            sys.executable,
            *("-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist"),
            str(HERE / f"test_openfx_{part}.py"),
            # The checker's own memory grows, and its names are exported.
            *("-k", "not three_hundred and not only_three_names"),
        ],
        cwd=HERE.parents[1],
        env={
            **os.environ,
            "FILMRESTORE_TEST_SANITIZED": "1",
            "LD_PRELOAD": libraries,
            # Python itself never frees all it has; leaks are measured over 300 renders instead.
            "ASAN_OPTIONS": "detect_leaks=0",
            "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-6000:]
    assert " passed" in done.stdout
    assert "runtime error" not in done.stdout + done.stderr
