"""A filling net's planes: parts that are made when asked for are those of the whole picture."""

from __future__ import annotations

import numpy as np
import pytest

from filmrestore_core.box import Box
from filmrestore_core.inpaint.planes import fill_planes, spoiled_neighbors, spoiled_parts
from filmrestore_core.matte import Matte
from filmrestore_core.plate import Plate
from filmrestore_core.segment.refine import matte_from_coverage
from filmrestore_core.temporal.align import align
from filmrestore_core.temporal.window import AlignedWindow, TemporalWindow
from filmrestore_core.testing.scenes import moving_scene

HEIGHT, WIDTH = 96, 144
BOX = Box.of_size(WIDTH, HEIGHT)


def scene(channels: int) -> tuple[AlignedWindow, dict[int, Matte]]:
    made = moving_scene(range(5), height=HEIGHT, width=WIDTH, channels=channels, seed=3, specks=6)
    finite = np.ones((HEIGHT, WIDTH), np.bool_)
    plates = {n: Plate(n, p, BOX, finite) for n, p in made.damaged.items()}
    window = align(TemporalWindow(plates[2], tuple(plates[n] for n in (0, 1, 3, 4))))
    mattes = {n: matte_from_coverage(n, BOX, h.astype(np.float32)) for n, h in made.holes.items()}
    # One that found nothing, and one that nobody looked at.
    mattes[1] = Matte.empty(1, BOX)
    del mattes[4]
    return window, mattes


@pytest.mark.parametrize("channels", [1, 3])
def test_parts_have_the_bits_of_the_whole(channels: int) -> None:
    window, mattes = scene(channels)
    whole = spoiled_neighbors(window, mattes)
    assert whole[1].max() == 1.0
    assert whole[-1].max() == 0.0
    assert whole[2].min() == 1.0
    for place in ((slice(0, 40), slice(3, 61)), (slice(37, 96), slice(90, 144))):
        fresh, _ = scene(channels)
        parts = spoiled_parts(fresh, mattes)
        for offset, plane in whole.items():
            np.testing.assert_array_equal(parts[offset][place], plane[place])


def test_planes_are_the_same_from_parts() -> None:
    window, mattes = scene(3)
    rows, columns = slice(20, 70), slice(31, 100)
    first = np.array(window.center.pixels)
    given = (mattes[2].coverage, first, rows, columns)
    fresh, _ = scene(3)
    part = fill_planes(fresh, spoiled_parts(fresh, mattes), *given, noise=0.01)
    assert all(n.pixels is not None for n in window.neighbors)
    whole = fill_planes(window, spoiled_neighbors(window, mattes), *given, noise=0.01)
    np.testing.assert_array_equal(part, whole)
