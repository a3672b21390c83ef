from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.plate import Plate
from filmrestore_core.temporal.align import align
from filmrestore_core.temporal.window import AlignedNeighbor, AlignedWindow, TemporalWindow
from filmrestore_core.testing.scenes import moving_scene

HEIGHT, WIDTH = 240, 320
VELOCITY = (3.0, 1.0)
SCENE = moving_scene(range(5), height=HEIGHT, width=WIDTH, velocity=VELOCITY, specks=0).clean
OTHER = moving_scene(range(5), height=HEIGHT, width=WIDTH, specks=0, seed=9).clean
INNER = (slice(16, -16), slice(16, -16))


def plate_of(
    number: int, pixels: NDArray[np.float32], finite: NDArray[np.bool_] | None = None
) -> Plate:
    height, width = pixels.shape[:2]
    finite = np.ones((height, width), np.bool_) if finite is None else finite
    return Plate(number, pixels.copy(), Box.of_size(width, height), finite)


def aligned(
    pictures: dict[int, NDArray[np.float32]], center: int = 2
) -> dict[int, AlignedNeighbor]:
    result = align(window_of(pictures, center))
    return {n.offset: n for n in result.neighbors}


def window_of(pictures: dict[int, NDArray[np.float32]], center: int = 2) -> TemporalWindow:
    others = tuple(plate_of(n, p) for n, p in pictures.items() if n != center)
    return TemporalWindow(plate_of(center, pictures[center]), others)


def speck(radius: float, x: float, y: float) -> NDArray[np.bool_]:
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    return np.asarray((rows - y) ** 2 + (columns - x) ** 2 <= radius**2)


def test_neighbors_lie_on_the_center() -> None:
    result = align(window_of(SCENE))
    assert isinstance(result, AlignedWindow)
    assert [n.offset for n in result.neighbors] == [-2, -1, 1, 2]
    assert [n.number for n in result.neighbors] == [0, 1, 3, 4]
    assert [n.offset for n in result.before] == [-1, -2]
    for n in result.neighbors:
        assert n.pixels.shape == SCENE[2].shape
        assert n.validity.shape == (HEIGHT, WIDTH)
        assert {a.dtype for a in (n.pixels, n.validity, n.flow)} == {np.dtype(np.float32)}
        # The camera moves right and down, so what it sees moves left and up.
        expected = -np.array(VELOCITY) * n.offset
        assert np.abs(np.median(n.flow[INNER], axis=(0, 1)) - expected).max() < 0.2
        # Two frames' grain of 0.012 differ by 0.0135 on average.
        assert np.abs(n.pixels - SCENE[2])[INNER].mean() < 0.018
        assert n.validity[INNER].mean() > 0.98
        assert n.validity.min() >= 0
        assert n.validity.max() <= 1


def test_what_moved_out_of_the_picture_is_not_valid() -> None:
    """Two frames on the picture has moved by six pixels; at the very rim the flow is less sure."""
    two_on = aligned(SCENE)[2]
    assert (two_on.validity[:, :4] > 0).mean() < 0.1
    two_back = aligned(SCENE)[-2]
    assert (two_back.validity[:, -4:] > 0).mean() < 0.1


@pytest.mark.parametrize("radius", [2.0, 5.0, 9.0])
@pytest.mark.parametrize("tone", [0.02, 0.97])
def test_a_speck_on_the_center_makes_no_neighbor_invalid(radius: float, tone: float) -> None:
    """Up to 9 px in 240 lines: 36 px across in 480."""
    hole = speck(radius, 150.3, 110.6)
    dirty = dict(SCENE)
    dirty[2] = np.where(hole[..., None], np.float32(tone), SCENE[2])
    for n in aligned(dirty).values():
        assert n.validity[hole].mean() > 0.85
        assert np.abs(n.pixels - SCENE[2])[hole].mean() < 0.03


def test_a_speck_on_a_neighbor_is_not_trusted_and_spoils_no_other() -> None:
    hole = speck(6, 150, 110)
    dirty = dict(SCENE)
    dirty[3] = np.where(hole[..., None], np.float32(0.02), SCENE[3])
    found = aligned(dirty)
    around = speck(9, 153, 111)
    wrong = around & (np.abs(found[1].pixels - SCENE[2])[..., 0] > 0.15)
    assert (found[1].validity[wrong] > 0.5).mean() < 0.2
    for offset in (-2, -1, 2):
        assert found[offset].validity[around].mean() > 0.85


def test_a_limb_that_the_motion_cannot_follow_is_not_valid() -> None:
    """A bar of 12 px that changes and moves by 8 a frame.

    What jumps by more than its own size cannot be told from damage by alignment alone.
    """
    pictures = {}
    for n, picture in SCENE.items():
        bar = np.zeros((HEIGHT, WIDTH), bool)
        left = 100 + 8 * n
        bar[80 : 150 - 8 * n, left : left + 12] = True
        pictures[n] = np.where(bar[..., None], np.float32(0.05), picture)
    wrong_share = []
    for n in aligned(pictures).values():
        wrong = np.abs(n.pixels - pictures[2])[..., 0] > 0.15
        assert wrong.sum() > 40
        wrong_share.append(float((n.validity[wrong] > 0.5).mean()))
    assert max(wrong_share) < 0.15


def test_the_other_side_of_a_cut_is_not_valid() -> None:
    pictures = {0: SCENE[0], 1: SCENE[1], 2: SCENE[2], 3: OTHER[3], 4: OTHER[4]}
    found = aligned(pictures)
    for offset in (1, 2):
        wrong = np.abs(found[offset].pixels - SCENE[2])[..., 0] > 0.1
        assert (found[offset].validity[wrong] > 0.5).mean() < 0.05
    for offset in (-1, -2):
        assert found[offset].validity[INNER].mean() > 0.95


def test_flicker_is_matched() -> None:
    gains = {0: 0.8, 1: 1.15, 2: 1.0, 3: 0.85, 4: 1.2}
    pictures = {n: p * np.float32(gains[n]) for n, p in SCENE.items()}
    for n in aligned(pictures).values():
        assert np.abs(n.pixels - SCENE[2])[INNER].mean() < 0.022
        assert n.validity[INNER].mean() > 0.95


def test_a_first_frame_has_neighbors_on_one_side() -> None:
    hole = speck(5, 150, 110)
    pictures = {n: SCENE[n] for n in (2, 3, 4)}
    pictures[2] = np.where(hole[..., None], np.float32(0.02), SCENE[2])
    found = aligned(pictures)
    assert sorted(found) == [1, 2]
    for n in found.values():
        assert n.validity[INNER].mean() > 0.9
        assert n.validity[hole].mean() > 0.6


def test_one_neighbor_alone_is_valid_where_it_looks_the_same() -> None:
    hole = speck(5, 150, 110)
    dirty = np.where(hole[..., None], np.float32(0.02), SCENE[2])
    (n,) = aligned({2: dirty, 3: SCENE[3]}).values()
    assert n.validity[INNER].mean() > 0.9
    assert n.validity[hole].mean() < 0.2


def test_no_neighbors_are_no_error() -> None:
    assert aligned({2: SCENE[2]}) == {}


def test_samples_that_are_not_finite_are_not_valid() -> None:
    finite = np.ones((HEIGHT, WIDTH), bool)
    finite[100:104, 200:204] = False
    plates = [plate_of(n, p, finite if n == 3 else None) for n, p in SCENE.items()]
    window = TemporalWindow(plates[2], (plates[0], plates[1], plates[3], plates[4]))
    found = {n.offset: n for n in align(window).neighbors}
    assert found[1].validity[102, 204] == 0
    assert found[1].validity[INNER].mean() > 0.95
    assert found[-1].validity[102, 204] > 0.5


def test_color_and_odd_sizes() -> None:
    scene = moving_scene(range(3), height=101, width=143, channels=3, specks=0).clean
    for n in aligned(scene, 1).values():
        assert n.pixels.shape == (101, 143, 3)
        assert np.abs(n.pixels - scene[1])[8:-8, 8:-8].mean() < 0.02


@pytest.mark.parametrize("shape", [(1, 1), (2, 9), (16, 16), (17, 33), (300, 2)])
def test_the_smallest_pictures(shape: tuple[int, int]) -> None:
    pictures = {n: np.full((*shape, 1), 0.4, np.float32) for n in range(5)}
    for n in aligned(pictures).values():
        assert np.isfinite(n.pixels).all()
        np.testing.assert_allclose(n.pixels, 0.4, atol=1e-3)


def test_large_pictures_are_matched_at_half_the_size() -> None:
    import cv2

    small = {n: SCENE[n] for n in (0, 1)}
    scene = {n: cv2.resize(p, (1281, 961)).reshape(961, 1281, 1) for n, p in small.items()}
    (n,) = aligned(scene, 0).values()
    inner = (slice(64, -64), slice(64, -64))
    assert np.abs(np.median(n.flow[inner], axis=(0, 1)) - (-12, -4)).max() < 0.2
    assert np.abs(n.pixels - scene[0])[inner].mean() < 0.02


def test_the_result_depends_on_the_window_alone() -> None:
    """Not on the number of threads, on what was aligned before, or on the order of neighbours."""
    import cv2

    window = window_of(SCENE)
    backwards = TemporalWindow(window.center, tuple(reversed(window.neighbors)))
    threads = cv2.getNumThreads()
    results = []
    try:
        for count, which in ((1, window), (4, window), (1, backwards)):
            cv2.setNumThreads(count)
            results.append({n.offset: n for n in align(which).neighbors})
            align(window_of(OTHER))
    finally:
        cv2.setNumThreads(threads)
    for other in results[1:]:
        for offset, n in results[0].items():
            np.testing.assert_array_equal(n.pixels, other[offset].pixels)
            np.testing.assert_array_equal(n.validity, other[offset].validity)
            np.testing.assert_array_equal(n.flow, other[offset].flow)


def test_plates_of_another_size_are_refused() -> None:
    window = TemporalWindow(plate_of(2, SCENE[2]), (plate_of(3, SCENE[3][:100]),))
    with pytest.raises(ValueError, match="Plate 3"):
        align(window)
