"""Finds the neighbours' motion at the matching size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.temporal.brightness import BrightnessField, brightness_field, cells, shares
from filmrestore_core.temporal.motion import FlowSearch, MatchPicture, whole_shift
from filmrestore_core.temporal.warp import look_up, places_of, within

# A difference above this is no alignment, working encoding.
FAILED = 0.1
# With more than this share of failed pixels the motion is looked for again from other starts.
DOUBTFUL = 0.15


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """A neighbour matched to the center, at the matching size.

    Attributes:
        offset: frames from the center.
        picture: the neighbour.
        finite: (h, w) float32, share of each pixel that is picture; None where all are.
        flow: (h, w, 2) float32 px, center to neighbour.
        luma: (h, w) float32, the neighbour warped onto the center, brightness matched.
        brightness: what matched it.
        miss: (h, w) float32, absolute difference to the center, without grain.
        inside: (h, w) bool, False where the neighbour shows nothing.
    """

    offset: int
    picture: MatchPicture
    finite: NDArray[np.float32] | None
    flow: NDArray[np.float32]
    luma: NDArray[np.float32]
    brightness: BrightnessField
    miss: NDArray[np.float32]
    inside: NDArray[np.bool_]

    @property
    def failed(self) -> float:
        """Share of the picture where there is no alignment."""
        return np.count_nonzero((self.miss > FAILED) | ~self.inside) / self.miss.size


def match_all(
    center: MatchPicture,
    neighbors: Mapping[int, tuple[MatchPicture, NDArray[np.float32] | None]],
) -> dict[int, Match]:
    """Match each neighbour to the center.

    Args:
        center: the center's picture.
        neighbors: offset -> (picture, finite), in any order.
    """
    found: dict[int, Match] = {}
    ready = _Center(center, cells(center.luma[..., None]), FlowSearch())
    for offset in sorted(neighbors, key=lambda o: (abs(o), o)):
        found[offset] = _find(ready, offset, *neighbors[offset], found)
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Center:
    """What all neighbours are matched to, and with."""

    picture: MatchPicture
    cells: NDArray[np.float32]
    search: FlowSearch


def _find(
    center: _Center,
    offset: int,
    picture: MatchPicture,
    finite: NDArray[np.float32] | None,
    found: Mapping[int, Match],
) -> Match:
    """The motion to one neighbour; `found` holds those nearer to the center."""
    here = center.picture.levels
    nearer = offset - (1 if offset > 0 else -1)
    start = None
    if nearer in found:
        # Most things go on as they went.
        start = found[nearer].flow * np.float32(offset / nearer)
    flow = center.search.find(here, picture.levels, start)
    best = _judge(center, offset, picture, finite, flow)
    if best.failed > DOUBTFUL:
        shift = np.empty_like(flow)
        shift[...] = whole_shift(here, picture.levels)
        starts = [shift]
        if -offset in found:
            starts.append(-found[-offset].flow)
        for start in starts:
            flow = center.search.find(here, picture.levels, start)
            again = _judge(center, offset, picture, finite, flow)
            if again.failed < best.failed:
                best = again
    return best


def _judge(
    center: _Center,
    offset: int,
    picture: MatchPicture,
    finite: NDArray[np.float32] | None,
    flow: NDArray[np.float32],
) -> Match:
    """What the neighbour shows along a flow."""
    places = places_of(flow)
    luma, inside = look_up(picture.luma, places), within(places)
    if finite is not None:
        inside &= look_up(finite, places, kind="linear") > 0.999
    brightness = brightness_field(center.cells, cells(luma[..., None]), shares(inside))
    brightness.apply(luma[..., None])
    return Match(
        offset,
        picture,
        finite,
        flow,
        luma,
        brightness,
        difference(center.picture.luma, luma),
        inside,
    )


def difference(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    """Absolute difference (h, w) float32 of two pictures, without grain."""
    import cv2

    miss = np.asarray(cv2.GaussianBlur(one - other, (0, 0), 1.0), np.float32)
    return np.abs(miss, out=miss)
