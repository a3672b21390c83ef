"""Near-vertical paths along which the votes for a line add up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# What a strip must bring for a path to go on gaining.
_PRICE = 0.3
# What it costs to move a column to the side.
_BEND = 0.05
# A path may miss this much before it ends: a broken line is one line.
_PATIENCE = 2.5
_MOST_PATHS = 24
# Two paths closer than this (px) are one.
_APART = 8


@dataclass(frozen=True, slots=True, eq=False)
class LinePath:
    """A path from strip to strip.

    Attributes:
        strips: (S,) int, consecutive strips from top to bottom.
        columns: (S,) int, its column in each; they differ by at most one from strip to strip.
        gain: sum of the votes, less the price of each strip.
    """

    strips: NDArray[np.intp]
    columns: NDArray[np.intp]
    gain: float


def trace_lines(votes: NDArray[np.float32], least_share: float = 0.3) -> list[LinePath]:
    """The best paths, none close to a better one.

    Dynamic programming from top to bottom: a path keeps its column or moves by one per strip, may
    start and end anywhere.

    Args:
        votes: (S, W) float32, about 0 where there is no line.
        least_share: share of the picture's height that a path must span.

    Returns:
        Paths by falling gain.
    """
    strips, width = votes.shape
    gain = np.zeros((strips, width), np.float32)
    step = np.zeros((strips, width), np.int8)
    gain[0] = votes[0] - _PRICE
    for strip in range(1, strips):
        value, arrow = gain[strip - 1].copy(), step[strip]
        # A price for bending keeps a path from running after noise.
        bent = gain[strip - 1] - _BEND
        for turn, to, beside in ((-1, slice(1, None), bent[:-1]), (1, slice(None, -1), bent[1:])):
            better = beside > value[to]
            np.copyto(value[to], beside, where=better)
            np.copyto(arrow[to], np.int8(turn), where=better)
        fresh = value < 0
        arrow[fresh] = 2
        value[fresh] = 0.0
        gain[strip] = votes[strip] - _PRICE + value
    return _harvest(gain, step, max(4, round(least_share * strips)))


def _harvest(gain: NDArray[np.float32], step: NDArray[np.int8], least: int) -> list[LinePath]:
    """Follow the best ends back to their starts."""
    free = gain.copy()
    used = np.zeros(gain.shape, np.bool_)
    paths: list[LinePath] = []
    for _ in range(8 * _MOST_PATHS):
        end, column = (int(v) for v in np.unravel_index(int(np.argmax(free)), free.shape))
        if free[end, column] <= _PATIENCE or len(paths) >= _MOST_PATHS:
            break
        columns, strip, joins = [column], end, bool(used[end, column])
        while strip > 0 and step[strip, columns[-1]] != 2 and not joins:
            columns.append(columns[-1] + int(step[strip, columns[-1]]))
            strip -= 1
            joins = bool(used[strip, columns[-1]])
        numbers = np.arange(strip, end + 1)
        path = np.asarray(columns[::-1], np.intp)
        for number, place in zip(numbers.tolist(), path.tolist(), strict=True):
            near = slice(max(0, place - _APART), place + _APART + 1)
            free[number, near] = -1e9
            used[number, near] = True
        # What is left of the tail is not an end of its own.
        below = slice(max(0, column - _APART), column + _APART + 1)
        begun = step[end + 1 :, below] == 2
        ended = np.flatnonzero(begun.all(axis=1))
        rest = len(begun) if not ended.size else int(ended[0])
        free[end + 1 : end + 1 + rest, below][~begun[:rest]] = -1e9
        if not joins and len(path) >= least:
            paths.append(LinePath(numbers.astype(np.intp), path, float(gain[end, column])))
    return paths
