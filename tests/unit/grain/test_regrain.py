"""Grain on a fill: as strong and fine as around it, fresh on every frame, the same every time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from filmrestore_core.box import Box
from filmrestore_core.grain.estimate import estimate_grain
from filmrestore_core.grain.model import GrainModel
from filmrestore_core.grain.regrain import regrain
from filmrestore_core.inpaint.base import Fill
from filmrestore_core.inpaint.temporal_fill import TemporalFill
from filmrestore_core.plate import Plate
from filmrestore_core.testing.windows import known_window


def high(pixels):
    p = np.pad(pixels, ((1, 1), (1, 1), (0, 0)), mode="edge")
    return pixels - (p[:-2, 1:-1] + p[2:, 1:-1] + p[1:-1, :-2] + p[1:-1, 2:]) / 4


def flat(height=120, width=150, channels=3, kept=0.0, box=None, number=7):
    box = box or Box.of_size(width, height)
    pixels = np.full((height, width, channels), 0.5, np.float32)
    filled = np.zeros((height, width), bool)
    filled[10:100, 20:140] = True
    fill = Fill(pixels, filled, np.full((height, width), kept, np.float32))
    return fill, Plate(number, pixels, box, np.ones((height, width), bool))


def model(channels=3, strength=0.03):
    kernel = np.outer([1, 2, 1], [1, 2, 1]).astype(np.float32)
    return GrainModel(
        np.array([0.5], np.float32),
        np.full((1, channels), strength, np.float32),
        np.full((channels, channels), 0.5, np.float32) + 0.5 * np.eye(channels, dtype=np.float32),
        kernel / np.sqrt(np.square(kernel).sum()),
    )


def test_strength_correlation_and_place():
    fill, plate = flat()
    grained = regrain(fill, plate, None, model(), amount=1.0, seed=1)
    added = (grained - 0.5)[fill.filled]
    # 10800 pixels of grain that spans 2 px: about 3 % either way.
    assert added.std(0) == pytest.approx(0.03, rel=0.08)
    assert np.corrcoef(added.T)[0, 1] == pytest.approx(0.5, abs=0.08)
    assert np.array_equal(grained[~fill.filled], fill.pixels[~fill.filled])


def test_kept_grain_is_not_put_on_twice():
    fill, plate = flat(kept=0.6)
    added = (regrain(fill, plate, None, model()) - 0.5)[fill.filled]
    assert added.std() == pytest.approx(0.8 * 0.03, rel=0.08)


@pytest.mark.parametrize(("amount", "expected"), [(0.0, 0.0), (0.5, 0.015), (2.0, 0.06)])
def test_amount(amount, expected):
    fill, plate = flat()
    added = (regrain(fill, plate, None, model(), amount=amount) - 0.5)[fill.filled]
    assert added.std() == pytest.approx(expected, rel=0.08, abs=1e-9)


def test_every_frame_has_its_own_grain_and_always_the_same():
    fill, plate = flat()
    one, again = (regrain(fill, plate, None, model(), seed=3) for _ in range(2))
    assert one.tobytes() == again.tobytes()
    other = regrain(fill, Plate(8, plate.pixels, plate.box, plate.finite), None, model(), seed=3)
    a, b = (one - 0.5)[fill.filled].ravel(), (other - 0.5)[fill.filled].ravel()
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.05
    assert not np.array_equal(one, regrain(fill, plate, None, model(), seed=4))


def test_grain_hangs_on_the_clip_not_on_the_window():
    fill, plate = flat(box=Box(0, 0, 150, 120))
    whole = regrain(fill, plate, None, model())
    part = Fill(
        fill.pixels[13:, 9:].copy(), fill.filled[13:, 9:].copy(), fill.grain_kept[13:, 9:].copy()
    )
    window = Plate(7, part.pixels, Box(9, 13, 141, 107), plate.finite[13:, 9:].copy())
    assert np.array_equal(regrain(part, window, None, model()), whole[13:, 9:])


def test_negative_boxes():
    fill, plate = flat(box=Box(-70, -40, 150, 120))
    added = (regrain(fill, plate, None, model()) - 0.5)[fill.filled]
    assert added.std() == pytest.approx(0.03, rel=0.08)


@pytest.mark.parametrize("strength", [0.01, 0.03])
def test_a_regrained_fill_has_the_truths_high_frequencies(strength):
    rows, columns = np.ogrid[:192, :256]
    hole = (rows - 96) ** 2 + (columns - 128) ** 2 < 45**2
    known = known_window(holes={100: hole}, grain=strength, height=192, width=256, texture=0.3)
    grain = estimate_grain(known.aligned, known.mattes[100])
    fill = TemporalFill().inpaint(known.aligned, known.mattes, grain=grain)
    pixels = regrain(fill, known.aligned.center, known.mattes[100], grain, seed=0)
    assert fill.filled[hole].all()
    where = (rows - 96) ** 2 + (columns - 128) ** 2 < 43**2
    ratio = high(pixels)[where].std() / high(known.truth)[where].std()
    assert 0.9 < ratio < 1.1


def test_the_grain_is_not_a_neighbours():
    rows, columns = np.ogrid[:192, :256]
    hole = (rows - 96) ** 2 + (columns - 128) ** 2 < 45**2
    known = known_window(holes={100: hole}, height=192, width=256, texture=0.3, velocity=(0.0, 0.0))
    grain = estimate_grain(known.aligned, known.mattes[100])
    fill = TemporalFill().inpaint(known.aligned, known.mattes, grain=grain)
    pixels = regrain(fill, known.aligned.center, known.mattes[100], grain, seed=0)
    ours = high(pixels - known.clean)[hole]
    for neighbor in known.aligned.neighbors:
        theirs = high(known.grain[neighbor.number])[hole]
        assert abs(np.corrcoef(ours.ravel(), theirs.ravel())[0, 1]) < 0.15


def test_no_grain_changes_nothing():
    fill, plate = flat()
    assert np.array_equal(regrain(fill, plate, None, GrainModel.none(3)), fill.pixels)
    assert np.array_equal(regrain(replace(fill), plate, None, model(), amount=0.0), fill.pixels)


def test_lost_detail_is_made_up_for_by_grain():
    fill, plate = flat()
    lost = np.zeros(fill.filled.shape, np.float32)
    lost[:, 75:] = 0.69
    grained = regrain(replace(fill, detail_lost=lost), plate, None, model(), seed=1)
    plain = regrain(fill, plate, None, model(), seed=1)
    assert np.array_equal(grained[:, :75], plain[:, :75])
    # Energies add up: the square root of 1.69 is 1.3.
    np.testing.assert_allclose((grained - 0.5)[:, 75:], 1.3 * (plain - 0.5)[:, 75:], atol=1e-5)
