import numpy as np
import pytest

from filmrestore_core.synth.density import Tone, deepest, density_of, pixels_of


@pytest.mark.parametrize("tone", list(Tone))
def test_density_and_back_is_the_same(tone):
    values = np.linspace(0, 1, 101, dtype=np.float32)
    back = pixels_of(density_of(values, tone), tone)
    # float32 logarithms near black: a flare of 0.0025 leaves about 3e-4 of code value.
    np.testing.assert_allclose(back, values, atol=1e-3)
    assert np.abs(back[10:] - values[10:]).max() < 2e-6


@pytest.mark.parametrize("tone", list(Tone))
def test_white_is_zero_and_black_is_deepest(tone):
    ends = density_of(np.array([1, 0], np.float32), tone)
    np.testing.assert_allclose(ends, [0, deepest(tone)], atol=1e-5)


def test_one_density_is_a_tenth_of_the_light():
    grey = np.array([0.9], np.float32)
    darker = pixels_of(density_of(grey, Tone.DISPLAY) + np.float32(1), Tone.DISPLAY)
    light = (grey**2.4 + 0.0025) / (darker**2.4 + 0.0025)
    assert light[0] == pytest.approx(10, rel=1e-4)
