"""Carries the motion on behind damage of the center."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.temporal.matching import FAILED, Match, difference
from filmrestore_core.temporal.motion import MatchPicture, bridge_flow, picture_unit
from filmrestore_core.temporal.occlusion import CAP, partner
from filmrestore_core.temporal.warp import look_up, within

# Few pixels are looked at one by one, in lines of this many.
_LINE = 256

Plane = NDArray[np.float32]


def carry_past_damage(center: MatchPicture, found: Mapping[int, Match]) -> None:
    """Let the flow of each match run on behind damage of the center, in place.

    Where a match failed, the flow around is carried in; it is taken where the neighbours agree
    better along it than along what was found: behind a speck they do, around a limb they do not.

    Args:
        center: the center's picture.
        found: offset -> match; at least two.
    """
    unit = picture_unit(*center.luma.shape)
    before = _Pairs({o: m.luma for o, m in found.items()}, unit)
    bridged = {o: _bridge(m, unit) for o, m in found.items()}
    after = _Pairs({o: b.luma for o, b in bridged.items()}, unit)
    taken = {}
    for offset, bridge in bridged.items():
        if bridge.index.size:
            other = partner(offset, [o for o in found if o != offset])
            better = after.apart(offset, other) < before.apart(offset, other)
            y, x = np.divmod(bridge.index, center.luma.shape[1])
            taken[offset] = better[y >> 1, x >> 1]
    for offset, take in taken.items():
        match, bridge = found[offset], bridged[offset]
        index = bridge.index[take]
        if index.size:
            miss = difference(center.luma, bridge.luma)
            match.flow.reshape(-1, 2)[index] = bridge.flow[take]
            for whole, part in (
                (match.luma, bridge.luma.ravel()[index]),
                (match.miss, miss.ravel()[index]),
                (match.inside, bridge.inside[take]),
            ):
                whole.reshape(-1)[index] = part


@dataclass(frozen=True, slots=True, eq=False)
class _Bridge:
    """A match along a flow that was carried in.

    Attributes:
        index: (N,) where, in the flattened picture.
        flow: (N, 2) float32 px, carried in.
        inside: (N,) bool.
        luma: (h, w) float32, brightness matched; of all the picture.
    """

    index: NDArray[np.intp]
    flow: Plane
    inside: NDArray[np.bool_]
    luma: Plane


def _bridge(match: Match, unit: float) -> _Bridge:
    import cv2

    height, width = match.luma.shape
    side = 2 * round(5 * unit) + 1
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    grain = 1.4826 * float(np.median(match.miss[::3, ::3]))
    failed = (match.miss > max(FAILED, 4.0 * grain)).view(np.uint8)
    core = cv2.morphologyEx(failed, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    spoiled = np.asarray(cv2.dilate(core, brush), np.uint8).view(np.bool_)
    index = np.flatnonzero(spoiled)
    if not index.size:
        none = np.empty(0, np.bool_)
        return _Bridge(index, np.empty((0, 2), np.float32), none, match.luma)
    # Smooth, so every second pixel is enough.
    support = np.where(match.inside[::2, ::2], np.float32(1.0), np.float32(1e-3))
    support[spoiled[::2, ::2]] = 0.0
    around = bridge_flow(match.flow[::2, ::2], support)
    # Lines of a fixed length, the last filled up with what is there already.
    lines = -(-index.size // _LINE)
    index = np.concatenate([index, np.full(lines * _LINE - index.size, index[-1])])
    y, x = np.divmod(index.reshape(lines, _LINE), width)
    here = np.stack([x, y], axis=2).astype(np.float32)
    half = np.float32(0.5)
    flow = look_up(around, (here - half) * half, kind="linear")
    places = here + flow
    inside = within(places, (height, width))
    if match.finite is not None:
        inside &= look_up(match.finite, places, kind="linear") > 0.999
    shown = look_up(match.picture.luma, places)
    match.brightness.apply_at(shown, here, (height, width))
    luma = match.luma.copy()
    luma.reshape(-1)[index] = shown.ravel()
    return _Bridge(index, flow.reshape(-1, 2), inside.ravel(), luma)


class _Pairs:
    """How far neighbours are apart around every second pixel of every second line."""

    def __init__(self, lumas: Mapping[int, Plane], unit: float) -> None:
        self._lumas, self._unit = lumas, unit
        self._found: dict[frozenset[int], Plane] = {}

    def apart(self, one: int, other: int) -> Plane:
        import cv2

        pair = frozenset((one, other))
        if pair not in self._found:
            gap = self._lumas[one][::2, ::2] - self._lumas[other][::2, ::2]
            np.minimum(np.abs(gap, out=gap), np.float32(CAP), out=gap)
            blurred = cv2.GaussianBlur(gap, (0, 0), max(1.5 * self._unit, 0.3))
            self._found[pair] = np.asarray(blurred, np.float32)
        return self._found[pair]
