"""Motion between two plates of a shot: dense flow, made robust to the damage itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Above this many pixels the motion is looked for at half the size, again and again.
MOST_PIXELS = 1_100_000
# sqrt(pixels) of an 854 x 480 picture: sizes below are meant for that one and grow with others.
UNIT_SIDE = 640.0
# The least side that dense inverse search can work on.
LEAST_SIDE = 32


@dataclass(frozen=True, slots=True, eq=False)
class MatchPicture:
    """A plate made ready for matching.

    Attributes:
        luma: (h, w) float32, plate luma at the matching size, black about 0, white about 1.
        levels: (h, w) uint8, luma with its own range spread over the levels, lightly blurred.
    """

    luma: NDArray[np.float32]
    levels: NDArray[np.uint8]


def matching_step(height: int, width: int) -> int:
    """How many plate pixels go into one matching pixel along each axis: 1, 2, 4, ..."""
    step = 1
    while (height // step) * (width // step) > MOST_PIXELS:
        step *= 2
    return step


def picture_unit(height: int, width: int) -> float:
    """Size of a picture against 854 x 480; lengths that go with the picture scale by it."""
    return float(np.sqrt(height * width)) / UNIT_SIDE


def shrink(field: NDArray[np.float32], step: int) -> NDArray[np.float32]:
    """(ceil(H / step), ceil(W / step)) averages of cells of (H, W) or (H, W, C).

    The last row and column are held.
    """
    import cv2

    if step == 1:
        return field
    height, width = field.shape[:2]
    bottom, right = -height % step, -width % step
    if bottom or right:
        sides = ((0, bottom), (0, right), (0, 0))[: field.ndim]
        field = np.pad(field, sides, mode="edge")
    size = (field.shape[1] // step, field.shape[0] // step)
    small = cv2.resize(field, size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32).reshape(size[1], size[0], *field.shape[2:])


def enlarge(field: NDArray[np.float32], step: int, height: int, width: int) -> NDArray[np.float32]:
    """An (h, w) or (h, w, C) field at 1 / step of the size, at full size (height, width)."""
    import cv2

    if step == 1:
        return field
    size = (field.shape[1] * step, field.shape[0] * step)
    large = cv2.resize(field, size, interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(large[:height, :width], np.float32)


def enlarged_part(
    field: NDArray[np.float32],
    step: int,
    rows: slice,
    columns: slice,
    scale: np.float32 | None = None,
) -> NDArray[np.float32]:
    """A part of an enlarged field, without making the rest: the same bits.

    Args:
        field: (h, w) or (h, w, C) at 1 / step of the size.
        step: 1, 2, 4, ...
        rows: of the enlarged field; start, stop and step, not empty.
        columns: the same.
        scale: what the values are multiplied by.
    """
    import cv2

    if step == 1:
        part = field[rows, columns]
        return part if scale is None or scale == 1 else part * scale
    # A pixel lies between its cell's middle and the next one's.
    top, left = max(0, rows.start // step - 1), max(0, columns.start // step - 1)
    part = field[top : (rows.stop - 1) // step + 2, left : (columns.stop - 1) // step + 2]
    if scale is not None:
        part = part * scale
    size = (part.shape[1] * step, part.shape[0] * step)
    large = cv2.resize(part, size, interpolation=cv2.INTER_LINEAR)
    top, left = top * step, left * step
    down = slice(rows.start - top, rows.stop - top, rows.step)
    right = slice(columns.start - left, columns.stop - left, columns.step)
    return np.asarray(large[down, right], np.float32)


def match_picture(luma: NDArray[np.float32]) -> MatchPicture:
    """A picture whose levels do not depend on contrast, fading or flicker of the whole frame.

    Args:
        luma: (h, w) float32, finite, at the matching size.
    """
    import cv2

    low, high = (float(v) for v in np.percentile(luma[::3, ::3], (1.0, 99.0)))
    scale = 235.0 / max(high - low, 1e-3)
    levels = np.clip((luma - low) * scale + 10.5, 0.0, 255.0).astype(np.uint8)
    return MatchPicture(luma, np.asarray(cv2.GaussianBlur(levels, (0, 0), 0.8), np.uint8))


class FlowSearch:
    """Dense inverse search, with its working memory: for one thread at a time.

    Kroeger et al., "Fast Optical Flow using Dense Inverse Search", 2016, from OpenCV. What was
    searched before does not count.
    """

    def __init__(self, *, finest: int = 1) -> None:
        """Make a search that ends at 1 / 2**finest of the size."""
        self._finest = finest
        self._search = self._new()
        self._started = False

    def _new(self) -> Any:
        import cv2

        search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        search.setFinestScale(self._finest)
        return search

    def find(
        self,
        center: NDArray[np.uint8],
        neighbor: NDArray[np.uint8],
        start: NDArray[np.float32] | None = None,
    ) -> NDArray[np.float32]:
        """As `dense_flow`, but that the start field is used up."""
        height, width = center.shape
        pad = ((0, max(0, LEAST_SIDE - height)), (0, max(0, LEAST_SIDE - width)))
        if pad[0][1] or pad[1][1]:
            center, neighbor = np.pad(center, pad, "edge"), np.pad(neighbor, pad, "edge")
            if start is not None:
                start = np.pad(start, (*pad, (0, 0)), "edge")
        if start is None and self._started:
            # OpenCV goes on using the last start field where none is given.
            self._search = self._new()
        self._started = start is not None
        flow = self._search.calc(center, neighbor, start)
        return np.ascontiguousarray(flow[:height, :width], np.float32)


def dense_flow(
    center: NDArray[np.uint8],
    neighbor: NDArray[np.uint8],
    start: NDArray[np.float32] | None = None,
    *,
    finest: int = 1,
) -> NDArray[np.float32]:
    """Flow (h, w, 2) float32 px from each pixel of `center` to its place in `neighbor`.

    Args:
        center: (h, w) uint8 levels.
        neighbor: (h, w) uint8 levels.
        start: (h, w, 2) float32 px, where to start the search.
        finest: the search ends at 1 / 2**finest of the size.
    """
    begin = None if start is None else np.array(start, np.float32, order="C")
    return FlowSearch(finest=finest).find(center, neighbor, begin)


def whole_shift(center: NDArray[np.uint8], neighbor: NDArray[np.uint8]) -> tuple[float, float]:
    """(right, down) px by which the whole picture moved, by phase correlation at a quarter size.

    Kuglin and Hines, "The phase correlation image alignment method", 1975.
    """
    import cv2

    height, width = center.shape
    size = (max(8, width // 4), max(8, height // 4))
    small = [
        np.asarray(cv2.resize(p, size, interpolation=cv2.INTER_AREA), np.float32)
        for p in (center, neighbor)
    ]
    window = cv2.createHanningWindow(size, cv2.CV_32F)
    (x, y), _ = cv2.phaseCorrelate(small[0], small[1], window)
    return float(x) * width / size[0], float(y) * height / size[1]


def bridge_flow(
    flow: NDArray[np.float32], support: NDArray[np.float32], levels: int = 7
) -> NDArray[np.float32]:
    """A flow in which places without support take over what surrounds them.

    Normalized averages over a pyramid, pulled up level by level (Gortler et al., "The
    Lumigraph", 1996, section 3.4).

    Args:
        flow: (h, w, 2) float32 px.
        support: (h, w) float32, 0 (make it up) to 1 (keep).
        levels: pyramid levels; 2**levels pixels can be bridged.
    """
    import cv2

    tiny, one = np.float32(1e-6), np.float32(1.0)
    right, down = (np.ascontiguousarray(flow[..., k]) for k in (0, 1))
    # Right times weight, down times weight, weight: plane by plane, as that is soonest done.
    pyramid = [[right * support, down * support, support]]
    while len(pyramid) < levels and min(pyramid[-1][2].shape) > 4:
        pyramid.append([np.asarray(cv2.pyrDown(p), np.float32) for p in pyramid[-1]])
    weight = np.maximum(pyramid[-1][2], tiny)
    bridged = [p / weight for p in pyramid[-1][:2]]
    for level in range(len(pyramid) - 2, -1, -1):
        *sums, weight = pyramid[level]
        size = weight.shape[1], weight.shape[0]
        # A mean of few pixels is believed less than the wider one, but what is known stays.
        share = weight if level == 0 else np.minimum(weight + weight, one)
        known = np.maximum(weight, tiny)
        for k, plane in enumerate((right, down) if level == 0 else [p / known for p in sums]):
            above = np.asarray(cv2.pyrUp(bridged[k], dstsize=size), np.float32)
            step = plane - above
            step *= share
            above += step
            bridged[k] = above
    return np.stack(bridged, axis=2)
