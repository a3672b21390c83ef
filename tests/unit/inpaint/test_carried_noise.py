"""Noise that goes with the picture."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.inpaint.carried_noise import carried_noise
from filmrestore_core.inpaint.known import softened
from filmrestore_core.plate import Plate
from filmrestore_core.temporal.window import AlignedNeighbor, AlignedWindow, TemporalWindow

HEIGHT, WIDTH = 120, 150
Planes = NDArray[np.float32]
Motion = tuple[float, float]


def _window(
    number: int, motion: Motion, *, validity: float = 1.0, crop: Box | None = None
) -> AlignedWindow:
    """Everything moves by `motion` (down, right) a frame; `crop` cuts a part of the picture."""
    box = crop or Box.of_size(WIDTH, HEIGHT)
    neighbors = []
    for offset in (-2, -1, 1, 2):
        flow = np.empty((*box.shape, 2), np.float32)
        flow[..., 0], flow[..., 1] = motion[1] * offset, motion[0] * offset
        valid = np.full(box.shape, validity, np.float32)
        pixels = np.zeros((*box.shape, 3), np.float32)
        neighbors.append(AlignedNeighbor(number + offset, offset, pixels, valid, flow))
    return AlignedWindow(TemporalWindow(_plate(number, box), ()), tuple(neighbors))


def _plate(number: int, box: Box) -> Plate:
    return Plate(number, np.zeros((*box.shape, 3), np.float32), box, np.ones(box.shape, np.bool_))


def _alike(one: Planes, other: Planes) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


WHOLE = Box.of_size(WIDTH, HEIGHT)
INNER = Box(16, 16, 96, 80)


@pytest.mark.parametrize("motion", [(0.0, 0.0), (3.0, -2.0), (0.4, 1.3)])
@pytest.mark.parametrize("validity", [1.0, 0.5, 0.0])
def test_it_is_white_and_of_variance_one(motion: Motion, validity: float) -> None:
    noise = carried_noise(_window(7, motion, validity=validity), WHOLE, seed=1)
    # 54000 samples: mean and variance are known to 0.5 and 0.6 percent.
    assert abs(float(noise.mean())) < 0.02
    assert abs(float(noise.var()) - 1.0) < 0.03
    power = np.abs(np.fft.fft2(noise)) ** 2 / (HEIGHT * WIDTH)
    # Rings of frequency, each of some hundred samples with a spread of 1.
    fy, fx = np.meshgrid(np.fft.fftfreq(HEIGHT), np.fft.fftfreq(WIDTH), indexing="ij")
    ring = np.minimum((np.hypot(fy, fx) * 10).astype(int), 6)
    for k in range(7):
        band = power[:, ring == k]
        assert abs(float(band.mean()) - 1.0) < 5.0 / np.sqrt(band.size), k
    assert abs(_alike(noise[0], noise[1])) < 0.03


def test_frames_side_by_side_have_most_in_common_along_the_motion() -> None:
    down, right = 3, -2
    one = carried_noise(_window(7, (down, right)), INNER, seed=1)
    there = Box(INNER.x + right, INNER.y + down, INNER.width, INNER.height)
    other = carried_noise(_window(8, (down, right)), there, seed=1)
    # Of five fields four are the same.
    assert _alike(one, other) == pytest.approx(0.8, abs=0.02)
    # Along no motion they have nothing in common.
    assert abs(_alike(one, carried_noise(_window(8, (down, right)), INNER, seed=1))) < 0.05


def test_between_pixels_what_is_coarse_stays_in_common() -> None:
    """A nearest pixel may be another one a frame later; sums over a few pixels hardly change."""
    one = carried_noise(_window(7, (0.4, 0.3)), INNER, seed=1)
    other = carried_noise(_window(8, (0.4, 0.3)), INNER, seed=1)
    assert _alike(softened(one, 2.0), softened(other, 2.0)) > 0.7


def test_what_moves_doubtfully_shares_less() -> None:
    alike = [
        _alike(
            carried_noise(_window(7, (0, 0), validity=v), INNER, seed=1),
            carried_noise(_window(8, (0, 0), validity=v), INNER, seed=1),
        )
        for v in (1.0, 0.5, 0.0)
    ]
    assert alike[0] > alike[1] > alike[2] > 0.3


def test_a_part_and_a_cropped_picture_have_the_bits_of_the_whole() -> None:
    whole = carried_noise(_window(7, (1.3, -2.6)), WHOLE, seed=1)
    part = carried_noise(_window(7, (1.3, -2.6)), INNER, seed=1)
    here = (slice(None), slice(INNER.y, INNER.bottom), slice(INNER.x, INNER.right))
    np.testing.assert_array_equal(part, whole[here])
    crop = Box(10, 6, 120, 100)
    at = Box(INNER.x - crop.x, INNER.y - crop.y, INNER.width, INNER.height)
    cropped = carried_noise(_window(7, (1.3, -2.6), crop=crop), at, seed=1)
    np.testing.assert_array_equal(cropped, part)


def test_beyond_the_picture_the_frames_own_field_goes_on() -> None:
    beyond = carried_noise(_window(7, (0.0, 0.0)), Box(-40, -40, 230, 200), seed=1)
    whole = carried_noise(_window(7, (0.0, 0.0)), WHOLE, seed=1)
    np.testing.assert_array_equal(beyond[:, 40 : 40 + HEIGHT, 40 : 40 + WIDTH], whole)
    assert abs(float(beyond.var()) - 1.0) < 0.03
    far = carried_noise(_window(7, (0.0, 0.0)), Box(-90, 0, 32, 32), seed=1)
    assert abs(float(far.var()) - 1.0) < 0.1


@pytest.mark.parametrize(
    "other", [lambda: (_window(7, (0, 0)), 2), lambda: (_window(12, (0, 0)), 1)]
)
def test_other_seeds_and_far_frames_have_other_noise(
    other: Callable[[], tuple[AlignedWindow, int]],
) -> None:
    one = carried_noise(_window(7, (0, 0)), INNER, seed=1)
    window, seed = other()
    assert abs(_alike(one, carried_noise(window, INNER, seed=seed))) < 0.05
