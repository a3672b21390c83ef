"""DiffusionInpainter: large holes, and those that no neighbour shows, by a pretrained pipeline."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.color.display import display_values, working_of_display
from filmrestore_core.color.encoding import Encoding
from filmrestore_core.grain.denoise import SIZE, denoise
from filmrestore_core.grain.model import GrainModel
from filmrestore_core.inpaint.base import FILL_METHODS, Fill
from filmrestore_core.inpaint.drawn import with_drawn
from filmrestore_core.inpaint.planes import spoiled_neighbors
from filmrestore_core.inpaint.routing import large_or_unseen
from filmrestore_core.learning.diffusion.crops import Crop, crops_of
from filmrestore_core.learning.diffusion.pipeline import LoadedPipeline, load
from filmrestore_core.matte import Matte
from filmrestore_core.noise import generator
from filmrestore_core.plate import luma_of
from filmrestore_core.runtime.device import Device
from filmrestore_core.settings import DiffusionSettings
from filmrestore_core.temporal.window import AlignedWindow

# Holes of which neighbours lack this share are the model's, however small.
HALF = 0.5
# Coefficients below this many deviations of the grain are grain.
THRESHOLD = 2.7
# Color of an area: differences softer than this, px, are the coder's error and are mended.
SOFT = 8.0

TEMPORAL = FILL_METHODS.index("temporal")
Picture = NDArray[np.float32]
Mask = NDArray[np.bool_]


def open_inpainter(
    settings: DiffusionSettings, *, seed: int, device: Device
) -> tuple[DiffusionInpainter, dict[str, str]]:
    """The inpainter that the settings name, and all its answers depend on beside its input.

    Raises:
        SettingsError: the folder cannot be used.
        DeviceError: the device is not there.
        ImportError: a library is not installed.
    """
    pipeline, identity = load(settings.model, device)
    pipeline.check(settings)
    return DiffusionInpainter(pipeline, settings, seed=seed), identity


class DiffusionInpainter:
    """Betters a first fill by a pipeline, crop by crop on a lattice of the clip.

    The model is shown the picture without grain, which it would else invent and which would stand
    still; the film's own is put on afterwards. Of what it answers only the holes are taken, and
    what its coder alone makes of the first fill is counted out.
    """

    def __init__(
        self, pipeline: LoadedPipeline, settings: DiffusionSettings, *, seed: int = 0
    ) -> None:
        """Make one.

        Args:
            pipeline: who draws.
            settings: how.
            seed: the user's seed.
        """
        self._pipeline, self._settings, self._seed = pipeline, settings, seed

    def better(
        self,
        window: AlignedWindow,
        mattes: Mapping[int, Matte],
        first: Fill,
        *,
        grain: GrainModel,
        encoding: Encoding,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> Fill:
        """The fill with the holes that are the model's drawn anew; see `Bettering.better`.

        A hole is the model's where it is as large as the settings say, or where no neighbour
        shows most of it. All noise is keyed by the seed and the place, not by the frame, so that
        a fill stands still where the picture does.
        """
        by_neighbors = np.zeros(first.filled.shape, np.bool_)
        if first.methods is not None:
            by_neighbors = first.methods == TEMPORAL
        wanted = large_or_unseen(
            first.filled, by_neighbors, large_from=self._settings.min_area, unseen_from=HALF
        )
        if not wanted.any():
            return first
        shown = _shown(window, mattes) * by_neighbors
        box = window.center.box
        pixels, left = first.pixels.copy(), wanted.copy()
        began, tiles = time.perf_counter(), 0
        for crop in crops_of(wanted, origin=(box.x, box.y), side=self._pipeline.side):
            # What was drawn before in this frame is known now, so that crops meet without a seam.
            made = self._draw(crop, pixels, left, shown, grain, encoding, should_stop)
            pixels[crop.place][crop.own] = made[crop.own]
            left[crop.place] &= ~crop.own
            tiles += crop.box.area
        return with_drawn(first, pixels, wanted, tiles=tiles, seconds=time.perf_counter() - began)

    def _draw(
        self,
        crop: Crop,
        pixels: Picture,
        left: Mask,
        shown: Picture,
        grain: GrainModel,
        encoding: Encoding,
        should_stop: Callable[[], bool],
    ) -> Picture:
        """(h, w, C) working values of a crop."""
        hole, height, width = left[crop.place], crop.box.height, crop.box.width
        plain = _without_grain(pixels[crop.place], grain)
        seen = display_values(plain, encoding)
        three = np.repeat(seen, 3, axis=2) if seen.shape[2] == 1 else seen
        picture = np.clip(three, 0.0, 1.0).astype(np.float32)
        pad = [(0, -n % self._pipeline.multiple) for n in (height, width)]
        drawn = self._pipeline.draw(
            np.pad(picture, [*pad, (0, 0)], mode="symmetric"),
            np.pad(hole, pad, mode="symmetric"),
            np.pad(shown[crop.place], pad, mode="symmetric"),
            self._settings,
            seed=int(generator(self._seed, "diffusion", *crop.key).integers(2**63)),
            should_stop=should_stop,
        )
        lost = picture - drawn.kept[:height, :width]
        soft = _softened(lost)
        trust = (self._settings.fidelity * shown[crop.place])[..., None]
        made = drawn.made[:height, :width] + soft + trust * (lost - soft)
        if seen.shape[2] == 1:
            made = luma_of(made)[..., None]
        # What the model could not be shown, darker than black or brighter than white, stays.
        beyond = ((seen < 0.0) | (seen > 1.0)).any(axis=2, keepdims=True)
        found = working_of_display(np.clip(made, 0.0, 1.0), encoding)
        return np.where(beyond | ~np.isfinite(found), plain, found)


def _shown(window: AlignedWindow, mattes: Mapping[int, Matte]) -> Picture:
    """(H, W) float32 0..1: how far the best neighbour shows a pixel."""
    spoiled = spoiled_neighbors(window, mattes)
    best = np.zeros(window.center.box.shape, np.float32)
    for neighbor in window.neighbors:
        np.maximum(best, neighbor.validity * (1.0 - spoiled[neighbor.offset]), out=best)
    return np.clip(best, 0.0, 1.0)


def _without_grain(pixels: Picture, grain: GrainModel) -> Picture:
    strength = grain.strengths.mean(axis=0)
    if not strength.max() > 0:
        return np.ascontiguousarray(pixels)
    deviation = grain.cosine_deviation(SIZE)[..., None] * strength
    return denoise(
        np.ascontiguousarray(pixels), deviation.astype(np.float32), threshold=THRESHOLD, step=4
    )


def _softened(pixels: Picture) -> Picture:
    import cv2

    soft = cv2.GaussianBlur(pixels, (0, 0), SOFT, borderType=cv2.BORDER_REFLECT)
    return np.asarray(soft, np.float32)
