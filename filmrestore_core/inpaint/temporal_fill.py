"""Fill from neighbours that show the place undamaged and agree about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.grain.denoise import SIZE, denoise
from filmrestore_core.grain.estimate import estimate_grain
from filmrestore_core.grain.model import GrainModel
from filmrestore_core.inpaint.base import Fill
from filmrestore_core.inpaint.fusion import LEAST_TRUST, Fusion, fuse, level, median_of
from filmrestore_core.inpaint.hole_motion import corrections
from filmrestore_core.inpaint.holes import Hole, holes_of
from filmrestore_core.inpaint.lender import Lender, Loan, loans_for, move
from filmrestore_core.inpaint.lost_detail import lost_detail
from filmrestore_core.inpaint.membrane import carry_in
from filmrestore_core.inpaint.two_motions import better_motion, disagreement
from filmrestore_core.matte import Matte
from filmrestore_core.plate import luma_of
from filmrestore_core.settings import RepairSettings
from filmrestore_core.temporal.window import AlignedWindow

MARGIN = 8
# Width of the ring outside a hole whose pixels a fill must meet, px.
RING = 5
# Cosine coefficients below this many standard deviations of the grain that is left are grain.
THRESHOLD = 2.7
# Neighbours that differ by more than this, working values beside the grain, may have been moved
# wrongly.
QUARREL = 0.03


class TemporalFill:
    """An Inpainter that borrows from aligned neighbours, pixel by pixel."""

    def __init__(self, settings: RepairSettings | None = None) -> None:
        """Make one; `settings` has nothing yet that it needs."""
        self.settings = settings or RepairSettings()

    @property
    def radius(self) -> int:
        """How many frames on each side it wants to see."""
        return 2

    def inpaint(
        self,
        window: AlignedWindow,
        mattes: Mapping[int, Matte],
        *,
        grain: GrainModel | None = None,
    ) -> Fill:
        """Proposals for the covered pixels that trustworthy neighbours show.

        Args:
            window: aligned around the frame to fill.
            mattes: frame number -> matte, for the center and for each neighbour that may lend.
            grain: of the center; estimated here where None.
        """
        center = window.center
        matte = mattes[center.number]
        raw = {plate.number: plate for plate in window.window.neighbors}
        lenders = tuple(
            Lender.of(n, raw[n.number], mattes[n.number])
            for n in window.neighbors
            if n.number in mattes
        )
        pixels = center.pixels.copy()
        filled = np.zeros(center.box.shape, np.bool_)
        kept = np.zeros(center.box.shape, np.float32)
        lost = np.zeros(center.box.shape, np.float32)
        wanted = matte.coverage > 0
        if lenders and wanted.any():
            grain = estimate_grain(window, matte) if grain is None else grain
            unknown = wanted | ~center.finite
            fineness = grain.cosine_deviation(SIZE)
            for hole in holes_of(wanted, unknown, margin=MARGIN):
                lent = _lent(hole, unknown, center.pixels[hole.place], lenders, grain, fineness)
                if lent is not None:
                    pixels[hole.place][lent.where] = lent.pixels
                    filled[hole.place][lent.where] = True
                    lost[hole.place][lent.where] = lent.detail_lost
        return Fill(pixels, filled, kept, detail_lost=lost)


def _useful(loans: list[Loan], hole: Hole) -> list[Loan]:
    """Those that show something of the hole."""
    return [n for n in loans if bool((n.trust[hole.own] >= LEAST_TRUST).any())]


@dataclass(frozen=True, slots=True, eq=False)
class _Lent:
    """(N, C) pixels and (N,) lost detail for the N places of a crop where `where` is True."""

    where: NDArray[np.bool_]
    pixels: NDArray[np.float32]
    detail_lost: NDArray[np.float32]


def _lent(
    hole: Hole,
    unknown: NDArray[np.bool_],
    around: NDArray[np.float32],
    lenders: tuple[Lender, ...],
    grain: GrainModel,
    fineness: NDArray[np.float32],
) -> _Lent | None:
    import cv2

    near = cv2.dilate(hole.unknown.astype(np.uint8), np.ones((2 * RING + 1,) * 2, np.uint8))
    ring = near.astype(np.bool_) & ~hole.unknown
    loans = _useful(loans_for(hole, unknown, lenders), hole)
    if not loans:
        return None
    sigma = float(grain.strength_at(luma_of(around)[ring]).mean()) if ring.any() else 0.0
    if disagreement(loans, hole.own, around, ring) > QUARREL + sigma:
        found = _useful(loans_for(hole, unknown, lenders, as_found=True), hole)
        loans = better_motion(hole, around, ring, loans, found)
    flows = corrections(hole, around, ring, loans)
    loans = [level(move(n, flow), around, ring) for n, flow in zip(loans, flows, strict=True)]
    fusion = fuse(loans, sigma)
    good = hole.own & (fusion.support > 0)
    if not good.any():
        return None
    smooth = _without_grain(fusion, grain, fineness, good)
    seen = (ring & (fusion.support > 0)).astype(np.float32)[..., None]
    if seen.any():
        # Where the motion around the hole failed, the difference says nothing about the hole.
        limit = np.float32(3.0 * sigma + 0.1)
        difference = np.clip(around - smooth, -limit, limit)
        smooth += carry_in(difference, seen)
    lost = lost_detail(loans, smooth, grain, sigma)
    return _Lent(good, smooth[good], lost[good])


def _without_grain(
    fusion: Fusion,
    grain: GrainModel,
    fineness: NDArray[np.float32],
    good: NDArray[np.bool_],
) -> NDArray[np.float32]:
    """The fusion without what is left of the neighbours' grain, in and near the good pixels."""
    rows, columns = np.flatnonzero(good.any(1)), np.flatnonzero(good.any(0))
    at = (
        slice(max(0, int(rows[0]) - SIZE), int(rows[-1]) + SIZE + 1),
        slice(max(0, int(columns[0]) - SIZE), int(columns[-1]) + SIZE + 1),
    )
    strength = grain.strength_at(luma_of(fusion.pixels)[good]).mean(0)
    left = float(np.sqrt(median_of(fusion.share[good])))
    deviation = fineness[..., None] * (strength * np.float32(left))
    result = fusion.pixels.copy()
    result[at] = denoise(fusion.pixels[at], deviation, threshold=THRESHOLD)
    return result
