from __future__ import annotations

import numpy as np
import pytest

from filmrestore_core.noise import generator
from filmrestore_core.temporal.warp import inside_share, pixel_grid, warp_field

FIELD = generator(1, "field").uniform(0, 1, (20, 30)).astype(np.float32)


def flow_of(right: float, down: float, shape: tuple[int, int] = (20, 30)) -> np.ndarray:
    flow = np.empty((*shape, 2), np.float32)
    flow[...] = right, down
    return flow


def test_a_flow_points_from_the_center_to_the_neighbor() -> None:
    """[..., 0] is right, [..., 1] is down, and the result is what lies at the flow's end."""
    warped = warp_field(FIELD, flow_of(3, 2))
    np.testing.assert_array_equal(warped[:18, :27], FIELD[2:, 3:])


@pytest.mark.parametrize("kind", ["nearest", "linear", "cubic", "lanczos"])
@pytest.mark.parametrize("channels", [None, 1, 2, 3])
def test_standing_still_changes_nothing(kind: str, channels: int | None) -> None:
    field = FIELD if channels is None else np.repeat(FIELD[..., None], channels, axis=2)
    warped = warp_field(field, flow_of(0, 0), kind=kind)
    assert warped.shape == field.shape
    assert warped.dtype == np.float32
    # Lanczos weights are kept as float32: their sum is 1 but for rounding.
    np.testing.assert_allclose(warped, field, atol=1e-6)


def test_half_a_pixel_of_a_ramp_is_half_a_step() -> None:
    ramp = np.tile(np.arange(30, dtype=np.float32), (20, 1))
    for kind in ("linear", "cubic"):
        warped = warp_field(ramp, flow_of(0.5, 0), kind=kind)
        np.testing.assert_allclose(warped[:, 3:-3], ramp[:, 3:-3] + 0.5, atol=1e-5)


def test_outside_is_held_or_given() -> None:
    away = flow_of(25, 0)
    np.testing.assert_array_equal(warp_field(FIELD, away)[:, 10], FIELD[:, -1])
    assert (warp_field(FIELD, away, outside=7.0)[:, 10:] == 7.0).all()
    assert (warp_field(FIELD, flow_of(1e9, -1e9), outside=7.0) == 7.0).all()


def test_grain_keeps_its_strength() -> None:
    """Plates are warped by cubic: linear takes away a quarter of fine grain's variance."""
    import cv2

    grain = cv2.GaussianBlur(
        generator(2, "grain").standard_normal((200, 200)).astype(np.float32), (0, 0), 0.7
    )
    flow = flow_of(0.37, 0.61, (200, 200))
    inner = (slice(4, -4), slice(4, -4))
    before = grain[inner].var()
    assert warp_field(grain, flow, kind="cubic")[inner].var() > 0.9 * before
    assert warp_field(grain, flow, kind="linear")[inner].var() < 0.75 * before


def test_inside_is_up_to_the_last_pixel() -> None:
    inside = inside_share(flow_of(2, -1))
    expected = np.zeros((20, 30), bool)
    expected[1:, :28] = True
    np.testing.assert_array_equal(inside, expected)


def test_the_grid_is_each_pixels_own_place() -> None:
    grid = pixel_grid(4, 6)
    assert tuple(grid[3, 5]) == (5.0, 3.0)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="fit"):
        warp_field(FIELD, flow_of(0, 0, (19, 30)))
    with pytest.raises(ValueError, match="sinc"):
        warp_field(FIELD, flow_of(0, 0), kind="sinc")
