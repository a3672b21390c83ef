"""Inpainter: says what was there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.color.encoding import Encoding
from filmrestore_core.frame import frozen_array
from filmrestore_core.grain.model import GrainModel
from filmrestore_core.matte import Matte
from filmrestore_core.report import RepairCost
from filmrestore_core.temporal.window import AlignedWindow

# What may have filled a pixel; Fill.methods holds indices into this.
FILL_METHODS = ("none", "temporal", "spatial", "net", "diffusion", "lifted")


@dataclass(frozen=True, slots=True, eq=False)
class Fill:
    """What an inpainter proposes.

    Attributes:
        pixels: (H, W, C) float32, working encoding; equal to the center plate where not filled.
        filled: (H, W) bool, where pixels hold a proposal; a subset of matte coverage > 0.
        grain_kept: (H, W) float32 0..1, the share of a full-strength, fresh, matching grain
            that the proposal already carries (0 for a denoised fill).
        methods: (H, W) uint8, index into FILL_METHODS of what filled each pixel, 0 where nothing
            did; None where the inpainter has only one way.
        detail_lost: (H, W) float32 0..1, energy of fine detail that the proposal lacks, as a share
            of the grain's energy; None where nothing is known of it.
    """

    pixels: NDArray[np.float32]
    filled: NDArray[np.bool_]
    grain_kept: NDArray[np.float32]
    methods: NDArray[np.uint8] | None = None
    costs: Mapping[str, RepairCost] = field(default_factory=dict)
    detail_lost: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        """Freeze the arrays."""
        for array in (self.pixels, self.filled, self.grain_kept):
            frozen_array(array)
        if self.detail_lost is not None:
            frozen_array(self.detail_lost)
        if self.methods is not None:
            frozen_array(self.methods)


class Inpainter(Protocol):
    """Proposes pixels for what a matte covers.

    The result depends on the window, the mattes and the settings given at construction only.
    """

    @property
    def radius(self) -> int:
        """How many frames on each side it wants to see (0: none)."""
        ...

    def inpaint(self, window: AlignedWindow, mattes: Mapping[int, Matte]) -> Fill:
        """Proposals for the covered pixels of the window's center.

        Args:
            window: aligned around the frame to fill.
            mattes: frame number -> matte, for the center and for each neighbour that may lend
                pixels; a neighbour without a matte may not lend any.
        """
        ...


class Bettering(Protocol):
    """Betters what another has filled."""

    def better(
        self,
        window: AlignedWindow,
        mattes: Mapping[int, Matte],
        first: Fill,
        *,
        grain: GrainModel,
        encoding: Encoding,
        should_stop: Callable[[], bool],
    ) -> Fill:
        """The fill with its pixels bettered; what `first` did not fill stays unfilled.

        Args:
            window: aligned around the frame to fill.
            mattes: frame number -> matte, as for `Inpainter.inpaint`.
            first: what is to be bettered; it says of each pixel what filled it.
            grain: of the center.
            encoding: what the stored code values of the center mean.
            should_stop: asked often.

        Raises:
            DeviceError: the device failed.
            Stopped: it was asked to.
        """
        ...
