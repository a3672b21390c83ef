"""Samples of one Y'CbCr layout in another, for lossy codecs that take few layouts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.media.pixel_layout import PixelLayout

Plane = NDArray[Any]


def can_change(source: PixelLayout, target: PixelLayout, *, interlaced: bool) -> bool:
    """True where `change_samples` leads from one layout to the other.

    Y'CbCr with the same channels only; chroma may get finer but not coarser. Interlaced 4:2:0 has
    chroma rows of either field in turn and is left alone.
    """
    if set(source.places) != set(target.places) or "Y" not in source.places:
        return False
    if source.pixel_format.is_float or target.pixel_format.is_float:
        return False
    (from_x, from_y), (to_x, to_y) = source.chroma, target.chroma
    if from_x not in (to_x, 2 * to_x) or from_y not in (to_y, 2 * to_y):
        return False
    return from_y == to_y or not interlaced


def change_samples(
    channels: Mapping[str, Plane],
    source: PixelLayout,
    target: PixelLayout,
    size: tuple[int, int],
    *,
    full_range: bool,
) -> dict[str, Plane]:
    """Channels in another layout's depth and chroma grid.

    Codes of video range are shifted, which is how BT.709 and BT.2020 define them at every depth;
    codes of full range are scaled so that the largest stays the largest. Fewer bits are rounded.
    New chroma samples are taken linearly between their neighbors: across, Cb and Cr lie on the left
    pixel of their pair; down, between the two rows of theirs (H.273 chroma location 0).

    Args:
        channels: channel -> (H, W) code values in `source`.
        source: their layout.
        target: the layout wanted; `can_change` is true of the two.
        size: (width, height) of the picture, px.
        full_range: black is code 0 ("pc").
    """
    width, height = size
    changed: dict[str, Plane] = {}
    for name, plane in channels.items():
        high, wide = target.shape_of(name, width, height)
        fine = plane.astype(np.int64)
        if fine.shape[0] < high:
            fine = _between_rows(fine)[:high]
            scale = 4
        else:
            scale = 1
        if fine.shape[1] < wide:
            fine = _beside(fine)[:, :wide]
            scale *= 2
        codes = _rescale(fine, scale, source.bits, target.bits, full_range or name == "A")
        changed[name] = codes.astype(target.pixel_format.dtype)
    return changed


def _between_rows(plane: NDArray[np.int64]) -> NDArray[np.int64]:
    """Twice the rows, times four: each a quarter of a row away from an old one."""
    above = np.concatenate((plane[:1], plane[:-1]))
    below = np.concatenate((plane[1:], plane[-1:]))
    rows = np.empty((2 * plane.shape[0], plane.shape[1]), np.int64)
    rows[0::2] = 3 * plane + above
    rows[1::2] = 3 * plane + below
    return rows


def _beside(plane: NDArray[np.int64]) -> NDArray[np.int64]:
    """Twice the columns, times two: the old ones, and between each two their mean."""
    right = np.concatenate((plane[:, 1:], plane[:, -1:]), axis=1)
    columns = np.empty((plane.shape[0], 2 * plane.shape[1]), np.int64)
    columns[:, 0::2] = 2 * plane
    columns[:, 1::2] = plane + right
    return columns


def _rescale(
    codes: NDArray[np.int64], scale: int, bits: int, wanted: int, full_range: bool
) -> NDArray[np.int64]:
    """Codes times `scale` at one depth, as codes at another; halves go up."""
    top = (1 << wanted) - 1
    if full_range:
        over, under = top, scale * ((1 << bits) - 1)
    else:
        over, under = (1 << wanted), scale << bits
    rounded: NDArray[np.int64] = (2 * codes * over + under) // (2 * under)
    return np.minimum(rounded, top)
