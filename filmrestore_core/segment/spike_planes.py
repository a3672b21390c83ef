"""Planes that name what damage is in time: what stands out against both neighbours at once.

Differences are measured in units of the frame's own noise, so that one net serves all films.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.plate import luma_of

PLANE_NAMES: tuple[str, ...] = (
    *("center R", "center G", "center B", "noise"),
    *("spike R", "spike G", "spike B", "spike beyond the surroundings"),
    *("luma less first", "luma less second", "first less second"),
    *("luma less raw t-1", "luma less raw t+1", "validity t-1", "validity t+1"),
    *("luma less t-2", "luma less t+2", "validity t-2", "validity t+2"),
)
SPIKE_PLANES: dict[str, int] = {"t1-v2": 4, "t3-v2": 15, "t5-v2": 19}
# The surroundings reach so many pixels: parts of a picture need as many around them.
MARGIN = 1

# A difference of four standard deviations of film with some noise counts as 1.
_SIGMAS = 4.0
_LEAST_NOISE = 0.008
_MOST = 3.0

Planes = NDArray[np.float32]


def spike_planes(
    center: NDArray[np.float32],
    aligned: Mapping[int, NDArray[np.float32]],
    raw_luma: Mapping[int, NDArray[np.float32]],
    validity: Mapping[int, NDArray[np.float32]],
    noise: float,
    kind: str,
) -> Planes:
    """The planes from their parts.

    First and second are the nearest neighbours: one on each side where there are both, else two
    of one side. A spike is the smaller of the two differences where they agree in sign (SDIp;
    Kokaram, "Motion Picture Restoration", 1998); beyond the surroundings it is measured against
    the largest and smallest of the 3x3 surroundings in both (after Nadenau and Mitra, "Blotch and
    scratch detection in image sequences based on rank ordered differences", 1996).

    Args:
        center: (h, w, 1 or 3) float32, the frame.
        aligned: offset -> (h, w, 1 or 3) float32; of the further ones luma alone will do.
        raw_luma: offset -> (h, w) float32.
        validity: offset -> (h, w) float32 0..1.
        noise: standard deviation of the frame's noise, plate units.
        kind: a key of SPIKE_PLANES.

    Returns:
        (P, h, w) float32, in the order of PLANE_NAMES; 0 where a neighbour is lacking.
    """
    count = SPIKE_PLANES[kind]
    planes = np.zeros((count, *center.shape[:2]), np.float32)
    planes[:3] = 2.0 * np.moveaxis(center, -1, 0) - 1.0
    planes[3] = 20.0 * noise
    if count == SPIKE_PLANES["t1-v2"]:
        return planes
    unit = np.float32(1.0 / (_SIGMAS * (noise + _LEAST_NOISE)))
    luma = luma_of(center)
    far = count > SPIKE_PLANES["t3-v2"]
    lumas = {o: luma_of(p) for o, p in aligned.items() if far or abs(o) == 1}
    pair = _pair(sorted(lumas, key=lambda o: (abs(o), o)))
    if pair is not None:
        one, two = pair
        colors = aligned[one].shape[2] == aligned[two].shape[2] == center.shape[2]
        first, second = (
            np.moveaxis(center - aligned[o], -1, 0) if colors else (luma - lumas[o])[None]
            for o in pair
        )
        planes[4:7] = _smaller(first, second)
        planes[7] = _beyond(luma, lumas[one], lumas[two])
        planes[8] = luma - lumas[one]
        planes[9] = luma - lumas[two]
        planes[10] = lumas[one] - lumas[two]
    for plane, offset in ((11, -1), (12, 1)):
        if offset in raw_luma:
            planes[plane] = luma - raw_luma[offset]
    for plane, offset in ((15, -2), (16, 2)):
        if far and offset in lumas:
            planes[plane] = luma - lumas[offset]
    scaled = [*range(4, 13), *((15, 16) if far else ())]
    for plane in scaled:
        np.clip(planes[plane] * unit, -_MOST, _MOST, out=planes[plane])
    for plane, offset in ((13, -1), (14, 1), (17, -2), (18, 2)):
        if plane < count and offset in validity:
            planes[plane] = validity[offset]
    return planes


def _pair(nearest: list[int]) -> tuple[int, int] | None:
    if -1 in nearest and 1 in nearest:
        return -1, 1
    return (nearest[0], nearest[1]) if len(nearest) > 1 else None


def _smaller(one: Planes, two: Planes) -> Planes:
    """The smaller difference where both have one sign, else 0."""
    high = np.maximum(np.minimum(one, two), 0.0)
    low = np.minimum(np.maximum(one, two), 0.0)
    return np.asarray(high + low, np.float32)


def _beyond(luma: Planes, one: Planes, two: Planes) -> Planes:
    """How far the picture lies above or below all that the surroundings show."""
    import cv2

    square = np.ones((2 * MARGIN + 1,) * 2, np.uint8)
    high = np.asarray(cv2.dilate(np.maximum(one, two), square), np.float32)
    low = np.asarray(cv2.erode(np.minimum(one, two), square), np.float32)
    return np.asarray(np.maximum(luma - high, 0.0) + np.minimum(luma - low, 0.0), np.float32)
