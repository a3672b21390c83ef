"""A film whose holes are drawn by the shipped diffusion net: one film, however it is made."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from filmrestore_core.cli.main import run
from filmrestore_core.media.image_file import write_new
from filmrestore_core.testing.scenes import code_frame, moving_scene

ROOT = Path(__file__).parents[2]
NUMBERS = range(1001, 1007)
HEIGHT, WIDTH = 72, 96
WAYS = {
    "all": ("repair.method=diffusion", "sampler.steps=6", "sampler.fidelity=0.5"),
    "large": ("repair.large_from=300", "repair.unseen_from=0.6", "sampler.start=0.5"),
}


def restored(film: Path, out: Path, way: str, *more: object) -> str:
    """Restores in this process and gives what was said."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = run(arguments(film, out, way, *more))
    assert code == 0, said.getvalue()
    return said.getvalue()


def arguments(film: Path, out: Path, way: str, *more: object) -> list[str]:
    changes = ("detect.detector=none", "cuts.find=false", *WAYS[way])
    settings = [text for change in changes for text in ("--set", change)]
    given = ("restore", film / "in", f"{out}/", "--matte", film / "mattes", *settings, *more)
    return [str(a) for a in given]


def contents(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted(folder.iterdir()) if not p.name.startswith(".")}


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A line on all frames, which no neighbour shows, and a blot on two."""
    root = tmp_path_factory.mktemp("film")
    scene = moving_scene(NUMBERS, height=HEIGHT, width=WIDTH, channels=3, specks=0, seed=12)
    for name in ("in", "mattes"):
        (root / name).mkdir()
    for number in NUMBERS:
        holes = np.zeros((HEIGHT, WIDTH, 1), np.float32)
        holes[:, 20:23] = 1.0
        if number in (1003, 1004):
            holes[24:48, 50:78] = 1.0
        picture = scene.clean[number] * (1.0 - holes) + 0.03 * holes
        write_new(root / f"in/reel.{number}.dpx", code_frame(number, picture))
        write_new(root / f"mattes/matte.{number}.png", code_frame(number, holes, bits=8))
    return root


@pytest.fixture(scope="module")
def whole(film: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, bytes]]:
    """Way -> the film in one undisturbed run."""
    out = tmp_path_factory.mktemp("whole")
    for way in WAYS:
        restored(film, out / way, way, "--workers", 1)
    found = {way: contents(out / way) for way in WAYS}
    source = contents(film / "in")
    for files in found.values():
        assert files.keys() == source.keys()
        assert all(files[name] != source[name] for name in files)
    return found


@pytest.mark.parametrize("way", WAYS)
def test_chunks_of_any_size_give_the_film(
    film: Path, whole: dict[str, dict[str, bytes]], tmp_path: Path, way: str
) -> None:
    for frames in ("1004", "1001,1002", "1005-1006", "1003"):
        restored(film, tmp_path, way, "--frames", frames, "--workers", 3, "--memory", 0.1)
    assert contents(tmp_path) == whole[way]


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is a POSIX feature")
def test_a_killed_run_with_other_threads_goes_on_and_ends_equal(
    film: Path, whole: dict[str, dict[str, bytes]], tmp_path: Path
) -> None:
    command = arguments(film, tmp_path, "all", "--workers", 2)
    running = subprocess.Popen(
        [sys.executable, "-m", "filmrestore_core", *command],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "3"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and running.poll() is None and not contents(tmp_path):
        time.sleep(0.005)
    running.send_signal(signal.SIGKILL)
    running.communicate(timeout=60)
    early = contents(tmp_path)
    assert early
    assert all(whole["all"][name] == data for name, data in early.items())
    said = restored(film, tmp_path, "all")
    assert said.count("already there") == len(early)
    assert contents(tmp_path) == whole["all"]


def test_another_way_of_drawing_is_not_taken_for_done(film: Path, tmp_path: Path) -> None:
    once = restored(film, tmp_path, "large", "--frames", 1003)
    assert "already there" not in once
    drawn = contents(tmp_path)
    assert "already there" in restored(film, tmp_path, "large", "--frames", 1003)
    free = restored(film, tmp_path, "large", "--frames", 1003, "--set", "sampler.fidelity=0")
    assert "already there" not in free
    assert contents(tmp_path) != drawn
