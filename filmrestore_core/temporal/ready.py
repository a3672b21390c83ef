"""ReadyPlate: what alignment needs of one plate, whichever window it stands in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.plate import Plate
from filmrestore_core.temporal.brightness import ROWS, cell_grid, cells
from filmrestore_core.temporal.motion import MatchPicture, match_picture, matching_step, shrink

# Least side, in pixels, of the cells that color is averaged over before it is matched.
_LEAST_CELL = 6


@dataclass(frozen=True, eq=False)
class ReadyPlate:
    """A plate made ready to be aligned, as center or as neighbour.

    It depends on the plate alone, so it may be kept for the next window.

    Attributes:
        plate: the plate.
        step: plate pixels to a matching pixel, along each axis.
        luma: (H, W) float32 of the plate.
        picture: the plate at the matching size.
        finite: (h, w) float32 at the matching size, share of each pixel that is picture; None
            where all are.
    """

    plate: Plate
    step: int
    luma: NDArray[np.float32]
    picture: MatchPicture
    finite: NDArray[np.float32] | None

    @property
    def color_step(self) -> int:
        """Plate pixels to a pixel of `colors`."""
        return self.step if self.picture.luma.shape[0] < 2 * ROWS * _LEAST_CELL else 2 * self.step

    @cached_property
    def colors(self) -> NDArray[np.float32]:
        """(h, w, C) float32, the plate shrunk as far as its brightness can do with."""
        return shrink(self.plate.pixels, self.color_step)

    @cached_property
    def color_cells(self) -> NDArray[np.float32]:
        """(rows, columns, C) float32: `colors` in as many cells as the matching picture has."""
        return cells(self.colors, cell_grid(*self.picture.luma.shape))

    @cached_property
    def whole(self) -> NDArray[np.float32]:
        """(H, W) float32, 1 where all samples within a cubic kernel's reach are picture."""
        import cv2

        finite = self.plate.finite.astype(np.uint8)
        # A cubic kernel reaches two pixels.
        return np.asarray(cv2.erode(finite, np.ones((5, 5), np.uint8), borderValue=1), np.float32)

    @property
    def most_bytes(self) -> int:
        """Bytes of all this may hold beyond the plate itself."""
        picture = self.picture
        own = picture.levels.nbytes + (picture.luma.nbytes if self.step > 1 else 0)
        if self.finite is not None:
            own += self.finite.nbytes + self.luma.nbytes
        if not self.plate.is_monochrome:
            own += self.luma.nbytes
        if self.color_step > 1:
            height, width, channels = self.plate.pixels.shape
            small = -(-height // self.color_step) * -(-width // self.color_step)
            own += 4 * channels * small
        return own


def ready_plate(plate: Plate) -> ReadyPlate:
    """The plate made ready to be aligned."""
    step = matching_step(*plate.box.shape)
    luma = plate.luma
    finite = None if plate.finite.all() else shrink(plate.finite.astype(np.float32), step)
    return ReadyPlate(plate, step, luma, match_picture(shrink(luma, step)), finite)
