"""Hard negatives over a film: stretches, turns, and what happens to copies."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.synth.dataset import dataset_frames
from filmrestore_core.synth.film import DamagedFilm, DamagedFrame
from filmrestore_core.synth.grain import GrainSettings, Stock
from filmrestore_core.synth.negatives.kinds import NegativeKind
from filmrestore_core.synth.negatives.stretches import NegativePlan, damaged_frames
from filmrestore_core.synth.recipe import RecipeSettings, load_recipe

GRAINY = RecipeSettings(grain=GrainSettings(stock=Stock.COARSE))


def plates(numbers: range) -> list[tuple[int, NDArray[np.float32]]]:
    y, x = np.mgrid[0:64, 0:80].astype(np.float32)
    return [
        (n, (0.5 + 0.3 * np.sin((x + 3 * n) / 6) * np.cos(y / 5))[..., None].astype(np.float32))
        for n in numbers
    ]


def made(numbers: range, plan: NegativePlan, film: DamagedFilm) -> list[DamagedFrame]:
    return list(damaged_frames(plates(numbers), film, plan))


def test_kinds_take_turns_at_fixed_places() -> None:
    plan = NegativePlan((NegativeKind.RAIN, NegativeKind.CUT), stretch=4)
    assert [plan.kind_of(n) for n in (0, 3, 4, 7, 8)] == [
        NegativeKind.RAIN,
        NegativeKind.RAIN,
        NegativeKind.CUT,
        NegativeKind.CUT,
        NegativeKind.RAIN,
    ]
    assert NegativePlan().kind_of(3) is None


def test_without_kinds_the_film_is_as_ever() -> None:
    film = DamagedFilm(load_recipe("heavy"), seed=2)
    for (number, plate), frame in zip(
        plates(range(5, 8)), made(range(5, 8), NegativePlan(), film), strict=True
    ):
        assert np.array_equal(frame.damaged, film.frame(plate, number).damaged)


def test_a_stretch_is_the_same_whatever_comes_before_it() -> None:
    film = DamagedFilm(load_recipe("light"), seed=2)
    plan = NegativePlan((NegativeKind.SNOW, NegativeKind.BALLS), seed=9, stretch=4)
    whole = made(range(8), plan, film)
    second = made(range(4, 8), plan, film)
    for one, two in zip(whole[4:], second, strict=True):
        assert np.array_equal(one.damaged, two.damaged)


def test_negatives_are_in_the_clean_picture_and_no_damage() -> None:
    film = DamagedFilm(GRAINY, seed=1)
    plan = NegativePlan((NegativeKind.CONFETTI,), seed=3)
    for (number, plate), frame in zip(plates(range(8)), made(range(8), plan, film), strict=True):
        assert np.abs(frame.clean - film.frame(plate, number).clean).max() > 0.1
        assert np.array_equal(frame.damaged, frame.clean)
        assert frame.visible() == {}


def test_repeated_frames_repeat_their_grain_and_scene() -> None:
    film = DamagedFilm(GRAINY, seed=1)
    repeated = 0
    for seed in range(12):
        plan = NegativePlan((NegativeKind.REPEATS,), seed=seed)
        frames = made(range(8), plan, film)
        for a, b in pairwise(frames):
            same = np.array_equal(a.clean, b.clean)
            assert same == np.array_equal(a.scene, b.scene)
            repeated += same
    assert repeated > 5


def test_a_data_set_holds_them() -> None:
    film = DamagedFilm(GRAINY, seed=1)
    plan = NegativePlan((NegativeKind.SNOW,), seed=4)
    sets = [
        next(dataset_frames(plates(range(1)), film, negatives=negatives))
        for negatives in (None, plan)
    ]
    one, two = (s.damaged.parts[0].planes["Y"] for s in sets)
    assert not np.array_equal(one, two)
    assert not sets[1].matte.parts[0].planes["visible"].any()
