"""Lines that stand in the gate, against lines that belong to the scene."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.plate import Plate
from filmrestore_core.segment.line_path import trace_lines
from filmrestore_core.segment.line_scratch import draw_line, find_lines
from filmrestore_core.segment.line_votes import SCALES, PlateVotes, strip_votes
from filmrestore_core.segment.spike import fast_luma
from filmrestore_core.temporal.align import align
from filmrestore_core.temporal.window import AlignedWindow, TemporalWindow

HEIGHT, WIDTH = 240, 200
Pictures = dict[int, NDArray[np.float32]]


def wide_scene(seed: int) -> NDArray[np.float32]:
    import cv2

    rng = np.random.default_rng(seed)
    picture = np.zeros((HEIGHT, 3 * WIDTH), np.float32)
    for blur, amount in ((24, 0.16), (4, 0.05)):
        layer = rng.standard_normal(picture.shape).astype(np.float32)
        layer = cv2.GaussianBlur(layer, (0, 0), blur)
        picture += amount * layer / layer.std()
    return np.clip(0.5 + picture, 0.05, 0.95)


def views(scene: NDArray[np.float32], speed: int, seed: int, grain: float = 0.012) -> Pictures:
    pictures = {}
    for n in range(-2, 3):
        view = scene[:, WIDTH + speed * n : 2 * WIDTH + speed * n]
        noise = np.random.default_rng([seed, n + 10]).standard_normal(view.shape)
        pictures[n] = (view + grain * noise).astype(np.float32)
    return pictures


def put_line(
    picture: NDArray[np.float32], columns: NDArray[np.float64], contrast: float, width: float = 2.0
) -> None:
    apart = np.abs(np.arange(picture.shape[1])[None, :] - columns[:, None])
    picture += np.float32(contrast) * np.clip(width / 2 + 0.5 - apart, 0, 1).astype(np.float32)


def aligned(pictures: Pictures) -> AlignedWindow:
    plates = {
        n: Plate(n, p[..., None].copy(), Box.of_size(WIDTH, HEIGHT), np.ones(p.shape, bool))
        for n, p in pictures.items()
    }
    return align(TemporalWindow(plates[0], tuple(p for n, p in plates.items() if n != 0)))


@pytest.mark.parametrize("contrast", [-0.12, 0.12, 0.09])
def test_a_line_that_stands_while_the_scene_moves_is_a_scratch(contrast: float) -> None:
    pictures = views(wide_scene(1), speed=5, seed=1)
    rows = np.arange(HEIGHT)
    columns = 90 + 2 * np.sin(rows / 60) + 0.02 * rows
    for n, picture in pictures.items():
        put_line(picture, columns + 0.3 * n, contrast)
    lines = find_lines(aligned(pictures))
    assert [line.sign for line in lines] == [np.sign(contrast)]
    assert lines[0].score >= 0.5
    # Half the line's width and a strip's bend.
    assert np.median(np.abs(lines[0].columns - columns)) < 1.0
    plane = np.zeros((HEIGHT, WIDTH), np.float32)
    draw_line(lines[0], plane)
    hit = plane[rows, np.rint(columns).astype(int)] >= 0.5
    assert hit.mean() > 0.85
    assert np.count_nonzero(plane) < 7 * HEIGHT


def test_a_line_that_moves_with_the_scene_is_picture() -> None:
    scene = wide_scene(2)
    for x in (290, 320):
        put_line(scene, np.full(HEIGHT, float(x)), -0.15)
    assert find_lines(aligned(views(scene, speed=5, seed=2))) == []


def test_lines_of_a_standing_scene_are_picture() -> None:
    scene = wide_scene(3)
    put_line(scene[30:], np.full(HEIGHT - 30, 290.0), -0.15)
    scene[:, 330:] += 0.15
    assert find_lines(aligned(views(scene, speed=0, seed=3))) == []


def test_a_clean_scene_has_no_line() -> None:
    for speed in (0, 4, 9):
        assert find_lines(aligned(views(wide_scene(4), speed=speed, seed=4))) == []


def test_an_edge_is_no_line() -> None:
    step = np.full((64, 80), 0.3, np.float32)
    step[:, 40:] = 0.7
    for votes in strip_votes(step):
        assert np.abs(votes).max() < 0.2


def test_votes_have_the_sign_of_the_line() -> None:
    picture = np.full((64, 80), 0.5, np.float32)
    put_line(picture, np.full(64, 40.0), -0.1)
    for votes, (box, _) in zip(strip_votes(picture), SCALES, strict=True):
        assert votes.shape == (4, 80)
        assert (votes[:, 40] < -0.5).all(), box


def test_a_path_follows_a_slanted_line_and_only_that() -> None:
    rng = np.random.default_rng(5)
    votes = (0.15 * rng.standard_normal((20, 100))).astype(np.float32)
    columns = 50 + np.arange(20) // 3
    votes[np.arange(20), columns] += 1.2
    paths = trace_lines(votes)
    assert len(paths) == 1
    assert len(paths[0].strips) >= 19
    np.testing.assert_array_equal(paths[0].columns, columns[paths[0].strips])


def test_a_lone_frame_has_no_line_to_tell() -> None:
    picture = views(wide_scene(6), speed=5, seed=6)[0]
    put_line(picture, np.full(HEIGHT, 90.0), 0.2)
    assert find_lines(aligned({0: picture})) == []


def test_bars_that_repeat_as_fast_as_a_pan_are_picture() -> None:
    scene = wide_scene(9)
    for x in range(5, 3 * WIDTH, 15):
        put_line(scene[: HEIGHT // 2 + 30], np.full(HEIGHT // 2 + 30, float(x)), -0.15, 4.0)
    pictures = views(scene, speed=15, seed=9)
    for window in (aligned(pictures), aligned({n: pictures[n] for n in (0, 1, 2)})):
        # At no sensitivity up to 0.8: beside the picture's border nothing is left to tell by.
        assert all(line.score < 0.2 for line in find_lines(window))


def test_votes_are_kept_as_long_as_their_plate() -> None:
    pixels = np.random.default_rng(5).random((64, 80, 3), np.float32)
    plate = Plate(1, pixels, Box.of_size(80, 64), np.ones((64, 80), np.bool_))
    votes = PlateVotes()
    first = votes.of(plate)
    assert votes.of(plate) is first
    for kept, made in zip(first, strip_votes(fast_luma(pixels)), strict=True):
        np.testing.assert_array_equal(kept, made)
    alive = weakref.ref(plate)
    del plate
    gc.collect()
    assert alive() is None


def test_lines_do_not_depend_on_kept_votes() -> None:
    pictures = views(wide_scene(1), speed=5, seed=1)
    for n, picture in pictures.items():
        put_line(picture, np.full(HEIGHT, 90 + 0.3 * n), -0.12)
    window, votes = aligned(pictures), PlateVotes()
    made = find_lines(window)
    for _ in range(2):
        kept = find_lines(window, votes)
        assert len(kept) == len(made) == 1
        np.testing.assert_array_equal(kept[0].columns, made[0].columns)
        assert kept[0].score == made[0].score
