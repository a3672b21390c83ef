"""What a neighbour shows of a hole, brought there by the motion around the hole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.inpaint.holes import Hole
from filmrestore_core.inpaint.membrane import carry_in
from filmrestore_core.matte import Matte
from filmrestore_core.plate import Plate
from filmrestore_core.temporal.window import AlignedNeighbor

# Flow this near to damage was drawn by the damage, px.
SPOILED = 4
# How far around the hole flow is read, px.
RING = 12


@dataclass(frozen=True, slots=True, eq=False)
class Lender:
    """A neighbour that may lend pixels.

    Attributes:
        aligned: the neighbour as it was aligned.
        plate: the neighbour itself.
        damaged: (H, W) float32, its matte's coverage, 1 where it has no finite sample.
    """

    aligned: AlignedNeighbor
    plate: Plate
    damaged: NDArray[np.float32]

    @classmethod
    def of(cls, aligned: AlignedNeighbor, plate: Plate, matte: Matte) -> Lender:
        """A lender from a neighbour and its matte."""
        damaged = np.where(plate.finite, matte.coverage, np.float32(1.0))
        return cls(aligned, plate, damaged)


@dataclass(frozen=True, slots=True, eq=False)
class Loan:
    """What a neighbour shows of a crop.

    Attributes:
        pixels: (h, w, C) float32, warped onto the center.
        trust: (h, w) float32 0..1, 0 where the neighbour is damaged, hidden or out of picture.
        distance: frames between it and the center.
    """

    pixels: NDArray[np.float32]
    trust: NDArray[np.float32]
    distance: int


def loans_for(hole: Hole, lenders: tuple[Lender, ...]) -> list[Loan]:
    """What each neighbour shows of a hole's crop."""
    import cv2

    if not lenders:
        return []
    spoiled = cv2.dilate(
        hole.unknown.astype(np.uint8),
        cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * SPOILED + 1,) * 2),
    ).astype(np.bool_)
    ring = ~spoiled & cv2.dilate(
        hole.unknown.astype(np.uint8), np.ones((2 * RING + 1,) * 2, np.uint8)
    ).astype(np.bool_)
    flows = np.concatenate([n.aligned.flow[hole.place] for n in lenders], axis=2)
    validity = np.stack([n.aligned.validity[hole.place] for n in lenders], axis=2)
    if ring.any():
        values = np.concatenate([flows, validity], axis=2)
        weights = np.concatenate([validity + np.float32(1e-3), np.ones_like(validity)], axis=2)
        # Two flow components share one weight, validity has its own.
        carried, _ = carry_in(spoiled, ring, flows, weights[..., : len(lenders)], soften=3.0)
        flows = flows.copy()
        flows[spoiled] = carried
        carried, _ = carry_in(
            spoiled, ring, values[..., 2 * len(lenders) :], weights[..., len(lenders) :], soften=3.0
        )
        validity = validity.copy()
        validity[spoiled] = carried
    height, width = hole.own.shape
    grid = np.empty((height, width, 2), np.float32)
    grid[..., 0] = np.arange(hole.columns.start, hole.columns.stop, dtype=np.float32)[None, :]
    grid[..., 1] = np.arange(hole.rows.start, hole.rows.stop, dtype=np.float32)[:, None]
    return [
        _loan(lender, grid + flows[..., 2 * k : 2 * k + 2], validity[..., k])
        for k, lender in enumerate(lenders)
    ]


def _loan(lender: Lender, places: NDArray[np.float32], validity: NDArray[np.float32]) -> Loan:
    import cv2

    height, width = lender.damaged.shape
    x, y = places[..., 0], places[..., 1]
    inside = (x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1)
    np.clip(x, -1, width, out=x)
    np.clip(y, -1, height, out=y)
    hold = cv2.BORDER_REPLICATE
    pixels = cv2.remap(lender.plate.pixels, places, None, cv2.INTER_LANCZOS4, borderMode=hold)  # type: ignore[call-overload]
    damaged = cv2.remap(lender.damaged, places, None, cv2.INTER_LINEAR, borderMode=hold)  # type: ignore[call-overload]
    # Interpolation reaches further than the four nearest pixels.
    damaged = cv2.dilate(damaged, np.ones((5, 5), np.uint8))
    trust = validity * inside * (damaged < 0.02)
    return Loan(
        np.asarray(pixels, np.float32).reshape(*trust.shape, -1),
        np.asarray(trust, np.float32),
        abs(lender.aligned.offset),
    )
