import numpy as np

from filmrestore_core.matte import DamageClass
from filmrestore_core.synth.dust import SpeckSettings, specks
from filmrestore_core.synth.gauge import FilmFrame, Gauge
from filmrestore_core.synth.shapes import ProceduralShapes

FRAME = FilmFrame.of(Gauge.MM35, 640, 480)


def drawn(settings, damage_class=DamageClass.DIRT, frame=FRAME, frames=range(12)):
    shapes = ProceduralShapes()
    return [specks(settings, damage_class, frame, shapes, seed=3, number=n) for n in frames]


def test_number_is_as_asked_on_average():
    counts = [len(marks) for marks in drawn(SpeckSettings(per_frame=40), frames=range(25))]
    # Frames vary with gamma shape 4 and clusters: sigma of the mean of 25 frames is about 12 %.
    assert 28 < np.mean(counts) < 52


def test_specks_cluster_more_than_chance():
    counts = np.zeros((25, 6 * 8))
    for i, marks in enumerate(drawn(SpeckSettings(per_frame=100, area=500), frames=range(25))):
        for m in marks:
            x, y = m.x + m.opacity.shape[1] // 2, m.y + m.opacity.shape[0] // 2
            counts[i, min(5, max(0, y // 80)) * 8 + min(7, max(0, x // 80))] += 1
    assert counts.var() / counts.mean() > 1.5  # 1 is chance


def test_dirt_is_dark_and_sparkle_bright():
    settings = SpeckSettings(per_frame=20)
    assert all(m.density[0] > 0 for f in drawn(settings) for m in f)
    assert all(m.density[0] < 0 for f in drawn(settings, DamageClass.SPARKLE) for m in f)


def test_the_same_dust_is_larger_on_narrow_film():
    settings = SpeckSettings(per_frame=30, large=0, spread=0.1)
    areas = [
        np.mean([m.opacity.sum() for f in drawn(settings, frame=frame) for m in f])
        for frame in (FRAME, FilmFrame.of(Gauge.MM16, 640, 480))
    ]
    # (21.95 / 10.26) ** 2 = 4.6, less the least size of a speck on the wide film.
    assert 3 < areas[1] / areas[0] < 6


def test_middle_area_is_as_asked():
    settings = SpeckSettings(per_frame=30, area=60000, large=0, spread=0.0)
    wanted = 60000 / FRAME.um_per_px**2
    areas = [m.opacity.sum() for f in drawn(settings) for m in f]
    assert 0.75 * wanted < np.median(areas) < 1.35 * wanted
