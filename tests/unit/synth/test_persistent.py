import numpy as np

from filmrestore_core.synth.persistent import alive


def test_present_on_average_as_asked():
    counts = [len(alive(5, "thing", n, present=2.0, frames=10)) for n in range(0, 6000, 15)]
    # 400 looks at a Poisson count of 2: sigma of the mean is 0.07, some more for the overlap.
    assert abs(np.mean(counts) - 2) < 0.35


def test_the_same_lives_are_seen_from_every_frame():
    seen: dict = {}
    for n in range(-40, 60):
        for life in alive(5, "thing", n, present=1.0, frames=12):
            assert life.first <= n <= life.last
            assert seen.setdefault(life.key, (life.first, life.last)) == (life.first, life.last)
    for key, (first, last) in seen.items():
        for n in range(max(first, -40), min(last, 59) + 1):
            assert key in [life.key for life in alive(5, "thing", n, present=1.0, frames=12)]


def test_none_where_none_is_wanted():
    assert alive(1, "thing", 7, present=0.0, frames=10) == []
