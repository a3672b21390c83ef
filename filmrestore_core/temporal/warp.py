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
    if array.ndim not in (2, 3) or flow.shape != (*array.shape[:2], 2):
        raise ValueError(f"A flow of {flow.shape} does not fit a field of {array.shape}.")
    return look_up(array, places_of(flow), kind=kind, outside=outside)


def look_up(
    array: NDArray[Any],
    places: NDArray[np.float32],
    *,
    kind: str = "cubic",
    outside: float | None = None,
    into: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Values of a field at places: result[y, x] = array at places[y, x].

    Args:
        array: as in `warp_field`.
        places: (h, w, 2) float32 px, [..., 0] x, [..., 1] y.
        kind: as in `warp_field`.
        outside: as in `warp_field`.
        into: contiguous array of the result's shape to write to.

    Returns:
        (h, w) or (h, w, C) float32.

    Raises:
        ValueError: `kind` is unknown.
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
    border = cv2.BORDER_REPLICATE if outside is None else cv2.BORDER_CONSTANT
    source = np.ascontiguousarray(array, np.float32)
    value = [0.0 if outside is None else outside] * 4
    found = cv2.remap(  # type: ignore[call-overload]
        source, places, None, kinds[kind], dst=into, borderMode=border, borderValue=value
    )
    return np.asarray(found, np.float32).reshape(*places.shape[:2], *array.shape[2:])


def places_of(
    flow: NDArray[np.float32], rows: slice | None = None, columns: slice | None = None
) -> NDArray[np.float32]:
    """(h, w, 2) float32 px: where each pixel's flow (h, w, 2) ends.

    Args:
        flow: px.
        rows: which rows of the picture the flow's are; None where it is all of it.
        columns: the same.
    """
    down, right = (
        np.arange(count, dtype=np.float32)
        if part is None
        else np.arange(part.start, part.stop, part.step, dtype=np.float32)
        for part, count in zip((rows, columns), flow.shape, strict=False)
    )
    places = np.empty(flow.shape, np.float32)
    np.add(flow[..., 0], right, out=places[..., 0])
    np.add(flow[..., 1], down[:, None], out=places[..., 1])
    return places


def pixel_grid(height: int, width: int) -> NDArray[np.float32]:
    """(H, W, 2) float32: each pixel's own (x, y)."""
    return places_of(np.zeros((height, width, 2), np.float32))


def inside_share(flow: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(H, W) bool: True where the flow's end lies inside the neighbour's picture."""
    return within(places_of(flow))


def within(
    places: NDArray[np.float32], size: tuple[int, int] | None = None, margin: int = 0
) -> NDArray[np.bool_]:
    """(h, w) bool: True where a place (h, w, 2) lies inside a picture.

    Args:
        places: px.
        size: (H, W) of the picture; None where it is as large as `places`.
        margin: px from the picture's rim that do not count.
    """
    import cv2

    height, width = size or places.shape[:2]
    low, high = (margin, margin, 0, 0), (width - 1 - margin, height - 1 - margin, 0, 0)
    inside = cv2.inRange(places, low, high)
    return np.asarray(inside, np.uint8) > 0
