"""TemporalWindow -> AlignedWindow: neighbours brought onto the center frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.temporal.motion import (
    MatchPicture,
    dense_flow,
    enlarge_flow,
    match_picture,
    matching_step,
)
from filmrestore_core.temporal.occlusion import ramp, round_trip_error
from filmrestore_core.temporal.warp import inside_share, warp_field
from filmrestore_core.temporal.window import AlignedNeighbor, AlignedWindow, TemporalWindow


def align(window: TemporalWindow) -> AlignedWindow:
    """Bring each neighbour of the window onto its center frame.

    The result depends on the window alone.

    Raises:
        ValueError: a neighbour's size or channels differ from the center's.
    """
    center = window.center
    for plate in window.neighbors:
        if plate.pixels.shape != center.pixels.shape:
            raise ValueError(
                f"Plate {plate.number} is {plate.pixels.shape}, "
                f"plate {center.number} is {center.pixels.shape}; they cannot be aligned."
            )
    height, width = center.box.shape
    step = matching_step(height, width)
    luma = center.luma
    low, high = (float(v) for v in np.percentile(luma[:: 2 * step, :: 2 * step], (0.5, 99.5)))
    here = match_picture(luma, low=low, high=high, step=step)
    aligned = []
    for plate in window.neighbors:
        there = match_picture(plate.luma, low=low, high=high, step=step)
        forward = dense_flow(here.levels, there.levels)
        backward = dense_flow(there.levels, here.levels)
        trust = ramp(round_trip_error(forward, backward), 0.5, 2.0)
        flow = enlarge_flow(forward, step, height, width)
        pixels = warp_field(plate.pixels, flow, kind="cubic")
        validity = _large(trust, here, height, width)
        validity *= inside_share(flow)
        validity *= warp_field(plate.finite.astype(np.float32), flow, kind="linear") > 0.999
        aligned.append(
            AlignedNeighbor(plate.number, plate.number - center.number, pixels, validity, flow)
        )
    return AlignedWindow(window, tuple(aligned))


def _large(
    trust: NDArray[np.float32], picture: MatchPicture, height: int, width: int
) -> NDArray[np.float32]:
    import cv2

    if picture.step == 1:
        return trust
    size = (trust.shape[1] * picture.step, trust.shape[0] * picture.step)
    return np.ascontiguousarray(
        cv2.resize(trust, size, interpolation=cv2.INTER_LINEAR)[:height, :width]
    )
