"""What nets are shown: parts equal the whole, spikes are what their names say."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from filmrestore_core.segment.planes import PLANES, noise_of, planes_of
from filmrestore_core.segment.spike_planes import PLANE_NAMES, spike_planes
from filmrestore_core.temporal.window import AlignedWindow

SpeckWindow = Callable[..., AlignedWindow]


@pytest.mark.parametrize("kind", PLANES)
@pytest.mark.parametrize("offsets", [(-2, -1, 1, 2), (1, 2), (-1, 2), ()])
def test_a_part_is_that_part_of_the_whole(
    speck_window: SpeckWindow, kind: str, offsets: tuple[int, ...]
) -> None:
    window = speck_window(offsets)
    whole = planes_of(window, kind, slice(0, 96), slice(0, 144), noise=0.01)
    assert whole.shape == (PLANES[kind], 96, 144)
    assert np.all(np.isfinite(whole))
    for rows, columns in ((slice(0, 32), slice(0, 48)), (slice(37, 96), slice(91, 144))):
        part = planes_of(window, kind, rows, columns, noise=0.01)
        assert np.array_equal(part, whole[:, rows, columns])


def test_the_noise_is_about_what_was_put_in(speck_window: SpeckWindow) -> None:
    # A neighbour is resampled, which smooths its noise: between the root of one half and one.
    assert 0.0055 < noise_of(speck_window()) < 0.0095
    # Alone, texture counts with the noise.
    assert 0.004 < noise_of(speck_window(())) < 0.02


def test_a_spike_needs_both_neighbors_and_one_sign() -> None:
    center = np.full((8, 8, 1), 0.5, np.float32)
    lower, higher = center - np.float32(0.2), center + np.float32(0.2)
    raw = {-1: center[..., 0], 1: center[..., 0]}
    spike = PLANE_NAMES.index("spike R")

    def seen(before: np.ndarray, after: np.ndarray) -> float:
        near = {-1: before, 1: after}
        return float(spike_planes(center, near, raw, {}, 0.1, "t5-v2")[spike, 4, 4])

    assert seen(lower, lower) > 0.3
    assert seen(higher, higher) < -0.3
    assert seen(lower, higher) == 0
    assert seen(lower, center) == 0


def test_differences_are_in_units_of_noise() -> None:
    center = np.full((8, 8, 3), 0.5, np.float32)
    near = {o: center - np.float32(0.02) for o in (-1, 1)}
    raw = {o: near[o][..., 0] for o in near}
    quiet, loud = (spike_planes(center, near, raw, {}, n, "t5-v2")[7, 4, 4] for n in (0.0, 0.04))
    assert quiet == pytest.approx(0.02 / (4 * 0.008), rel=1e-4)
    assert loud == pytest.approx(0.02 / (4 * 0.048), rel=1e-4)
