"""Grain is measured where it is, and only it."""

from __future__ import annotations

import numpy as np
import pytest

from filmrestore_core.grain.estimate import estimate_grain
from filmrestore_core.testing.windows import known_window


def high(pixels):
    across = pixels[1:-1, :-2] + pixels[1:-1, 2:]
    return pixels[1:-1, 1:-1] - (across + pixels[:-2, 1:-1] + pixels[2:, 1:-1]) / 4


@pytest.mark.parametrize("strength", [0.008, 0.02, 0.04])
@pytest.mark.parametrize("fineness", [0.3, 0.7])
def test_strength_is_found_between_neighbours(strength, fineness):
    known = known_window(grain=strength, fineness=fineness, height=192, width=256, channels=3)
    model = estimate_grain(known.aligned, known.mattes[100])
    # The quieter blocks speak, so a little below; what motion leaves of texture, a little above.
    assert 0.85 * strength < model.mean_strength < 1.2 * strength


def test_alone_a_flat_plate_tells_its_grain():
    known = known_window(texture=0.0, grain=0.02, height=192, width=256)
    model = estimate_grain(known.aligned.center, None)
    assert 0.8 * 0.02 < model.mean_strength < 1.15 * 0.02


def test_texture_is_not_grain():
    known = known_window(grain=0.005, height=192, width=256)
    assert known.clean.std() > 0.05
    assert estimate_grain(known.aligned, None).mean_strength < 0.010


def test_damage_is_not_grain():
    hole = np.random.default_rng(3).random((192, 256)) < 0.002
    known = known_window(holes={100: hole}, grain=0.01, height=192, width=256)
    model = estimate_grain(known.aligned, known.mattes[100])
    assert model.mean_strength < 0.013


def test_the_kernel_has_the_grains_spectrum():
    for fineness in (0.3, 0.7):
        known = known_window(texture=0.0, fineness=fineness, height=192, width=256)
        kernel = estimate_grain(known.aligned, None).kernel
        assert np.isclose(np.square(kernel).sum(), 1.0, atol=1e-5)
        white = np.random.default_rng(0).normal(size=(192, 256))
        padded = np.zeros_like(white)
        reach = kernel.shape[0] // 2
        padded[: 2 * reach + 1, : 2 * reach + 1] = kernel
        drawn = np.fft.ifft2(np.fft.fft2(white) * np.fft.fft2(padded)).real
        truth = known.grain[100][..., 0] / known.grain[100].std()
        assert 0.8 < np.square(high(drawn)).mean() / np.square(high(truth)).mean() < 1.25


def test_strength_follows_brightness():
    known = known_window(texture=0.0, grain=0.02, height=192, width=256)
    window = known.aligned.window
    x = np.arange(256, dtype=np.float32)[None, :, None] / 256

    def rebuilt(plate):
        pixels = (0.1 + 0.8 * x + known.grain[plate.number] * (0.5 + x)).astype(np.float32)
        return type(plate)(plate.number, pixels, plate.box, plate.finite)

    still = tuple(
        type(n)(n.number, n.offset, n.pixels, n.validity, np.zeros_like(n.flow))
        for n in known.aligned.neighbors
    )
    window = type(window)(rebuilt(window.center), tuple(rebuilt(p) for p in window.neighbors))
    model = estimate_grain(type(known.aligned)(window, still), None)
    dark, bright = model.strength_at(np.array([0.2, 0.8], np.float32))[:, 0]
    assert 1.6 < bright / dark < 2.7  # truly (0.5 + 0.875) / (0.5 + 0.125) = 2.2


def test_channels_keep_their_correlation():
    known = known_window(texture=0.0, channels=3, height=192, width=256)
    window = known.aligned.window

    def shared(plate):
        grain = known.grain[plate.number].copy()
        grain[..., 1] = 0.8 * grain[..., 0] + 0.6 * grain[..., 1]
        pixels = (0.5 + grain).astype(np.float32)
        return type(plate)(plate.number, pixels, plate.box, plate.finite)

    window = type(window)(shared(window.center), tuple(shared(p) for p in window.neighbors))
    model = estimate_grain(type(known.aligned)(window, known.aligned.neighbors), None)
    assert 0.7 < model.correlation[0, 1] < 0.9
    assert abs(model.correlation[0, 2]) < 0.1


def test_repeated_frames_do_not_hide_the_grain():
    known = known_window(texture=0.0, grain=0.02, height=192, width=256, velocity=(0.0, 0.0))
    window = known.aligned.window
    same = tuple(type(p)(p.number, window.center.pixels, p.box, p.finite) for p in window.neighbors)
    aligned = type(known.aligned)(type(window)(window.center, same), known.aligned.neighbors)
    assert estimate_grain(aligned, None).mean_strength > 0.8 * 0.02


def test_nothing_to_look_at_gives_no_grain():
    everything = np.ones((96, 128), bool)
    known = known_window(holes={100: everything}, channels=3)
    model = estimate_grain(known.aligned, known.mattes[100])
    assert model.mean_strength == 0.0
    assert model.strengths.shape == (1, 3)
