"""Mark: one piece of damage on one frame; laying marks onto a picture."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.matte import DamageClass
from filmrestore_core.synth.density import Tone, deepest, density_of, pixels_of


@dataclass(frozen=True, slots=True, eq=False)
class Mark:
    """One piece of damage on one frame.

    Attributes:
        damage_class: what it is called in the mattes.
        opacity: (h, w) float32 0..1, the share of each pixel that the mark covers.
        x: column of opacity[0, 0] in the frame, px; may be negative.
        y: row of opacity[0, 0] in the frame, px; may be negative.
        density: density that the mark adds to the positive, one value or one per channel. Above 0:
            darker (on a print, or in the camera's gate). Below 0: brighter (on the negative it
            keeps light from the print).
    """

    damage_class: DamageClass
    opacity: NDArray[np.float32]
    x: int
    y: int
    density: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """What marks made of a picture.

    Attributes:
        pixels: (H, W, C) float32; equal bits where no mark lies.
        strength: class -> (H, W) float32 0..1, the share of the light that marks of this class
            changed: opacity times 1 - 10**-|density|.
    """

    pixels: NDArray[np.float32]
    strength: dict[DamageClass, NDArray[np.float32]]


def lay(marks: Iterable[Mark], pixels: NDArray[np.float32], tone: Tone) -> Laid:
    """Marks composited onto a picture, in density.

    A mark of density d that covers a share a of a pixel lets 1 - a (1 - 10**-|d|) of the light
    through; densities of several marks add up. The result is held between white and black, except
    where the picture itself lies beyond.

    Args:
        marks: in any order.
        pixels: (H, W, C) float32, code values 0 to 1.
        tone: what code values mean.
    """
    height, width, channels = pixels.shape
    added = np.zeros(pixels.shape, np.float32)
    strength: dict[DamageClass, NDArray[np.float32]] = {}
    for mark in marks:
        h, w = mark.opacity.shape
        top, left = max(0, mark.y), max(0, mark.x)
        bottom, right = min(height, mark.y + h), min(width, mark.x + w)
        if top >= bottom or left >= right:
            continue
        opacity = mark.opacity[top - mark.y : bottom - mark.y, left - mark.x : right - mark.x]
        density = np.broadcast_to(np.asarray(mark.density, np.float32), (channels,))
        stopped = (1 - np.float32(10) ** -np.abs(density)).astype(np.float32)
        share = opacity[..., None] * stopped
        added[top:bottom, left:right] -= np.sign(density) * np.log10(1 - share)
        plane = strength.setdefault(mark.damage_class, np.zeros((height, width), np.float32))
        view = plane[top:bottom, left:right]
        np.maximum(view, share.max(axis=-1), out=view)
    touched = np.any(added != 0, axis=-1)
    laid = pixels.copy()
    if touched.any():
        before = density_of(pixels[touched], tone)
        black = np.float32(deepest(tone))
        after = np.clip(
            before + added[touched], np.minimum(before, 0), np.maximum(before, black)
        ).astype(np.float32)
        laid[touched] = pixels_of(after, tone)
    return Laid(laid, strength)
