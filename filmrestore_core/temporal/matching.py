"""Finds the neighbours' motion at the matching size, past the damage of the center."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.temporal.brightness import BrightnessField, brightness_field, cells
from filmrestore_core.temporal.motion import (
    MatchPicture,
    bridge_flow,
    dense_flow,
    enlarge,
    picture_unit,
    whole_shift,
)
from filmrestore_core.temporal.occlusion import CAP, partner
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
        return float(np.mean((self.miss > FAILED) | ~self.inside))


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
    for offset in sorted(neighbors, key=lambda o: (abs(o), o)):
        found[offset] = _find(center, offset, *neighbors[offset], found)
    return _past_damage(center, found)


def _find(
    center: MatchPicture,
    offset: int,
    picture: MatchPicture,
    finite: NDArray[np.float32] | None,
    found: Mapping[int, Match],
) -> Match:
    """The motion to one neighbour; `found` holds those nearer to the center."""
    nearer = offset - (1 if offset > 0 else -1)
    start = None
    if nearer in found:
        # Most things go on as they went.
        start = found[nearer].flow * np.float32(offset / nearer)
    flow = dense_flow(center.levels, picture.levels, start)
    best = _judge(center, offset, picture, finite, flow)
    if best.failed > DOUBTFUL:
        shift = np.empty_like(flow)
        shift[...] = whole_shift(center.levels, picture.levels)
        starts = [shift]
        if -offset in found:
            starts.append(-found[-offset].flow)
        for start in starts:
            flow = dense_flow(center.levels, picture.levels, start)
            again = _judge(center, offset, picture, finite, flow)
            if again.failed < best.failed:
                best = again
    return best


def _judge(
    center: MatchPicture,
    offset: int,
    picture: MatchPicture,
    finite: NDArray[np.float32] | None,
    flow: NDArray[np.float32],
    brightness: BrightnessField | None = None,
) -> Match:
    """What the neighbour shows along a flow."""
    import cv2

    places = places_of(flow)
    luma, inside = look_up(picture.luma, places), within(places)
    if finite is not None:
        inside &= look_up(finite, places, kind="linear") > 0.999
    if brightness is None:
        share = cells(inside.astype(np.float32)[..., None])
        brightness = brightness_field(cells(center.luma[..., None]), cells(luma[..., None]), share)
    brightness.apply(luma[..., None])
    miss = np.abs(cv2.GaussianBlur(center.luma - luma, (0, 0), 1.0))
    return Match(
        offset, picture, finite, flow, luma, brightness, np.asarray(miss, np.float32), inside
    )


def _past_damage(center: MatchPicture, found: Mapping[int, Match]) -> dict[int, Match]:
    """Matches whose flow runs on behind damage of the center.

    Where a match failed, the flow around is carried in; it is taken where the neighbours agree
    better along it than along what was found: behind a speck they do, around a limb they do not.
    """
    import cv2

    if len(found) < 2:
        return dict(found)
    height, width = center.luma.shape
    unit = picture_unit(height, width)
    side = 2 * round(5 * unit) + 1
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    spoiled, bridged = {}, {}
    for offset, match in found.items():
        grain = 1.4826 * float(np.median(match.miss[::3, ::3]))
        failed = (match.miss > max(FAILED, 4.0 * grain)).astype(np.uint8)
        core = cv2.morphologyEx(failed, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
        spoiled[offset] = cv2.dilate(core, brush).astype(np.bool_)
        support = np.where(match.inside, np.float32(1.0), np.float32(1e-3))
        support[spoiled[offset]] = 0.0
        # Smooth, so every second pixel is enough.
        around = bridge_flow(match.flow[::2, ::2], support[::2, ::2])
        around = enlarge(around, 2, height, width)
        flow = match.flow.copy()
        flow[spoiled[offset]] = around[spoiled[offset]]
        bridged[offset] = _judge(
            center, offset, match.picture, match.finite, flow, match.brightness
        )
    past: dict[int, Match] = {}
    for offset, match in found.items():
        other = partner(offset, [o for o in found if o != offset])
        as_found = _apart(match, found[other], unit)
        better = _apart(bridged[offset], bridged[other], unit) < as_found
        take = spoiled[offset] & better.repeat(2, 0).repeat(2, 1)[:height, :width]
        past[offset] = _mixed(match, bridged[offset], take)
    return past


def _mixed(match: Match, bridged: Match, take: NDArray[np.bool_]) -> Match:
    flow, luma, miss = match.flow.copy(), match.luma.copy(), match.miss.copy()
    inside = match.inside.copy()
    flow[take] = bridged.flow[take]
    luma[take] = bridged.luma[take]
    miss[take] = bridged.miss[take]
    inside[take] = bridged.inside[take]
    return replace(match, flow=flow, luma=luma, miss=miss, inside=inside)


def _apart(one: Match, other: Match, unit: float) -> NDArray[np.float32]:
    """How far two neighbours are apart around every second pixel of every second line."""
    import cv2

    gap = np.abs(one.luma[::2, ::2] - other.luma[::2, ::2])
    gap = np.minimum(gap, np.float32(CAP))
    return np.asarray(cv2.GaussianBlur(gap, (0, 0), max(1.5 * unit, 0.3)), np.float32)
