"""Movie frames stored as Y'CbCr, or as gray in video range <-> R'G'B' signals.

Chroma cells are replicated, not interpolated: all pixels of a cell are given the cell's Cb and Cr.
That is exact both ways: a cell whose pixels are all unchanged keeps its code, one whose pixels are
all replaced keeps nothing of the damage, and a fill moved by a whole cell arrives unblurred. With
interpolation one of the three is lost. The siting of the chroma samples then plays no part.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.color.channels import ColorModel, PictureChannels
from filmrestore_core.color.samples import stored_samples
from filmrestore_core.color.ycbcr import Levels, Matrix, is_full_range, levels
from filmrestore_core.frame import Part

Plane = NDArray[Any]
Places = NDArray[np.intp]
Floats = NDArray[np.float64]


def is_video(part: Part, channels: PictureChannels) -> bool:
    """True for Y'CbCr, and for a movie's gray channel that is tagged as video range."""
    if channels.model is ColorModel.YCBCR:
        return True
    if channels.model is not ColorModel.GRAY or part.formats[channels.names[0]].is_float:
        return False
    return str(part.attributes.get("movie:range", "")).casefold() == "tv"


def video_planes(
    part: Part, channels: PictureChannels, *, monochrome: bool
) -> list[NDArray[np.float32]]:
    """R', G' and B', or Y' alone, each (H, W) float32, black 0, white 1, unbounded.

    Raises:
        EncodingError: the movie's matrix is unknown.
    """
    luma = _signal(part, channels, channels.names[0])
    if monochrome:
        return [luma]
    cb, cr = (_signal(part, channels, name) for name in channels.names[1:])
    step = _step(part, channels.names[1])
    terms = Matrix.of(part).chroma_terms(cb, cr)
    return [luma + replicate(term, step, luma.shape) for term in terms]


def replicate(
    cells: NDArray[np.float32], step: tuple[int, int], shape: tuple[int, ...]
) -> NDArray[np.float32]:
    """A subsampled plane at full size: every pixel of a cell has the cell's value.

    Args:
        cells: (rows, columns) float32.
        step: (horizontal, vertical) pixels of a cell.
        shape: (H, W) of the picture; the last cells may reach beyond it.
    """
    across, down = step
    wide = cells if across == 1 else np.repeat(cells, across, axis=1)
    full = wide if down == 1 else np.repeat(wide, down, axis=0)
    return full[: shape[0], : shape[1]]


def encode_video(
    part: Part,
    channels: PictureChannels,
    rows: Places,
    columns: Places,
    values: Floats,
) -> dict[str, Plane]:
    """New planes with (N, C) float64 signals at the pixels given; Y' alone where C is 1.

    The rules are those of `working.encode_samples`. A cell's chroma becomes the mean over its
    pixels of the new chroma where given and of the stored one elsewhere.

    Raises:
        EncodingError: the movie's matrix is unknown.
    """
    signals = {channels.names[0]: values[:, 0]}
    if values.shape[1] == 3:
        signals = dict(zip(channels.names, Matrix.of(part).from_rgb(values), strict=True))
    return {
        name: _with_cells(part, channels, name, rows, columns, signal)
        for name, signal in signals.items()
    }


def _step(part: Part, name: str) -> tuple[int, int]:
    return part.subsampling.get(name, (1, 1))


def _levels(part: Part, channels: PictureChannels, name: str) -> Levels:
    chroma = name != channels.names[0]
    return levels(part.formats[name].bits, full_range=is_full_range(part), chroma=chroma)


def _signal(part: Part, channels: PictureChannels, name: str) -> NDArray[np.float32]:
    level = _levels(part, channels, name)
    codes = part.planes[name].astype(np.float32)
    return (codes - np.float32(level.zero)) / np.float32(level.span)


def _with_cells(
    part: Part,
    channels: PictureChannels,
    name: str,
    rows: Places,
    columns: Places,
    signal: Floats,
) -> Plane:
    """A copy of the plane with the cells of the given pixels moved towards their signals."""
    plane, fmt = part.planes[name].copy(), part.formats[name]
    level = _levels(part, channels, name)
    across, down = _step(part, name)
    flat = (rows // down) * plane.shape[1] + columns // across
    cells, cell_of_pixel = np.unique(flat, return_inverse=True)
    stored = plane.reshape(-1)[cells]
    before = (stored.astype(np.float64) - level.zero) / level.span
    moved = np.bincount(cell_of_pixel, signal - before[cell_of_pixel], cells.size)
    # Cells at the right and lower edge may reach beyond the picture.
    height, width = part.data_window.shape
    tall = np.minimum(down, height - cells // plane.shape[1] * down)
    wide = np.minimum(across, width - cells % plane.shape[1] * across)
    codes = (before + moved / (tall * wide)) * level.span + level.zero
    limits = level.lowest, level.highest
    plane.reshape(-1)[cells] = stored_samples(codes / fmt.maximum, fmt, stored, limits)
    return plane
