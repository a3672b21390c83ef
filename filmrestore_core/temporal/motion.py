"""Motion between two plates of a shot: dense flow, made robust to the damage itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Above this many pixels the motion is looked for at half the size, again and again.
MOST_PIXELS = 1_100_000


@dataclass(frozen=True, slots=True, eq=False)
class MatchPicture:
    """A plate made ready for matching.

    Attributes:
        luma: (h, w) float32, plate luma at the matching size, black about 0, white about 1.
        levels: (h, w) uint8, luma after median and blur, spread over the range.
        step: plate pixels per matching pixel: 1, 2, 4, ...
    """

    luma: NDArray[np.float32]
    levels: NDArray[np.uint8]
    step: int


def matching_step(height: int, width: int) -> int:
    """How many plate pixels go into one matching pixel along each axis."""
    step = 1
    while (height // step) * (width // step) > MOST_PIXELS:
        step *= 2
    return step


def shrink(luma: NDArray[np.float32], step: int) -> NDArray[np.float32]:
    """Area-averaged (ceil(H / step), ceil(W / step)) picture; the last row and column are held."""
    import cv2

    if step == 1:
        return luma
    height, width = luma.shape
    bottom, right = -height % step, -width % step
    if bottom or right:
        luma = np.pad(luma, ((0, bottom), (0, right)), mode="edge")
    size = (luma.shape[1] // step, luma.shape[0] // step)
    return np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), np.float32)


def match_picture(luma: NDArray[np.float32], *, low: float, high: float, step: int) -> MatchPicture:
    """A picture in which small dirt and grain do not pull at the motion.

    Args:
        luma: (H, W) float32, finite.
        low: luma that becomes level 0.
        high: luma that becomes level 255.
        step: plate pixels per matching pixel.
    """
    import cv2

    small = shrink(luma, step)
    scale = 255.0 / max(high - low, 1e-3)
    levels = np.clip((small - low) * scale + 0.5, 0, 255).astype(np.uint8)
    levels = cv2.GaussianBlur(cv2.medianBlur(levels, 5), (0, 0), 0.8)
    return MatchPicture(small, levels, step)


def dense_flow(
    center: NDArray[np.uint8], neighbor: NDArray[np.uint8], start: NDArray[np.float32] | None = None
) -> NDArray[np.float32]:
    """Flow (H, W, 2) float32 px from each pixel of `center` to its place in `neighbor`.

    Dense inverse search (Kroeger et al., "Fast Optical Flow using Dense Inverse Search", 2016)
    from OpenCV.

    Args:
        center: (H, W) uint8.
        neighbor: (H, W) uint8.
        start: (H, W, 2) float32 px, where to start the search.
    """
    import cv2

    height, width = center.shape
    least = 32
    if height < least or width < least:
        pad = ((0, max(0, least - height)), (0, max(0, least - width)))
        center, neighbor = np.pad(center, pad, "edge"), np.pad(neighbor, pad, "edge")
        if start is not None:
            start = np.pad(start, (*pad, (0, 0)), "edge")
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    dis.setFinestScale(1)
    flow = dis.calc(center, neighbor, None if start is None else start.copy())  # type: ignore[arg-type]
    return np.ascontiguousarray(flow[:height, :width], np.float32)


def enlarge_flow(
    flow: NDArray[np.float32], step: int, height: int, width: int
) -> NDArray[np.float32]:
    """A flow found at 1 / step of the size, at full size (height, width) and in its pixels."""
    import cv2

    if step == 1:
        return flow
    size = (flow.shape[1] * step, flow.shape[0] * step)
    large = cv2.resize(flow, size, interpolation=cv2.INTER_LINEAR) * np.float32(step)
    return np.ascontiguousarray(large[:height, :width], np.float32)
