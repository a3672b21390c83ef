"""What lies beside a line, and whether it moved while the line stood."""

from __future__ import annotations

import numpy as np

from filmrestore_core.plate import luma_of
from filmrestore_core.segment.line_path import LinePath
from filmrestore_core.segment.line_votes import STRIP
from filmrestore_core.temporal.window import AlignedWindow

# px from which a picture line could not be at the same place any more.
_MOVES = 2.5
# px of ground that a side must have.
_GROUND = 8
# Nearer to the picture's border than this (px) no line can be seen, so none can be missed.
_BORDER = 12


class Beside:
    """What lies beside a path, strip by strip.

    On the line itself the flow follows the line, so the scene is asked on both sides of it.

    Attributes:
        away: (K, S) float64, px to the right that the scene moves to each neighbour; the side
            that moves less.
        moved: (K, S) bool, where it moved away for sure: the frames fit better along the flow
            than as they stand.
        levels: (S,) float64, luma beside the line.
        contrasts: (S,) float64, luma on the line less luma beside it.
    """

    def __init__(self, path: LinePath, window: AlignedWindow) -> None:
        center = window.center
        raw = {p.number: p for p in window.window.neighbors}
        shape = (len(window.neighbors), len(path.strips))
        self.away = np.zeros(shape)
        self.moved = np.zeros(shape, np.bool_)
        self.levels = np.zeros(len(path.strips))
        self.contrasts = np.zeros(len(path.strips))
        for index, (strip, column) in enumerate(
            zip(path.strips.tolist(), path.columns.tolist(), strict=True)
        ):
            rows = slice(strip * STRIP, (strip + 1) * STRIP)
            sides = self._sides(column, center.box.width)
            here = [luma_of(center.pixels[rows, side]) for side in sides]
            near = luma_of(center.pixels[rows, max(0, column - 6) : column + 7])
            self.levels[index] = float(np.mean([np.mean(h) for h in here]))
            middle, at = near.mean(axis=0), min(column, 6)
            flanks = np.concatenate([middle[:3], middle[-3:]])
            self.contrasts[index] = float(middle[max(0, at - 1) : at + 2].mean() - flanks.mean())
            for which, neighbor in enumerate(window.neighbors):
                plate = raw[neighbor.number]
                moves = [float(np.median(neighbor.flow[rows, side, 0])) for side in sides]
                along = sum(
                    float(np.abs(h - luma_of(neighbor.pixels[rows, s])).mean())
                    for h, s in zip(here, sides, strict=True)
                )
                standing = sum(
                    float(np.abs(h - luma_of(plate.pixels[rows, s])).mean())
                    for h, s in zip(here, sides, strict=True)
                )
                self.away[which, index] = min(moves, key=abs)
                # Without ground on both sides, or a place inside the picture where a picture line
                # would have gone, there is nothing to tell by.
                told = (
                    min(s.stop - s.start for s in sides) >= _GROUND
                    and len(sides) == 2
                    and _BORDER <= column + self.away[which, index] < center.box.width - _BORDER
                )
                self.moved[which, index] = (
                    told and min(abs(m) for m in moves) >= _MOVES and along < 0.75 * standing
                )

    @staticmethod
    def _sides(column: int, width: int) -> list[slice]:
        sides = (
            slice(max(0, column - 26), max(0, column - 8)),
            slice(column + 9, min(width, column + 27)),
        )
        return [s for s in sides if s.start < s.stop]

    def unevenness(self, sign: int) -> float:
        """How much the contrast changes along the line, against its usual size."""
        usual = sign * float(np.median(self.contrasts))
        if usual <= 0:
            return np.inf
        return float(np.median(np.abs(sign * self.contrasts - usual))) * 1.4826 / usual
