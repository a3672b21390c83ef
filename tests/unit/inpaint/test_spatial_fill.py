"""What the surroundings say about a hole."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from filmrestore_core.box import Box
from filmrestore_core.grain.estimate import estimate_grain
from filmrestore_core.inpaint.spatial_fill import fill_from_around
from filmrestore_core.plate import Plate
from filmrestore_core.testing.windows import known_window


def plate_of(pixels, finite=None):
    height, width = pixels.shape[:2]
    box = Box.of_size(width, height)
    return Plate(1, pixels, box, np.ones((height, width), bool) if finite is None else finite)


def ramp(height=60, width=80):
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return (0.2 + 0.004 * x + 0.003 * y)[..., None]


def test_a_ramp_is_continued():
    clean = ramp()
    hole = np.zeros((60, 80), bool)
    hole[20:32, 30:44] = True
    fill = fill_from_around(
        plate_of(np.where(hole[..., None], 9.0, clean).astype(np.float32)), hole
    )
    assert fill.filled[hole].all()
    assert np.abs(fill.pixels - clean)[hole].max() < 0.02


@pytest.mark.parametrize("slope", [-1.0, -0.4, 0.0, 0.7])
def test_an_edge_crosses_a_scratch_unbroken(slope):
    y, x = np.mgrid[:60, :80].astype(np.float32)
    clean = (0.45 + 0.25 * np.tanh((y - 30 - slope * (x - 40)) / 1.4))[..., None]
    hole = np.zeros((60, 80), bool)
    hole[:, 38:43] = True
    damaged = np.where(hole[..., None], 0.0, clean).astype(np.float32)
    fill = fill_from_around(plate_of(damaged), hole)
    ours = np.sqrt(np.square(fill.pixels - clean)[hole].mean())
    eight = np.clip(damaged[..., 0] * 255 + 0.5, 0, 255).astype(np.uint8)
    telea = cv2.inpaint(eight, hole.astype(np.uint8), 3, cv2.INPAINT_TELEA) / np.float32(255)
    assert ours < 0.06
    assert ours < np.sqrt(np.square(telea[..., None] - clean)[hole].mean())


def test_values_beyond_the_display_range_are_kept():
    clean = (ramp() * 20 - 3).astype(np.float32)
    hole = np.zeros((60, 80), bool)
    hole[10:14, 60:70] = True
    fill = fill_from_around(plate_of(clean), hole)
    assert np.abs(fill.pixels - clean)[hole].max() < 0.4
    assert fill.pixels[hole].max() > 2.0


def test_grain_of_the_rim_is_not_drawn_into_the_hole():
    hole = np.zeros((96, 128), bool)
    hole[:, 60:66] = True
    known = known_window(holes={100: hole}, texture=0.0, grain=0.03)
    grain = estimate_grain(known.aligned, known.mattes[100])
    plain = fill_from_around(known.aligned.center, hole)
    careful = fill_from_around(known.aligned.center, hole, grain=grain)

    def off(fill):
        return float(np.square(fill.pixels - known.clean)[hole].mean())

    assert off(careful) < off(plain)


def test_nothing_known_leaves_everything():
    hole = np.ones((20, 30), bool)
    fill = fill_from_around(plate_of(np.zeros((20, 30, 3), np.float32)), hole)
    assert not fill.filled.any()


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (3, 5)])
def test_tiny_pictures_are_filled(shape):
    hole = np.zeros(shape, bool)
    hole[0, 0] = True
    fill = fill_from_around(plate_of(np.full((*shape, 3), 0.5, np.float32)), hole)
    expected = hole.size > 1
    assert fill.filled[0, 0] == expected
    assert np.allclose(fill.pixels, 0.5)
