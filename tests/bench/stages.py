"""Frames and megapixels per second of each stage at 2K, beside Telea and a plain median.

Run by hand from the repository's root: python tests/bench/stages.py [--frames 5] [--threads 2]
Everything is timed in one process on the same frames, so that the ratios mean something; the
seconds themselves belong to the machine they were measured on.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from filmrestore_core.color.encoding import find_encoding
from filmrestore_core.color.working import to_plate
from filmrestore_core.grain.estimate import estimate_grain
from filmrestore_core.grain.regrain import regrain
from filmrestore_core.inpaint.chain import fill_frame
from filmrestore_core.media.image_file import read_image, write_new, write_restored
from filmrestore_core.models.store import ModelStore
from filmrestore_core.restore.composite import composite
from filmrestore_core.restore.restorer import Restorer
from filmrestore_core.runtime.device import Device
from filmrestore_core.segment.classical import ClassicalSegmenter
from filmrestore_core.segment.planes import PLANES, noise_of, planes_of
from filmrestore_core.segment.refine import refine
from filmrestore_core.segment.registry import choose_segmenter
from filmrestore_core.settings import RestoreSettings
from filmrestore_core.temporal.align import align
from filmrestore_core.temporal.window import TemporalWindow
from filmrestore_core.testing.scenes import code_frame, half_frame, moving_scene, scene_clip

HEIGHT, WIDTH = 1556, 2048
MEGAPIXELS = HEIGHT * WIDTH / 1e6


def timed(work: Callable[[], object], times: int) -> float:
    """Median seconds of a call, the first one left out."""
    work()
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=5, help="how often each stage is timed")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--channels", type=int, choices=(1, 3), default=3)
    options = parser.parse_args()
    cv2.setNumThreads(options.threads)
    scene = moving_scene(
        range(1, 13), height=HEIGHT, width=WIDTH, channels=options.channels, specks=60, seed=1
    )
    frames = {n: code_frame(n, p) for n, p in scene.damaged.items()}
    encoding = find_encoding("cineon")
    plates = {n: to_plate(f, encoding) for n, f in frames.items()}
    settings = RestoreSettings()
    segmenter = ClassicalSegmenter(settings.detect)

    def window(n: int) -> TemporalWindow:
        return TemporalWindow(plates[n], tuple(plates[m] for m in (n - 2, n - 1, n + 1, n + 2)))

    aligned = {n: align(window(n)) for n in range(3, 9)}
    mattes = {n: refine(segmenter.segment(a), settings.detect) for n, a in aligned.items()}
    here, matte = aligned[6], mattes[6]
    near = {n: mattes[n] for n in (4, 5, 6, 7, 8)}
    grain = estimate_grain(here, matte)
    fill = fill_frame(here, near, settings.repair, grain=grain)
    pixels = regrain(fill, here.center, matte, grain)
    coverage = np.where(fill.filled, matte.coverage, 0).astype(np.float32)
    picture8 = cv2.cvtColor(
        np.clip(here.center.pixels[..., ::-1] * 255, 0, 255).astype(np.uint8),
        cv2.COLOR_RGB2BGR if options.channels == 3 else cv2.COLOR_GRAY2BGR,
    )
    hole8 = (matte.coverage > 0).astype(np.uint8)
    folder = Path(tempfile.mkdtemp())
    rows: list[tuple[str, float]] = []

    def row(name: str, work: Callable[[], object]) -> None:
        rows.append((name, timed(work, options.frames)))

    for ending in ("dpx", "exr"):
        source = folder / f"a.0001.{ending}"
        write_new(source, frames[6] if ending == "dpx" else half_frame(6, scene.damaged[6]))
        stored = read_image(source, 6)
        changed = composite(stored, to_plate(stored, encoding), encoding, pixels, coverage)
        target = folder / f"b.0001.{ending}"
        row(f"read {ending}", lambda s=source: read_image(s, 6))
        row(
            f"write restored {ending}",
            lambda s=source, t=target, c=changed, o=stored: write_restored(s, c, t, original=o),
        )
        row(f"cp {ending}", lambda s=source, t=target: shutil.copyfile(s, t))
    row("plate", lambda: to_plate(frames[6], encoding))
    row("align, 4 neighbours", lambda: align(window(6)))
    row("detect", lambda: segmenter.segment(here))
    both = choose_segmenter(settings.detect, models=ModelStore(), device=Device.CPU)
    if both is not None:
        row("detect, with the net", lambda: both.segmenter.segment(here))
    room = np.empty((PLANES["t5-v2"], HEIGHT, WIDTH), np.float32)
    whole_picture = slice(0, HEIGHT), slice(0, WIDTH)
    noise = noise_of(here)
    row(
        "planes of the net",
        lambda: planes_of(here, "t5-v2", *whole_picture, noise=noise, into=room),
    )
    row("matte", lambda: refine(segmenter.segment(here), settings.detect))
    row("grain", lambda: estimate_grain(here, matte))
    row("fill", lambda: fill_frame(here, near, settings.repair, grain=grain))
    row("regrain", lambda: regrain(fill, here.center, matte, grain))
    row("composite", lambda: composite(frames[6], here.center, encoding, pixels, coverage))
    row("peer: Telea, 8 bit, given matte", lambda: cv2.inpaint(picture8, hole8, 3, 0))
    row("peer: aligned median of 4, given matte", lambda: _median(align(window(6)), hole8))
    start = time.perf_counter()
    restorer = Restorer(settings)
    clip = scene_clip(scene.damaged)
    for number in clip.numbers:
        restorer.restore(clip, number)
    whole = (time.perf_counter() - start) / len(clip.numbers)
    rows.append(("whole restorer, in order", whole))
    _print(rows, options, int(hole8.sum()), whole)
    shutil.rmtree(folder)


def _median(window: object, hole: np.ndarray) -> np.ndarray:
    stack = np.stack([n.pixels for n in window.neighbors])[:, hole > 0]
    return np.median(stack, axis=0)


def _print(
    rows: list[tuple[str, float]], options: argparse.Namespace, covered: int, whole: float
) -> None:
    print(
        f"{time.strftime('%Y-%m-%d')}, {platform.machine()}, {os.cpu_count()} cores, "
        f"OpenCV threads {options.threads}, {WIDTH}x{HEIGHT}x{options.channels}, "
        f"{covered} px covered, Python {sys.version.split()[0]}, OpenCV {cv2.__version__}"
    )
    print(f"| stage | ms | frames/s | MP/s | share of whole |\n|{'---|' * 5}")
    for name, seconds in rows:
        print(
            f"| {name} | {seconds * 1000:.0f} | {1 / seconds:.2f} | {MEGAPIXELS / seconds:.1f} "
            f"| {seconds / whole:.2f} |"
        )


if __name__ == "__main__":
    main()
