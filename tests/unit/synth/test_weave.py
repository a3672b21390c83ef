import numpy as np

from filmrestore_core.synth.density import Tone, density_of
from filmrestore_core.synth.flicker import FlickerSettings, with_flicker
from filmrestore_core.synth.gauge import FilmFrame, Gauge
from filmrestore_core.synth.weave import WeaveSettings, weave_shift, with_weave

FRAME = FilmFrame.of(Gauge.MM35, 96, 72)


def test_shift_has_the_asked_size():
    settings = WeaveSettings(amount=50)
    shifts = np.array([weave_shift(settings, FRAME, seed=1, number=n) for n in range(300)])
    wanted = FRAME.px(50)
    assert 0.4 * wanted < shifts.std() < 1.3 * wanted
    assert abs(shifts.mean()) < wanted


def test_the_picture_moves_by_the_shift():
    y, x = np.mgrid[0:72, 0:96].astype(np.float32)
    plate = (0.3 + 0.004 * x + 0.002 * y)[..., None].astype(np.float32)
    settings = WeaveSettings(amount=300)
    dx, dy = weave_shift(settings, FRAME, seed=1, number=4)
    moved = with_weave(plate, settings, FRAME, seed=1, number=4)
    inner = (slice(20, 52), slice(20, 76))
    # A linear ramp comes back exactly from cubic resampling, but for 1/32 px places of cv2.
    expected = (plate[..., 0] - 0.004 * dx - 0.002 * dy)[inner]
    np.testing.assert_allclose(moved[..., 0][inner], expected, atol=0.004 / 16)


def test_flicker_changes_density_by_its_amount():
    plate = np.full((72, 96, 1), 0.5, np.float32)
    base = density_of(plate, Tone.DISPLAY)
    shifts = []
    for n in range(200):
        out = with_flicker(
            plate, FlickerSettings(amount=0.05), FRAME, Tone.DISPLAY, seed=2, number=n
        )
        change = density_of(out, Tone.DISPLAY) - base
        assert np.ptp(change) < 1e-5
        shifts.append(change.mean())
    assert 0.04 < np.std(shifts) < 0.06  # 200 draws: 5 %


def test_local_flicker_varies_over_the_frame():
    plate = np.full((72, 96, 1), 0.5, np.float32)
    out = with_flicker(plate, FlickerSettings(local=0.05), FRAME, Tone.DISPLAY, seed=2, number=1)
    assert np.ptp(out) > 0.01
    assert np.abs(np.diff(out[..., 0], axis=1)).max() < 0.01
