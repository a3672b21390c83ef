"""How much each column of each strip of a frame looks like a line."""

from __future__ import annotations

import threading
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.plate import Plate
from filmrestore_core.segment.spike import fast_luma

# Rows that are averaged before anything else, and groups of them that make a strip.
_ROWS = 4
_GROUP = 4
STRIP = _ROWS * _GROUP
# (px the line's width is averaged over, px from its middle to its flanks' middles)
SCALES = ((3, 4), (5, 7))
_FLANK = 3
# A strip shows a line where its vote is at least this.
SHOWS = 0.3


def strip_votes(luma: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """(H // 16, W) float32 for each of SCALES: -2 (dark line) to 2 (bright line).

    A pixel's response is the smaller of its differences to both flanks, so that an edge is no
    line; it counts in units of what the surroundings give, so that no strong pixel decides.

    Args:
        luma: (H, W) float32, at least one strip high.
    """
    import cv2

    height, width = luma.shape
    strips = height // STRIP
    rows = strips * _GROUP
    short = cv2.resize(luma[: strips * STRIP], (width, rows), interpolation=cv2.INTER_AREA)
    flank = cv2.blur(short, (_FLANK, 1))
    answer = []
    for box, distance in SCALES:
        middle = flank if box == _FLANK else cv2.blur(short, (box, 1))
        inner = slice(distance, width - distance)
        left = middle[:, inner] - flank[:, : width - 2 * distance]
        right = middle[:, inner] - flank[:, 2 * distance :]
        response = np.maximum(np.minimum(left, right), 0) + np.minimum(np.maximum(left, right), 0)
        scale = cv2.blur(np.abs(left) + np.abs(right), (41, 9)) * np.float32(0.5)
        votes = np.clip(response / (scale + np.float32(0.0015)), -2.0, 2.0)
        # Nearer to the border than this there is no second flank.
        grouped = np.zeros((strips, width), np.float32)
        grouped[:, inner] = votes.reshape(strips, _GROUP, -1).mean(axis=1)
        answer.append(grouped)
    return answer


class PlateVotes:
    """The votes of plates, kept as long as the plates live: each stands in several windows.

    They take a twentieth of a plate's own bytes. Thread-safe.
    """

    def __init__(self) -> None:
        """Keep nothing yet."""
        self._kept: WeakKeyDictionary[Plate, list[NDArray[np.float32]]] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def of(self, plate: Plate) -> list[NDArray[np.float32]]:
        """What `strip_votes` says of a plate's luma."""
        with self._lock:
            votes = self._kept.get(plate)
        if votes is None:
            votes = strip_votes(fast_luma(plate.pixels))
            with self._lock:
                self._kept[plate] = votes
        return votes


def unsteady(votes: NDArray[np.float32]) -> NDArray[np.float32]:
    """The largest vote within a pixel to either side: the gate's unsteadiness."""
    import cv2

    return np.asarray(cv2.dilate(votes, np.ones((1, 3), np.uint8)), np.float32)
