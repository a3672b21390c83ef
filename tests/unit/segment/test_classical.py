"""The classical segmenter, end to end on small made pictures."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.matte import Matte
from filmrestore_core.plate import Plate
from filmrestore_core.segment.classical import ClassicalSegmenter
from filmrestore_core.segment.refine import refine
from filmrestore_core.settings import DetectSettings
from filmrestore_core.temporal.align import align
from filmrestore_core.temporal.window import TemporalWindow

HEIGHT, WIDTH = 120, 160
Pictures = dict[int, NDArray[np.float32]]


def scene(seed: int, x: float, grain: float = 0.015) -> NDArray[np.float32]:
    """A textured monochrome scene seen through a window that starts at column x."""
    import cv2

    rng = np.random.default_rng(seed)
    wide = rng.standard_normal((HEIGHT, 3 * WIDTH)).astype(np.float32)
    wide = cv2.GaussianBlur(wide, (0, 0), 6)
    wide = 0.45 + 0.12 * wide / wide.std()
    shift = np.float32([[1, 0, -x], [0, 1, 0]])
    view = cv2.warpAffine(wide, shift, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC)
    noise = np.random.default_rng([seed, int(1000 * x) + 7]).standard_normal(view.shape)
    noise = cv2.GaussianBlur(noise.astype(np.float32), (0, 0), 0.6)
    return np.clip(view + grain / noise.std() * noise, 0, 1).astype(np.float32)


def moving(seed: int, numbers: range, speed: float = 1.5) -> Pictures:
    return {n: scene(seed, 40 + speed * n) for n in numbers}


def put_disk(picture: NDArray[np.float32], x: float, y: float, radius: float, value: float) -> None:
    ys, xs = np.mgrid[: picture.shape[0], : picture.shape[1]]
    cover = np.clip(radius - np.hypot(xs - x, ys - y) + 0.5, 0, 1).astype(np.float32)
    picture[:] = picture * (1 - cover) + value * cover


def matte_of(pictures: Pictures, number: int, **settings: object) -> Matte:
    detect = DetectSettings(**settings)
    plates = {
        n: Plate(n, p[..., None].copy(), Box.of_size(WIDTH, HEIGHT), np.ones(p.shape, bool))
        for n, p in pictures.items()
    }
    window = TemporalWindow(plates[number], tuple(p for n, p in plates.items() if n != number))
    return refine(ClassicalSegmenter(detect).segment(align(window)), detect)


@pytest.mark.parametrize(("value", "name"), [(0.02, "dirt"), (0.98, "sparkle")])
@pytest.mark.parametrize("radius", [2.0, 5.0, 9.0])
def test_a_speck_on_one_frame_is_found_whole(value: float, name: str, radius: float) -> None:
    pictures = moving(3, range(-2, 3))
    put_disk(pictures[0], 70, 60, radius, value)
    matte = matte_of(pictures, 0, max_area=3.0)
    assert [str(d.damage_class) for d in matte.defects] == [name]
    ys, xs = np.mgrid[:HEIGHT, :WIDTH]
    from_middle = np.hypot(xs - 70, ys - 60)
    assert (matte.coverage[from_middle <= radius + 0.5] == 1).all()
    # Grown by one, softened by one, and the blur of the comparison reaches two pixels more.
    assert (matte.coverage[from_middle > radius + 5] == 0).all()


def test_a_clean_moving_scene_is_left_alone() -> None:
    for seed in range(4):
        assert matte_of(moving(seed, range(-2, 3)), 0).is_empty


def test_a_disk_that_moves_is_picture() -> None:
    for speed in (6.0,):
        pictures = moving(5, range(-2, 3))
        for n, picture in pictures.items():
            put_disk(picture, 80 + speed * n, 60 + 0.3 * speed * n, 4, 0.02)
        assert matte_of(pictures, 0).is_empty


def test_a_mark_on_a_neighbor_is_not_marked_here() -> None:
    pictures = moving(6, range(-2, 3))
    put_disk(pictures[1], 70, 60, 5, 0.02)
    put_disk(pictures[-2], 30, 30, 5, 0.98)
    assert matte_of(pictures, 0).is_empty


def test_a_cut_on_both_sides_marks_nothing() -> None:
    pictures = moving(7, range(1)) | {n: scene(50 + n, 20) for n in (-2, -1, 1, 2)}
    put_disk(pictures[0], 70, 60, 5, 0.02)
    assert matte_of(pictures, 0).is_empty


def test_nothing_agrees_with_a_lone_frame() -> None:
    pictures = moving(8, range(1))
    put_disk(pictures[0], 70, 60, 5, 0.02)
    assert matte_of(pictures, 0).is_empty
    two = moving(8, range(2))
    put_disk(two[0], 70, 60, 5, 0.02)
    assert matte_of(two, 0).is_empty


def test_the_answer_depends_on_nothing_else() -> None:
    pictures = moving(9, range(-2, 3))
    put_disk(pictures[0], 70, 60, 4, 0.02)
    one, two = matte_of(pictures, 0), matte_of(pictures, 0)
    assert one.coverage.tobytes() == two.coverage.tobytes()
    assert one.defects == two.defects


def test_the_ends_of_a_shot_are_cleaned_too() -> None:
    for numbers in (range(3), range(-2, 1)):
        pictures = moving(11, numbers)
        put_disk(pictures[0], 70, 60, 4, 0.02)
        (defect,) = matte_of(pictures, 0).defects
        assert defect.box.x < 70 < defect.box.right
        assert matte_of(moving(11, numbers), 0).is_empty


@pytest.mark.parametrize("speed", [3, 7])
def test_what_a_moving_thing_covers_and_uncovers_is_picture(speed: int) -> None:
    pictures = moving(12, range(-2, 3), speed=0.0)
    thing = scene(77, 10)[:40, :50] * 0.5
    for n, picture in pictures.items():
        left = 55 + speed * n
        picture[40:80, left : left + 50] = thing
    for numbers in (range(-2, 3), range(3), range(-2, 1)):
        assert matte_of({n: pictures[n] for n in numbers}, 0).is_empty


def test_firmer_motion_protection_never_takes_more() -> None:
    pictures = moving(13, range(-2, 3))
    rng = np.random.default_rng(4)
    for _ in range(6):
        x, y = rng.uniform(20, 140), rng.uniform(20, 100)
        put_disk(pictures[0], x, y, 2.5, 0.2)
    before = np.ones((HEIGHT, WIDTH), np.float32)
    for protection in (0.0, 0.5, 1.0):
        coverage = matte_of(pictures, 0, motion_protection=protection).coverage
        assert (coverage <= before).all()
        before = coverage


def test_a_repeated_frame_hides_no_damage() -> None:
    pictures = moving(14, range(-2, 3), speed=4.0)
    put_disk(pictures[0], 70, 60, 4, 0.02)
    pictures[1] = pictures[0] + np.float32(0.001)
    (defect,) = matte_of(pictures, 0).defects
    assert defect.box.x < 70 < defect.box.right
