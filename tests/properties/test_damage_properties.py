import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from filmrestore_core.matte import DamageClass
from filmrestore_core.metrics.detection import count_pixels, false_objects, object_outcomes
from filmrestore_core.noise import generator
from filmrestore_core.synth.density import Tone
from filmrestore_core.synth.film import DamagedFilm
from filmrestore_core.synth.mark import Mark, lay
from filmrestore_core.synth.recipe import load_recipe

marks = st.builds(
    lambda seed, x, y, h, w, density, name: Mark(
        name, generator(seed, "mark").random((h, w), dtype=np.float32), x, y, (density,)
    ),
    st.integers(0, 99),
    st.integers(-30, 60),
    st.integers(-30, 60),
    st.integers(1, 25),
    st.integers(1, 25),
    st.floats(-4, 4),
    st.sampled_from(list(DamageClass)),
)


@given(
    st.lists(marks, max_size=6),
    st.sampled_from(list(Tone)),
    st.integers(0, 99),
    st.sampled_from([1, 3]),
)
@settings(max_examples=60, deadline=None)
def test_marks_change_only_what_they_cover_and_stay_in_range(found, tone, seed, channels):
    before = generator(seed, "plate").random((40, 50, channels), dtype=np.float32)
    laid = lay(found, before, tone)
    covered = np.zeros((40, 50), bool)
    for plane in laid.strength.values():
        covered |= plane > 0
        assert plane.min() >= 0
        assert plane.max() <= 1
    assert np.array_equal(laid.pixels[~covered], before[~covered])
    # Code values near black rest on a logarithm: 1e-3, see the density tests.
    assert laid.pixels.min() >= -1e-3
    assert laid.pixels.max() <= 1 + 1e-3


@given(st.integers(-50, 10**6), st.integers(0, 2**31 - 1), st.integers(9, 60), st.integers(9, 60))
@settings(max_examples=6, deadline=None)
def test_any_frame_of_any_size_is_made_twice_alike(number, seed, height, width):
    plate = np.full((height, width, 3), 0.45, np.float32)
    recipe = load_recipe("medium")
    a, b = (DamagedFilm(recipe, seed=seed).frame(plate, number) for _ in range(2))
    assert a.damaged.tobytes() == b.damaged.tobytes()
    assert np.isfinite(a.damaged).all()
    assert a.damaged.shape == plate.shape


masks = st.integers(0, 10**6).map(lambda s: generator(s, "mask").random((24, 30)) > 0.9)


@given(masks, masks, masks, st.sampled_from([0.0, 1.0, 2.0]))
@settings(max_examples=60, deadline=None)
def test_counts_fit_each_other(predicted, truth, faint, rim):
    faint = faint & ~truth
    counts = count_pixels(predicted, truth, ignored=faint, rim=rim)
    assert counts.found + counts.missed == truth.sum()
    assert counts.right + counts.wrong <= predicted.sum()
    assert counts.both <= min(counts.either, counts.found)
    objects = object_outcomes(predicted, {DamageClass.DIRT: truth})
    assert sum(o.area for o in objects) == truth.sum()
    assert false_objects(predicted, truth, ignored=faint, rim=rim) <= counts.wrong
