"""Shapes of damage: the protocol, and shapes drawn by rule."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.synth.noise_line import smooth_field

# Small shapes are drawn this much larger and reduced, so that edges cover pixels in part.
SUPERSAMPLING = 4


class ShapeSource(Protocol):
    """Where the outlines of damage come from; every answer depends on its arguments only."""

    def speck(self, rng: np.random.Generator, area: float) -> NDArray[np.float32]:
        """Opacity (h, w) float32 0..1 of a speck of about `area` px."""
        ...

    def hair(self, rng: np.random.Generator, length: float, width: float) -> NDArray[np.float32]:
        """Opacity (h, w) float32 0..1 of a fibre, `length` and `width` in px."""
        ...

    def stain(self, rng: np.random.Generator, area: float) -> NDArray[np.float32]:
        """Opacity (h, w) float32 0..1 of a blotch of about `area` px."""
        ...


class ProceduralShapes:
    """Shapes drawn by rule; needs no files."""

    def speck(self, rng: np.random.Generator, area: float) -> NDArray[np.float32]:
        """A ragged grain, sometimes a clump of several.

        Args:
            rng: where the shape comes from.
            area: px.
        """
        pieces = 1 if rng.random() < 0.75 or area < 6 else int(rng.integers(2, 5))
        radius = np.sqrt(area / np.pi / pieces)
        side = int(np.ceil(radius * (3.2 if pieces == 1 else 6.0))) + 4
        # The edge is soft already; only small grains need finer samples.
        factor = SUPERSAMPLING if radius < 3 else 1
        places = (np.arange(side * factor, dtype=np.float32) + 0.5) / factor - 0.5
        rows, columns = places[:, None], places[None, :]
        opacity = np.zeros((side * factor, side * factor), np.float32)
        softness = rng.uniform(0.35, 1.1)
        for _ in range(pieces):
            wander = 0.0 if pieces == 1 else radius * 0.9
            middle = (side - 1) / 2 + rng.uniform(-0.5, 0.5, 2)
            middle += np.clip(rng.normal(0, 1, 2), -1.5, 1.5) * wander
            opacity = np.maximum(
                opacity, _grain(rng, rows - middle[0], columns - middle[1], radius, softness)
            )
        return reduced(opacity, factor)

    def hair(self, rng: np.random.Generator, length: float, width: float) -> NDArray[np.float32]:
        """A fibre whose direction wanders.

        Args:
            rng: where the shape comes from.
            length: px along the fibre.
            width: px across.
        """
        points = fibre(rng, length, curl=float(rng.gamma(1.5, 1.2)))
        return stroke(points, width, np.ones(len(points)), softness=rng.uniform(0.25, 0.6))

    def stain(self, rng: np.random.Generator, area: float) -> NDArray[np.float32]:
        """A soft blotch, of two tones, sometimes with a darker rim as of dried water.

        Args:
            rng: where the shape comes from.
            area: px.
        """
        side = int(np.ceil(2.6 * np.sqrt(area / np.pi))) + 8
        rows, columns = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j].astype(np.float32)
        stretch = rng.uniform(0.6, 1.0)
        turn = rng.uniform(0, np.pi)
        u = rows * np.cos(turn) + columns * np.sin(turn)
        v = (columns * np.cos(turn) - rows * np.sin(turn)) / stretch
        inside = 0.62 - np.hypot(u, v) + 0.16 * smooth_field(rng, side, side, 3, octaves=4)
        edge = rng.uniform(0.02, 0.12)
        body = np.clip(inside / edge, 0, 1)
        tone = np.clip(0.75 + 0.2 * smooth_field(rng, side, side, 4, octaves=3), 0.3, 1)
        opacity = body * tone
        if rng.random() < 0.5:
            rim = np.exp(-((inside - edge) ** 2) / (2 * (0.6 * edge) ** 2))
            opacity = np.maximum(opacity * rng.uniform(0.15, 0.8), rim)
        return np.asarray(np.clip(opacity, 0, 1), np.float32)


def _grain(
    rng: np.random.Generator,
    dy: NDArray[np.float32],
    dx: NDArray[np.float32],
    radius: float,
    softness: float,
) -> NDArray[np.float32]:
    """One ragged grain: an ellipse whose outline has harmonics, the more the larger it is."""
    around = np.linspace(-np.pi, np.pi, 129)
    stretch, turn = np.exp(rng.normal(0, 0.22)), rng.uniform(0, np.pi)
    outline = radius / np.hypot(np.cos(around - turn) / stretch, np.sin(around - turn) * stretch)
    for harmonic in range(2, 4 + int(min(28, 2 * radius))):
        size = rng.normal(0, 0.22 / harmonic)
        outline *= 1 + size * np.cos(harmonic * around + rng.uniform(0, 2 * np.pi))
    reach = np.interp(np.arctan2(dy, dx), around, outline)
    inside = (reach - np.hypot(dy, dx)) / softness + 0.5
    return np.asarray(np.clip(inside, 0, 1), np.float32)


def fibre(
    rng: np.random.Generator, length: float, *, curl: float, heading: float | None = None
) -> NDArray[np.float64]:
    """Points (n, 2) of a curve, x and y in px, from (0, 0) on; its bend wanders.

    Args:
        rng: where the curve comes from.
        length: px along the curve.
        curl: typical turning over the whole length, rad.
        heading: direction at the root, rad, 0 to the right and growing downwards; None: any.
    """
    steps = max(8, int(length / 2))
    bend = np.cumsum(rng.normal(0, 1, steps))
    bend = bend / np.sqrt(steps) * 2 + rng.normal(0, 1)
    kinks = (rng.random(steps) < 2 / steps) * rng.normal(0, 0.5, steps)
    start = rng.uniform(0, 2 * np.pi) if heading is None else heading
    angle = start + np.cumsum(bend) * curl / steps + np.cumsum(kinks)
    step = length / steps
    walk = np.stack([np.cos(angle), np.sin(angle)], axis=-1) * step
    return np.concatenate([np.zeros((1, 2)), np.cumsum(walk, axis=0)])


def stroke(
    points: NDArray[np.float64],
    width: float,
    thickness: NDArray[np.float64],
    *,
    softness: float,
) -> NDArray[np.float32]:
    """Opacity (h, w) float32 of a line through points, as small as holds it.

    The corner of the stamp lies at floor(points.min) - margin, see `stroke_margin`.

    Args:
        points: (n, 2) x and y, px.
        width: px.
        thickness: (n,) share of the width at each point.
        softness: sigma of the edge, px.
    """
    import cv2

    margin = stroke_margin(width)
    corner = np.floor(points.min(axis=0)) - margin
    size = np.ceil(points.max(axis=0)).astype(int) + margin + 1 - corner.astype(int)
    fine = np.zeros((size[1] * SUPERSAMPLING, size[0] * SUPERSAMPLING), np.uint8)
    # Pixel centres lie half a pixel in; cv2's sub-pixel coordinates have 4 fractional bits.
    places = np.round(((points - corner + 0.5) * SUPERSAMPLING - 0.5) * 16).astype(np.int32)
    for a, b, share in zip(places[:-1], places[1:], thickness[:-1], strict=True):
        line = max(1, round(width * share * SUPERSAMPLING))
        cv2.line(fine, a.tolist(), b.tolist(), 255, line, cv2.LINE_AA, 4)
    opacity = reduced(fine.astype(np.float32) / np.float32(255), SUPERSAMPLING)
    thin = width * SUPERSAMPLING
    if thin < 1:
        opacity *= np.float32(thin)
    return np.asarray(cv2.GaussianBlur(opacity, (0, 0), softness), np.float32)


def stroke_margin(width: float) -> int:
    """Pixels that `stroke` leaves around its points."""
    return int(np.ceil(width / 2)) + 3


def reduced(fine: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    """A stamp drawn `factor` times as large at its own size; sides are multiples of it."""
    rows, columns = (n // factor for n in fine.shape)
    blocks = fine.reshape(rows, factor, columns, factor)
    mean: NDArray[np.float32] = blocks.mean(axis=(1, 3), dtype=np.float32)
    return mean
