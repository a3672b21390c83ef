from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.noise import generator
from filmrestore_core.plate import Plate, luma_of
from filmrestore_core.temporal.align import align
from filmrestore_core.temporal.ready import ready_plate
from filmrestore_core.temporal.warp import inside_share
from filmrestore_core.temporal.window import AlignedNeighbor, TemporalWindow
from filmrestore_core.testing.scenes import moving_scene
from filmrestore_core.testing.windows import known_window

NAMES = ("pixels", "luma", "validity", "flow")


def window_of(
    height: int, width: int, channels: int = 3, *, holes: bool = False, enlarged: int = 1
) -> TemporalWindow:
    import cv2

    scene = moving_scene(
        range(3), height=height, width=width, channels=channels, velocity=(5.3, -2.2), specks=20
    ).damaged
    plates = []
    for n, picture in scene.items():
        # Each channel flickers by itself.
        light = 1 + 0.06 * generator(n, "light").standard_normal(channels).astype(np.float32)
        pixels = (picture * light).astype(np.float32)
        if enlarged > 1:
            size = (enlarged * width + 1, enlarged * height - 1)
            pixels = np.asarray(cv2.resize(pixels, size), np.float32)
            pixels = pixels.reshape(size[1], size[0], channels)
        finite = np.ones(pixels.shape[:2], np.bool_)
        if holes:
            finite[40:44, 50:60] = False
            finite[-1, -7:] = False
        plates.append(Plate(n, pixels, Box.of_size(*pixels.shape[1::-1]), finite))
    return TemporalWindow(plates[1], (plates[0], plates[2]))


SMALL = window_of(150, 211)
WINDOWS = {
    "colors": SMALL,
    "holes": window_of(150, 211, holes=True),
    "mono": window_of(97, 131, 1),
    "half the size": window_of(481, 641, holes=True, enlarged=2),
}


def parts_of(height: int, width: int, name: str) -> list[tuple[slice, slice]]:
    rng = generator(5, name)
    parts = [
        (slice(0, 1), slice(0, 1)),
        (slice(height - 1, height), slice(width - 1, width)),
        (slice(0, height), slice(width - 3, width)),
        (slice(height - 5, height), slice(0, width)),
        (slice(None), slice(None)),
        (slice(-20, None), slice(None, 33)),
        (slice(None, None, 3), slice(None, None, 3)),
        (slice(7, -9, 5), slice(4, 70, 2)),
    ]
    for _ in range(14):
        y, x = int(rng.integers(height)), int(rng.integers(width))
        high, wide = rng.integers(1, 140, 2).tolist()
        parts.append((slice(y, min(height, y + high)), slice(x, min(width, x + wide))))
    return parts


@pytest.mark.parametrize("name", list(WINDOWS))
def test_a_part_has_the_bits_of_the_whole(name: str) -> None:
    """Parts asked for before the whole is made, after it, and from what was made otherwise."""
    window = WINDOWS[name]
    first, second = align(window).neighbors, align(window).neighbors
    for fresh, full in zip(first, second, strict=True):
        height, width = window.center.box.shape
        everything = {n: getattr(full, n) for n in NAMES}
        luma = full.luma_in(slice(None), slice(None))
        assert everything["pixels"].shape == window.center.pixels.shape
        assert everything["flow"].shape == (height, width, 2)
        for part in parts_of(height, width, name):
            for plane in NAMES:
                expected = everything[plane][part]
                for asked in (fresh, full):
                    found = getattr(asked, f"{plane}_in")(*part)
                    np.testing.assert_array_equal(found, expected)
                    assert found.dtype == np.float32
                    assert not found.flags.writeable
            np.testing.assert_array_equal(fresh.luma_in(*part), luma[part])
            np.testing.assert_array_equal(full.luma_in(*part), luma[part])
        for plane in NAMES:
            np.testing.assert_array_equal(getattr(fresh, plane), everything[plane])
            assert not getattr(fresh, plane).flags.writeable
            assert getattr(fresh, plane) is getattr(fresh, plane)


@pytest.mark.parametrize("name", list(WINDOWS))
def test_luma_is_the_luma_of_the_pixels(name: str) -> None:
    """Nearly, though the channels flicker by 6 percent each."""
    for n in align(WINDOWS[name]).neighbors:
        gap = np.abs(n.luma_in(slice(None), slice(None)) - luma_of(n.pixels))
        assert gap.mean() < 1e-3
        assert gap.max() < (1e-6 if n.pixels.shape[2] == 1 else 0.02)


def test_threads_that_ask_at_once_get_the_same_plane() -> None:
    (neighbor, _) = align(SMALL).neighbors
    alone = align(SMALL).neighbors[0]
    found: list[tuple[int, np.ndarray]] = []
    gate = threading.Barrier(8)

    def ask(k: int) -> None:
        gate.wait()
        if k % 2:
            found.append((k, neighbor.pixels))
        else:
            found.append((k, neighbor.pixels_in(slice(30, 77), slice(12, 90))))

    threads = [threading.Thread(target=ask, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    for k, plane in found:
        if k % 2:
            assert plane is neighbor.pixels
        else:
            np.testing.assert_array_equal(plane, alone.pixels[30:77, 12:90])


def test_ready_plates_that_are_kept_change_nothing() -> None:
    kept = {p.number: ready_plate(p) for p in (SMALL.center, *SMALL.neighbors)}
    for _ in range(2):
        again = align(SMALL, lambda p: kept[p.number])
        for n, other in zip(again.neighbors, align(SMALL).neighbors, strict=True):
            for plane in NAMES:
                np.testing.assert_array_equal(getattr(n, plane), getattr(other, plane))


def test_no_more_is_counted_than_may_come() -> None:
    for window in (SMALL, WINDOWS["mono"]):
        for n in align(window).neighbors:
            assert n.most_bytes == sum(getattr(n, plane).nbytes for plane in NAMES)
    for name in ("holes", "mono", "half the size"):
        ready = ready_plate(WINDOWS[name].center)
        arrays: list[NDArray[Any]] = [
            ready.luma,
            ready.picture.luma,
            ready.picture.levels,
            ready.colors,
        ]
        if ready.finite is not None:
            arrays += [ready.finite, ready.whole]
        own = {id(a): a.nbytes for a in arrays if not np.shares_memory(a, ready.plate.pixels)}
        assert ready.most_bytes >= sum(own.values())
        assert ready.most_bytes <= sum(own.values()) + ready.colors.nbytes


def test_empty_parts_and_parts_that_run_up() -> None:
    for n in (align(SMALL).neighbors[0], known_window(channels=3).aligned.neighbors[0]):
        assert n.pixels_in(slice(5, 5), slice(0, 9)).shape == (0, 9, 3)
        assert n.flow_in(slice(0, 9), slice(9, 4)).shape == (9, 0, 2)
        assert n.luma_in(slice(900, None), slice(None, 4)).shape == (0, 4)
        with pytest.raises(ValueError, match="steps of -1"):
            n.validity_in(slice(8, 0, -1), slice(0, 8))


@pytest.mark.parametrize("channels", [1, 3])
def test_planes_that_are_known_are_parts_too(channels: int) -> None:
    n = known_window(channels=channels).aligned.neighbors[1]
    assert isinstance(n, AlignedNeighbor)
    part = slice(7, 31), slice(60, 99)
    for plane in NAMES:
        np.testing.assert_array_equal(getattr(n, f"{plane}_in")(*part), getattr(n, plane)[part])
        assert not getattr(n, plane).flags.writeable
    luma = n.luma_in(slice(None), slice(None))
    np.testing.assert_array_equal(n.luma_in(*part), luma[part])
    np.testing.assert_allclose(luma, luma_of(n.pixels), atol=1e-6)


@pytest.mark.parametrize("name", ["colors", "mono", "half the size"])
def test_nothing_is_valid_that_lies_outside_the_neighbor(name: str) -> None:
    """Though what surely lies inside is not looked at pixel by pixel."""
    for n in align(WINDOWS[name]).neighbors:
        outside = ~inside_share(n.flow)
        assert 0.005 < outside.mean() < 0.2
        assert (n.validity[outside] == 0).all()
        assert n.validity.mean() > 0.7
