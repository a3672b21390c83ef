"""Fill from the surroundings, for what no neighbour shows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.inpaint.base import Fill
from filmrestore_core.inpaint.holes import Hole, holes_of
from filmrestore_core.matte import Matte
from filmrestore_core.plate import Plate, luma_of
from filmrestore_core.settings import RepairSettings
from filmrestore_core.temporal.window import AlignedWindow

MARGIN = 12
REACH = 4
# How much more a pixel along an edge counts than one across it.
COHERENCE = 25.0


class SpatialFill:
    """An Inpainter that continues the surroundings into a hole, along edges.

    Layer by layer from the rim inwards, each pixel a weighted mean of known pixels near it, those
    along the local edge first (after Bornemann and März, "Fast image inpainting based on coherence
    transport", 2007).
    """

    def __init__(self, settings: RepairSettings | None = None) -> None:
        """Make one; `settings` has nothing yet that it needs."""
        self.settings = settings or RepairSettings()

    @property
    def radius(self) -> int:
        """No neighbours are looked at."""
        return 0

    def inpaint(self, window: AlignedWindow, mattes: Mapping[int, Matte]) -> Fill:
        """Proposals for every covered pixel."""
        center = window.center
        return fill_from_around(center, mattes[center.number].coverage > 0)


def fill_from_around(
    plate: Plate, wanted: NDArray[np.bool_], guess: NDArray[np.float32] | None = None
) -> Fill:
    """Fill some pixels of a plate from the others.

    Args:
        plate: the picture.
        wanted: (H, W) bool, pixels to fill; they and the not finite ones are not looked at.
        guess: (H, W, C) float32, pixels to use in place of the plate's.
    """
    source = plate.pixels if guess is None else guess
    pixels = source.copy()
    filled = np.zeros(plate.box.shape, np.bool_)
    for hole in holes_of(wanted, wanted | ~plate.finite, margin=MARGIN):
        crop = _continue(source[hole.place], hole)
        pixels[hole.place][hole.own] = crop[hole.own]
        filled[hole.place][hole.own] = True
    return Fill(pixels, filled, np.zeros(plate.box.shape, np.float32))


def _continue(crop: NDArray[np.float32], hole: Hole) -> NDArray[np.float32]:
    import cv2

    result = crop.copy()
    known = ~hole.unknown
    if not known.any():
        return result
    dy, dx = np.mgrid[-REACH : REACH + 1, -REACH : REACH + 1]
    near = (dy * dy + dx * dx <= REACH * REACH) & ((dy != 0) | (dx != 0))
    dy, dx = dy[near], dx[near]
    distance = np.sqrt(dy * dy + dx * dx).astype(np.float32)
    height, width = known.shape
    kernel = np.ones((3, 3), np.uint8)
    while not known.all():
        layer = np.argwhere(~known & cv2.dilate(known.astype(np.uint8), kernel).astype(np.bool_))
        along = _edges(result, known)
        y, x = layer[:, :1] + dy, layer[:, 1:] + dx
        inside = (y >= 0) & (x >= 0) & (y < height) & (x < width)
        y, x = np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)
        direction = along[layer[:, 0], layer[:, 1]]
        across = dx * -direction[:, 1:2] + dy * direction[:, 0:1]
        strength = np.hypot(direction[:, 0:1], direction[:, 1:2])
        weight = np.exp(-COHERENCE * np.square(across) / np.square(distance) / 2.0) / distance
        weight = strength * weight + (1.0 - strength) / distance + 1e-6
        weight = weight * (inside & known[y, x])
        total = weight.sum(1, keepdims=True)
        mean = (weight[..., None] * result[y, x]).sum(1) / np.maximum(total, 1e-12)
        result[layer[:, 0], layer[:, 1]] = mean
        known[layer[:, 0], layer[:, 1]] = True
    return result


def _edges(pixels: NDArray[np.float32], known: NDArray[np.bool_]) -> NDArray[np.float32]:
    """(h, w, 2) float32: direction along the edge, (right, down), long where it is clear."""
    import cv2

    luma = luma_of(pixels)
    weight = known.astype(np.float32)
    blur = cv2.GaussianBlur(luma * weight, (0, 0), 1.0)
    level = cv2.GaussianBlur(weight, (0, 0), 1.0)
    smooth = np.where(level > 1e-4, blur / np.maximum(level, 1e-4), luma)
    solid = cv2.erode(known.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(np.float32)
    gx = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=0.125) * solid
    gy = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=0.125) * solid
    parts = cv2.merge([gx * gx, gx * gy, gy * gy])
    jxx, jxy, jyy = cv2.split(cv2.GaussianBlur(parts, (0, 0), 3.0))
    angle = 0.5 * np.arctan2(2 * jxy, jxx - jyy)
    spread = np.hypot(jxx - jyy, 2 * jxy)
    clear = spread / (jxx + jyy + 1e-6)
    return np.stack([-np.sin(angle) * clear, np.cos(angle) * clear], -1).astype(np.float32)
