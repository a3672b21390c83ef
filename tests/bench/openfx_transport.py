"""What a frame's way through the OpenFX shim costs, each way, beside a plain copy of it.

Run by hand from the repository's root: python tests/bench/openfx_transport.py [--frames 9]
The bar: 10 ms per 1920x1080 RGBA float frame and way on two cores. Ratios hold on any machine; the
milliseconds belong to the one they were measured on.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from filmrestore_openfx.native.shims import find_shim
from filmrestore_openfx.testhost import OK, HostImage, HostOptions, Node, ReferenceHost

Measured = tuple[dict[str, list[float]], list[float], tuple[float, float, float]]
CONTRACT = Path(__file__).resolve().parents[1] / "contract"


def plain_copy(source: HostImage, times: int) -> list[float]:
    """Seconds of copying as many bytes from one place that exists to another."""
    pixels = source.pixels().view(np.uint8)
    target = np.empty_like(pixels)
    taken = []
    for _ in range(times + 1):
        start = time.perf_counter()
        np.copyto(target, pixels)
        taken.append(time.perf_counter() - start)
    return taken[1:]


def processor_time(node: Node, output: HostImage, frames: int) -> tuple[float, float]:
    """Median processor seconds of the host's thread: way in, way out. Other work does not count."""
    taken: dict[str, list[float]] = {"way-in": [], "timing": []}
    for mode, seconds in taken.items():
        node.set("mode", mode)
        for number in range(frames + 1):
            start = time.thread_time()
            node.render(number, output)
            seconds.append(time.thread_time() - start)
    way_in, both = (statistics.median(seconds[1:]) for seconds in taken.values())
    return way_in, both - way_in


def transport(frames: int, height: int, width: int) -> Measured:
    """Seconds of every step, of a plain copy, and of the processor."""
    sys.path.insert(0, str(CONTRACT))
    from openfx_bundles import make_bundle

    rng = np.random.default_rng(0)
    source = HostImage(rng.random((height, width, 4), np.float32), negative=True, padding=64)
    output = HostImage.blank_like(source)
    steps: dict[str, list[float]] = {name: [] for name in ("key", "rows", "write", "commit")}
    with tempfile.TemporaryDirectory() as folder:
        bundle = make_bundle(Path(folder), find_shim())
        with ReferenceHost(bundle, HostOptions(checks_memory=False)).start() as host:
            node = host.create()
            node.connect("Source", lambda _: source)
            node.set("mode", "timing")
            for number in range(frames + 1):
                start = time.perf_counter()
                status = node.render(number, output)
                whole = time.perf_counter() - start
                message = node.message()
                if status != OK or message is None:
                    raise SystemExit(f"the render failed: {message}")
                if number == 0:
                    continue  # the worker's start, and new memory
                key, _, rows, work, write = json.loads(message[1])
                steps["key"].append(key)
                steps["rows"].append(rows)
                steps["write"].append(write)
                steps["commit"].append(whole - key - rows - work - write)
            if not np.array_equal(output.pixels(), source.pixels()):
                raise SystemExit("the pixels that came back are others")
            processor = processor_time(node, output, frames)
        start = time.thread_time()
        copies = plain_copy(source, frames)
        copying = (time.thread_time() - start) / (frames + 1)
    return steps, copies, (*processor, copying)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=9)
    parser.add_argument("--size", default="1920x1080")
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))
    steps, copies, processor = transport(options.frames, height, width)
    copy = statistics.median(copies)
    print(f"{time.strftime('%Y-%m-%d')}, {platform.machine()}, {os.cpu_count()} cores,")
    print(f"{width}x{height} RGBA float, {options.frames} frames; load {os.getloadavg()[0]:.1f}")
    rows = {
        "in: key of all bits": steps["key"],
        "in: rows into shared memory": steps["rows"],
        "in, both": [a + b for a, b in zip(steps["key"], steps["rows"], strict=True)],
        "in, picture held already": steps["key"],
        "out: write and commit": [
            a + b for a, b in zip(steps["write"], steps["commit"], strict=True)
        ],
        "a plain copy": copies,
    }
    print(f"{'':30} {'median ms':>10} {'best ms':>10} {'copies':>8}")
    for name, taken in rows.items():
        median, best = statistics.median(taken), min(taken)
        print(f"{name:30} {median * 1000:10.2f} {best * 1000:10.2f} {median / copy:8.2f}")
    print("processor time of the host's thread, which a busy machine does not stretch by waiting:")
    for name, taken in zip(("in", "out", "a plain copy"), processor, strict=True):
        print(f"{name:30} {taken * 1000:10.2f}")


if __name__ == "__main__":
    main()
