"""Fill from the surroundings, for what no neighbour shows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.grain.denoise import SIZE
from filmrestore_core.grain.estimate import estimate_grain
from filmrestore_core.grain.model import GrainModel
from filmrestore_core.inpaint.base import Fill
from filmrestore_core.inpaint.coherence import continue_into
from filmrestore_core.inpaint.holes import holes_of
from filmrestore_core.matte import Matte
from filmrestore_core.plate import Plate, luma_of
from filmrestore_core.settings import RepairSettings
from filmrestore_core.temporal.window import AlignedWindow

MARGIN = 12


class SpatialFill:
    """An Inpainter that continues the surroundings into a hole, along edges."""

    def __init__(self, settings: RepairSettings | None = None) -> None:
        """Make one; `settings` has nothing yet that it needs."""
        self.settings = settings or RepairSettings()

    @property
    def radius(self) -> int:
        """No neighbours are looked at."""
        return 0

    def inpaint(self, window: AlignedWindow, mattes: Mapping[int, Matte]) -> Fill:
        """Proposals for every covered pixel, unless the whole picture is unknown."""
        center = window.center
        matte = mattes[center.number]
        grain = estimate_grain(center, matte) if not matte.is_empty else None
        return fill_from_around(center, matte.coverage > 0, grain=grain)


def fill_from_around(
    plate: Plate,
    wanted: NDArray[np.bool_],
    *,
    grain: GrainModel | None = None,
    guess: NDArray[np.float32] | None = None,
) -> Fill:
    """Fill some pixels of a plate from the others.

    What lies so deep in damage that a crop around it holds no known pixel is reached from crops
    that were filled before, or stays unfilled where the whole picture is unknown.

    Args:
        plate: the picture.
        wanted: (H, W) bool, pixels to fill; they and the not finite ones are not looked at.
        grain: of the plate; None where it has none.
        guess: (H, W, C) float32, pixels to use in place of the plate's.
    """
    pixels = np.array(plate.pixels if guess is None else guess, np.float32, copy=True)
    blind = wanted | ~plate.finite
    fineness = None if grain is None else grain.cosine_deviation(SIZE)[..., None]
    filled = np.zeros(plate.box.shape, np.bool_)
    rest = wanted
    while rest.any():
        source, before = pixels.copy(), np.count_nonzero(filled)
        for hole in holes_of(rest, blind & ~filled, margin=MARGIN):
            if not hole.unknown.all():
                crop = source[hole.place]
                noise = None
                if grain is not None and fineness is not None:
                    level = luma_of(crop)[~hole.unknown]
                    noise = fineness * grain.strength_at(level).mean(0)
                crop = continue_into(crop, hole, noise)
                pixels[hole.place][hole.own] = crop[hole.own]
                filled[hole.place][hole.own] = True
        if np.count_nonzero(filled) == before:
            break
        rest = wanted & ~filled
    return Fill(pixels, filled, np.zeros(plate.box.shape, np.float32))
