"""How the scene beside a line moves while the line stands."""

from __future__ import annotations

import numpy as np

from filmrestore_core.segment.line_band import HALF, LineBand
from filmrestore_core.segment.line_path import LinePath
from filmrestore_core.segment.line_votes import STRIP
from filmrestore_core.temporal.window import AlignedWindow

# px beside the line, where the flow is that of the scene and not of the line.
_NEAR, _FAR = 9, 26
# px of ground that a side must have.
_GROUND = 8
# Nearer to the picture's border than this (px) no line can be seen, so none can be missed.
_BORDER = 12
# The frames fit so much better along the flow than as they stand where the scene moved for sure.
_BETTER = 0.75
_STEP = 4


class SceneBeside:
    """The scene on both sides of a path, strip by strip.

    Attributes:
        away: (K, S) float64, px to the right that the scene moves to each neighbour, on the side
            that moves less.
        told: (K, S) bool, where a picture line would have gone along for sure.
        whole: (K,) float64, px to the right that both sides move, over the whole line.
        misfit: mean difference to the neighbours along the flow, code values.
    """

    def __init__(self, path: LinePath, window: AlignedWindow, band: LineBand) -> None:
        strips, width = len(path.strips), window.center.box.width
        shape = (len(window.neighbors), strips)
        self.away, self.told = np.zeros(shape), np.zeros(shape, np.bool_)
        self.whole = np.zeros(shape[0])
        rows = slice(int(path.strips[0]) * STRIP, (int(path.strips[-1]) + 1) * STRIP)
        low, high = max(0, int(path.columns.min()) - HALF), int(path.columns.max()) + HALF + 1
        columns = slice(low, min(width, high))
        ground = (path.columns >= _NEAR + _GROUND) & (path.columns < width - _NEAR - _GROUND)
        beside = np.r_[HALF - _FAR : HALF - _NEAR + 1, HALF + _NEAR : HALF + _FAR + 1]
        half = len(beside) // 2
        at = np.clip(path.columns[:, None] + np.arange(-HALF, HALF + 1), 0, width - 1)[:, beside]
        lines = np.arange(STRIP * strips).reshape(strips, STRIP)
        here = band.luma[0][:, beside]
        misfits = []
        for k, neighbor in enumerate(window.neighbors):
            flow = neighbor.flow_in(slice(rows.start, rows.stop, _STEP), columns)[..., 0]
            flow = flow.reshape(strips, -1, flow.shape[1])
            own = np.take_along_axis(
                flow, np.broadcast_to((at - low)[:, None], (*flow.shape[:2], at.shape[1])), 2
            )
            left = np.median(own[..., :half], axis=(1, 2))
            right = np.median(own[..., half:], axis=(1, 2))
            self.away[k] = np.where(np.abs(left) < np.abs(right), left, right)
            brought = neighbor.luma_in(rows, columns)
            along = np.take_along_axis(brought, np.repeat(at - low, STRIP, axis=0), 1)
            apart = np.abs(here - along).mean(axis=1)[lines].mean(axis=1)
            stood = np.abs(here - band.luma[1 + k][:, beside]).mean(axis=1)[lines].mean(axis=1)
            goes = path.columns + self.away[k]
            inside = (goes >= _BORDER) & (goes < width - _BORDER)
            self.told[k] = ground & inside & (apart < _BETTER * stood)
            self.whole[k] = float(np.median((left + right) / 2))
            misfits.append(float(apart.mean()))
        self.misfit = float(np.mean(misfits))
