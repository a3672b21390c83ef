"""ExportedInpainter: any exported net that betters a first fill."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.color.encoding import Encoding
from filmrestore_core.errors import ModelContractError, Stopped
from filmrestore_core.grain.model import GrainModel
from filmrestore_core.inpaint.base import FILL_METHODS, Fill
from filmrestore_core.inpaint.held import held_near
from filmrestore_core.inpaint.holes import Hole, count_holes, holes_of
from filmrestore_core.inpaint.planes import CENTER, FILL_PLANES, FIRST, fill_planes, spoiled_parts
from filmrestore_core.matte import Matte
from filmrestore_core.models.card import SizeRule, Task
from filmrestore_core.report import RepairCost
from filmrestore_core.runtime.session import Session
from filmrestore_core.temporal.window import AlignedWindow

_TEMPORAL = FILL_METHODS.index("temporal")
# Surroundings that a net sees of a hole, px.
MARGIN = 20


class ExportedInpainter:
    """Betters a first fill, crop by crop around the holes; one net serves every thread."""

    def __init__(self, session: Session) -> None:
        """Build an inpainter.

        Args:
            session: the net.

        Raises:
            ModelContractError: the net is no inpainter, or sees planes that are not known.
        """
        card = session.card
        if card.task is not Task.INPAINT or card.planes not in FILL_PLANES:
            raise ModelContractError(
                f"{card.name} is a net for '{card.task.value}' with planes '{card.planes}'; an "
                f"inpainter is one for 'inpaint' with {', '.join(FILL_PLANES)}."
            )
        self._session = session

    @property
    def radius(self) -> int:
        """How many frames on each side it wants to see."""
        return self._session.card.temporal.size // 2

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
        """The fill with its pixels bettered; what `first` did not fill stays unfilled.

        Args:
            window: aligned around the frame to fill.
            mattes: frame number -> matte, as for `Inpainter.inpaint`.
            first: what is to be bettered.
            grain: of the center.
            encoding: of no interest: the net sees plates as they are.
            should_stop: asked before each hole.

        Raises:
            DeviceError: the device failed.
            Stopped: it was asked to.
        """
        matte = mattes[window.center.number]
        if not first.filled.any():
            return first
        spoiled = spoiled_parts(window, mattes)
        pixels = first.pixels.copy()
        methods = np.zeros(first.filled.shape, np.uint8)
        if first.methods is not None:
            methods[:] = first.methods
        began, tiles = time.perf_counter(), 0
        shown = first.filled if first.methods is None else first.methods == _TEMPORAL
        for hole in holes_of(first.filled, matte.coverage > 0, margin=MARGIN):
            if should_stop():
                raise Stopped("The net was asked to stop.")
            planes = fill_planes(
                window,
                spoiled,
                matte.coverage,
                first.pixels,
                *hole.place,
                noise=grain.mean_strength,
                coarseness=grain.coarseness,
                count=FILL_PLANES[self._session.card.planes],
            )
            made = held_near(
                planes[FIRST],
                self._run(planes),
                planes[CENTER],
                first.filled[hole.place],
                shown[hole.place],
            )
            _put(pixels, hole, made)
            methods[hole.place][hole.own] = FILL_METHODS.index("net")
            tiles += hole.box.area
        cost = RepairCost(
            count_holes(first.filled),
            int(np.count_nonzero(first.filled)),
            tiles,
            time.perf_counter() - began,
        )
        costs = {**first.costs, "net": cost}
        return replace(first, pixels=pixels, methods=methods, costs=costs)

    def _run(self, planes: NDArray[np.float32]) -> NDArray[np.float32]:
        """(3, h, w) from planes (P, h, w) of any size; the edge is held to fit the net."""
        height, width = planes.shape[1:]
        rule = self._session.card.size
        below, beside = _lacking(height, rule), _lacking(width, rule)
        padded = np.pad(planes, ((0, 0), (0, below), (0, beside)), mode="edge")
        return self._session.run(padded)[:, :height, :width]


def _lacking(side: int, rule: SizeRule) -> int:
    wanted = max(side, rule.minimum)
    return wanted + -wanted % rule.multiple_of - side


def _put(pixels: NDArray[np.float32], hole: Hole, made: NDArray[np.float32]) -> None:
    place = pixels[hole.place]
    found = np.moveaxis(made, 0, -1)[hole.own]
    if place.shape[2] == 1:
        found = found.mean(axis=1, keepdims=True)
    place[hole.own] = found
