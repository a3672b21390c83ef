"""DiffusedInpainter: holes drawn by the program's own diffusion net."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.color.encoding import Encoding
from filmrestore_core.errors import ModelContractError, Stopped
from filmrestore_core.grain.model import GrainModel
from filmrestore_core.inpaint.base import Fill
from filmrestore_core.inpaint.carried_noise import carried_noise
from filmrestore_core.inpaint.drawn import with_drawn
from filmrestore_core.inpaint.holes import Hole, holes_of
from filmrestore_core.inpaint.planes import fill_planes, spoiled_parts
from filmrestore_core.inpaint.sampler import STEP_PLANES, Guidance, sample
from filmrestore_core.matte import Matte
from filmrestore_core.models.card import SizeRule, Task
from filmrestore_core.runtime.session import Session
from filmrestore_core.settings import SamplerSettings
from filmrestore_core.temporal.window import AlignedWindow

# Surroundings that the net sees of a hole, px.
MARGIN = 24
# Longest hole that is drawn in one go, px; longer ones are drawn in cells of a lattice, so that
# no crop is larger than CELL + 2 * MARGIN: memory does not grow with the hole.
CELL = 128
# Holes less than about this far apart are drawn together, px.
TOGETHER = 16
# Two cells of one hole pass into each other over so many px; less than TOGETHER and MARGIN.
FEATHER = 12

AFTER_NET = "after_net"
"""Key of a card's calibration: 1 where the net was trained on what the filling net makes."""

Planes = NDArray[np.float32]


class DiffusedInpainter:
    """Draws holes anew from what is filled there; one net serves every thread.

    The net runs once a step on each crop, one crop at a time. What it draws has no grain, and its
    starting noise goes along the motion: structure is steady, grain is put on fresh afterwards.
    """

    def __init__(self, session: Session, settings: SamplerSettings, *, seed: int = 0) -> None:
        """Build an inpainter.

        Args:
            session: the net.
            settings: how it draws.
            seed: the user's seed.

        Raises:
            ModelContractError: the net is none that draws, or sees planes that are not known.
        """
        card = session.card
        wanted = STEP_PLANES.get(card.planes)
        if card.task is not Task.INPAINT or wanted != card.inputs[0].channels:
            raise ModelContractError(
                f"{card.name} is a net for '{card.task.value}' with {card.inputs[0].channels} "
                f"planes '{card.planes}'; a diffusion net is one for 'inpaint' with "
                f"{', '.join(f'{n} planes {name!r}' for name, n in STEP_PLANES.items())}."
            )
        self._session, self._settings, self._seed = session, settings, seed

    @property
    def after_net(self) -> bool:
        """Whether it learned to start from what the filling net makes, or from the first fill."""
        return self._session.card.calibration.get(AFTER_NET, 0.0) >= 0.5

    def better(
        self,
        window: AlignedWindow,
        mattes: Mapping[int, Matte],
        first: Fill,
        *,
        grain: GrainModel,
        encoding: Encoding | None = None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> Fill:
        """The fill with its pixels drawn anew; what `first` did not fill stays unfilled.

        Args:
            window: aligned around the frame to fill.
            mattes: frame number -> matte, as for `Inpainter.inpaint`.
            first: what is to be drawn anew, and what it is drawn from.
            grain: of the center.
            encoding: of no interest: the net sees plates as they are.
            should_stop: asked before each step.

        Raises:
            DeviceError: the device failed.
            Stopped: it was asked to.
        """
        wanted = first.filled
        if not wanted.any():
            return first
        began, tiles = time.perf_counter(), 0
        coverage = mattes[window.center.number].coverage
        spoiled = spoiled_parts(window, mattes)
        drawn = _Blend(wanted, first.pixels.shape[2])
        for tile in _tiles_of(wanted, self._session.card.size):
            planes = fill_planes(
                window,
                spoiled,
                coverage,
                first.pixels,
                *tile.seen.slices(Box.of_size(wanted.shape[1], wanted.shape[0])),
                noise=grain.mean_strength,
                coarseness=grain.coarseness,
            )
            noise = carried_noise(window, tile.box, seed=self._seed)
            made = self._draw(tile.padded(planes), noise, should_stop)
            drawn.add(tile, made)
            tiles += tile.box.area
        pixels = first.pixels.copy()
        pixels[wanted] = drawn.result()
        return with_drawn(first, pixels, wanted, tiles=tiles, seconds=time.perf_counter() - began)

    def _draw(self, condition: Planes, noise: Planes, should_stop: Callable[[], bool]) -> Planes:
        """(3, h, w) of a tile."""

        def step(planes: Planes) -> Planes:
            if should_stop():
                raise Stopped("The diffusion net was asked to stop.")
            return self._session.run(planes)

        chosen = self._settings
        return sample(
            step,
            condition,
            noise,
            steps=chosen.steps,
            start=chosen.start,
            fidelity=chosen.fidelity,
            guidance=Guidance(chosen.color, chosen.structure, chosen.fineness),
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Tile:
    """A crop that is drawn in one go.

    Attributes:
        hole: the crop as it was cut, with the pixels that are its own.
        seen: what of the picture is seen; holds the hole's box.
        box: the same grown to a size that the net takes; right and below it may leave the picture.
    """

    hole: Hole
    seen: Box
    box: Box

    def padded(self, planes: Planes) -> Planes:
        """Planes of `seen` on `box`; the edge is held."""
        below, beside = self.box.height - self.seen.height, self.box.width - self.seen.width
        return np.pad(planes, ((0, 0), (0, below), (0, beside)), mode="edge")


def _tiles_of(wanted: NDArray[np.bool_], rule: SizeRule) -> Iterator[_Tile]:
    height, width = wanted.shape
    for hole in holes_of(wanted, wanted, margin=MARGIN, cell=CELL, coarse=TOGETHER):
        left, wide, across = _span(hole.box.x, hole.box.width, width, rule)
        top, tall, down = _span(hole.box.y, hole.box.height, height, rule)
        yield _Tile(hole, Box(left, top, wide, tall), Box(left, top, across, down))


def _span(start: int, length: int, whole: int, rule: SizeRule) -> tuple[int, int, int]:
    """Where a side begins, how much of it lies in the picture, and how long it is."""
    side = max(length, rule.minimum)
    side += -side % rule.multiple_of
    begin = min(max(start - (side - length) // 2, 0), max(whole - side, 0))
    return begin, min(side, whole - begin), side


class _Blend:
    """Mean of what tiles say of the wanted pixels, each the surer the nearer to its own."""

    def __init__(self, wanted: NDArray[np.bool_], channels: int) -> None:
        count = int(np.count_nonzero(wanted))
        self._index = np.full(wanted.shape, -1, np.int32)
        self._index[wanted] = np.arange(count, dtype=np.int32)
        self._total = np.zeros((count, channels), np.float32)
        self._weight = np.zeros(count, np.float32)

    def add(self, tile: _Tile, made: Planes) -> None:
        import cv2

        hole = tile.hole
        index = self._index[hole.place]
        far = cv2.distanceTransform((~hole.own).astype(np.uint8), cv2.DIST_L2, 5)
        weight = np.maximum(1.0 - far / np.float32(FEATHER), 0.0)
        own = (index >= 0) & (weight > 0)
        inner = hole.box.slices(tile.box)
        found = np.moveaxis(made[:, *inner], 0, -1)[own]
        if self._total.shape[1] == 1:
            found = found.mean(axis=1, keepdims=True)
        at, share = index[own], weight[own]
        self._total[at] += share[:, None] * found
        self._weight[at] += share

    def result(self) -> Planes:
        """(N, C), for the wanted pixels in reading order."""
        return np.asarray(self._total / self._weight[:, None], np.float32)
