"""Plate: the picture in the working encoding, as algorithms see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.frame import frozen_array

# BT.709 weights: a fixed rule for "how bright", not a colour conversion.
LUMA_WEIGHTS = (0.2126, 0.7152, 0.0722)


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Plate:
    """A picture in the working encoding: perceptually even, black about 0, white about 1.

    Display and log encodings are themselves (code / largest code); scene-linear pictures go
    through the ACEScct curve. So one step of 0.01 looks about the same everywhere.

    Attributes:
        number: frame number.
        pixels: (H, W, C) float32, C is 3 (RGB) or 1 (monochrome), unbounded, finite.
        box: where pixels[0, 0] lies in the clip's coordinates (the data window).
        finite: (H, W) bool; False where the stored sample was NaN or infinite (the pixel holds a
            neutral stand-in) or where a neighbour with another window has no picture.
    """

    number: int
    pixels: NDArray[np.float32]
    box: Box
    finite: NDArray[np.bool_]

    def __post_init__(self) -> None:
        """Freeze the arrays.

        Raises:
            ValueError: shapes or dtype do not fit.
        """
        shape = self.pixels.shape
        if self.pixels.dtype != np.float32 or len(shape) != 3 or shape[2] not in (1, 3):
            raise ValueError(f"A plate is (H, W, 1 or 3) float32, not {shape} {self.pixels.dtype}.")
        if shape[:2] != self.box.shape or self.finite.shape != self.box.shape:
            raise ValueError(f"The plate's arrays {shape[:2]} do not fit its box {self.box}.")
        frozen_array(self.pixels)
        frozen_array(self.finite)

    @property
    def is_monochrome(self) -> bool:
        """True where there is one channel."""
        return int(self.pixels.shape[2]) == 1

    @property
    def luma(self) -> NDArray[np.float32]:
        """(H, W) float32: the weighted sum of RGB, or the one channel."""
        return luma_of(self.pixels)


def luma_of(pixels: NDArray[Any]) -> NDArray[np.float32]:
    """Brightness of (H, W, 1 or 3) float32 pixels as (H, W) float32."""
    if pixels.shape[2] == 1:
        return np.ascontiguousarray(pixels[..., 0])
    weights = np.asarray(LUMA_WEIGHTS, np.float32)
    luma: NDArray[np.float32] = pixels @ weights
    return luma


class PlateSource(Protocol):
    """Gives plates by frame number; rooms that need neighbours ask this and know no files."""

    def plate(self, number: int) -> Plate | None:
        """The plate of a frame, or None where the clip has no readable frame of that number."""
        ...
