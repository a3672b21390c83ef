"""The spike detector on its own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.plate import Plate
from filmrestore_core.segment.elsewhere import seen_elsewhere
from filmrestore_core.segment.objects import find_objects
from filmrestore_core.segment.spike import Spikes, find_spikes, noise_plane, repeated
from filmrestore_core.temporal.window import AlignedNeighbor, AlignedWindow, TemporalWindow

SIZE = 80


def flat(seed: int, grain: float = 0.02) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    return (0.5 + grain * rng.standard_normal((SIZE, SIZE))).astype(np.float32)


def window(pictures: dict[int, NDArray[np.float32]], channels: int = 1) -> AlignedWindow:
    """Pictures that need no alignment."""
    plates = {
        n: Plate(
            n,
            np.repeat(p[..., None], channels, axis=2),
            Box.of_size(SIZE, SIZE),
            np.ones(p.shape, bool),
        )
        for n, p in pictures.items()
    }
    still = np.zeros((SIZE, SIZE, 2), np.float32)
    trust = np.ones((SIZE, SIZE), np.float32)
    neighbors = [
        AlignedNeighbor(n, n, p.pixels, trust, still) for n, p in sorted(plates.items()) if n
    ]
    raw = TemporalWindow(plates[0], tuple(p for n, p in sorted(plates.items()) if n))
    return AlignedWindow(raw, tuple(neighbors))


def spikes_of(pictures: dict[int, NDArray[np.float32]], channels: int = 1) -> Spikes:
    spikes = find_spikes(window(pictures, channels))
    assert spikes is not None
    return spikes


def test_noise_alone_stays_small() -> None:
    spikes = spikes_of({n: flat(n + 10) for n in range(-2, 3)})
    # Both differences must agree, so three deviations are rare: fewer than one pixel in 500.
    assert np.mean(np.abs(spikes.excess) > 3) < 0.002


def test_a_mark_stands_out_by_its_contrast_in_grain() -> None:
    pictures = {n: flat(n + 10) for n in range(-2, 3)}
    pictures[0][30:36, 40:46] -= 0.3
    pictures[0][60:66, 10:16] += 0.3
    spikes = spikes_of(pictures)
    assert spikes.both_sides
    assert spikes.excess[31:35, 41:45].max() < -6
    assert spikes.excess[61:65, 11:15].min() > 6


def test_what_one_side_shows_too_is_no_spike() -> None:
    pictures = {n: flat(n + 10) for n in range(-2, 3)}
    for n in (0, 1):
        pictures[n][30:36, 40:46] -= 0.3
    spikes = spikes_of(pictures)
    assert np.abs(spikes.excess[30:36, 40:46]).max() < 5
    assert find_objects(spikes) is None


def test_the_end_of_a_shot_takes_two_of_one_side() -> None:
    spikes = spikes_of({n: flat(n + 10) for n in range(3)})
    assert not spikes.both_sides
    assert (spikes.first.neighbor.offset, spikes.second.neighbor.offset) == (1, 2)
    assert find_spikes(window({0: flat(0), 1: flat(1)})) is None
    assert find_spikes(window({0: flat(0)})) is None


def test_a_gap_takes_the_nearest_of_each_side() -> None:
    spikes = spikes_of({n: flat(n + 10) for n in (-2, 0, 1, 2)})
    assert (spikes.first.neighbor.offset, spikes.second.neighbor.offset) == (-2, 1)
    assert len(spikes.others) == 1


def test_a_repeat_of_the_frame_is_no_reference() -> None:
    rng = np.random.default_rng(2)
    pictures = {n: np.roll(flat(1, 0.1), 3 * n, axis=1) for n in range(-2, 3)}
    pictures[0][30:36, 40:46] = 0.0
    pictures[1] = pictures[0] + rng.normal(0, 0.003, (SIZE, SIZE)).astype(np.float32)
    repeats_window = window(pictures)
    assert repeated(repeats_window) == {1}
    spikes = find_spikes(repeats_window)
    assert spikes is not None
    assert (spikes.first.neighbor.offset, spikes.second.neighbor.offset) == (-1, 2)


def test_a_standing_shot_has_no_repeats() -> None:
    assert repeated(window({n: flat(n + 10) for n in range(-2, 3)})) == frozenset()
    still = flat(1)
    assert repeated(window({n: still.copy() for n in range(-2, 3)})) == frozenset()


def test_grey_in_three_channels_is_the_same_as_in_one() -> None:
    pictures = {n: flat(n + 10) for n in range(-2, 3)}
    pictures[0][30:36, 40:46] -= 0.3
    one, three = spikes_of(pictures, 1), spikes_of(pictures, 3)
    np.testing.assert_allclose(one.center, three.center, atol=1e-5)
    np.testing.assert_allclose(one.excess, three.excess, atol=0.02)


def test_noise_is_measured_by_brightness() -> None:
    rng = np.random.default_rng(1)
    ramp = np.tile(np.linspace(0.1, 0.9, 400, dtype=np.float32), (300, 1))
    strength = 0.01 + 0.03 * ramp
    frames = [ramp + strength * rng.standard_normal(ramp.shape).astype(np.float32) for _ in "abc"]
    noise = noise_plane(frames[0], (frames[1], frames[2]))
    truth = strength * np.sqrt(2)
    inner = (slice(None), slice(40, -40))
    # Twelve bands of 625 samples each: a band's median is good to some percent.
    np.testing.assert_allclose(noise[inner].mean(axis=0), truth[0, 40:-40], rtol=0.2)


def test_objects_are_counted_and_measured_apart() -> None:
    pictures = {n: flat(n + 10) for n in range(-2, 3)}
    pictures[0][30:36, 40:46] -= 0.3
    pictures[0][60:66, 10:26] += 0.3
    objects = find_objects(spikes_of(pictures))
    assert objects is not None
    assert objects.sign.tolist() == [-1, 1]
    assert np.isfinite(objects.features).all()
    for (x, y, wide, high), truth in zip(
        objects.boxes.tolist(), [(40, 30, 6, 6), (10, 60, 16, 6)], strict=True
    ):
        # The blur before comparing may add a pixel on each side.
        assert np.abs(np.subtract((x, y, wide, high), truth)).max() <= 3
    assert set(np.unique(objects.owner)) == {0, 1}


def test_what_moved_away_is_seen_elsewhere() -> None:
    pictures = {n: flat(n + 10, 0.01) for n in range(-2, 3)}
    for n, picture in pictures.items():
        picture[30:37, 36 + 10 * n : 43 + 10 * n] -= 0.3
    spikes = spikes_of(pictures)
    boxes = np.asarray([[36, 30, 7, 7]], np.int32)
    assert seen_elsewhere(spikes.center, spikes.first, boxes)[0] > 0.8
    assert len(seen_elsewhere(spikes.center, spikes.first, boxes[:0])) == 0


def test_what_is_on_one_frame_only_is_seen_nowhere() -> None:
    pictures = {n: flat(n + 10, 0.01) for n in range(-2, 3)}
    pictures[0][30:37, 36:43] -= 0.3
    spikes = spikes_of(pictures)
    boxes = np.asarray([[36, 30, 7, 7]], np.int32)
    assert seen_elsewhere(spikes.center, spikes.first, boxes)[0] < 0.1
