"""An image as a host keeps it: bottom-up or top-down rows, padding, an origin, guarded edges."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

_GUARD: Final = 4096
_PATTERN: Final = 0xA5

_DEPTHS: Final = {
    np.dtype(np.uint8): b"OfxBitDepthByte",
    np.dtype(np.uint16): b"OfxBitDepthShort",
    np.dtype(np.float16): b"OfxBitDepthHalf",
    np.dtype(np.float32): b"OfxBitDepthFloat",
}
_COMPONENTS: Final = {
    4: b"OfxImageComponentRGBA",
    3: b"OfxImageComponentRGB",
    1: b"OfxImageComponentAlpha",
}
_PREMULT: Final = {
    "": b"",
    "opaque": b"OfxImageOpaque",
    "premultiplied": b"OfxImageAlphaPremultiplied",
    "unpremultiplied": b"OfxImageAlphaUnPremultiplied",
}

Window = tuple[int, int, int, int]


class HostImage:
    """One image in memory, laid out as asked.

    Args:
        pixels: (H, W, C) uint8, uint16, float16 or float32, top row first; C is 4, 3 or 1.
        origin: the pixel coordinates (x1, y1) of the bottom-left pixel, y up.
        negative: rows lie top first in memory, so the row bytes are negative.
        padding: bytes after every row.
        premult: ``opaque``, ``premultiplied``, ``unpremultiplied``, or empty for not said.
        uid: the host's identifier of the picture, often empty.
        scale: the render scale the image was made at.
        leave_out: bits of properties that the image does not carry, see testhost.h.
    """

    def __init__(
        self,
        pixels: NDArray[np.generic],
        *,
        origin: tuple[int, int] = (0, 0),
        negative: bool = False,
        padding: int = 0,
        premult: str = "opaque",
        uid: str = "",
        scale: tuple[float, float] = (1.0, 1.0),
        leave_out: int = 0,
    ) -> None:
        height, width, channels = pixels.shape
        self.depth = _DEPTHS[pixels.dtype]
        self.components = _COMPONENTS[channels]
        self.premult = _PREMULT[premult]
        self.uid = uid.encode()
        self.field = b"OfxFieldNone"
        self.scale = scale
        self.leave_out = leave_out
        self.bounds: Window = (origin[0], origin[1], origin[0] + width, origin[1] + height)
        self._dtype, self._channels = pixels.dtype, channels
        self._row: int = width * channels * pixels.dtype.itemsize
        self._stride: int = self._row + padding
        self._negative = negative
        self._memory = np.full(2 * _GUARD + self._stride * height, _PATTERN, np.uint8)
        lines = self._lines()
        stored = np.ascontiguousarray(pixels).view(np.uint8).reshape(height, self._row)
        lines[:, : self._row] = stored if negative else stored[::-1]
        self._before = self._memory.copy()

    @classmethod
    def blank_like(
        cls,
        other: HostImage,
        *,
        negative: bool = False,
        padding: int = 0,
        bounds: Window | None = None,
    ) -> HostImage:
        """An output image of another's format, filled with a pattern that no picture has."""
        x1, y1, x2, y2 = bounds or other.bounds
        pixels = np.zeros((y2 - y1, x2 - x1, other._channels), other._dtype)
        pixels.view(np.uint8)[...] = 0x5A
        return cls(
            pixels,
            origin=(x1, y1),
            negative=negative,
            padding=padding,
            premult=next(word for word, code in _PREMULT.items() if code == other.premult),
            scale=other.scale,
        )

    def _lines(self) -> NDArray[np.uint8]:
        height = self.bounds[3] - self.bounds[1]
        return self._memory[_GUARD : _GUARD + self._stride * height].reshape(height, self._stride)

    @property
    def row_bytes(self) -> int:
        """The signed distance from a row to the one above it."""
        return -self._stride if self._negative else self._stride

    @property
    def address(self) -> int:
        """Where the bottom-left pixel lies."""
        height = self.bounds[3] - self.bounds[1]
        last = self._stride * (height - 1) if self._negative else 0
        start: int = self._memory.ctypes.data
        return start + _GUARD + last

    def pixels(self) -> NDArray[np.generic]:
        """A copy of the picture now: (H, W, C), top row first, in its own dtype."""
        height = self.bounds[3] - self.bounds[1]
        rows = self._lines()[:, : self._row]
        rows = rows if self._negative else rows[::-1]
        return np.ascontiguousarray(rows).view(self._dtype).reshape(height, -1, self._channels)

    def written_outside(self, window: Window) -> int:
        """How many bytes outside the window (padding and guards included) have changed."""
        changed = self._memory != self._before
        x1, y1, x2, y2 = self.bounds
        left, right = max(window[0], x1), min(window[2], x2)
        low, high = max(window[1], y1), min(window[3], y2)
        if left < right and low < high:
            height = y2 - y1
            inside = changed[_GUARD : _GUARD + self._stride * height].reshape(height, self._stride)
            rows = slice(y2 - high, y2 - low) if self._negative else slice(low - y1, high - y1)
            pixel = self._channels * self._dtype.itemsize
            inside[rows, (left - x1) * pixel : (right - x1) * pixel] = False
        return int(np.count_nonzero(changed))

    def changed(self) -> bool:
        """Whether any byte has changed since the image was made."""
        return not np.array_equal(self._memory, self._before)
