from __future__ import annotations

import numpy as np

from filmrestore_core.temporal.matching import DOUBTFUL, match_all
from filmrestore_core.temporal.motion import match_picture
from filmrestore_core.temporal.past_damage import carry_past_damage
from filmrestore_core.testing.scenes import moving_scene

HEIGHT, WIDTH = 240, 320


def pictures(velocity: tuple[float, float], frames: int = 5) -> dict[int, np.ndarray]:
    scene = moving_scene(range(frames), height=HEIGHT, width=WIDTH, velocity=velocity, specks=0)
    return {n: np.ascontiguousarray(p[..., 0]) for n, p in scene.clean.items()}


def matches(lumas: dict[int, np.ndarray], center: int):
    ready = {n: match_picture(luma) for n, luma in lumas.items()}
    others = {n - center: (p, None) for n, p in ready.items() if n != center}
    found = match_all(ready[center], others)
    if len(found) > 1:
        carry_past_damage(ready[center], found)
    return found


def test_fast_pans_are_followed_over_two_frames() -> None:
    """24 px a frame in 320: whatever lies inside both pictures is found."""
    found = matches(pictures((24.0, 4.0)), 2)
    for offset, match in found.items():
        error = match.flow - np.array([-24.0, -4.0], np.float32) * offset
        right = np.hypot(error[..., 0], error[..., 1])[match.inside] < 1.0
        assert right.mean() > 0.85
        assert match.miss[match.inside].mean() < 0.03


def test_the_flow_runs_on_behind_a_speck() -> None:
    lumas = pictures((4.0, 0.0))
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    hole = (y - 120) ** 2 + (x - 160) ** 2 < 9**2
    clean = lumas[2]
    lumas[2] = np.where(hole, np.float32(0.02), clean)
    for offset, match in matches(lumas, 2).items():
        error = np.hypot(*np.moveaxis(match.flow[hole] - np.array([-4.0, 0.0]) * offset, -1, 0))
        # Carried in from around, where grain and flat places leave it unsure by as much.
        assert np.median(error) < 1.0
        # What was behind the speck is seen: two frames' grain of 0.012 differ by 0.0135.
        assert np.abs(match.luma - clean)[hole].mean() < 0.03
        assert match.miss[hole].mean() > 0.2


def test_failed_says_how_much_is_not_aligned() -> None:
    lumas = pictures((2.0, 0.0), 3)
    other = moving_scene(range(1), height=HEIGHT, width=WIDTH, specks=0, seed=5).clean[0][..., 0]
    found = matches({0: lumas[0], 1: lumas[1], 2: np.ascontiguousarray(other)}, 1)
    assert found[-1].failed < 0.05
    assert found[1].failed > DOUBTFUL


def test_samples_that_are_no_picture_are_not_inside() -> None:
    lumas = pictures((0.0, 0.0), 2)
    finite = np.ones((HEIGHT, WIDTH), np.float32)
    finite[50:60, 70:80] = 0
    ready = [match_picture(lumas[n]) for n in (0, 1)]
    match = match_all(ready[0], {1: (ready[1], finite)})[1]
    assert not match.inside[52:58, 72:78].any()
    assert match.inside[:45].mean() > 0.95


def test_the_order_of_neighbors_does_not_count() -> None:
    lumas = pictures((3.0, 1.0))
    forward = matches(lumas, 2)
    backward = matches(dict(reversed(lumas.items())), 2)
    for offset, match in forward.items():
        np.testing.assert_array_equal(match.flow, backward[offset].flow)
        np.testing.assert_array_equal(match.luma, backward[offset].luma)
