"""Near-vertical paths along which the votes for a line add up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# What a strip must bring for a path to go on gaining.
_PRICE = 0.3
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
        before = np.pad(gain[strip - 1], 1, constant_values=-1e9)
        # A price for bending keeps a path from running after noise.
        choices = np.stack([before[1:-1], before[:-2] - 0.05, before[2:] - 0.05])
        best = np.argmax(choices, axis=0)
        value = choices[best, np.arange(width)]
        fresh = value < 0
        step[strip] = np.where(fresh, 2, np.asarray([0, -1, 1], np.int8)[best])
        gain[strip] = votes[strip] - _PRICE + np.where(fresh, 0.0, value)
    return _harvest(gain, step, max(4, round(least_share * strips)))


def _harvest(gain: NDArray[np.float32], step: NDArray[np.int8], least: int) -> list[LinePath]:
    """Follow the best ends back to their starts."""
    free = gain.copy()
    used = np.zeros(gain.shape, np.bool_)
    strips = gain.shape[0]
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
        for number in range(end + 1, strips):
            free[number, below] = np.where(step[number, below] == 2, free[number, below], -1e9)
            if (step[number, below] == 2).all():
                break
        if not joins and len(path) >= least:
            paths.append(LinePath(numbers.astype(np.intp), path, float(gain[end, column])))
    return paths
