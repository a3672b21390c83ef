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
    into: Planes | None = None,
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
        into: (P, h, w) float32 to write to; a new array where None.

    Returns:
        (P, h, w) float32, in the order of PLANE_NAMES; 0 where a neighbour is lacking.
    """
    count = SPIKE_PLANES[kind]
    planes = np.empty((count, *center.shape[:2]), np.float32) if into is None else into
    _spread(center, planes[:3])
    planes[:3] *= np.float32(2.0)
    planes[:3] -= np.float32(1.0)
    planes[3] = 20.0 * noise
    if count == SPIKE_PLANES["t1-v2"]:
        return planes
    luma = luma_of(center)
    far = count > SPIKE_PLANES["t3-v2"]
    lumas = {o: luma_of(p) for o, p in aligned.items() if far or abs(o) == 1}
    pair = _pair(sorted(lumas, key=lambda o: (abs(o), o)))
    if pair is None:
        planes[4:11] = 0.0
    else:
        one, two = pair
        colors = aligned[one].shape[2] == aligned[two].shape[2] == center.shape[2]
        _spikes(center if colors else None, aligned, pair, luma, lumas, planes[4:7])
        _beyond(luma, lumas[one], lumas[two], planes[7])
        np.subtract(luma, lumas[one], out=planes[8])
        np.subtract(luma, lumas[two], out=planes[9])
        np.subtract(lumas[one], lumas[two], out=planes[10])
    _less(luma, raw_luma, ((11, -1), (12, 1)), planes)
    if far:
        _less(luma, lumas, ((15, -2), (16, 2)), planes)
    unit = np.float32(1.0 / (_SIGMAS * (noise + _LEAST_NOISE)))
    for scaled in (planes[4:13], planes[15:17])[: 1 + far]:
        scaled *= unit
        np.clip(scaled, -_MOST, _MOST, out=scaled)
    for plane, offset in ((13, -1), (14, 1), (17, -2), (18, 2)):
        if plane < count:
            planes[plane] = validity.get(offset, 0.0)
    return planes


def _pair(nearest: list[int]) -> tuple[int, int] | None:
    if -1 in nearest and 1 in nearest:
        return -1, 1
    return (nearest[0], nearest[1]) if len(nearest) > 1 else None


def _spread(pixels: NDArray[np.float32], into: Planes) -> None:
    """(h, w, 3) as three planes; one channel three times."""
    import cv2

    for plane, channel in zip(into, cv2.split(pixels) * (3 // pixels.shape[2]), strict=True):
        plane[:] = channel


def _spikes(
    center: NDArray[np.float32] | None,
    aligned: Mapping[int, NDArray[np.float32]],
    pair: tuple[int, int],
    luma: Planes,
    lumas: Mapping[int, Planes],
    into: Planes,
) -> None:
    """The smaller difference of each channel, or of luma where there is no color to compare."""
    import cv2

    if center is None or center.shape[2] == 1:
        first, second = (luma - lumas[o] for o in pair)
        _smaller(first, second, into[0])
        into[1:] = into[0]
        return
    here, before, after = (cv2.split(p) for p in (center, aligned[pair[0]], aligned[pair[1]]))
    for k, plane in enumerate(into):
        _smaller(here[k] - before[k], here[k] - after[k], plane)


def _less(
    luma: Planes,
    others: Mapping[int, Planes],
    wanted: tuple[tuple[int, int], ...],
    planes: Planes,
) -> None:
    for plane, offset in wanted:
        if offset in others:
            np.subtract(luma, others[offset], out=planes[plane])
        else:
            planes[plane] = 0.0


def _smaller(one: Planes, two: Planes, into: Planes) -> None:
    """The smaller difference where both have one sign, else 0."""
    high = np.minimum(one, two)
    np.maximum(high, 0.0, out=high)
    np.maximum(one, two, out=into)
    np.minimum(into, 0.0, out=into)
    into += high


def _beyond(luma: Planes, one: Planes, two: Planes, into: Planes) -> None:
    """How far the picture lies above or below all that the surroundings show."""
    import cv2

    square = np.ones((2 * MARGIN + 1,) * 2, np.uint8)
    over = luma - cv2.dilate(np.maximum(one, two), square)
    np.maximum(over, 0.0, out=over)
    np.subtract(luma, cv2.erode(np.minimum(one, two), square), out=into)
    np.minimum(into, 0.0, out=into)
    into += over
