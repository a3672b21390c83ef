"""Continue a picture into a hole along its edges, from both sides."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.grain.denoise import denoise
from filmrestore_core.inpaint.holes import Hole
from filmrestore_core.plate import luma_of

# First guess: how far known pixels are gathered from, px, and how much those along an edge count.
REACH = 4
COHERENCE = 25.0
# Settling: how sharply pixels along an edge are preferred; a little of all four neighbours always.
SHARPNESS = 20.0
ISOTROPIC = 0.02
# Cosine coefficients below this many standard deviations of the grain are grain.
THRESHOLD = 2.0
# Gradients weaker than this squared are no edge.
FAINT = 1e-4
# Steps of one accelerated cycle; the edges are looked at anew before each.
STEPS = 10
CYCLES = 2


def continue_into(
    crop: NDArray[np.float32], hole: Hole, grain: NDArray[np.float32] | None = None
) -> NDArray[np.float32]:
    """The crop with its unknown pixels made up.

    First layer by layer from the rim inwards, each pixel a weighted mean of known ones near it,
    those along the local edge first (after Bornemann and März, "Fast image inpainting based on
    coherence transport", 2007). Then edge-directed diffusion lets what came from opposite sides
    meet without a step (Weickert, "Coherence-enhancing diffusion filtering", 1999; stepped as in
    Hafner et al., "FSI schemes: fast semi-iterative solvers for PDEs and optimization methods",
    2016).

    Args:
        crop: (h, w, C) float32; unknown pixels are not looked at.
        hole: says which pixels are unknown.
        grain: (8, 8, C) float32, the grain's standard deviation per cosine coefficient: the
            grain of the rim is taken out first, or it would be drawn out into streaks.

    Returns:
        (h, w, C) float32; as it came where it holds no known pixel. Known pixels may have lost
        their grain.
    """
    if hole.unknown.all():
        return crop.copy()
    guess = _transported(crop, hole.unknown)
    if grain is not None and grain.any():
        guess = denoise(guess, grain, threshold=THRESHOLD, step=4)
    return _settled(guess, hole.unknown)


def _transported(crop: NDArray[np.float32], unknown: NDArray[np.bool_]) -> NDArray[np.float32]:
    import cv2

    result, known = crop.copy(), ~unknown
    offsets = _disc(REACH * REACH)
    dy, dx = offsets[:, 0], offsets[:, 1]
    distance = np.hypot(dy, dx).astype(np.float32)
    height, width = known.shape
    kernel = np.ones((3, 3), np.uint8)
    while not known.all():
        layer = np.argwhere(~known & cv2.dilate(known.astype(np.uint8), kernel).astype(np.bool_))
        along, clear = _edges_of_known(result, known)
        y, x = layer[:, :1] + dy, layer[:, 1:] + dx
        inside = (y >= 0) & (x >= 0) & (y < height) & (x < width)
        y, x = np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)
        at = layer[:, 0], layer[:, 1]
        across = dy * along[at][:, :1] - dx * along[at][:, 1:]
        strength = clear[at][:, None]
        weight = np.exp(np.square(across / distance) * np.float32(-COHERENCE / 2)) * strength
        weight = (weight + (1 - strength)) / distance + np.float32(1e-6)
        weight = weight * (inside & known[y, x])
        mean = np.einsum("nk,nkc->nc", weight, result[y, x])
        result[at] = mean / np.maximum(weight.sum(1, keepdims=True), np.float32(1e-12))
        known[at] = True
    return result


def _edges_of_known(
    pixels: NDArray[np.float32], known: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Directions from known pixels alone: see _directions."""
    import cv2

    weight = known.astype(np.float32)
    share = cv2.GaussianBlur(weight, (0, 0), 1.0)
    blurred = cv2.GaussianBlur(luma_of(pixels) * weight, (0, 0), 1.0)
    smooth = blurred / np.maximum(share, np.float32(1e-4))
    solid = cv2.erode(known.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(np.float32)
    return _directions(np.asarray(smooth, np.float32), solid, 1e-6)


def _directions(
    smooth: NDArray[np.float32], solid: NDArray[np.float32], faint: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(h, w, 2) unit vectors (right, down) along the edges, and (h, w) 0..1 how clear they are."""
    import cv2

    gx = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=0.125) * solid
    gy = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=0.125) * solid
    parts = cv2.GaussianBlur(cv2.merge([gx * gx, gx * gy, gy * gy]), (0, 0), 3.0)
    jxx, jxy, jyy = parts[..., 0], parts[..., 1], parts[..., 2]
    angle = np.arctan2(2 * jxy, jxx - jyy) / 2
    clear = np.hypot(jxx - jyy, 2 * jxy) / (jxx + jyy + np.float32(faint))
    along = np.stack([-np.sin(angle), np.cos(angle)], -1)
    return np.asarray(along, np.float32), np.asarray(clear, np.float32)


def _settled(crop: NDArray[np.float32], unknown: NDArray[np.bool_]) -> NDArray[np.float32]:
    import cv2

    height, width, channels = crop.shape
    offsets = _disc(5)
    places = np.argwhere(unknown)
    y, x = places[:, 0] + offsets[:, :1], places[:, 1] + offsets[:, 1:]
    inside = (y >= 0) & (x >= 0) & (y < height) & (x < width)
    around = np.where(inside, y * width + x, 0)
    own = places[:, 0] * width + places[:, 1]
    distance = np.hypot(offsets[:, :1], offsets[:, 1:]).astype(np.float32)
    flat = crop.reshape(-1, channels).copy()
    everywhere = np.ones((height, width), np.float32)
    for _ in range(CYCLES):
        smooth = cv2.GaussianBlur(luma_of(flat.reshape(crop.shape)), (0, 0), 1.0)
        along, clear = _directions(np.asarray(smooth, np.float32), everywhere, FAINT)
        tangent, strength = along[unknown], clear[unknown]
        across = (offsets[:, :1] * tangent[:, 0] - offsets[:, 1:] * tangent[:, 1]) / distance
        weight = strength * np.exp(np.square(across) * np.float32(-SHARPNESS))
        weight += (1 - strength + np.float32(ISOTROPIC)) * (distance < 1.1)
        weight = weight / distance * inside
        weight = (weight / weight.sum(0)).astype(np.float32)
        before = now = flat[own]
        for step in range(STEPS):
            flat[own] = now
            mean = np.einsum("kn,knc->nc", weight, flat[around])
            relaxed = now + np.float32(0.9) * (mean - now)
            # The first step is a plain one; later ones carry momentum.
            gain = np.float32((4 * step + 2) / (2 * step + 3) if step else 1.0)
            now, before = gain * relaxed + (1 - gain) * before, now
        flat[own] = now
    return flat.reshape(crop.shape)


def _disc(square: int) -> NDArray[np.int64]:
    """(K, 2) offsets (down, right) within sqrt(square) px, without (0, 0)."""
    reach = int(np.sqrt(square))
    down, right = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    length = down * down + right * right
    near = (length <= square) & (length > 0)
    return np.stack([down[near], right[near]], -1)
