"""Which chunks of an EXR part hold restored samples, and what they are to be stored with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.media.exr_header import (
    FLOAT,
    HALF,
    UINT,
    ExrChannel,
    ExrPart,
    is_lossy,
    lines_per_chunk,
)
from filmrestore_core.media.exr_zip import OWN_COMPRESSIONS

LOSSLESS = "zip"  # every reader knows it

_KINDS = {"uint32": UINT, "float16": HALF, "float32": FLOAT}


@dataclass(frozen=True, slots=True, eq=False)
class PartEdit:
    """What becomes of one part.

    Attributes:
        planes: channel -> (H, W) samples to store, all channels of the part.
        channels: the channel list to write.
        compression: name of the compression to write.
        touched: (chunk rows, chunk columns) bool; which chunks are encoded anew. Scanline parts
            have one column.
        chunk: (lines, columns) of a chunk.
        rebuilt: whether the chunk layout or the channel list is another than the source's.
        lossy: whether encoding may change samples of touched chunks.
        notes: what the user should know.
    """

    planes: Mapping[str, NDArray[Any]]
    channels: tuple[ExrChannel, ...]
    compression: str
    touched: NDArray[np.bool_]
    chunk: tuple[int, int]
    rebuilt: bool
    lossy: bool
    notes: tuple[str, ...]

    @property
    def loose(self) -> NDArray[np.bool_]:
        """(H, W) bool: samples that share a lossy chunk with a changed one."""
        height, width = next(iter(self.planes.values())).shape
        step, across = self.chunk
        return self.touched.repeat(step, axis=0).repeat(across, axis=1)[:height, :width]

    @property
    def is_mixed(self) -> bool:
        """Whether channels have different types."""
        return len({c.kind for c in self.channels}) > 1


def plan_edit(
    part: ExrPart,
    label: str,
    old: Mapping[str, NDArray[Any]],
    new: Mapping[str, NDArray[Any]],
    extra: Mapping[str, NDArray[Any]],
    *,
    keep_compression: bool,
) -> PartEdit | None:
    """Decide how a part's restored samples are stored.

    Args:
        part: its header.
        label: how notes call the part.
        old: channel -> (H, W) as read.
        new: channel -> (H, W) to store.
        extra: channels to add, or to put in place of others of the same name.
        keep_compression: store touched chunks lossy where the source is, in place of all lossless.

    Returns:
        None where nothing differs.
    """
    changed = np.zeros(part.data_window.shape, np.bool_)
    for name, plane in new.items():
        changed |= differing(plane, old[name])
    if not extra and not changed.any():
        return None
    planes = {**new, **extra}
    known = {c.name: c for c in part.channels}
    channels = tuple(
        known[name]
        if name in known and known[name].kind == _KINDS[plane.dtype.name]
        else ExrChannel(name, _KINDS[plane.dtype.name])
        for name, plane in planes.items()
    )
    compression, notes = _storage(part, label, channels, keep_compression=keep_compression)
    rebuilt = compression != part.compression or set(channels) != set(part.channels)
    chunk = (
        (part.tiles.height, part.tiles.width)
        if part.tiles
        else (lines_per_chunk(compression), changed.shape[1])
    )
    touched = _touched(changed, chunk)
    lossy = is_lossy(compression, channels)
    if rebuilt:
        touched[:] = True
    elif lossy:
        notes.append(
            f"{int(touched.sum())} of {touched.size} chunks of {label} were compressed again with "
            f"{compression.upper()}; samples in them that no matte covers may differ slightly."
        )
    return PartEdit(planes, channels, compression, touched, chunk, rebuilt, lossy, tuple(notes))


def differing(a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.bool_]:
    """Where samples differ in their bits; NaN equals a NaN of the same bits."""
    unsigned = np.dtype(f"u{a.dtype.itemsize}")
    where: NDArray[np.bool_] = a.view(unsigned) != b.view(unsigned)
    return where


def _touched(changed: NDArray[np.bool_], chunk: tuple[int, int]) -> NDArray[np.bool_]:
    """(chunk rows, chunk columns) bool: which chunks hold a changed sample."""
    height, width = changed.shape
    rows = np.logical_or.reduceat(changed, np.arange(0, height, chunk[0]), axis=0)
    touched: NDArray[np.bool_] = np.logical_or.reduceat(rows, np.arange(0, width, chunk[1]), axis=1)
    return touched


def _storage(
    part: ExrPart, label: str, channels: tuple[ExrChannel, ...], *, keep_compression: bool
) -> tuple[str, list[str]]:
    """(compression to write, notes)."""
    was = part.compression
    mixed = len({c.kind for c in channels}) > 1
    lossy = is_lossy(was, channels)
    if not lossy and (not mixed or was in OWN_COMPRESSIONS):
        return was, []
    said = was.upper()
    if lossy and not keep_compression:
        why = f"{said} would change samples that no matte covers"
    elif mixed:
        why = f"channels of different types cannot be stored again with {said} here"
    elif was.startswith("b44") and any(c.linear for c in channels):
        why = f"{said} of perceptually linear channels cannot be stored again here"
    elif lossy and set(channels) != set(part.channels):
        why = f"a channel was added, and {said} would change samples that no matte covers"
    else:
        return was, []
    start = label[0].upper() + label[1:]
    return LOSSLESS, [f"{start} is stored with lossless ZIP in place of {said}: {why}."]
