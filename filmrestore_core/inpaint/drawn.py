"""A fill of which some holes were drawn anew."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.inpaint.base import FILL_METHODS, Fill
from filmrestore_core.inpaint.holes import count_holes
from filmrestore_core.report import RepairCost

DIFFUSION = FILL_METHODS.index("diffusion")


def with_drawn(
    first: Fill,
    pixels: NDArray[np.float32],
    wanted: NDArray[np.bool_],
    *,
    tiles: int,
    seconds: float,
) -> Fill:
    """The fill with what diffusion drew, which carries no grain, and with its cost.

    Args:
        first: what was there before.
        pixels: (H, W, C) float32, what takes the place of its pixels.
        wanted: (H, W) bool, where they were drawn.
        tiles: pixels of the crops that were looked at.
        seconds: that it took.
    """
    kept = np.where(wanted, np.float32(0.0), first.grain_kept)
    methods = np.zeros(wanted.shape, np.uint8) if first.methods is None else first.methods
    # Detail that neighbours lost says nothing of what was invented.
    lost = first.detail_lost
    cost = RepairCost(count_holes(wanted), int(np.count_nonzero(wanted)), tiles, seconds)
    return replace(
        first,
        pixels=pixels,
        grain_kept=kept,
        methods=np.where(wanted, np.uint8(DIFFUSION), methods),
        costs={**first.costs, "diffusion": cost},
        detail_lost=None if lost is None else np.where(wanted, np.float32(0.0), lost),
    )
