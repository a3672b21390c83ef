from __future__ import annotations

import numpy as np
import pytest

from filmrestore_core.box import Box
from filmrestore_core.inpaint.lasting import with_lasting
from filmrestore_core.matte import DamageClass, Matte
from filmrestore_core.noise import generator
from filmrestore_core.plate import Plate
from filmrestore_core.temporal.align import align
from filmrestore_core.temporal.window import AlignedWindow, TemporalWindow

HEIGHT, WIDTH = 64, 96
BOX = Box.of_size(WIDTH, HEIGHT)
BLOT = slice(20, 34), slice(40, 58)
NOISE = 0.005


def _window(*, damaged: tuple[int, ...], count: int = 5) -> AlignedWindow:
    """A picture that moves 6 px a frame, under a blot that stays."""
    import cv2

    rng = generator(8, "picture")
    whole = cv2.GaussianBlur(rng.random((HEIGHT, WIDTH + 60), np.float32), (0, 0), 2.5)
    whole = (whole - whole.mean()) / whole.std() * 0.12 + 0.5
    plates = []
    for i in range(count):
        picture = whole[:, 6 * i : 6 * i + WIDTH].copy()
        picture += generator(8, "grain", i).normal(0, NOISE, picture.shape)
        if i in damaged:
            picture[BLOT] = 0.05
        pixels = picture[..., None].astype(np.float32)
        plates.append(Plate(i, pixels, BOX, np.ones((HEIGHT, WIDTH), np.bool_)))
    middle = count // 2
    near = tuple(p for p in plates if p.number != middle)
    return align(TemporalWindow(plates[middle], near))


def _matte(number: int, *, marked: bool) -> Matte:
    if not marked:
        return Matte.empty(number, BOX)
    coverage = np.zeros((HEIGHT, WIDTH), np.float32)
    coverage[BLOT] = 1.0
    labels = np.where(coverage > 0, DamageClass.STAIN.label, 0).astype(np.uint8)
    return Matte(number, coverage, labels, BOX)


def _mattes(marked: tuple[int, ...], count: int = 5) -> dict[int, Matte]:
    return {i: _matte(i, marked=i in marked) for i in range(count)}


@pytest.mark.parametrize("overlooked", [0, 1, 3, 4])
def test_what_was_overlooked_in_one_frame_is_known(overlooked: int) -> None:
    window = _window(damaged=(0, 1, 2, 3, 4))
    mattes = _mattes(tuple(i for i in range(5) if i != overlooked))
    known = with_lasting(window, mattes, noise=NOISE)
    assert (known[overlooked].coverage[BLOT] == 1).all()
    assert (known[overlooked].labels[BLOT] == DamageClass.STAIN.label).all()
    assert np.count_nonzero(known[overlooked].coverage) == np.count_nonzero(mattes[2].coverage)
    assert all(known[i] is mattes[i] for i in range(5) if i != overlooked)


def test_a_neighbor_that_looks_otherwise_stays_a_witness() -> None:
    window = _window(damaged=(0, 1, 2, 3))
    mattes = _mattes((0, 1, 2, 3))
    known = with_lasting(window, mattes, noise=NOISE)
    assert known[4] is mattes[4]


def test_damage_of_one_frame_says_nothing_of_others() -> None:
    """Even where every frame shows the same: a false alarm must not take its own witnesses."""
    window = _window(damaged=(0, 1, 2, 3, 4))
    for marked in ((2,), (1, 2)):
        mattes = _mattes(marked)
        assert with_lasting(window, mattes, noise=NOISE) == mattes


def test_with_one_neighbor_nothing_is_known_to_last() -> None:
    window = _window(damaged=(0, 1), count=2)
    mattes = _mattes((1,), count=2)
    assert with_lasting(window, mattes, noise=NOISE) == mattes
