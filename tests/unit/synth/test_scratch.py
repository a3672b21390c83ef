import numpy as np
import pytest

from filmrestore_core.synth.gauge import FilmFrame, Gauge
from filmrestore_core.synth.scratch import ScratchSettings, scratches

FRAME = FilmFrame.of(Gauge.MM35, 320, 240)
STEADY = ScratchSettings(
    present=2, frames=60, broken=0, wander=100, wandering=0, faintest=0.5, strongest=0.6
)


def middle(mark, row):
    weights = mark.opacity[row].astype(float)
    return mark.x + (weights * np.arange(weights.size)).sum() / weights.sum()


def test_a_scratch_goes_on_from_one_frame_to_the_next():
    now = [m for m in scratches(STEADY, FRAME, seed=2, number=30) if m.opacity[-1].sum() > 0.1]
    after = [m for m in scratches(STEADY, FRAME, seed=2, number=31) if m.opacity[0].sum() > 0.1]
    assert now
    assert len(after) == len(now)
    for a, b in zip(now, after, strict=True):
        assert abs(middle(a, -1) - middle(b, 0)) < 0.2  # px; a row is 1/240 of a frame


def test_a_scratch_ends():
    counts = [len(scratches(STEADY, FRAME, seed=2, number=n)) for n in range(0, 600, 20)]
    assert min(counts) < max(counts)


def test_width_is_as_asked():
    settings = STEADY.model_copy(update={"width": 200.0, "wander": 0.0})
    widths = []
    for n in range(0, 400, 40):
        for m in scratches(settings, FRAME, seed=2, number=n):
            rows = m.opacity.max(axis=1) > 0.5
            widths += list((m.opacity[rows] / m.opacity[rows].max(axis=1, keepdims=True)).sum(1))
    wanted = FRAME.px(200)
    assert 0.5 * wanted < np.median(widths) < 1.9 * wanted  # log-normal, sigma 0.5


@pytest.mark.parametrize("bright", [0.0, 1.0])
def test_sign_follows_the_share_of_bright_ones(bright):
    settings = STEADY.model_copy(update={"bright": bright, "present": 4.0})
    marks = scratches(settings, FRAME, seed=3, number=10)
    strongest = max(marks, key=lambda m: abs(m.density[0]))
    assert (strongest.density[0] < 0) == bool(bright)


def test_broken_ones_have_gaps():
    settings = STEADY.model_copy(update={"broken": 1.0, "present": 6.0})
    marks = scratches(settings, FRAME, seed=3, number=10)
    gaps = [np.mean(m.opacity.max(axis=1) < 0.02) for m in marks]
    assert any(0.02 < g < 0.98 for g in gaps)
