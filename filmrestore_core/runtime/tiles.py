"""Tiles: a picture of any size through a net, one tile at a time, without seams.

The grid hangs on the display window's corner and its pitch is the card's, or a multiple of it where
that saves overlap. Each tile is computed with an overlap on all sides of which nothing is kept;
where the overlap is at least the net's reach, the result is that of the whole picture at once, up
to the last bits of a float, however it is cut.

Memory: beside what the caller holds, the output (K, H, W) in float32 and the planes and activations
of one tile, which has at most SQUARES * size**2 pixels (size being the card's); so they do not grow
with the picture.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.errors import DeviceMemoryError, ModelContractError, Stopped
from filmrestore_core.models.card import ModelCard
from filmrestore_core.runtime.device import Device
from filmrestore_core.runtime.session import Session
from filmrestore_core.runtime.tile_grid import BLOCK, SQUARES, Tile, tiles_of

Cut = Callable[[Box, NDArray[np.float32]], None]
"""Writes the planes (P, height, width) of a box inside the picture, [0, 0] being its corner."""


@dataclass(frozen=True, slots=True, eq=False)
class TiledRun:
    """What a net gave for a picture.

    Attributes:
        output: (K, H, W) float32; 0 where nothing was asked for.
        computed: (H, W) bool, where the net's answer stands. None: everywhere.
        share: pixels that the net was run on, overlaps counted, over the picture's pixels.
        notes: sentences for the report, such as a device that had too little memory.
    """

    output: NDArray[np.float32]
    computed: NDArray[np.bool_] | None
    share: float
    notes: tuple[str, ...] = ()


def run_tiled(
    session: Session,
    planes: NDArray[np.float32],
    *,
    box_origin: tuple[int, int] = (0, 0),
    wanted: NDArray[np.bool_] | None = None,
    block: int = BLOCK,
    should_stop: Callable[[], bool] = lambda: False,
) -> TiledRun:
    """Run a net over a picture of any size.

    Args:
        session: the net; several threads may use one.
        planes: (P, H, W) float32.
        box_origin: (x, y) of planes[:, 0, 0] from the display window's corner.
        wanted: (H, W) bool; only blocks that hold a wanted pixel are computed, the rest gives 0.
            None asks for everything.
        block: edge of these blocks in pixels, rounded up to the card's multiple.
        should_stop: asked before each tile.

    Raises:
        ModelContractError: planes or wanted do not fit the card or each other.
        DeviceMemoryError: even the processor has too little memory for one tile.
        DeviceError: the device failed.
        Stopped: it was asked to.
    """
    if planes.ndim != 3:
        raise ModelContractError(f"Planes of shape {planes.shape} are not (P, H, W).")
    count = session.card.inputs[0].channels
    if len(planes) != count or planes.dtype != np.float32:
        raise ModelContractError(
            f"{session.card.name} takes planes of shape ({count}, H, W) in float32, not "
            f"{planes.shape} in {planes.dtype}."
        )

    def cut(box: Box, into: NDArray[np.float32]) -> None:
        into[:] = planes[:, box.y : box.bottom, box.x : box.right]

    return run_cut(
        session,
        cut,
        shape=(planes.shape[1], planes.shape[2]),
        box_origin=box_origin,
        wanted=wanted,
        block=block,
        should_stop=should_stop,
    )


def run_cut(
    session: Session,
    cut: Cut,
    *,
    shape: tuple[int, int],
    box_origin: tuple[int, int] = (0, 0),
    wanted: NDArray[np.bool_] | None = None,
    block: int = BLOCK,
    should_stop: Callable[[], bool] = lambda: False,
) -> TiledRun:
    """As `run_tiled`, with planes that are made tile by tile and never stand as a whole.

    Args:
        session: the net.
        cut: writes the planes of any box inside the picture; the same pixel always gets the same
            values.
        shape: (H, W) of the picture.
        box_origin: as in `run_tiled`.
        wanted: as in `run_tiled`.
        block: as in `run_tiled`.
        should_stop: as in `run_tiled`.

    Raises:
        ModelContractError, DeviceError, Stopped: as in `run_tiled`.
    """
    if wanted is not None and wanted.shape != shape:
        raise ModelContractError(f"A wanted mask of {wanted.shape} lies over planes of {shape}.")
    picture = Box(box_origin[0], box_origin[1], shape[1], shape[0])
    notes: list[str] = []
    while True:
        device = session.device
        # An engine of TensorRT was built for sides up to the card's.
        joined = device.device is not Device.TENSORRT
        tiles = tiles_of(picture, session.card, wanted=wanted, block=block, joined=joined)
        try:
            output = _run(session, cut, picture, tiles, should_stop)
        except DeviceMemoryError:
            if device.device is Device.CPU:
                raise
            note = session.fall_back_to_cpu("had too little memory")
            notes += [note] if note else []
            continue
        # A picture never mixes devices: another thread may have changed it on the way.
        if session.device is device:
            break
    computed = None if wanted is None else _computed(picture, tiles)
    if computed is not None:
        output *= computed
    share = sum(tile.reach.area for tile in tiles) / max(1, picture.area)
    return TiledRun(output, computed, share, tuple(notes))


def _run(
    session: Session,
    cut: Cut,
    picture: Box,
    tiles: tuple[Tile, ...],
    should_stop: Callable[[], bool],
) -> NDArray[np.float32]:
    output = np.zeros((session.card.outputs[0].channels, *picture.shape), np.float32)
    count = session.card.inputs[0].channels
    # One room for all tiles: to take fresh memory for each costs more than to fill it.
    room = np.empty(count * max((tile.reach.area for tile in tiles), default=0), np.float32)
    for tile in tiles:
        if should_stop():
            raise Stopped("The net was asked to stop.")
        planes = room[: count * tile.reach.area].reshape(count, *tile.reach.shape)
        inside = tile.reach.intersect(picture)
        rows, columns = inside.slices(tile.reach)
        cut(inside.shift(-picture.x, -picture.y), planes[:, rows, columns])
        _hold_edges(planes, rows, columns)
        given = session.run(planes)
        rows, columns = tile.core.slices(picture)
        inner = tile.core.slices(tile.reach)
        output[:, rows, columns] = given[:, inner[0], inner[1]]
    return output


def _hold_edges(planes: NDArray[np.float32], rows: slice, columns: slice) -> None:
    """Repeat the edge of the part that is picture to where a tile goes beyond it, in place."""
    planes[:, rows, : columns.start] = planes[:, rows, columns.start : columns.start + 1]
    planes[:, rows, columns.stop :] = planes[:, rows, columns.stop - 1 : columns.stop]
    planes[:, : rows.start] = planes[:, rows.start : rows.start + 1]
    planes[:, rows.stop :] = planes[:, rows.stop - 1 : rows.stop]


def _computed(picture: Box, tiles: tuple[Tile, ...]) -> NDArray[np.bool_]:
    where = np.zeros(picture.shape, np.bool_)
    for tile in tiles:
        for kept in tile.blocks:
            rows, columns = kept.slices(picture)
            where[rows, columns] = True
    return where


def tile_bytes(card: ModelCard) -> int:
    """Bytes of the largest tile's input and output, a lower bound of what one call needs."""
    channels = card.inputs[0].channels + card.outputs[0].channels
    return round(4 * channels * SQUARES * card.tiles.size**2)
