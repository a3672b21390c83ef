"""Fills without learning, told the same holes."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.inpaint.planes import CENTER, FIRST, LENT, MATTE, OFFSETS
from filmrestore_core.learning.compare_fills.candidate import Candidate, Fill, Planes, Proposal
from filmrestore_core.learning.compare_fills.hole_crops import open_neighbors

# Neighbourhood that OpenCV's methods make a pixel of, px.
_RADIUS = 3
_FULL = 255


def classical_candidates() -> list[Candidate]:
    """The first fill, OpenCV's two, and neighbours' mean and median."""
    ways: dict[str, tuple[Fill, str]] = {
        "temporal fill": (
            _first,
            "neighbours that agree, then the surroundings: the product's own",
        ),
        "Telea": (partial(_opencv, method="INPAINT_TELEA"), "OpenCV, 8 bits"),
        "Navier-Stokes": (partial(_opencv, method="INPAINT_NS"), "OpenCV, 8 bits"),
        "neighbours' mean": (
            partial(_neighbors, middle=False),
            "of what shows the place; else Telea",
        ),
        "neighbours' median": (partial(_neighbors, middle=True), "of what shows it; else Telea"),
    }
    return [
        Candidate(name, fill, {"classical": name}, about=about)
        for name, (fill, about) in ways.items()
    ]


def _first(planes: Planes, key: tuple[int, int]) -> Proposal:
    return Proposal(planes[FIRST])


def _opencv(planes: Planes, key: tuple[int, int], *, method: str) -> Proposal:
    """From the surroundings, at 8 bits.

    Telea, "An image inpainting technique based on the fast marching method", 2004; Bertalmio,
    Bertozzi, Sapiro, "Navier-Stokes, fluid dynamics, and image and video inpainting", 2001.
    """
    import cv2

    codes = np.round(np.clip(np.moveaxis(planes[CENTER], 0, -1), 0, 1) * _FULL).astype(np.uint8)
    hole = (planes[MATTE] > 0).astype(np.uint8)
    filled = cv2.inpaint(np.ascontiguousarray(codes), hole, _RADIUS, getattr(cv2, method))
    return Proposal(
        np.ascontiguousarray(np.moveaxis(filled, -1, 0), np.float32) / np.float32(_FULL)
    )


def _neighbors(planes: Planes, key: tuple[int, int], *, middle: bool) -> Proposal:
    """What k neighbours make keeps 1 / sqrt(k) of their grain; the rest is put on later."""
    shown = open_neighbors(planes)
    shape = planes.shape[1:]
    lent = planes[LENT].reshape(len(OFFSETS), 3, *shape) + planes[FIRST]
    count = shown.sum(axis=0)
    known = np.where(shown[:, None], lent, np.nan)
    result = _opencv(planes, key, method="INPAINT_TELEA").pixels
    some = count > 0
    if some.any():
        taken: NDArray[np.float32] = known[:, :, some]
        result[:, some] = np.nanmedian(taken, axis=0) if middle else np.nanmean(taken, axis=0)
    kept = np.where(some, 1.0 / np.sqrt(np.maximum(count, 1)), 0.0)
    return Proposal(result, kept.astype(np.float32))
