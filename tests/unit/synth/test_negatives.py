"""Hard negatives: what each kind does over the frames, and that the same seed gives the same."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from filmrestore_core.synth.negatives.kinds import NegativeKind
from filmrestore_core.synth.negatives.registry import add_negative
from filmrestore_core.synth.noise_line import smooth_field

Pictures = list[NDArray[np.float32]]


def _pan(channels: int = 3, frames: int = 5, side: int = 96) -> Pictures:
    """A soft scene that moves two pixels a frame."""
    rng = np.random.default_rng(4)
    wide = np.stack([smooth_field(rng, side, side + 2 * frames, 9) for _ in range(channels)], -1)
    wide = np.clip(0.5 + 0.15 * wide, 0.05, 0.95).astype(np.float32)
    return [np.ascontiguousarray(wide[:, 2 * i : 2 * i + side]) for i in range(frames)]


@pytest.mark.parametrize("kind", NegativeKind)
@pytest.mark.parametrize("channels", [1, 3])
def test_every_kind_keeps_shape_and_range_and_leaves_what_it_was_given(
    kind: NegativeKind, channels: int
) -> None:
    frames = _pan(channels)
    before = [frame.copy() for frame in frames]
    made = add_negative(kind, frames, seed=11)
    assert len(made) == len(frames)
    for picture in made:
        assert picture.shape == frames[0].shape
        assert picture.dtype == np.float32
        # A rounding of float32 above white is no light.
        assert picture.min() >= 0
        assert picture.max() <= 1 + 1e-6
    assert all(np.array_equal(a, b) for a, b in zip(frames, before, strict=True))


@pytest.mark.parametrize("kind", NegativeKind)
def test_a_seed_gives_the_same_bytes_and_another_one_others(kind: NegativeKind) -> None:
    frames = _pan()
    once = np.stack(add_negative(kind, frames, seed=5))
    assert once.tobytes() == np.stack(add_negative(kind, frames, seed=5)).tobytes()
    others = [np.stack(add_negative(kind, frames, seed=s)) for s in range(6, 10)]
    assert any(not np.array_equal(once, other) for other in others)


@pytest.mark.parametrize("kind", NegativeKind)
def test_every_kind_changes_the_picture_for_most_seeds(kind: NegativeKind) -> None:
    frames = _pan()
    changed = 0
    for seed in range(8):
        made = add_negative(kind, frames, seed=seed)
        changed += any(np.abs(a - b).max() > 0.02 for a, b in zip(made, frames, strict=True))
    assert changed >= 5


@pytest.mark.parametrize(
    "kind", [NegativeKind.RAIN, NegativeKind.SNOW, NegativeKind.CONFETTI, NegativeKind.BALLS]
)
def test_bodies_move_so_that_each_frame_has_them_elsewhere(kind: NegativeKind) -> None:
    flat = [np.zeros((192, 192, 1), np.float32)] * 5
    made = add_negative(kind, flat, seed=2)
    touched = [m[..., 0] > 0.02 for m in made]
    assert all(t.any() for t in touched)
    assert all(not np.array_equal(a, b) for a, b in pairwise(touched))
    # About as much is there on each frame: nothing appears for one frame only.
    counts = [int(t.sum()) for t in touched]
    assert min(counts) > 0.3 * max(counts)


def test_sparks_only_give_light() -> None:
    flat = [np.full((96, 96, 3), 0.3, np.float32)] * 5
    for seed in range(4):
        assert all(
            m.min() >= 0.3 - 1e-6 for m in add_negative(NegativeKind.SPARKS, flat, seed=seed)
        )


def test_flashes_last_two_frames_at_most_and_sit_on_what_is_bright() -> None:
    dim = np.full((128, 128, 1), 0.2, np.float32)
    dim[:, 64:] = 0.8
    for seed in range(4):
        made = np.stack(add_negative(NegativeKind.FLASHES, [dim] * 6, seed=seed))[..., 0]
        strong = made - dim[..., 0] > 0.15
        longest = strong.sum(axis=0)
        assert longest.max() <= 4  # two that overlap in time and place
        assert strong[..., :48].sum() <= 0.1 * max(1, strong.sum())


def test_a_cut_shows_whole_frames_of_either_shot() -> None:
    here, there = [np.full((16, 16, 1), 0.2, np.float32)] * 5, [np.full((16, 16, 1), 0.9)] * 5
    other = [t.astype(np.float32) for t in there]
    places = set()
    for seed in range(40):
        made = add_negative(NegativeKind.CUT, here, seed=seed, other=other)
        tones = [float(m[0, 0, 0]) for m in made]
        assert all(np.ptp(m) == 0 for m in made)
        assert len(set(tones)) <= 2
        places |= {i for i in range(1, 5) if tones[i] != tones[i - 1]}
    assert places == {1, 2, 3, 4}


def test_repeats_show_only_given_frames_unless_mixed() -> None:
    frames = [np.full((8, 8, 1), i / 10, np.float32) for i in range(6)]
    whole = 0
    for seed in range(20):
        made = add_negative(NegativeKind.REPEATS, frames, seed=seed)
        values = [float(m[0, 0, 0]) for m in made]
        assert all(b >= a - 1e-6 for a, b in pairwise(values))
        whole += all(any(np.array_equal(m, f) for f in frames) for m in made)
    assert whole >= 10


def test_an_exposure_flash_and_a_noise_burst_leave_other_frames_alone() -> None:
    frames = _pan()
    for kind in (NegativeKind.EXPOSURE_FLASH, NegativeKind.NOISE_BURST):
        for seed in range(6):
            made = add_negative(kind, frames, seed=seed)
            same = [np.array_equal(a, b) for a, b in zip(made, frames, strict=True)]
            assert not all(same)
            if kind is NegativeKind.NOISE_BURST:
                assert sum(same) >= len(frames) - 2


def test_a_whip_pan_smears() -> None:
    frames = _pan(1)
    rng = np.random.default_rng(1)
    sharp = [np.clip(f + rng.normal(0, 0.1, f.shape), 0, 1).astype(np.float32) for f in frames]
    softer = 0
    for seed in range(6):
        made = add_negative(NegativeKind.WHIP_PAN, sharp, seed=seed)
        before, after = (
            min(np.abs(np.diff(p[..., 0], axis=1)).mean() for p in pictures)
            for pictures in (sharp, made)
        )
        softer += after < 0.7 * before
    assert softer >= 4
