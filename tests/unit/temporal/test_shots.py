from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.errors import SettingsError
from filmrestore_core.noise import generator
from filmrestore_core.plate import Plate
from filmrestore_core.temporal.cuts import CutPicture, cut_picture, cut_score, unlikeness
from filmrestore_core.temporal.shots import CUT_REACH, ShotFinder, Shots

HEIGHT, WIDTH = 192, 256


def _scene(seed: int, velocity: tuple[float, float] = (3.0, 1.0)) -> list[NDArray[np.float32]]:
    """Eight frames that pan over boards of many greys and sizes, with grain and specks."""
    draw = generator(seed, "boards")
    wall = np.full((HEIGHT + 40, WIDTH + 160, 1), 0.4, np.float32)
    for _ in range(220):
        y, x = int(draw.integers(0, HEIGHT + 30)), int(draw.integers(0, WIDTH + 150))
        height, width = draw.integers(6, 60, 2)
        wall[y : y + height, x : x + width] = draw.uniform(0.05, 0.95)
    frames = []
    for n in range(8):
        x, y = int(n * velocity[0]), int(n * velocity[1])
        frame = wall[y : y + HEIGHT, x : x + WIDTH].copy()
        frame += draw.normal(0, 0.03, frame.shape).astype(np.float32)
        for _ in range(25):
            v, u = int(draw.integers(0, HEIGHT)), int(draw.integers(0, WIDTH))
            frame[v : v + 6, u : u + 5] = draw.integers(0, 2)
        frames.append(frame)
    return frames


class Plates:
    """A PlateSource that remembers what it was asked for."""

    def __init__(self, pictures: dict[int, NDArray[np.float32]]) -> None:
        self._pictures = pictures
        self.asked: set[int] = set()

    def plate(self, number: int) -> Plate | None:
        self.asked.add(number)
        picture = self._pictures.get(number)
        if picture is None:
            return None
        height, width = picture.shape[:2]
        finite = np.ones((height, width), np.bool_)
        return Plate(number, picture, Box.of_size(width, height), finite)


A, B = _scene(1), _scene(2)
JOINED = dict(enumerate(A[:5] + B[:5], 1))  # the cut is between 5 and 6


def test_a_cut_ends_the_window_on_both_sides() -> None:
    finder = ShotFinder(Plates(JOINED))
    assert finder.shot_bounds(3, 2) == (1, 5)
    assert finder.shot_bounds(4, 2) == (2, 5)
    assert finder.shot_bounds(5, 2) == (3, 5)
    assert finder.shot_bounds(6, 2) == (6, 8)
    assert finder.shot_bounds(7, 2) == (6, 9)


def test_each_boundary_is_judged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[CutPicture, CutPicture]] = []

    def counted(a: CutPicture, b: CutPicture, **sides: CutPicture | None) -> float:
        asked.append((a, b))
        return cut_score(a, b, **sides)

    monkeypatch.setattr("filmrestore_core.temporal.shots.cut_score", counted)
    together = ShotFinder(Plates(JOINED))
    bounds = [together.shot_bounds(n, 2) for n in range(1, 11)]
    assert len(asked) == 9
    assert bounds == [ShotFinder(Plates(JOINED)).shot_bounds(n, 2) for n in range(1, 11)]


def test_flicker_and_fades_are_no_cuts() -> None:
    flicker = {n: (p * (0.8 if n % 2 else 1.2)).astype(np.float32) for n, p in enumerate(A, 1)}
    fade = {n: (p * (1 - n / 10)).astype(np.float32) for n, p in enumerate(A, 1)}
    for pictures in (flicker, fade):
        assert ShotFinder(Plates(pictures)).shot_bounds(4, 2) == (2, 6)


def test_one_odd_frame_is_no_cut() -> None:
    for odd in (np.ones_like(A[0]), B[0], np.zeros_like(A[0])):
        pictures = dict(enumerate(A, 1))
        pictures[4] = odd
        finder = ShotFinder(Plates(pictures))
        assert finder.shot_bounds(3, 2) == (1, 5)
        assert finder.shot_bounds(6, 2) == (4, 8)


def test_a_whip_pan_is_no_cut() -> None:
    whip = dict(enumerate(_scene(3, (16.0, 0.0)), 1))
    assert ShotFinder(Plates(whip)).shot_bounds(4, 2) == (2, 6)


def test_a_gap_ends_no_shot_and_a_cut_in_a_gap_does() -> None:
    same = {n: p for n, p in enumerate(A, 1) if n != 4}
    assert ShotFinder(Plates(same)).shot_bounds(3, 2) == (1, 5)
    cut = {n: p for n, p in JOINED.items() if n != 6}
    assert ShotFinder(Plates(cut)).shot_bounds(5, 2) == (3, 5)
    assert ShotFinder(Plates(cut)).shot_bounds(7, 2) == (7, 9)


def test_another_size_is_another_shot() -> None:
    pictures = dict(enumerate(A, 1))
    pictures[5] = A[4][:96, :128]
    finder = ShotFinder(Plates(pictures))
    assert finder.shot_bounds(4, 2) == (2, 4)
    assert finder.shot_bounds(5, 2) == (5, 5)


def test_the_answer_needs_nothing_beyond_its_reach() -> None:
    for number in range(1, 11):
        plates = Plates(JOINED)
        bounds = ShotFinder(plates).shot_bounds(number, 2)
        assert max(abs(n - number) for n in plates.asked) <= 2 + CUT_REACH
        near = {n: JOINED[n] for n in plates.asked if n in JOINED}
        assert ShotFinder(Plates(near)).shot_bounds(number, 2) == bounds


def test_threshold_one_finds_no_cut_and_a_given_list_rules() -> None:
    assert ShotFinder(Plates(JOINED), threshold=1.0).shot_bounds(5, 2) == (3, 7)
    assert ShotFinder(Plates(JOINED), threshold=None).shot_bounds(5, 2) == (3, 7)
    finder = ShotFinder(Plates(JOINED), given=Shots((1, 4)))
    assert finder.shot_bounds(5, 2) == (4, 7)
    assert finder.shot_bounds(3, 2) == (1, 3)


def test_a_moved_data_window_alone_is_no_cut() -> None:
    class Moved(Plates):
        def plate(self, number: int) -> Plate | None:
            plate = super().plate(number)
            if plate is None or number != 4:
                return plate
            cropped = np.ascontiguousarray(plate.pixels[20:170, 30:230])
            return Plate(4, cropped, Box(30, 20, 200, 150), np.ones((150, 200), np.bool_))

    finder = ShotFinder(Moved(dict(enumerate(A, 1))), size_of=lambda n: "display window")
    assert finder.shot_bounds(3, 2) == (1, 5)


def test_flat_pictures_are_alike() -> None:
    grey = Plate(
        1, np.full((48, 64, 1), 0.4, np.float32), Box.of_size(64, 48), np.ones((48, 64), bool)
    )
    black = Plate(
        2, np.zeros((48, 64, 1), np.float32), Box.of_size(64, 48), np.ones((48, 64), bool)
    )
    assert unlikeness(cut_picture(grey), cut_picture(black)) == 0.0
    assert cut_score(cut_picture(grey), cut_picture(black)) == 0.0


def test_shots_must_rise() -> None:
    with pytest.raises(SettingsError, match="rising"):
        Shots((5, 3))
