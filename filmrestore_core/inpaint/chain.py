"""Neighbours first, then the surroundings, per pixel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from filmrestore_core.grain.estimate import estimate_grain
from filmrestore_core.grain.model import GrainModel
from filmrestore_core.inpaint.base import FILL_METHODS, Fill
from filmrestore_core.inpaint.routing import only_neighbors
from filmrestore_core.inpaint.spatial_fill import fill_from_around
from filmrestore_core.inpaint.temporal_fill import TemporalFill
from filmrestore_core.matte import Matte
from filmrestore_core.settings import RepairMethod, RepairSettings
from filmrestore_core.temporal.window import AlignedWindow


class ChainFill:
    """An Inpainter that takes what neighbours show and continues the surroundings elsewhere."""

    def __init__(self, settings: RepairSettings | None = None) -> None:
        """Make one.

        Args:
            settings: says which ways of filling may be used.
        """
        self.settings = settings or RepairSettings()

    @property
    def radius(self) -> int:
        """How many frames on each side it wants to see."""
        method = self.settings.method
        return 0 if method in (RepairMethod.SPATIAL, RepairMethod.NONE) else 2

    def inpaint(
        self,
        window: AlignedWindow,
        mattes: Mapping[int, Matte],
        *,
        grain: GrainModel | None = None,
    ) -> Fill:
        """Proposals for the covered pixels.

        Every covered pixel is filled, unless the whole picture is covered, but method temporal
        leaves those that no neighbour shows, and none leaves all.

        Args:
            window: aligned around the frame to fill.
            mattes: frame number -> matte, for the center and for each neighbour that may lend.
            grain: of the center; estimated where needed and None.
        """
        center = window.center
        method = self.settings.method
        wanted = mattes[center.number].coverage > 0
        methods = np.zeros(center.box.shape, np.uint8)
        if grain is None and method is not RepairMethod.NONE and wanted.any():
            grain = estimate_grain(window, mattes[center.number])
        if method is RepairMethod.NONE or method is RepairMethod.SPATIAL or not wanted.any():
            nothing = np.zeros(center.box.shape, np.float32)
            fill = Fill(center.pixels, np.zeros(center.box.shape, np.bool_), nothing)
        else:
            fill = TemporalFill(self.settings).inpaint(window, mattes, grain=grain)
            methods[fill.filled] = FILL_METHODS.index("temporal")
        rest = wanted & ~fill.filled
        if method in (RepairMethod.TEMPORAL, RepairMethod.NONE) or not rest.any():
            return replace(fill, methods=methods)
        more = fill_from_around(center, rest, grain=grain, guess=fill.pixels)
        methods[more.filled] = FILL_METHODS.index("spatial")
        return replace(fill, pixels=more.pixels, filled=fill.filled | more.filled, methods=methods)


def fill_frame(
    window: AlignedWindow,
    mattes: Mapping[int, Matte],
    settings: RepairSettings,
    *,
    grain: GrainModel | None = None,
) -> Fill:
    """Fill the covered pixels of a window's center; see ChainFill.inpaint.

    Classes of damage of which the settings say otherwise are filled as they say: what neighbours
    alone may fill stays unfilled where they do not show it.
    """
    if not settings.by_class or settings.method in (RepairMethod.SPATIAL, RepairMethod.NONE):
        return ChainFill(settings).inpaint(window, mattes, grain=grain)
    both = settings.model_copy(update={"method": RepairMethod.CLASSICAL})
    fill = ChainFill(both).inpaint(window, mattes, grain=grain)
    if fill.methods is None:
        return fill
    only = only_neighbors(mattes[window.center.number], settings)
    dropped = only & (fill.methods == FILL_METHODS.index("spatial"))
    if not dropped.any():
        return fill
    return replace(
        fill,
        pixels=np.where(dropped[..., None], window.center.pixels, fill.pixels),
        filled=fill.filled & ~dropped,
        methods=np.where(dropped, np.uint8(0), fill.methods),
    )
