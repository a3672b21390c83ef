import numpy as np
import pytest

from filmrestore_core.matte import DamageClass
from filmrestore_core.synth.density import Tone
from filmrestore_core.synth.mark import Mark, lay


def plate(channels=3, value=0.5):
    rng = np.random.default_rng(1)
    return (value + 0.1 * rng.standard_normal((20, 30, channels))).astype(np.float32)


def mark(x, y, density, opacity=1.0, size=5, name=DamageClass.DIRT):
    return Mark(name, np.full((size, size), opacity, np.float32), x, y, density)


@pytest.mark.parametrize("tone", list(Tone))
def test_pixels_outside_marks_keep_their_bits(tone):
    before = plate()
    after = lay([mark(3, 4, (1.0,))], before, tone).pixels
    outside = np.ones((20, 30), bool)
    outside[4:9, 3:8] = False
    assert np.array_equal(before[outside], after[outside])
    assert np.all(after[~outside] < before[~outside])


def test_below_zero_is_brighter_and_held_at_white():
    before = plate()
    after = lay([mark(3, 4, (-3.0,))], before, Tone.DISPLAY).pixels[4:9, 3:8]
    np.testing.assert_allclose(after, 1, atol=1e-5)


def test_half_covered_pixels_lose_half_the_light():
    before = np.full((20, 30, 1), 0.8, np.float32)
    after = lay([mark(3, 4, (4.0,), opacity=0.5)], before, Tone.DISPLAY).pixels
    light = ((after[5, 5, 0] ** 2.4) + 0.0025) / (0.8**2.4 + 0.0025)
    assert light == pytest.approx(0.5, rel=1e-3)


def test_a_channel_of_no_density_is_untouched():
    before = plate()
    after = lay([mark(3, 4, (0.0, 1.0, 0.0))], before, Tone.LOG).pixels
    np.testing.assert_allclose(after[..., [0, 2]], before[..., [0, 2]], atol=1e-6)
    assert np.all(after[4:9, 3:8, 1] < before[4:9, 3:8, 1])


@pytest.mark.parametrize(("x", "y"), [(-3, -2), (28, 18), (-50, 0), (0, 200), (-1, 7)])
def test_marks_may_hang_over_the_edge(x, y):
    before = plate()
    laid = lay([mark(x, y, (1.0,))], before, Tone.DISPLAY)
    changed = np.any(laid.pixels != before, axis=-1)
    columns = max(0, min(30, x + 5) - max(0, x))
    rows = max(0, min(20, y + 5) - max(0, y))
    assert changed.sum() == rows * columns


def test_picture_beyond_white_is_not_clipped():
    before = np.full((20, 30, 1), 1.4, np.float32)
    after = lay([mark(3, 4, (-0.2,))], before, Tone.LOG).pixels
    assert after.min() == pytest.approx(1.4, abs=1e-5)


def test_strength_is_the_share_of_light_and_by_class():
    laid = lay(
        [
            mark(1, 1, (1.0,), opacity=0.5),
            mark(12, 1, (-0.3,), name=DamageClass.SPARKLE),
        ],
        plate(),
        Tone.DISPLAY,
    )
    assert set(laid.strength) == {DamageClass.DIRT, DamageClass.SPARKLE}
    assert laid.strength[DamageClass.DIRT].max() == pytest.approx(0.45)
    assert laid.strength[DamageClass.SPARKLE].max() == pytest.approx(1 - 10**-0.3)
