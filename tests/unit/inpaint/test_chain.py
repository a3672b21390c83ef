"""What fills a frame: neighbours, surroundings, nothing lost, same bits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from filmrestore_core.inpaint.base import FILL_METHODS
from filmrestore_core.inpaint.chain import ChainFill, fill_frame
from filmrestore_core.matte import DamageClass
from filmrestore_core.settings import RepairMethod, RepairSettings
from filmrestore_core.testing.windows import known_window

TEMPORAL, SPATIAL = FILL_METHODS.index("temporal"), FILL_METHODS.index("spatial")


def disc(height, width, y, x, radius):
    rows, columns = np.ogrid[:height, :width]
    return (rows - y) ** 2 + (columns - x) ** 2 <= radius**2


def line(height, width, x, wide):
    hole = np.zeros((height, width), bool)
    hole[:, x : x + wide] = True
    return hole


SPECKS = disc(96, 128, 40, 60, 6) | disc(96, 128, 70, 100, 2) | disc(96, 128, 0, 0, 4)
STANDING = {100 + k: line(96, 128, 80, 3) for k in range(-2, 3)}


def settings(method):
    return RepairSettings(method=method)


def test_auto_takes_neighbours_and_then_the_surroundings():
    holes = dict(STANDING)
    holes[100] = holes[100] | SPECKS
    # With no motion the standing line hides the same place on every frame.
    known = known_window(holes=holes, velocity=(0.0, 0.0))
    fill = fill_frame(known.aligned, known.mattes, settings("auto"))
    assert np.array_equal(fill.filled, known.holes)
    assert (fill.methods[STANDING[100]] == SPATIAL).all()
    only_specks = SPECKS & ~line(96, 128, 74, 15)
    assert (fill.methods[only_specks] == TEMPORAL).all()
    assert not fill.methods[~known.holes].any()


def test_temporal_leaves_and_reports_what_no_neighbour_shows():
    known = known_window(holes=STANDING, velocity=(0.0, 0.0))
    fill = fill_frame(known.aligned, known.mattes, settings("temporal"))
    assert not fill.filled.any()
    assert np.array_equal(fill.pixels, known.aligned.center.pixels)


def test_spatial_asks_no_neighbour():
    known = known_window(holes={100: SPECKS})
    fill = fill_frame(known.aligned, {100: known.mattes[100]}, settings("spatial"))
    assert (fill.methods[SPECKS] == SPATIAL).all()
    assert ChainFill(settings("spatial")).radius == 0
    assert ChainFill(settings("auto")).radius == 2


def test_none_changes_nothing():
    known = known_window(holes={100: SPECKS})
    fill = fill_frame(known.aligned, known.mattes, settings("none"))
    assert not fill.filled.any()
    assert np.array_equal(fill.pixels, known.aligned.center.pixels)


@pytest.mark.parametrize("method", list(RepairMethod))
@pytest.mark.parametrize("channels", [1, 3])
def test_pixels_outside_the_matte_keep_their_bits(method, channels):
    known = known_window(holes={100: SPECKS, 101: disc(96, 128, 38, 62, 9)}, channels=channels)
    fill = fill_frame(known.aligned, known.mattes, settings(method))
    center = known.aligned.center.pixels
    assert fill.pixels.dtype == np.float32
    assert fill.pixels[~known.holes].tobytes() == center[~known.holes].tobytes()
    assert not (fill.filled & ~known.holes).any()
    assert np.isfinite(fill.pixels).all()


def test_a_picture_covered_all_over_by_standing_damage_is_left_and_reported():
    everything = np.ones((48, 64), bool)
    holes = dict.fromkeys(range(98, 103), everything)
    known = known_window(holes=holes, height=48, width=64)
    fill = fill_frame(known.aligned, known.mattes, settings("auto"))
    assert not fill.filled.any()


def test_damage_wider_than_a_crop_is_filled_from_its_rim_inwards():
    big = np.zeros((220, 220), bool)
    big[12:208, 12:208] = True
    known = known_window(holes={100: big}, height=220, width=220, radius=1)
    fill = fill_frame(known.aligned, {100: known.mattes[100]}, settings("auto"))
    assert np.array_equal(fill.filled, big)
    assert (np.abs(fill.pixels[big] - 0.5) < 0.5).all()


def test_the_same_window_gives_the_same_bits_again():
    known = known_window(holes={100: SPECKS | STANDING[100], 99: STANDING[99]}, channels=3)
    one, two = (fill_frame(known.aligned, known.mattes, settings("auto")) for _ in range(2))
    assert one.pixels.tobytes() == two.pixels.tobytes()
    assert np.array_equal(one.methods, two.methods)


def test_not_finite_samples_never_become_a_fill():
    known = known_window(holes={100: SPECKS})
    center = known.aligned.window.center
    finite = np.ones((96, 128), bool)
    finite[30:36, 50:70] = False
    pixels = center.pixels.copy()
    pixels[~finite] = 50.0
    plate = type(center)(100, pixels, center.box, finite)
    window = type(known.aligned.window)(plate, known.aligned.window.neighbors)
    aligned = type(known.aligned)(window, known.aligned.neighbors)
    for method in ("auto", "spatial"):
        fill = fill_frame(aligned, known.mattes, settings(method))
        assert fill.pixels[SPECKS].max() < 1.5


def test_a_class_may_be_left_to_neighbours_alone():
    holes = dict(STANDING)
    holes[100] = holes[100] | SPECKS
    known = known_window(holes=holes, velocity=(0.0, 0.0))
    matte = known.mattes[100]
    labels = np.where(matte.labels > 0, DamageClass.DIRT.label, 0).astype(np.uint8)
    labels[STANDING[100]] = DamageClass.SCRATCH.label
    mattes = {**known.mattes, 100: replace(matte, labels=labels)}
    plain = fill_frame(known.aligned, mattes, RepairSettings())
    fill = fill_frame(known.aligned, mattes, RepairSettings(scratch="temporal"))
    assert np.array_equal(fill.filled, known.holes & ~STANDING[100])
    assert np.array_equal(fill.pixels[fill.filled], plain.pixels[fill.filled])
    center = known.aligned.center.pixels
    assert fill.pixels[~fill.filled].tobytes() == center[~fill.filled].tobytes()
    # And the other way round: all is left to neighbours but this class.
    other = RepairSettings(method=RepairMethod.TEMPORAL, scratch="classical")
    assert fill_frame(known.aligned, mattes, other).filled[STANDING[100]].all()
