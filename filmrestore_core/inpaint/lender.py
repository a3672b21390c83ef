"""What a neighbour shows of a hole, brought there by the motion around the hole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.inpaint.holes import Hole
from filmrestore_core.inpaint.membrane import carry_in
from filmrestore_core.matte import Matte
from filmrestore_core.plate import Plate
from filmrestore_core.temporal.warp import pixel_grid
from filmrestore_core.temporal.window import AlignedNeighbor

# Flow this near to damage was drawn by the damage, px.
SPOILED = 5
# How far beyond a crop flow is read, px.
READ = 10
# Flow is smooth: it is carried on every second pixel.
STRIDE = 2


@dataclass(frozen=True, slots=True, eq=False)
class Lender:
    """A neighbour that may lend pixels.

    Attributes:
        aligned: the neighbour as it was aligned.
        plate: the neighbour itself.
        damage: (H, W) float32, coverage of its matte.
        finite: (H, W) float32, 1 where it has a sample; None where it has one everywhere.
    """

    aligned: AlignedNeighbor
    plate: Plate
    damage: NDArray[np.float32]
    finite: NDArray[np.float32] | None

    @classmethod
    def of(cls, aligned: AlignedNeighbor, plate: Plate, matte: Matte) -> Lender:
        """A lender from a neighbour and its matte."""
        finite = None if plate.finite.all() else plate.finite.astype(np.float32)
        return cls(aligned, plate, matte.coverage, finite)


@dataclass(frozen=True, slots=True, eq=False)
class Loan:
    """What a neighbour shows of a crop.

    Attributes:
        lender: the neighbour.
        pixels: (h, w, C) float32, warped onto the center.
        trust: (h, w) float32 0..1, 0 where the neighbour is damaged, hidden or out of picture.
        places: (h, w, 2) float32 px, where in the neighbour each pixel was looked up.
        validity: (h, w) float32 0..1, trust of the motion alone.
    """

    lender: Lender
    pixels: NDArray[np.float32]
    trust: NDArray[np.float32]
    places: NDArray[np.float32]
    validity: NDArray[np.float32]

    @property
    def distance(self) -> int:
        """Frames between the neighbour and the center."""
        return abs(self.lender.aligned.offset)


def loans_for(
    hole: Hole,
    unknown: NDArray[np.bool_],
    lenders: tuple[Lender, ...],
    *,
    as_found: bool = False,
) -> list[Loan]:
    """What each neighbour shows of a hole's crop, resampled quickly: to look at, not to keep.

    Inside a hole and close to it there is no motion to be seen: what was found there was drawn by
    the damage. It is carried in from around, unless the motion is wanted as it was found: a limb
    that moves unlike all around is sometimes followed through a small hole.

    Args:
        hole: where.
        unknown: (H, W) bool, pixels of the center that show no picture.
        lenders: neighbours.
        as_found: take the motion found under the hole; how far it is trusted is carried in.
    """
    import cv2

    if not lenders:
        return []
    height, width = unknown.shape
    wide = hole.box.grow(READ).intersect(Box.of_size(width, height))
    place = slice(wide.y, wide.bottom), slice(wide.x, wide.right)
    side = 2 * SPOILED + 1
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    spoiled = cv2.dilate(unknown[place].astype(np.uint8), brush).astype(np.bool_)[..., None]
    found = np.concatenate([n.aligned.flow_in(*place) for n in lenders], axis=2)
    validity = np.stack([n.aligned.validity_in(*place) for n in lenders], axis=2)
    step = (slice(None, None, STRIDE),) * 2
    clean = ~spoiled[step]
    if clean.any():
        weights = clean * (validity[step] + np.float32(1e-3))
        even = np.broadcast_to(clean, weights.shape).astype(np.float32)
        carried = np.concatenate(
            [
                carry_in(found[step], weights, coarsest_first=2),
                carry_in(validity[step], even, coarsest_first=2),
            ],
            axis=2,
        )
        carried = _enlarged(carried, wide)
        if not as_found:
            found = np.where(spoiled, carried[..., : found.shape[2]], found)
        validity = np.where(spoiled, carried[..., 2 * len(lenders) :], validity)
    inner = hole.box.slices(wide)
    grid = pixel_grid(*hole.box.shape) + np.array([hole.box.x, hole.box.y], np.float32)
    return [
        _look_up(
            lender, grid + found[inner][..., 2 * k : 2 * k + 2], validity[inner][..., k], fine=False
        )
        for k, lender in enumerate(lenders)
    ]


def _enlarged(small: NDArray[np.float32], box: Box) -> NDArray[np.float32]:
    """A field known at every STRIDE-th pixel, at all pixels of the box."""
    import cv2

    places = pixel_grid(*box.shape) / np.float32(STRIDE)
    parts = [
        cv2.remap(
            np.ascontiguousarray(small[..., k : k + 4]),
            places,
            None,  # type: ignore[call-overload]
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        ).reshape(*box.shape, -1)
        for k in range(0, small.shape[2], 4)
    ]
    return np.concatenate(parts, axis=2)


def move(loan: Loan, flow: NDArray[np.float32]) -> Loan:
    """The loan looked up again, finely: detail and grain stay.

    Args:
        loan: what was looked up.
        flow: (h, w, 2) float32 px, from a pixel of the crop to its place in `loan.pixels`.
    """
    import cv2

    places = cv2.remap(
        loan.places,
        pixel_grid(*loan.validity.shape) + flow,
        None,  # type: ignore[call-overload]
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return _look_up(loan.lender, np.asarray(places, np.float32), loan.validity, fine=True)


def _look_up(
    lender: Lender, places: NDArray[np.float32], validity: NDArray[np.float32], *, fine: bool
) -> Loan:
    import cv2

    height, width = lender.damage.shape
    x, y = places[..., 0], places[..., 1]
    inside = (x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1)
    places = np.clip(places, -1, np.array([width, height], np.float32))
    hold = cv2.BORDER_REPLICATE
    kind = cv2.INTER_LANCZOS4 if fine else cv2.INTER_LINEAR
    pixels = cv2.remap(lender.plate.pixels, places, None, kind, borderMode=hold)  # type: ignore[call-overload]
    damaged = cv2.remap(lender.damage, places, None, cv2.INTER_LINEAR, borderMode=hold)  # type: ignore[call-overload]
    if lender.finite is not None:
        holds = cv2.remap(lender.finite, places, None, cv2.INTER_LINEAR, borderMode=hold)  # type: ignore[call-overload]
        damaged = np.maximum(damaged, 1.0 - holds)
    # Interpolation reaches further than the four nearest pixels.
    damaged = cv2.dilate(damaged, np.ones((5, 5), np.uint8))
    trust = validity * inside * (damaged < 0.02)
    return Loan(
        lender,
        np.asarray(pixels, np.float32).reshape(*trust.shape, -1),
        np.asarray(trust, np.float32),
        places,
        validity,
    )
