import numpy as np

from filmrestore_core.synth.gauge import FilmFrame, Gauge
from filmrestore_core.synth.shapes import ProceduralShapes
from filmrestore_core.synth.stain import StainSettings, stains

FRAME = FilmFrame.of(Gauge.MM35, 320, 240)


def drawn(settings, number, channels=3):
    return stains(settings, FRAME, ProceduralShapes(), seed=1, number=number, channels=channels)


def test_stains_are_large_soft_and_faint():
    marks = [m for n in range(10) for m in drawn(StainSettings(present=2), n)]
    assert len(marks) > 8
    partial = [np.mean((m.opacity > 0.05) & (m.opacity < 0.95)) for m in marks]
    assert np.median(partial) > 0.05
    assert max(abs(d) for m in marks for d in m.density) <= 0.5 + 1e-9
    assert np.median([m.opacity.size for m in marks]) > 400


def test_channels_differ_by_the_tint():
    marks = [m for n in range(6) for m in drawn(StainSettings(present=3, tint=0.5), n)]
    assert any(len(set(m.density)) == 3 for m in marks)
    grey = [m for n in range(6) for m in drawn(StainSettings(present=3), n, channels=1)]
    assert all(len(m.density) == 1 for m in grey)


def test_a_lasting_stain_keeps_its_place():
    settings = StainSettings(present=3, frames=30)
    a, b = drawn(settings, 100), drawn(settings, 101)
    shared = {(m.x, m.y) for m in a} & {(m.x, m.y) for m in b}
    assert shared
