from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.noise import generator
from filmrestore_core.plate import Plate
from filmrestore_core.temporal.cuts import CutPicture, cut_picture, cut_score, unlikeness
from filmrestore_core.testing.scenes import moving_scene

SHOTS = [
    list(
        moving_scene(
            range(4), height=144, width=192, velocity=(v, 1.0), specks=0, seed=seed
        ).clean.values()
    )
    for seed, v in ((1, 2.0), (2, 0.0), (3, 5.0), (4, 12.0))
]


def picture(pixels: NDArray[np.float32]) -> CutPicture:
    height, width = pixels.shape[:2]
    finite = np.ones((height, width), np.bool_)
    plate = Plate(0, pixels.astype(np.float32), Box.of_size(width, height), finite)
    return cut_picture(plate)


def score(frames: list[NDArray[np.float32]]) -> float:
    before, a, b, after = (picture(f) for f in frames)
    return cut_score(a, b, before=before, after=after)


def spoil(frame: NDArray[np.float32], number: int) -> NDArray[np.float32]:
    """Flicker of up to 20 %, grain, fifteen chips and a blotch."""
    draw = generator(7, number)
    spoiled = frame * np.float32(draw.uniform(0.8, 1.2))
    spoiled += draw.normal(0, 0.03, frame.shape).astype(np.float32)
    height, width = frame.shape[:2]
    for _ in range(15):
        y, x = int(draw.integers(0, height)), int(draw.integers(0, width))
        spoiled[y : y + 5, x : x + 5] = draw.integers(0, 2)
    y, x = int(draw.integers(0, height - 40)), int(draw.integers(0, width - 40))
    spoiled[y : y + 40, x : x + 40] *= 0.5
    return spoiled


@pytest.mark.parametrize("spoiled", [False, True])
@pytest.mark.parametrize("shot", range(4))
def test_a_shot_holds_no_cut(shot: int, spoiled: bool) -> None:
    frames = SHOTS[shot]
    if spoiled:
        frames = [spoil(f, n) for n, f in enumerate(frames)]
    assert score(frames) < 0.5


@pytest.mark.parametrize("spoiled", [False, True])
@pytest.mark.parametrize(("one", "two"), [(0, 1), (1, 2), (2, 3), (3, 0)])
def test_unrelated_shots_are_cut(one: int, two: int, spoiled: bool) -> None:
    frames = SHOTS[one][:2] + SHOTS[two][:2]
    if spoiled:
        frames = [spoil(f, n) for n, f in enumerate(frames)]
    assert score(frames) > 0.5


def test_the_first_and_last_cut_of_a_clip_are_found() -> None:
    one, two = [picture(f) for f in SHOTS[0]], [picture(f) for f in SHOTS[1]]
    assert cut_score(one[0], two[0], after=two[1]) > 0.5
    assert cut_score(one[0], two[0], before=one[1]) > 0.5
    assert cut_score(one[0], two[0]) > 0.5
    assert cut_score(one[0], one[1]) < 0.5


def test_a_whip_pan_is_blurred_and_no_cut() -> None:
    import cv2

    fast = moving_scene(range(4), height=144, width=192, velocity=(20, 0), specks=0).clean
    assert score([cv2.blur(f, (11, 1)).reshape(f.shape) for f in fast.values()]) < 0.5


def test_scores_do_not_depend_on_size_or_color() -> None:
    import cv2

    frames = SHOTS[0][:2] + SHOTS[1][:2]
    double = [cv2.resize(f, None, fx=2.0, fy=2.0).reshape(288, 384, 1) for f in frames]
    colored = [np.repeat(f, 3, axis=2) for f in frames]
    # Enlarging smooths grain a little.
    assert score(double) == pytest.approx(score(frames), abs=0.06)
    assert score(colored) == pytest.approx(score(frames), abs=1e-3)


def test_unlikeness_does_not_know_which_is_first() -> None:
    a, b = picture(SHOTS[0][0]), picture(SHOTS[1][0])
    assert unlikeness(a, b) == unlikeness(b, a)
    assert unlikeness(a, a) == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("shape", [(1, 1), (3, 400), (48, 64), (49, 63)])
def test_any_size_has_a_score(shape: tuple[int, int]) -> None:
    frame = generator(1, *shape).uniform(0, 1, (*shape, 1)).astype(np.float32)
    assert 0 <= score([frame, frame, 1 - frame, 1 - frame]) <= 1
