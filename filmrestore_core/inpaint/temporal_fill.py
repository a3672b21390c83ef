"""Fill from neighbours that show the place undamaged and agree about it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.grain.denoise import SIZE, denoise
from filmrestore_core.grain.estimate import estimate_grain
from filmrestore_core.grain.model import GrainModel
from filmrestore_core.inpaint.base import Fill
from filmrestore_core.inpaint.holes import Hole, holes_of
from filmrestore_core.inpaint.lender import Lender, Loan, loans_for
from filmrestore_core.inpaint.membrane import carry_in
from filmrestore_core.matte import Matte
from filmrestore_core.plate import luma_of
from filmrestore_core.settings import RepairSettings
from filmrestore_core.temporal.window import AlignedWindow

MARGIN = 16
# Half-width of the ring outside a hole whose pixels a fill must meet, px.
RING = 5
# Of the grain's standard deviation: neighbours further apart than this, blurred, disagree ...
SIGMAS = 2.0
# ... but never because of less than this, in working values.
SLACK = 0.025
LEAST_TRUST = 0.25
THRESHOLD = 2.7


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
        wanted = matte.coverage > 0
        if lenders and wanted.any():
            grain = estimate_grain(window, matte) if grain is None else grain
            for hole in holes_of(wanted, wanted | ~center.finite, margin=MARGIN):
                _fill(hole, center.pixels, lenders, grain, pixels, filled, kept)
        return Fill(pixels, filled, kept)


def _fill(
    hole: Hole,
    center: NDArray[np.float32],
    lenders: tuple[Lender, ...],
    grain: GrainModel,
    pixels: NDArray[np.float32],
    filled: NDArray[np.bool_],
    kept: NDArray[np.float32],
) -> None:
    import cv2

    around = center[hole.place]
    near = cv2.dilate(hole.unknown.astype(np.uint8), np.ones((2 * RING + 1,) * 2, np.uint8))
    ring = near.astype(np.bool_) & ~hole.unknown
    loans = [
        loan
        for loan in loans_for(hole, lenders)
        if bool((loan.trust[hole.own] >= LEAST_TRUST).any())
    ]
    if not loans:
        return
    loans = [_leveled(loan, around, ring) for loan in loans]
    sigma = float(grain.strength_at(luma_of(around)[~hole.unknown]).mean()) if ring.any() else 0.0
    fused, support, share = _fuse(loans, sigma)
    good = hole.own & (support > 0)
    if not good.any():
        return
    unseen = support <= 0
    fused[unseen] = around[unseen]
    smooth = _without_grain(fused, around, share, grain, good)
    if ring.any():
        difference = (around - smooth).astype(np.float32)
        seen = (ring & (support > 0)).astype(np.float32)[..., None]
        limit = np.float32(3.0 * sigma + 0.1)
        carried, total = carry_in(good, ring, np.clip(difference, -limit, limit), seen, soften=2.0)
        smooth[good] += np.where(total > 0, carried, 0.0)
    pixels[hole.place][good] = smooth[good]
    filled[hole.place][good] = True


def _leveled(loan: Loan, around: NDArray[np.float32], ring: NDArray[np.bool_]) -> Loan:
    """The loan with the ring's brightness: a constant per channel, by the median."""
    seen = ring & (loan.trust >= LEAST_TRUST)
    if np.count_nonzero(seen) < 8:
        return loan
    shift = np.median(around[seen] - loan.pixels[seen], axis=0)
    return Loan(loan.pixels + shift.astype(np.float32), loan.trust, loan.distance)


def _fuse(
    loans: list[Loan], sigma: float
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Mean of the loans that agree.

    Returns:
        (h, w, C) pixels, (h, w) support (0: nobody to be trusted), (h, w) the share of the
        variance of one loan's grain that is left in the mean.
    """
    import cv2

    blurred = np.stack([cv2.blur(n.pixels, (3, 3)).reshape(n.pixels.shape) for n in loans])
    trust = np.stack([n.trust * (n.trust >= LEAST_TRUST) for n in loans])
    trust *= np.array([1.0 if n.distance == 1 else 0.7 for n in loans], np.float32)[:, None, None]
    seen = trust > 0
    count = seen.sum(0)
    masked = np.where(seen[..., None], blurred, np.nan)
    ordered = np.sort(masked, axis=0)
    h, w = count.shape
    yy, xx = np.ogrid[:h, :w]
    last = np.maximum(count - 1, 0)
    middle = (ordered[last // 2, yy, xx] + ordered[(last + 1) // 2, yy, xx]) / 2
    apart = np.abs(blurred - np.nan_to_num(middle)).max(-1)
    limit = SIGMAS * sigma * 0.5 + SLACK
    agrees = seen & (apart <= limit)
    weights = np.where(agrees, trust, 0.0)
    total = weights.sum(0)
    votes = agrees.sum(0)
    alone = (count == 1) & (trust.max(0) >= 0.6)
    support = np.where((votes >= 2) | alone, total, 0.0)
    scale = np.maximum(total, 1e-6)
    stack = np.stack([n.pixels for n in loans])
    fused = (stack * weights[..., None]).sum(0) / scale[..., None]
    share = np.square(weights).sum(0) / np.square(scale)
    return fused.astype(np.float32), support.astype(np.float32), share.astype(np.float32)


def _without_grain(
    fused: NDArray[np.float32],
    around: NDArray[np.float32],
    share: NDArray[np.float32],
    grain: GrainModel,
    good: NDArray[np.bool_],
) -> NDArray[np.float32]:
    rows, columns = np.flatnonzero(good.any(1)), np.flatnonzero(good.any(0))
    pad = SIZE
    at = (
        slice(max(0, rows[0] - pad), rows[-1] + pad + 1),
        slice(max(0, columns[0] - pad), columns[-1] + pad + 1),
    )
    strength = grain.strength_at(luma_of(fused)[good]).mean(0)
    left = float(np.sqrt(np.median(share[good])))
    deviation = grain.cosine_deviation(SIZE)[..., None] * (strength * left)
    result = fused.copy()
    result[at] = denoise(fused[at], deviation.astype(np.float32), threshold=THRESHOLD)
    return result
