"""The picture along a line, made straight: what lies on it and close beside it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.plate import Plate, luma_of
from filmrestore_core.segment.line_path import LinePath
from filmrestore_core.segment.line_votes import STRIP
from filmrestore_core.temporal.window import AlignedWindow

# px to each side of a line that a band shows.
HALF = 26
# px from the line's middle where its flanks end, and where they begin.
FLANK = 9
_INNER = 6
# px to either side within which a line is looked for again.
_REACH = 3.0
_FINE = 0.25
# Rows over which the picture's course is taken off, to see its fine detail.
_COURSE = 17


class LineBand:
    """Bands along a path, of the center and of each neighbour at the same place.

    Attributes:
        luma: of each frame (H', 2 * HALF + 1) float32, the center first; beyond the picture its
            last column is repeated.
        detail: the same less the level between the flanks.
        profiles: (frames, 2 * HALF + 1) mean of each detail over the rows.
        levels: (S,) luma beside the line, strip by strip.
        contrasts: (S,) luma on the line less luma beside it.
        step: by how much the right flank is brighter than the left one.
        tints: (C,) contrast in each channel.
    """

    def __init__(self, path: LinePath, window: AlignedWindow) -> None:
        rows = np.arange(path.strips[0] * STRIP, (path.strips[-1] + 1) * STRIP)
        self._columns = np.repeat(path.columns, STRIP)[:, None] + np.arange(-HALF, HALF + 1)
        self._columns = np.clip(self._columns, 0, window.center.box.width - 1)
        self._rows = rows[:, None]
        plates = (window.center, *window.window.neighbors)
        pixels = [self.cut(plate) for plate in plates]
        self.luma = [np.asarray(luma_of(p), np.float32) for p in pixels]
        self.detail = [_detail(luma) for luma in self.luma]
        self.profiles = np.stack([d.mean(axis=0) for d in self.detail])
        left, right = self.fine("left", raw=True), self.fine("right", raw=True)
        line = self.fine("line", raw=True)
        self.step = float(np.mean(right - left))
        beside = (left + right) / 2
        strips = len(path.strips)
        self.levels = beside.reshape(strips, STRIP).mean(axis=1).astype(np.float64)
        self.contrasts = (line - beside).reshape(strips, STRIP).mean(axis=1).astype(np.float64)
        channels = _detail(pixels[0].transpose(2, 0, 1)).mean(axis=1)
        self.tints = channels[:, HALF - 1 : HALF + 2].mean(axis=1)

    def cut(self, plate: Plate) -> NDArray[np.float32]:
        """(H', 2 * HALF + 1, C) of a plate as it stands."""
        return np.asarray(plate.pixels[self._rows, self._columns], np.float32)

    def fine(self, part: str, *, raw: bool = False) -> NDArray[np.float32]:
        """(H',) center's luma on the "line" or on its "left" or "right" flank.

        Args:
            part: which.
            raw: as it is; else without what changes slowly from row to row.
        """
        parts = {
            "line": slice(HALF - 1, HALF + 2),
            "left": slice(HALF - FLANK, HALF - _INNER + 1),
            "right": slice(HALF + _INNER, HALF + FLANK + 1),
        }
        values = self.luma[0][:, parts[part]].mean(axis=1)
        if raw:
            return np.asarray(values, np.float32)
        import cv2

        return np.asarray(values - cv2.blur(values[:, None], (1, _COURSE)).ravel(), np.float32)

    def found_again(self, frame: int) -> tuple[float, float, float]:
        """How alike the profile of another frame is at best, how strong there, and px to it."""
        own = self.profiles[0][HALF - 6 : HALF + 7].astype(np.float64)
        own = own - own.mean()
        places = np.arange(2 * HALF + 1)
        shifts = np.arange(-_REACH, _REACH + _FINE / 2, _FINE)
        wanted = np.arange(HALF - 6, HALF + 7)[None, :] + shifts[:, None]
        there = np.interp(wanted, places, self.profiles[frame].astype(np.float64))
        there -= there.mean(axis=1, keepdims=True)
        product = there @ own
        size = np.sqrt(np.sum(there**2, axis=1) * np.sum(own**2)) + 1e-9
        best = int(np.argmax(product / size))
        return (
            float(product[best] / size[best]),
            float(product[best] / (np.sum(own**2) + 1e-9)),
            float(shifts[best]),
        )


def _detail(band: NDArray[np.float32]) -> NDArray[np.float32]:
    """(..., 2 * HALF + 1) less a ramp from the left flank to the right one."""
    left = band[..., HALF - FLANK : HALF - _INNER + 1].mean(axis=-1, keepdims=True)
    right = band[..., HALF + _INNER : HALF + FLANK + 1].mean(axis=-1, keepdims=True)
    way = (np.arange(-HALF, HALF + 1, dtype=np.float32) + (FLANK + _INNER) / 2) / (FLANK + _INNER)
    return np.asarray(band - (left + (right - left) * np.clip(way, 0, 1)), np.float32)
