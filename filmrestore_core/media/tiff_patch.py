"""A TIFF with only the strips and tiles that hold restored samples written anew.

Every tag, profile, page and byte of other blocks stays where it is; byte order, compression,
predictor and bits of the touched blocks stay the same too. A block that grew is appended.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.media.exr_edit import differing
from filmrestore_core.media.tiff_directory import LZW, NONE, TiffField, TiffFile, TiffPage

_ZLIB_LEVEL = 4  # higher levels cost much and gain little on grain

LzwEncoder = Callable[[NDArray[np.uint8], int], list[bytes]]
"""Packs (rows, bytes of a row) uint8 with LZW, so many rows to a block."""

Planes = Mapping[str, NDArray[Any]]


def patch(
    data: bytearray,
    file: TiffFile,
    changes: Mapping[int, tuple[Planes, Planes]],
    pack_lzw: LzwEncoder,
) -> None:
    """Replace changed samples in a file's bytes.

    Args:
        data: the source's bytes.
        file: its directories.
        changes: page -> (planes wanted, planes as read), channels in file order.
        pack_lzw: the library's LZW.

    Raises:
        ValueError: the result does not fit the file's 32-bit places.
    """
    for number, (new, old) in changes.items():
        page = file.pages[number]
        touched = _touched(page, new, old)
        if touched.size:
            blocks = _packed(page, file.order, new, touched, pack_lzw)
            _place(data, file.order, page, touched, blocks)


def _grid(page: TiffPage) -> tuple[int, int]:
    return -(-page.height // page.block_height), -(-page.width // page.block_width)


def _touched(page: TiffPage, new: Planes, old: Planes) -> NDArray[np.intp]:
    """Numbers of the blocks that hold a changed sample."""
    rows = np.arange(0, page.height, page.block_height)
    columns = np.arange(0, page.width, page.block_width)
    channels = []
    for name, plane in new.items():
        blocks = np.logical_or.reduceat(differing(plane, old[name]), rows, axis=0)
        channels.append(np.logical_or.reduceat(blocks, columns, axis=1).ravel())
    if page.separate:
        return np.flatnonzero(np.concatenate(channels))
    return np.flatnonzero(np.logical_or.reduce(channels))


def _packed(
    page: TiffPage,
    order: str,
    planes: Planes,
    touched: NDArray[np.intp],
    pack_lzw: LzwEncoder,
) -> list[bytes]:
    raw = (_block_bytes(page, order, planes, int(b)) for b in touched)
    if page.compression == NONE:
        return [r.tobytes() for r in raw]
    if page.compression == LZW:
        return _packed_lzw(list(raw), page.block_height, pack_lzw)
    return [zlib.compress(r.tobytes(), _ZLIB_LEVEL) for r in raw]


def _packed_lzw(raw: list[NDArray[np.uint8]], per_block: int, pack_lzw: LzwEncoder) -> list[bytes]:
    """Blocks of full height in one go, shorter last strips by themselves; in their order."""
    full = [r for r in raw if len(r) == per_block]
    packed = iter(pack_lzw(np.concatenate(full), per_block) if full else [])
    return [next(packed) if len(r) == per_block else pack_lzw(r, len(r))[0] for r in raw]


def _block_bytes(page: TiffPage, order: str, planes: Planes, block: int) -> NDArray[np.uint8]:
    """(rows, bytes of a row) uint8 of one strip or tile before compression."""
    down, across = _grid(page)
    channels = list(planes.values())
    if page.separate:
        channels, block = [channels[block // (down * across)]], block % (down * across)
    top, left = block // across * page.block_height, block % across * page.block_width
    cut = [c[top : top + page.block_height, left : left + page.block_width] for c in channels]
    samples = np.stack(cut, axis=-1)
    if page.tiled:  # beyond the picture's edge tiles repeat its last samples
        missing = (page.block_height - samples.shape[0], page.block_width - samples.shape[1])
        samples = np.pad(samples, ((0, missing[0]), (0, missing[1]), (0, 0)), mode="edge")
    if page.bits[0] not in (8, 16, 32):
        return _bit_rows(samples, page.bits[0])
    stored = np.dtype(f"{order}{samples.dtype.kind}{page.bits[0] // 8}")
    rows, columns, count = samples.shape
    if page.predictor == 3:
        # Adobe TIFF technical note 3: bytes apart, most significant first, then differences.
        big = np.ascontiguousarray(samples.reshape(rows, -1), stored.newbyteorder(">"))
        size = stored.itemsize
        apart = big.view(np.uint8).reshape(rows, -1, size).transpose(0, 2, 1).reshape(rows, -1)
        return _differences(apart, count)
    if page.predictor == 2:
        unsigned = samples.view(f"u{samples.dtype.itemsize}").reshape(rows, columns * count)
        samples = _differences(unsigned, count)
        stored = np.dtype(f"{order}u{samples.dtype.itemsize}")
    return np.ascontiguousarray(samples.reshape(rows, -1), stored).view(np.uint8)


def _differences(rows: NDArray[Any], stride: int) -> NDArray[Any]:
    out = rows.copy()
    out[:, stride:] = rows[:, stride:] - rows[:, :-stride]
    return out


def _bit_rows(samples: NDArray[Any], bits: int) -> NDArray[np.uint8]:
    """Samples of odd bits, most significant bit first; lines begin on a byte."""
    places = np.arange(bits - 1, -1, -1)
    spread = (samples[..., None] >> places & 1).astype(np.uint8)
    return np.packbits(spread.reshape(samples.shape[0], -1), axis=1)


def _place(
    out: bytearray,
    order: str,
    page: TiffPage,
    touched: NDArray[np.intp],
    blocks: list[bytes],
) -> None:
    """Put new blocks into the room their old ones leave; those that find none go to the end."""
    room = _room(page, touched)
    for block, body in zip(touched.tolist(), blocks, strict=True):
        free = next((r for r in room if r[1] - r[0] >= len(body)), None)
        if free is None:
            out += b"\0" * (len(out) % 2)
            start = len(out)
            out += body
        else:
            start = free[0]
            out[start : start + len(body)] = body
            free[0] += len(body)
        _store(out, order, page.offset_field, block, start)
        _store(out, order, page.count_field, block, len(body))


def _room(page: TiffPage, touched: NDArray[np.intp]) -> list[list[int]]:
    """[start, end] runs of bytes that only touched blocks use."""
    starts, ends = page.offsets, page.offsets + page.counts
    is_touched = np.zeros(starts.size, np.bool_)
    is_touched[touched] = True
    runs: list[list[int]] = []
    highest = 0  # end of what stands before
    order = np.argsort(starts, kind="stable")
    after = np.append(starts[order[1:]], np.iinfo(np.int64).max)
    for block, next_start in zip(order.tolist(), after.tolist(), strict=True):
        start, end = int(starts[block]), int(ends[block])
        if is_touched[block] and highest <= start and end <= next_start:
            if runs and runs[-1][1] == start:
                runs[-1][1] = end
            else:
                runs.append([start, end])
        highest = max(highest, end)
    return runs


def _store(out: bytearray, order: str, field: TiffField, index: int, value: int) -> None:
    size = {1: 1, 3: 2, 4: 4, 13: 4, 16: 8}[field.kind]
    if value >= 1 << 8 * size:
        raise ValueError(f"a strip of the result does not fit the file's {8 * size}-bit places")
    at = field.at + index * size
    out[at : at + size] = value.to_bytes(size, "little" if order == "<" else "big")
