"""The shim's own tests once more, with a shim and a host built to check every access."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from filmrestore_openfx.native.build import build_shim, build_test_host
from filmrestore_openfx.native.targets import host_arch

HERE = Path(__file__).parent
PARTS = ["describe", "pixels", "hostile", "life"]


THREADS = """
import sys, threading
from pathlib import Path
import numpy as np
from filmrestore_openfx.testhost import HostImage, HostOptions, ReferenceHost
sys.path.append(sys.argv[1])
from openfx_bundles import make_bundle

folder = Path(sys.argv[2])
shim, library = folder / "filmrestore.ofx", folder / sys.argv[3]
options = HostOptions(checks_memory=False)
frames = {at: HostImage(np.full((16, 16, 4), at, np.uint8)) for at in range(40)}
with ReferenceHost(make_bundle(folder, shim), options, library=library).start() as host:
    nodes = [host.create(), host.create()]
    for node in nodes:
        node.connect("Source", frames.get)
        node.set("mode", "invert")
    wrong = []

    def work(first):
        for at in range(first, 40, 4):
            output = HostImage.blank_like(frames[at])
            if first == 3:
                host.load()  # as some hosts do for every frame
            if nodes[first % 2].render(at, output) != 0 or (output.pixels() != 255 - at).any():
                wrong.append(at)

    threads = [threading.Thread(target=work, args=(first,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong, wrong
    host.check()
print("rendered")
"""


def runtime_libraries(*names: str) -> str | None:
    """What must be loaded before Python for a checked library to work in it; None without."""
    compiler = shutil.which("gcc")
    if sys.platform != "linux" or compiler is None:
        return None
    found = []
    for name in names:
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
    libraries = runtime_libraries("libasan.so", "libubsan.so")
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


@pytest.mark.slow
def test_four_render_threads_race_for_nothing(tmp_path):
    libraries = runtime_libraries("libtsan.so")
    if libraries is None:
        pytest.skip("no gcc with its sanitizers here")
    build_shim(host_arch(), tmp_path, checks="threads")
    library = build_test_host(host_arch(), tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", THREADS, HERE, tmp_path, library.name],
        env={**os.environ, "LD_PRELOAD": libraries, "TSAN_OPTIONS": "exitcode=66"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "ThreadSanitizer" not in done.stderr, done.stderr[-6000:]
    assert (done.returncode, done.stdout.strip()) == (0, "rendered"), done.stderr[-6000:]
