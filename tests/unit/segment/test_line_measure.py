"""What is measured of a line: does it stand or go along, does the picture shine through it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.plate import Plate
from filmrestore_core.segment.line_candidates import candidate_lines
from filmrestore_core.segment.line_measure import LINE_COLUMNS, measure_lines, net_says
from filmrestore_core.segment.line_path import LinePath
from filmrestore_core.segment.line_votes import STRIP, PlateVotes
from filmrestore_core.temporal.align import align
from filmrestore_core.temporal.window import AlignedWindow, TemporalWindow

HEIGHT, WIDTH = 256, 320
Picture = NDArray[np.float32]
Lines = list[tuple[LinePath, int, int]]


def wall(seed: int) -> Picture:
    """A soft pattern, wider than a frame."""
    noise = np.random.default_rng(seed).standard_normal((HEIGHT, 3 * WIDTH)).astype(np.float32)
    coarse, fine = (cv2.GaussianBlur(noise, (0, 0), sigma) for sigma in (16.0, 2.0))
    return np.clip(0.5 + 0.12 * coarse / coarse.std() + 0.06 * fine / fine.std(), 0.05, 0.95)


def filmed(
    scene: Picture, speed: float, seed: int, scratch: tuple[int, float] | None
) -> AlignedWindow:
    """Five frames of a camera that goes by; `scratch`: column, and share of light it takes."""
    plates = []
    for n in range(-2, 3):
        place = np.asarray([[1, 0, -WIDTH - speed * n], [0, 1, 0]])
        view = cv2.warpAffine(scene, place, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC)
        if scratch is not None:
            view[:, scratch[0] : scratch[0] + 3] *= np.float32(1 - scratch[1])
        grain = np.random.default_rng([seed, n + 5]).standard_normal(view.shape)
        pixels = (view + 0.01 * grain).astype(np.float32)[..., None]
        box = Box.of_size(WIDTH, HEIGHT)
        plates.append(Plate(n, pixels, box, np.ones((HEIGHT, WIDTH), np.bool_)))
    center = plates.pop(2)
    return align(TemporalWindow(center, tuple(plates)))


def looked_at(window: AlignedWindow) -> tuple[Lines, NDArray[np.float64]]:
    votes = PlateVotes()
    own, others = votes.of(window.center), [votes.of(p) for p in window.window.neighbors]
    paths = candidate_lines(own, others)
    return paths, measure_lines(window, paths, own, others)


def dark_line(window: AlignedWindow, column: int) -> dict[str, float]:
    """What is measured of the dark line at that column."""
    paths, columns = looked_at(window)
    at = [
        i for i, (p, s, _) in enumerate(paths) if s < 0 and abs(np.median(p.columns) - column) < 4
    ]
    assert at, [float(np.median(p.columns)) for p, _, _ in paths]
    return dict(zip(LINE_COLUMNS, columns[at[0]].tolist(), strict=True))


@pytest.mark.parametrize("speed", [0.6, 1.5, 6.0])
def test_a_scratch_stands_while_the_scene_goes_by(speed: float) -> None:
    """By 0.6 px too: the whole line's profile tells its place far better than a strip's."""
    told = dark_line(filmed(wall(1), speed, 1, (150, 0.4)), 151)
    # The search's step is a quarter of a pixel.
    assert told["shift_most"] <= 0.25
    assert told["scene"] == pytest.approx(2 * speed, abs=0.3)
    assert told["scene_apart"] >= speed
    assert told["span"] == 1.0
    assert told["alike_least"] > 0.8


@pytest.mark.parametrize("speed", [0.6, 1.4])
def test_a_pole_goes_along(speed: float) -> None:
    scene = wall(2)
    scene[:, WIDTH + 150 : WIDTH + 153] = 0.1
    told = dark_line(filmed(scene, speed, 2, None), 151)
    assert told["scene_apart"] <= 0.35
    assert told["shift_most"] == pytest.approx(2 * speed, abs=0.3)


def test_the_picture_shines_through_a_scratch_and_not_through_a_pole() -> None:
    scene = wall(3)
    through = dark_line(filmed(scene, 0.0, 3, (150, 0.4)), 151)
    pole = scene.copy()
    pole[:, WIDTH + 150 : WIDTH + 153] = 0.15
    hidden = dark_line(filmed(pole, 0.0, 3, None), 151)
    assert through["shine"] > hidden["shine"] + 0.2
    # A scratch takes a share of the light, and so the same density everywhere.
    assert through["uneven_density"] < 0.5 * through["uneven"]
    assert hidden["uneven_density"] > 0.5 * hidden["uneven"]


def test_a_tinted_line_is_told_from_a_grey_one() -> None:
    window = filmed(wall(4), 3.0, 4, (150, 0.3))

    def tint(gains: tuple[float, float, float]) -> float:
        plates = [
            Plate(p.number, p.pixels.repeat(3, axis=2), p.box, p.finite)
            for p in (window.center, *window.window.neighbors)
        ]
        for plate in plates:
            plate.pixels.setflags(write=True)
            for channel, gain in enumerate(gains):
                plate.pixels[:, 150:153, channel] *= np.float32(gain)
        made = align(TemporalWindow(plates[0], tuple(plates[1:])))
        return dark_line(made, 151)["tint"]

    assert tint((1.0, 1.0, 1.0)) < 0.05
    assert tint((1.0, 0.9, 0.5)) > 0.3


def test_what_is_measured_is_finite_at_the_border_and_in_flat_pictures() -> None:
    flat = np.full((HEIGHT, 3 * WIDTH), 0.5, np.float32)
    for column in (9, 150, WIDTH - 13):
        _, columns = looked_at(filmed(flat, 0.0, 5, (column, 0.3)))
        assert len(columns) >= 1
        assert np.isfinite(columns).all()


def test_a_line_without_a_second_flank_is_no_candidate() -> None:
    flat = np.full((HEIGHT, 3 * WIDTH), 0.5, np.float32)
    for column in (4, WIDTH - 7):
        paths, _ = looked_at(filmed(flat, 0.0, 6, (column, 0.3)))
        assert all(9 <= np.median(p.columns) < WIDTH - 9 for p, _, _ in paths)


def test_one_line_is_one_candidate() -> None:
    """Both scales see it; the better answer stays."""
    paths, _ = looked_at(filmed(wall(7), 3.0, 7, (150, 0.4)))
    near = [p for p, s, _ in paths if s < 0 and abs(np.median(p.columns) - 151) < 5]
    assert len(near) == 1


def test_a_net_is_asked_along_the_line() -> None:
    scores = np.zeros((2, 64, 80), np.float32)
    scores[1, :32, 40] = 0.8
    scores[0, 32:, 41] = 0.4
    path = LinePath(np.arange(4), np.full(4, 40), 9.0)
    assert STRIP * 4 == 64
    told = net_says([(path, -1, 0)], scores, 1)
    # Half the rows at 0.8; the other half has 0.4 of another class beside it.
    np.testing.assert_allclose(told, [[0.4, 0.6]], atol=1e-6)
