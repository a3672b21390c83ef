import numpy as np
import pytest

from filmrestore_core.synth.density import Tone, density_of
from filmrestore_core.synth.gauge import FilmFrame, Gauge
from filmrestore_core.synth.grain import GrainSettings, Stock, grain_sigma, with_grain

FRAME = FilmFrame.of(Gauge.MM16, 320, 240)


def flat(value, channels=1):
    return np.full((240, 320, channels), value, np.float32)


def noise(settings, value=0.5, channels=1, number=0):
    grainy = with_grain(flat(value, channels), settings, FRAME, Tone.DISPLAY, seed=1, number=number)
    return density_of(grainy, Tone.DISPLAY) - density_of(flat(value, channels), Tone.DISPLAY)


def test_strength_is_selwyns():
    settings = GrainSettings(stock=Stock.MEDIUM, size=0)
    value = 0.4
    density = float(density_of(np.array([value], np.float32), Tone.DISPLAY)[0])
    wanted = grain_sigma(settings, FRAME) * np.sqrt(density + 0.06)
    # 76800 samples: 0.3 %; the floor of display black adds a little.
    assert noise(settings, value).std() == pytest.approx(wanted, rel=0.02)


def test_a_pixel_of_half_the_side_has_twice_the_grain():
    settings = GrainSettings(stock=Stock.OLD)
    fine = FilmFrame.of(Gauge.MM16, 640, 480)
    assert grain_sigma(settings, fine) == pytest.approx(2 * grain_sigma(settings, FRAME))


def test_size_correlates_neighbors():
    rough = noise(GrainSettings(stock=Stock.COARSE, size=0))[..., 0]
    soft = noise(GrainSettings(stock=Stock.COARSE, size=60))[..., 0]

    def neighbor(a):
        return np.corrcoef(a[:, 1:].ravel(), a[:, :-1].ravel())[0, 1]

    assert abs(neighbor(rough)) < 0.02
    assert neighbor(soft) > 0.4


def test_layers_share_what_is_asked():
    n = noise(GrainSettings(stock=Stock.COARSE, size=0, shared=0.3), channels=3)
    assert np.corrcoef(n[..., 0].ravel(), n[..., 1].ravel())[0, 1] == pytest.approx(0.3, abs=0.02)


def test_new_on_every_frame():
    settings = GrainSettings(stock=Stock.COARSE)
    a, b = noise(settings, number=1), noise(settings, number=2)
    assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 0.02


def test_no_stock_no_grain():
    plate = flat(0.3)
    out = with_grain(plate, GrainSettings(), FRAME, Tone.DISPLAY, seed=1, number=0)
    assert np.array_equal(out, plate)
