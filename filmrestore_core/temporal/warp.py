"""Resample a plate, a matte or any field along a motion."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def warp_field(
    array: NDArray[Any],
    flow: NDArray[np.float32],
    *,
    kind: str = "cubic",
    outside: float | None = None,
) -> NDArray[np.float32]:
    """Bring a neighbour's field onto the center: result[y, x] = array at (x, y) + flow[y, x].

    Args:
        array: (H, W) or (H, W, C) numbers, finite: a neighbour's plate, matte, or coverage.
        flow: (H, W, 2) float32 px, [..., 0] right, [..., 1] down, from a pixel of the center to
            its place in the neighbour.
        kind: "cubic" or "lanczos" keep grain (and may overshoot), "linear" stays between its
            neighbours (mattes), "nearest" keeps values.
        outside: value of places outside the array; None holds the border pixel.

    Returns:
        Same shape as `array`, float32.

    Raises:
        ValueError: shapes do not fit, or `kind` is unknown.
    """
    import cv2

    kinds = {
        "nearest": cv2.INTER_NEAREST,
        "linear": cv2.INTER_LINEAR,
        "cubic": cv2.INTER_CUBIC,
        "lanczos": cv2.INTER_LANCZOS4,
    }
    if kind not in kinds:
        raise ValueError(f"'{kind}' is no way to resample; {', '.join(kinds)} are.")
    if array.ndim not in (2, 3) or flow.shape != (*array.shape[:2], 2):
        raise ValueError(f"A flow of {flow.shape} does not fit a field of {array.shape}.")
    height, width = array.shape[:2]
    places = flow + pixel_grid(height, width)
    border = cv2.BORDER_REPLICATE if outside is None else cv2.BORDER_CONSTANT
    # Far outside is outside all the same; OpenCV's fixed-point coordinates would wrap around.
    np.clip(places[..., 0], -width, 2 * width, out=places[..., 0])
    np.clip(places[..., 1], -height, 2 * height, out=places[..., 1])
    source = np.ascontiguousarray(array, np.float32)
    value = [0.0 if outside is None else outside] * 4
    warped = cv2.remap(  # type: ignore[call-overload]
        source, places, None, kinds[kind], borderMode=border, borderValue=value
    )
    return np.asarray(warped, np.float32).reshape(array.shape)


def pixel_grid(height: int, width: int) -> NDArray[np.float32]:
    """(H, W, 2) float32: each pixel's own (x, y)."""
    grid = np.empty((height, width, 2), np.float32)
    grid[..., 0] = np.arange(width, dtype=np.float32)[None, :]
    grid[..., 1] = np.arange(height, dtype=np.float32)[:, None]
    return grid


def inside_share(flow: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(H, W) bool: True where the flow's end lies inside the neighbour's picture."""
    height, width = flow.shape[:2]
    x = flow[..., 0] + np.arange(width, dtype=np.float32)
    y = flow[..., 1] + np.arange(height, dtype=np.float32)[:, None]
    inside = (x >= 0) & (x <= width - 1)
    inside &= y >= 0
    inside &= y <= height - 1
    return np.asarray(inside, np.bool_)
