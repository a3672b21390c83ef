"""Stored samples of one channel <-> working values."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.color.encoding import Encoding
from filmrestore_core.color.transfer import working_decode, working_encode
from filmrestore_core.frame import PixelFormat

Samples = NDArray[Any]
Floats = NDArray[np.float64]

_BLOCK = 1 << 14  # samples whose steps stay in the processor's cache


def normalized(samples: Samples, fmt: PixelFormat) -> Floats:
    """Samples of any shape as float64: code / largest code; floating point as it is.

    A signaling NaN becomes a quiet one, so that no later arithmetic warns of it.
    """
    if not fmt.is_float:
        return samples.astype(np.float64) / fmt.maximum
    with np.errstate(invalid="ignore"):
        # The cast from half keeps the NaN signaling; any arithmetic makes it quiet.
        values = samples.astype(np.float64)
        return np.multiply(values, 1.0, out=values)


def to_working(values: NDArray[Any], encoding: Encoding) -> NDArray[np.float32]:
    """Normalized values, floating point of any shape, in the working encoding.

    What float32 cannot hold becomes infinite; NaN stays NaN. The curve is computed in float64,
    whose logarithm is the same on every processor once rounded to float32.
    """
    working = np.empty(values.shape, np.float32)
    source, target = values.reshape(-1), working.reshape(-1)
    with np.errstate(over="ignore", invalid="ignore"):
        if not encoding.is_linear:
            target[:] = source
            return working
        for start in range(0, source.size, _BLOCK):
            block = slice(start, start + _BLOCK)
            target[block] = working_encode(source[block])
    return working


def from_working(working: NDArray[Any], encoding: Encoding) -> Floats:
    """Working values of any shape as normalized values, float64; the inverse of `to_working`."""
    values = working.astype(np.float64)
    return working_decode(values) if encoding.is_linear else values


@lru_cache(maxsize=32)
def _table(fmt: PixelFormat, encoding: Encoding) -> NDArray[np.float32]:
    """Working value of every bit pattern of an 8- or 16-bit format."""
    dtype = np.dtype(fmt.dtype)
    patterns = np.arange(1 << (8 * dtype.itemsize), dtype=f"u{dtype.itemsize}").view(dtype)
    table = to_working(normalized(patterns, fmt), encoding)
    table.setflags(write=False)
    return table


def working_samples(samples: Samples, fmt: PixelFormat, encoding: Encoding) -> NDArray[np.float32]:
    """A channel's samples, of any shape, in the working encoding.

    8- and 16-bit samples of a scene-linear picture go through a table with one entry per code.
    NaN and infinities are not mended here.
    """
    dtype = np.dtype(fmt.dtype)
    if not encoding.is_linear and dtype.kind in "iu" and dtype.itemsize <= 2:
        return np.divide(samples, np.float32(fmt.maximum), dtype=np.float32)
    if not encoding.is_linear and dtype.kind == "f":
        return samples.astype(np.float32)
    if dtype.itemsize <= 2:
        looked_up: NDArray[np.float32] = _table(fmt, encoding)[samples.view(f"u{dtype.itemsize}")]
        return looked_up
    return to_working(samples if fmt.is_float else normalized(samples, fmt), encoding)


def code_limits(fmt: PixelFormat) -> tuple[float, float]:
    """Smallest and largest value that a format can hold, as stored."""
    if fmt.is_float:
        largest = float(np.finfo(fmt.dtype).max)
        return -largest, largest
    lowest = -fmt.maximum - 1 if np.dtype(fmt.dtype).kind == "i" else 0
    return float(lowest), float(fmt.maximum)


def stored_samples(
    values: Floats,
    fmt: PixelFormat,
    replaced: Samples,
    limits: tuple[float, float] | None = None,
) -> Samples:
    """Normalized values in a channel's own format.

    Integers are rounded to the nearest code, halves to even, without dither, so that equal values
    give equal codes. Values are cut off only at what the format holds, or at `limits`; a sample
    that was stored beyond them may stay there.

    Args:
        values: (N,) float64, finite.
        fmt: the channel's format.
        replaced: (N,) samples that stood there, in the channel's dtype.
        limits: smallest and largest code; None for all the format has.

    Returns:
        (N,) samples in the channel's dtype.
    """
    if fmt.is_float:
        lowest, highest = code_limits(fmt)
        floats: Samples = np.clip(values, lowest, highest).astype(fmt.dtype)
        return floats
    lowest, highest = code_limits(fmt) if limits is None else limits
    before = replaced.astype(np.float64)
    codes = np.rint(values * fmt.maximum)
    bounded = np.clip(codes, np.minimum(lowest, before), np.maximum(highest, before))
    integers: Samples = bounded.astype(fmt.dtype)
    return integers
