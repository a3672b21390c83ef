"""A thousand frames in flat memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from filmrestore_core.media.image_file import write_new
from filmrestore_core.testing.scenes import code_frame, moving_scene

ROOT = Path(__file__).parents[2]
FRAMES = 1000


def _resident_kb(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise AssertionError("the kernel does not say how much memory the process has")


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_memory_is_the_same_after_a_thousand_frames(tmp_path: Path) -> None:
    scene = moving_scene(range(20), height=64, width=80, specks=1, seed=4, velocity=(1.0, 0.0))
    (tmp_path / "in").mkdir()
    for number in range(FRAMES):
        # There and back again, so that the picture goes on without a cut.
        step = number % 38
        picture = scene.damaged[step if step < 20 else 38 - step]
        write_new(tmp_path / "in" / f"a.{number:04d}.dpx", code_frame(number, picture))
    command = [
        sys.executable, "-m", "filmrestore_core", "restore", str(tmp_path / "in"),
        f"{tmp_path}/out/", "--progress", "json", "--memory", "0.1", "--workers", "2",
        "--report", str(tmp_path / "r.json"),
    ]  # fmt: skip
    resident: dict[int, int] = {}
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        for line in running.stdout:
            done = json.loads(line).get("done")
            if done in (300, FRAMES - 1):
                resident[done] = _resident_kb(running.pid)
    assert running.returncode == 0
    assert len(list((tmp_path / "out").glob("a.*.dpx"))) == FRAMES
    # At frame 300 the cache of 0.1 GB has filled; the reports of 700 more frames weigh 2 to 3 MB.
    assert resident[FRAMES - 1] <= resident[300] * 1.05 + 4000
