"""Made-up damage on one frame, of sizes in pixels, and where it is seen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.matte import DamageClass
from filmrestore_core.synth.density import Tone
from filmrestore_core.synth.mark import Mark, lay
from filmrestore_core.synth.shapes import ShapeSource

# So many marks at least and at most lie on so many pixels.
_FEWEST, _MOST, _ON_PIXELS = 15, 70, 410_000
_HAIRS = 0.3
_BRIGHT = 0.45
_FAINTEST, _STRONGEST = 0.15, 2.0


def speckled(
    picture: NDArray[np.float32], shapes: ShapeSource, density: float, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The frame with marks, and (H, W) float32 how much they changed it (mean of the channels).

    Args:
        picture: (H, W, C) float32 code values.
        shapes: where outlines come from.
        density: marks a pixel.
        rng: of this frame alone.
    """
    height, width = picture.shape[:2]
    marks = []
    for _ in range(max(1, round(density * height * width))):
        mark = _mark(shapes, height, width, rng)
        if mark is not None:
            marks.append(mark)
    laid = lay(marks, picture, Tone.DISPLAY).pixels
    return laid, np.asarray(np.abs(laid - picture).mean(axis=2), np.float32)


def draw_density(rng: np.random.Generator) -> float:
    """Marks a pixel: on a frame of SD size 15 to 70."""
    return float(rng.integers(_FEWEST, _MOST)) / _ON_PIXELS


def _mark(shapes: ShapeSource, height: int, width: int, rng: np.random.Generator) -> Mark | None:
    """A speck of 1.5 to 32 px or a hair of 15 to 90 px; None where it is larger than the frame."""
    import cv2

    if rng.random() < _HAIRS:
        damage_class = DamageClass.HAIR
        length = float(np.exp(rng.uniform(np.log(15), np.log(90))))
        opacity = shapes.hair(rng, length, float(rng.uniform(0.8, 3.0)))
    else:
        damage_class = DamageClass.DIRT
        side = float(np.exp(rng.uniform(np.log(1.5), np.log(32))))
        opacity = shapes.speck(rng, 0.6 * side * side)
    soft, sigma = rng.random() < 0.3, float(rng.uniform(0.4, 1.2))
    if soft:
        opacity = np.asarray(cv2.GaussianBlur(np.pad(opacity, 3), (0, 0), sigma), np.float32)
    high, wide = opacity.shape
    if high >= height or wide >= width:
        return None
    x, y = int(rng.integers(0, width - wide)), int(rng.integers(0, height - high))
    low, top = np.log(_FAINTEST), np.log(_STRONGEST)
    # More strong ones than faint ones: what one sees on film is mostly opaque.
    strength = float(np.exp(low + (top - low) * rng.beta(2.0, 1.1)))
    sign = -1.0 if rng.random() < _BRIGHT else 1.0
    return Mark(damage_class, np.clip(opacity, 0.0, 1.0), x, y, (sign * strength,))
